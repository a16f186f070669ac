"""Time as the engine's workers see it."""

import time
from collections.abc import Callable


class EngineClock:
    """Monotonic milliseconds that can be put forward, so that commits are due at once."""

    __slots__ = ("_ahead_ms", "_clock_ms")

    def __init__(self, clock_ms: Callable[[], float] | None = None) -> None:
        self._clock_ms = clock_ms or (lambda: time.monotonic() * 1000)
        self._ahead_ms = 0.0

    def __call__(self) -> float:
        """Return the time in milliseconds; only differences matter."""
        return self._clock_ms() + self._ahead_ms

    def put_forward(self, milliseconds: float) -> None:
        """Let so much time have passed."""
        self._ahead_ms += milliseconds
