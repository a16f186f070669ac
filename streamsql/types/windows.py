"""Window arithmetic: which windows a timestamp falls into, and when they are over.

Time windows are aligned to the epoch in UTC, start inclusive, end exclusive; the bounds of a
session are both inclusive.
"""

from dataclasses import dataclass

from streamsql.types.schema import WindowKind

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """Tumbling (advance = size) or hopping windows.

    Attributes:
        size_ms: Length of a window.
        advance_ms: Distance between two starts.
        grace_ms: How long after its end a window still takes late records.
        retention_ms: How long window state is kept, counted from the window's start.
    """

    size_ms: int
    advance_ms: int
    grace_ms: int
    retention_ms: int

    @property
    def kind(self) -> WindowKind:
        """TUMBLING or HOPPING."""
        return WindowKind.TUMBLING if self.advance_ms == self.size_ms else WindowKind.HOPPING

    def starts(self, timestamp_ms: int) -> range:
        """Return the starts of the windows that hold the timestamp, ascending, none below zero.

        >>> list(TimeWindows(10, 5, 0, 10).starts(12))
        [5, 10]
        >>> list(TimeWindows(10, 5, 0, 10).starts(3))
        [0]
        """
        first = max(0, timestamp_ms - self.size_ms + self.advance_ms)
        first -= first % self.advance_ms
        return range(first, timestamp_ms + 1, self.advance_ms)


@dataclass(frozen=True, slots=True)
class SessionWindows:
    """Windows of activity: records not more than ``gap_ms`` apart belong together."""

    gap_ms: int
    grace_ms: int
    retention_ms: int

    @property
    def kind(self) -> WindowKind:
        """SESSION."""
        return WindowKind.SESSION


Windows = TimeWindows | SessionWindows


def default_grace_ms(size_ms: int) -> int:
    """Return the grace of a window that names none: what is missing to 24 hours, at least zero."""
    return max(DAY_MS - size_ms, 0)
