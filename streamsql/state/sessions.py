"""The ``(row, timestamp_ms)`` of sessions, by key and bounds (both inclusive, ms).

The time of a session is its end: that is what expires, and what tells whether it is recent.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from streamsql.state.buffered import MISSING
from streamsql.state.rows import Entry
from streamsql.state.segments import TIME_MAX, TIME_MIN
from streamsql.state.timeline import Timeline
from streamsql.types.record import Key, Row

Session: TypeAlias = tuple[int, int, Any, int]
"""``(start_ms, end_ms, row, timestamp_ms)``; the row is a tuple, or the list that was put."""


class SessionStore(Timeline):
    """Sessions by key; one key has at most one with the same bounds."""

    __slots__ = ()

    def put(
        self, key: Key, start_ms: int, end_ms: int, row: Row | list[Any], timestamp_ms: int
    ) -> None:
        """Set the row of a session. One that ends before the bound is ignored."""
        if end_ms < self._segments.bound_ms:
            return
        slot = (self._encode(key) if self._by_bytes else key, end_ms, start_ms)
        if self._floor is None:
            self._load()
        there = self._take(*slot) or self._only_stored(slot)
        entry = self._buffer.get(slot, MISSING)
        if entry is None or (there and entry is MISSING):
            self._overwritten.add(slot)
        self._insert(slot, row, timestamp_ms)

    def remove(self, key: Key, start_ms: int, end_ms: int) -> None:
        """Remove a session, if there is one of these bounds."""
        if end_ms < self._segments.bound_ms:
            return
        slot = (self._encode(key) if self._by_bytes else key, end_ms, start_ms)
        if self._floor is None:
            self._load()
        if self._take(*slot) or self._only_stored(slot):
            self._forget(slot)

    def get(self, key: Key, start_ms: int, end_ms: int) -> Entry | None:
        """Return the row and timestamp of the session of exactly these bounds, or ``None``."""
        line_key = self._encode(key) if self._by_bytes else key
        for _, extra, row, timestamp_ms in self._between(line_key, end_ms, end_ms):
            if extra == start_ms:
                return row, timestamp_ms
        return None

    def find(self, key: Key, earliest_end_ms: int, latest_start_ms: int) -> list[Session]:
        """Return the key's sessions with ``end >= earliest_end`` and ``start <= latest_start``.

        Ascending by end. A row is the list that was put, or a tuple.
        """
        line_key = self._encode(key) if self._by_bytes else key
        return [
            (start_ms, end_ms, row, timestamp_ms)
            for end_ms, start_ms, row, timestamp_ms in self._between(
                line_key, earliest_end_ms, TIME_MAX
            )
            if start_ms <= latest_start_ms
        ]

    def fetch(self, key: Key) -> list[Session]:
        """Return all sessions of the key, ascending by end."""
        return self.find(key, TIME_MIN, TIME_MAX)

    def fetch_all(self, from_ms: int, to_ms: int) -> list[tuple[Key, int, int, Any, int]]:
        """Return ``(key, start, end, row, timestamp)`` with ``from <= end <= to``, by end."""
        return [
            (key, start_ms, end_ms, row, timestamp_ms)
            for key, (end_ms, start_ms, row, timestamp_ms) in self._everything(from_ms, to_ms)
        ]

    def all(self) -> Iterator[tuple[Key, int, int, Any, int]]:
        """Yield every ``(key, start, end, row, timestamp)``, by end."""
        yield from self.fetch_all(TIME_MIN, TIME_MAX)
