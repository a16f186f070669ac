"""Every ``(row, timestamp_ms)`` by key and start: the buffers of a stream-stream join.

Rows of one key and start are kept in the order in which they came, by a sequence number that goes
on over restarts: it is an entry of the store itself, so it is committed and restored with the rows.
"""

from collections.abc import Callable, Iterator, Sequence

from streamsql.state.keys import decode_long, encode_long
from streamsql.state.segments import TIME_MAX, TIME_MIN
from streamsql.state.storage import Changes, Storage
from streamsql.state.timeline import Timeline
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType

SEQUENCE = b"\x00"
"""The key of the next sequence number; it sorts before every segment."""


class DuplicateWindowStore(Timeline):
    """All rows by key and start (ms): nothing replaces anything."""

    __slots__ = ("_sequence", "_written_sequence")

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        storage: Storage,
        *,
        retention_ms: int,
        recent_entries: int = 200_000,
    ) -> None:
        """Open the store, see :class:`Timeline`."""
        self._sequence: int | None = None
        self._written_sequence: int | None = None
        super().__init__(
            name,
            key_types,
            value_types,
            storage,
            retention_ms=retention_ms,
            recent_entries=recent_entries,
        )

    def put(self, key: Key, start_ms: int, row: Row, timestamp_ms: int) -> None:
        """Add a row. One that starts before the bound is ignored."""
        if start_ms < self._segments.bound_ms:
            return
        sequence = self._sequence
        if sequence is None:
            stored = self._storage.get(self.name, SEQUENCE)
            sequence = self._written_sequence = 0 if stored is None else decode_long(stored)
        self._sequence = sequence + 1
        slot = (self._encode(key) if self._by_bytes else key, start_ms, sequence)
        self._insert(slot, row, timestamp_ms)

    def delete(self, key: Key, start_ms: int, matches: Callable[[Row], bool] | None = None) -> int:
        """Remove the rows of the key and start (that match, if asked); return how many."""
        line_key = self._encode(key) if self._by_bytes else key
        removed = 0
        for time_ms, sequence, row, _ in self._between(line_key, start_ms, start_ms):
            if matches is None or matches(row):
                self._take(line_key, time_ms, sequence)
                self._forget((line_key, time_ms, sequence))
                removed += 1
        return removed

    def fetch(self, key: Key, from_ms: int, to_ms: int) -> list[tuple[int, Row, int]]:
        """Return ``(start, row, timestamp)``, ``from <= start <= to``, by start, then arrival."""
        items = self._between(self._encode(key) if self._by_bytes else key, from_ms, to_ms)
        return [(start_ms, row, timestamp_ms) for start_ms, _, row, timestamp_ms in items]

    def fetch_all(self, from_ms: int, to_ms: int) -> list[tuple[Key, int, Row, int]]:
        """Return ``(key, start, row, timestamp)`` with ``from <= start <= to``, in that order."""
        return [
            (key, start_ms, row, timestamp_ms)
            for key, (start_ms, _, row, timestamp_ms) in self._everything(from_ms, to_ms)
        ]

    def all(self) -> Iterator[tuple[Key, int, Row, int]]:
        """Yield every ``(key, start, row, timestamp)``, by start, then arrival."""
        yield from self.fetch_all(TIME_MIN, TIME_MAX)

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded."""
        changes = dict(super().pending())
        if changes and self._sequence != self._written_sequence:
            assert self._sequence is not None
            changes[SEQUENCE] = encode_long(self._sequence)
        return changes

    def committed(self) -> None:
        """Forget the buffer: its changes are in the storage now."""
        super().committed()
        self._written_sequence = self._sequence
