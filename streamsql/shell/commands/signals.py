"""SIGINT and SIGTERM where something must not be left half done."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNAL_STATUS = 128


class Stopped(KeyboardInterrupt):
    """A signal asked for the end.

    Attributes:
        status: The exit status that says so.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = _SIGNAL_STATUS + number


class Signals:
    """Turns signals into :class:`Stopped`, at once or when a step is done."""

    def __init__(self) -> None:
        self._in_step = False
        self._received: int | None = None

    @contextmanager
    def step(self) -> Iterator[None]:
        """Let what is done inside end first; the second signal does not wait for it."""
        self._in_step = True
        try:
            yield
        finally:
            self._in_step = False
        if self._received is not None:
            raise Stopped(self._received)

    def react(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        if not self._in_step or self._received is not None:
            raise Stopped(number)
        self._received = number


@contextmanager
def stopping_on_signals() -> Iterator[Signals]:
    """Raise Stopped at SIGINT and SIGTERM."""
    signals = Signals()
    before = {each: signal.signal(each, signals.react) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
