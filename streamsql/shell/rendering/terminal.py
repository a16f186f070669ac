"""Where text goes: rows to standard output, everything else to standard error.

Colour and a progress line that is written over are for terminals alone; pipes and files get plain
lines. One object, so that a log line never lands in the middle of a progress line.
"""

import time
from typing import TextIO

_PROGRESS_SECONDS = 5.0
_CLEAR = "\r\x1b[K"


class Terminal:
    """The two streams of a process."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._out_is_person = out.isatty()
        self._err_is_person = err.isatty()
        self._shows_progress = False
        self._progressed = time.monotonic()

    def write(self, text: str) -> None:
        """Write to standard output; at once when somebody looks."""
        self._clear()
        self._out.write(text)
        if self._out_is_person:
            self._out.flush()

    def flush(self) -> None:
        """Hand everything over."""
        self._out.flush()
        self._err.flush()

    def say(self, line: str) -> None:
        """Write a line to standard error."""
        self._clear()
        self._err.write(f"{line}\n")
        self._err.flush()

    def complain(self, text: str) -> None:
        """Write an error to standard error, after what was written before it."""
        self._out.flush()
        self.say(f"\x1b[31m{text}\x1b[0m" if self._err_is_person else text)

    def bold(self, text: str) -> str:
        """Return the text as a terminal makes it stand out."""
        return f"\x1b[1m{text}\x1b[0m" if self._out_is_person else text

    def progress(self, line: str) -> None:
        """Show how far something is: in place on a terminal, else a line every few seconds."""
        if self._err_is_person:
            self._err.write(f"{_CLEAR}{line}")
            self._err.flush()
            self._shows_progress = True
        elif time.monotonic() - self._progressed >= _PROGRESS_SECONDS:
            self._progressed = time.monotonic()
            self.say(line)

    def _clear(self) -> None:
        if self._shows_progress:
            self._shows_progress = False
            self._err.write(_CLEAR)
            self._err.flush()
