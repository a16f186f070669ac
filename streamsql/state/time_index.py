"""Which keys have entries at which times, and which time is the earliest."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any


class TimeIndex:
    """Counts of entries by time and key. Times without entries are dropped when they come first."""

    __slots__ = ("_counts", "_times")

    def __init__(self, entries: Iterable[tuple[int, Any]]) -> None:
        """Count ``(time, key)`` entries."""
        self._counts: dict[int, Counter[Any]] = {}
        for time_ms, key in entries:
            self._counts.setdefault(time_ms, Counter())[key] += 1
        self._times = sorted(self._counts)

    def add(self, time_ms: int, key: Any) -> None:
        """Count an entry."""
        counts = self._counts.get(time_ms)
        if counts is None:
            counts = self._counts[time_ms] = Counter()
            position = bisect_left(self._times, time_ms)
            if position == len(self._times) or self._times[position] != time_ms:
                self._times.insert(position, time_ms)
        counts[key] += 1

    def remove(self, time_ms: int, key: Any) -> None:
        """Count an entry no more; one before a bound that was named is not counted anyway."""
        counts = self._counts.get(time_ms)
        if counts is None:
            return
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
            if not counts:
                del self._counts[time_ms]

    def earliest_ms(self, bound_ms: int) -> int | None:
        """Return the earliest time of an entry that is not before the bound, or ``None``."""
        position = bisect_left(self._times, bound_ms)
        while position < len(self._times) and self._times[position] not in self._counts:
            position += 1
        for time_ms in self._times[:position]:
            self._counts.pop(time_ms, None)
        del self._times[:position]
        return self._times[0] if self._times else None

    def keys(self, from_ms: int, to_ms: int) -> list[Any]:
        """Return the keys that have entries with ``from <= time <= to``, each once."""
        times = self._times[bisect_left(self._times, from_ms) : bisect_right(self._times, to_ms)]
        return list(
            dict.fromkeys(key for time_ms in times for key in self._counts.get(time_ms, ()))
        )
