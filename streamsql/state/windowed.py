"""The latest ``(row, timestamp_ms)`` by key and window start.

Entries lie in segments of start times. With aligned windows let a segment be one start
(``segment_ms`` = the advance): then everything of one window lies together.

Everything that starts before the *bound* (see :meth:`WindowStore.expire`) does not exist: reads do
not see it and writes to it are ignored.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from streamsql.state.buffered import MISSING, BufferedStore, mutable
from streamsql.state.keys import KeyCodec, decode_long, encode_long
from streamsql.state.rows import Entry, RowCodec
from streamsql.state.segments import TIME_MAX, TIME_MIN, Segments, clamp
from streamsql.state.storage import Changes, Storage
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType

_NEW_SEGMENTS = 1000
"""How many segments are remembered before expired ones are forgotten."""


class WindowStore(BufferedStore):
    """The latest ``(row, timestamp_ms)`` by key and window start (ms)."""

    __slots__ = ("_around", "_by_bytes", "_encode", "_keys", "_new", "_segments")

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        storage: Storage,
        *,
        segment_ms: int,
    ) -> None:
        """Open the store.

        ``segment_ms`` is the advance of aligned windows, else ``segment_length_ms(retention_ms)``.
        It is part of the layout on disk: never change it for a store that has data.
        """
        super().__init__(name, RowCodec(value_types), storage)
        self._keys = KeyCodec(key_types, terminated=True)
        self._by_bytes = not self._keys.hashable
        self._encode = self._keys.encode
        self._segments = Segments(name, storage, segment_ms)
        self._slot_bytes = self._encode_slot
        # What stands before and after the keys of a start: known segments, since the last commit.
        self._around: dict[int, tuple[bytes, bytes]] = {}
        # Since which generation of the cache a segment has entries; ``None``: the storage had some.
        self._new: dict[int, int | None] = {}

    @property
    def hashable(self) -> bool:
        """Whether a dict tells the keys in flight apart."""
        return not self._by_bytes

    def slot(self, key: Key) -> Hashable:
        """Return what a dict tells the key apart by: the key or its bytes."""
        return self._encode(key) if self._by_bytes else key

    def get(self, key: Key, start_ms: int) -> Entry | None:
        """Return the row and timestamp of the key's window, or ``None``."""
        if start_ms < self._segments.bound_ms:
            return None
        slot = (self._encode(key) if self._by_bytes else key, start_ms)
        entry: Entry | None = self._buffer.get(slot, MISSING)
        if entry is MISSING:
            entry = self._recent.get(slot, MISSING)
            if entry is MISSING:
                entry = self._load(slot)
        return entry

    def get_mutable(self, key: Key, start_ms: int) -> tuple[list[Any], int] | None:
        """As :meth:`get`, but the row is a list that the caller may change and must then put."""
        entry = self.get(key, start_ms)
        return None if entry is None else mutable(entry)

    def put(self, key: Key, start_ms: int, row: Row | list[Any], timestamp_ms: int) -> None:
        """Set the row of the key's window. The store keeps the object."""
        if start_ms >= self._segments.bound_ms:
            slot = (self._encode(key) if self._by_bytes else key, start_ms)
            self._buffer[slot] = (row, timestamp_ms)

    def put_all(self, start_ms: int, entries: Iterable[tuple[Hashable, list[Any], int]]) -> None:
        """As :meth:`put`, for the ``(slot of the key, row, timestamp)`` of one start."""
        if start_ms >= self._segments.bound_ms:
            buffer = self._buffer
            for slot, row, timestamp_ms in entries:
                buffer[slot, start_ms] = (row, timestamp_ms)

    def delete(self, key: Key, start_ms: int) -> None:
        """Remove the key's window."""
        if start_ms >= self._segments.bound_ms:
            self._buffer[self._encode(key) if self._by_bytes else key, start_ms] = None

    def fetch(self, key: Key, from_ms: int, to_ms: int) -> list[tuple[int, Row, int]]:
        """Return ``(start, row, timestamp)`` of the key with ``from <= start <= to``, ascending."""
        self._index_buffer()
        low, high = clamp(max(from_ms, self._segments.bound_ms)), clamp(to_ms)
        encoded_key = self._encode(key)
        first, last = encode_long(low), encode_long(high + 1)
        return [
            (decode_long(encoded[-8:]), *entry)
            for prefix in self._segments.within(low, high)
            for encoded, entry in self._merged(
                prefix + encoded_key + first, prefix + encoded_key + last
            )
        ]

    def fetch_all(self, from_ms: int, to_ms: int) -> Iterator[tuple[Key, int, Row, int]]:
        """Yield ``(key, start, row, timestamp)`` with ``from <= start <= to``, by segment and key.

        The store must not be committed while the iteration goes on.
        """
        decode_key = self._keys.decode
        from_ms = max(from_ms, self._segments.bound_ms)
        if to_ms < from_ms:
            return
        for encoded, (row, timestamp_ms) in self._merged(*self._segments.span(from_ms, to_ms)):
            start_ms = decode_long(encoded[-8:])
            if from_ms <= start_ms <= to_ms:
                yield decode_key(encoded[8:-8]), start_ms, row, timestamp_ms

    def all(self) -> Iterator[tuple[Key, int, Row, int]]:
        """Yield every ``(key, start, row, timestamp)``, by segment and key."""
        return self.fetch_all(TIME_MIN, TIME_MAX)

    def expire(self, before_ms: int) -> None:
        """Raise the bound: windows that start before it are gone, durably with the next commit.

        The bound itself is not stored: the caller of a new store raises it to what the committed
        stream time says.
        """
        self._segments.expire(before_ms)

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded, without what has expired."""
        bound_ms = self._segments.bound_ms
        if any(slot[1] < bound_ms for slot in self._buffer):  # type: ignore[index]  # (key, start)
            live = {s: e for s, e in self._buffer.items() if s[1] >= bound_ms}  # type: ignore[index]
            self._clear_buffer()
            self._buffer = live
        return super().pending()

    def committed(self) -> None:
        """Forget the buffer, and delete expired segments from the storage."""
        super().committed()
        self._around.clear()
        self._segments.commit()
        if len(self._new) > _NEW_SEGMENTS:
            bound_ms = self._segments.bound_ms
            self._new = {start: since for start, since in self._new.items() if start >= bound_ms}

    def _surely_absent(self, slot: tuple[Any, int]) -> bool:
        length_ms = self._segments.length_ms
        segment = slot[1] - slot[1] % length_ms
        since = self._new.get(segment, MISSING)
        if since is MISSING:
            low, high = encode_long(segment), encode_long(segment + length_ms)
            stored = next(iter(self._storage.scan(self.name, low, high)), None)
            since = self._new[segment] = self._generation if stored is None else None
        return since is not None and self._none_lost(since)

    def _encode_slot(self, slot: tuple[Any, int]) -> bytes:
        key, start_ms = slot
        around = self._around.get(start_ms)
        if around is None:
            around = self._around[start_ms] = self._segments.prefix(start_ms), encode_long(start_ms)
        return around[0] + (key if self._by_bytes else self._encode(key)) + around[1]
