"""Entries by key and time that stay decoded in memory while they are recent.

::

    lines: key → [(time, extra, row, timestamp), …]   sorted by time, complete from the floor on
    buffer: (key, time, extra) → (row, timestamp) | None          changes since the last commit
    storage: segment, key, time, extra → (row, timestamp)                       what is committed

``extra`` tells apart entries of one key and time. Below the *floor*, lines hold uncommitted entries
only and a read asks the storage too; the floor rises when there are more entries than the budget,
or when they are larger than 64 MiB.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, TypeAlias

from streamsql.state.buffered import HeldBack
from streamsql.state.footprint import Footprint
from streamsql.state.keys import KeyCodec, decode_long, encode_long
from streamsql.state.rows import Entry, RowCodec
from streamsql.state.segments import TIME_MAX, TIME_MIN, Segments, clamp, segment_length_ms
from streamsql.state.storage import Changes, Storage
from streamsql.state.time_index import TimeIndex
from streamsql.types.record import Key
from streamsql.types.sqltypes import SqlType

_Item: TypeAlias = tuple[int, int, Any, int]
"""``(time_ms, extra, row, timestamp_ms)`` of a line."""

Slot: TypeAlias = tuple[Any, int, int]
"""``(key, time_ms, extra)``; the key is encoded where it is not hashable."""

RECENT_BYTES = 64 << 20
"""Lines of large rows are trimmed to this size, before there are too many of them."""


class Timeline:
    """Lines, buffer and storage as one. Stores say what time and extra are."""

    __slots__ = (
        "_budget",
        "_buffer",
        "_by_bytes",
        "_count",
        "_encode",
        "_floor",
        "_footprint",
        "_held",
        "_keys",
        "_lines",
        "_low",
        "_oldest_ms",
        "_overwritten",
        "_rows",
        "_segments",
        "_storage",
        "_times",
        "_trimmed_ms",
        "name",
    )

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
        """Open the store; ``retention_ms`` sets the length of segments: part of the layout on disk.

        Nothing expires before the caller says so.
        """
        self.name = name
        self._keys = KeyCodec(key_types, terminated=True)
        self._by_bytes = not self._keys.hashable
        self._encode = self._keys.encode
        self._rows = RowCodec(value_types)
        self._storage = storage
        self._segments = Segments(name, storage, segment_length_ms(retention_ms))
        self._footprint = Footprint(self._rows.encode)
        self._held: HeldBack = tuple
        self._budget = recent_entries
        self._lines: dict[Any, list[_Item]] = {}
        self._buffer: dict[Slot, Entry | None] = {}
        self._overwritten: set[Slot] = set()
        """Slots of the buffer that have an entry in the storage which is replaced, not deleted."""
        self._low: list[Slot] = []
        """Uncommitted slots below the floor, to be taken out of the lines at the commit."""
        self._count = 0
        self._floor: int | None = None
        self._trimmed_ms = TIME_MIN
        self._times: TimeIndex | None = None
        self._oldest_ms: int | None = None
        """Earliest time of what the storage alone holds (the floor when nothing), if known."""

    def slot(self, key: Key) -> Hashable:
        """Return what a dict tells the key apart by: the key or its bytes."""
        return self._encode(key) if self._by_bytes else key

    def expire(self, before_ms: int) -> None:
        """Raise the bound: what is before it is gone, durably with the next commit.

        The bound itself is not stored: the caller of a new store raises it to what the committed
        stream time says.
        """
        self._segments.expire(before_ms)

    def count_held(self, held: HeldBack) -> None:
        """Count what a processor holds back as uncommitted."""
        self._held = held

    def uncommitted_bytes(self) -> int:
        """Estimate what stays in memory until the next commit."""
        return self._footprint.of(self._buffer, *self._held())

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded, without what has expired."""
        encode, bound_ms = self._rows.encode, self._segments.bound_ms
        return {
            self._encode_slot(slot): None if entry is None else encode(entry)
            for slot, entry in self._buffer.items()
            if slot[1] >= bound_ms
        }

    def committed(self) -> None:
        """Forget the buffer: its changes are in the storage now. Keep to the budget."""
        self._buffer = {}
        self._overwritten = set()
        for key, time_ms, extra in self._low:
            self._take(key, time_ms, extra)
            self._oldest_ms = None
        self._low = []
        self._segments.commit()
        if self._floor is None:
            return
        bound_ms = self._segments.bound_ms
        budget = min(self._budget, RECENT_BYTES // self._footprint.entry_bytes)
        if self._count > budget:
            self._trim(self._new_floor(budget))
        elif bound_ms - self._trimmed_ms >= self._segments.length_ms and bound_ms > TIME_MIN:
            self._trim(bound_ms, floor=self._floor)

    def earliest_ms(self) -> int | None:
        """Return the earliest time of an entry, or ``None``. Cheap when repeated."""
        if self._floor is None:
            self._load()
        if self._times is None:
            self._times = self._make_index()
        earliest = self._times.earliest_ms(self._segments.bound_ms)
        if self._floor == TIME_MIN:
            return earliest
        if self._oldest_ms is None or self._oldest_ms < self._segments.bound_ms:
            self._oldest_ms = self._find_oldest()
        if self._oldest_ms == self._floor:
            return earliest
        return self._oldest_ms if earliest is None else min(earliest, self._oldest_ms)

    def _insert(self, slot: Slot, row: Any, timestamp_ms: int) -> None:
        """Add an entry that is not there yet."""
        key, time_ms, extra = slot
        if self._floor is None or time_ms < self._floor:
            self._insert_low(slot)
        item = (time_ms, extra, row, timestamp_ms)
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = [item]
        elif line[-1][0] < time_ms or line[-1][:2] < (time_ms, extra):
            line.append(item)
        else:
            line.insert(bisect_left(line, (time_ms, extra)), item)
        self._count += 1
        self._buffer[slot] = (row, timestamp_ms)
        if self._times is not None:
            self._times.add(time_ms, key)

    def _insert_low(self, slot: Slot) -> None:
        if self._floor is None:
            self._load()
        if self._floor is not None and slot[1] < self._floor:
            self._low.append(slot)

    def _forget(self, slot: Slot) -> None:
        """Note that an entry is removed; one that was never committed leaves no trace."""
        if self._buffer.get(slot) is None or slot in self._overwritten:
            self._overwritten.discard(slot)
            self._buffer[slot] = None
            if slot[1] == self._oldest_ms:
                self._oldest_ms = None
        else:
            del self._buffer[slot]

    def _take(self, key: Any, time_ms: int, extra: int) -> bool:
        """Take an entry out of its line, and tell whether it was in one."""
        line = self._lines.get(key)
        if line is None:
            return False
        position = bisect_left(line, (time_ms,))
        while position < len(line) and line[position][0] == time_ms:
            if line[position][1] == extra:
                del line[position]
                self._count -= 1
                if not line:
                    del self._lines[key]
                if self._times is not None:
                    self._times.remove(time_ms, key)
                return True
            position += 1
        return False

    def _only_stored(self, slot: Slot) -> bool:
        """Tell whether the storage, and nothing in memory, holds an entry of the slot."""
        if self._floor is None or slot[1] >= self._floor or slot in self._buffer:
            return False
        return self._storage.get(self.name, self._encode_slot(slot)) is not None

    def _between(self, key: Any, from_ms: int, to_ms: int) -> list[_Item]:
        """Return the items of a slot's key with ``from <= time <= to``, ascending."""
        if self._floor is None:
            self._load()
        bound_ms, floor = self._segments.bound_ms, self._floor or 0
        from_ms = max(from_ms, bound_ms)
        line = self._lines.get(key)
        if line is None:
            items = []
        elif line[0][0] >= from_ms and line[-1][0] <= to_ms:
            items = line[:]
        else:
            items = line[bisect_left(line, (from_ms,)) : bisect_left(line, (to_ms + 1,))]
        if from_ms < floor:
            items += self._old(key, from_ms, min(to_ms, floor - 1))
            items.sort(key=_order)
        return items

    def _old(self, key: Any, from_ms: int, to_ms: int) -> Iterator[_Item]:
        """Yield what the storage alone holds of the key."""
        encoded_key = key if self._by_bytes else self._encode(key)
        first, last = encode_long(clamp(from_ms)), encode_long(clamp(to_ms) + 1)
        for prefix in self._segments.within(from_ms, to_ms):
            low, high = prefix + encoded_key + first, prefix + encoded_key + last
            for encoded, value in self._storage.scan(self.name, low, high):
                slot = (key, decode_long(encoded[-16:-8]), decode_long(encoded[-8:]))
                if slot not in self._buffer:
                    yield (slot[1], slot[2], *self._rows.decode(value))

    def _stored(self, from_ms: int, to_ms: int) -> Iterator[tuple[Slot, bytes]]:
        """Yield what the storage alone holds with ``from <= time <= to``, by segment and key."""
        floor = self._floor or 0
        from_ms, to_ms = max(from_ms, self._segments.bound_ms), min(to_ms, floor - 1)
        if from_ms > to_ms:
            return
        for encoded, value in self._storage.scan(self.name, *self._segments.span(from_ms, to_ms)):
            slot = self._decode_slot(encoded)
            if from_ms <= slot[1] <= to_ms and slot not in self._buffer:
                yield slot, value

    def _everything(self, from_ms: int, to_ms: int) -> list[tuple[Key, _Item]]:
        """Return all keys in flight and items with ``from <= time <= to``, by time then extra."""
        if self._floor is None:
            self._load()
        from_ms = max(from_ms, self._segments.bound_ms)
        found = [
            (slot[0], (slot[1], slot[2], *self._rows.decode(value)))
            for slot, value in self._stored(from_ms, to_ms)
        ]
        if self._times is None:
            keys: Sequence[Any] = list(self._lines)
        else:
            keys = self._times.keys(from_ms, to_ms)
        for key in keys:
            line = self._lines[key]
            first, last = bisect_left(line, (from_ms,)), bisect_left(line, (to_ms + 1,))
            found += [(key, item) for item in line[first:last]]
        found.sort(key=_item_order)
        if self._by_bytes:
            return [(self._keys.decode(key), item) for key, item in found]
        return found

    def _load(self) -> None:
        """Read the newest committed entries into the lines, and set the floor below them."""
        self._floor = self._affordable_floor()
        low, high = self._segments.span(self._floor, TIME_MAX)
        for encoded, value in self._storage.scan(self.name, low, high):
            key, time_ms, extra = self._decode_slot(encoded)
            if time_ms >= self._floor:
                item = (time_ms, extra, *self._rows.decode(value))
                self._lines.setdefault(key, []).append(item)
                self._count += 1

    def _affordable_floor(self) -> int:
        """Return the lowest floor that leaves no more than the budget above it."""
        times: list[int] = []
        for segment in reversed(self._segments.known()):
            low, high = encode_long(segment), encode_long(segment + self._segments.length_ms)
            times += sorted(
                (decode_long(key[-16:-8]) for key, _ in self._storage.scan(self.name, low, high)),
                reverse=True,
            )
            if len(times) > self._budget:
                return times[self._budget] + 1
        return TIME_MIN

    def _find_oldest(self) -> int:
        """Return the earliest time of what the storage alone holds, the floor when nothing is."""
        floor, length_ms = self._floor or 0, self._segments.length_ms
        for segment in self._segments.known():
            stored = self._stored(segment, segment + length_ms - 1)
            earliest = min((slot[1] for slot, _ in stored), default=None)
            if earliest is not None:
                return earliest
        return floor

    def _new_floor(self, budget: int) -> int:
        """Return a floor that leaves half of the budget above it."""
        times = sorted(item[0] for line in self._lines.values() for item in line)
        return times[-(budget // 2) - 1] + 1

    def _trim(self, below_ms: int, floor: int | None = None) -> None:
        """Drop the items before a time from the lines; the floor becomes that time unless given."""
        lines: dict[Any, list[_Item]] = {}
        for key, line in self._lines.items():
            if line[-1][0] >= below_ms:
                lines[key] = line[bisect_left(line, (below_ms,)) :]
        self._lines = lines
        self._count = sum(map(len, lines.values()))
        self._floor = below_ms if floor is None else floor
        self._trimmed_ms = max(self._trimmed_ms, self._segments.bound_ms)
        self._times = None
        self._oldest_ms = None

    def _make_index(self) -> TimeIndex:
        return TimeIndex((item[0], key) for key, line in self._lines.items() for item in line)

    def _encode_slot(self, slot: Slot) -> bytes:
        key, time_ms, extra = slot
        encoded = key if self._by_bytes else self._encode(key)
        tail = encode_long(time_ms) + encode_long(extra)
        return self._segments.prefix(time_ms) + encoded + tail

    def _decode_slot(self, encoded: bytes) -> Slot:
        key = encoded[8:-16]
        return (
            key if self._by_bytes else self._keys.decode(key),
            decode_long(encoded[-16:-8]),
            decode_long(encoded[-8:]),
        )


def _order(item: _Item) -> tuple[int, int]:
    return item[0], item[1]


def _item_order(found: tuple[Key, _Item]) -> tuple[int, int]:
    return found[1][0], found[1][1]
