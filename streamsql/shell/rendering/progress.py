"""How far an application is with the input that was there when it started."""

import time

from streamsql.shell.rendering.terminal import Terminal


class Progress:
    """Shows the counts that an application reports, and sums up in the end."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._started = time.monotonic()
        self._counts = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        """Show the counts of records."""
        self._counts = (done, total)
        self._terminal.progress(self._line())

    def finish(self) -> None:
        """Say how long it took."""
        done, _ = self._counts
        seconds = time.monotonic() - self._started
        self._terminal.say(f"{done:,} input records processed in {seconds:.1f} s")

    def _line(self) -> str:
        done, total = self._counts
        share = 100 if not total else 100 * done // total
        return f"{done:,} of {total:,} input records processed ({share} %)"
