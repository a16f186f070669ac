"""Entries of committed state, with the writes since the last commit on top.

A lookup asks, in this order: the *buffer* (written since the last commit), the cache of committed
values in two generations, the storage. Entries are ``(row, timestamp_ms)``; ``None`` means that
there is no row, which the cache remembers too. Buffer and cache are dicts by *slot*: the key in
flight, or its bytes where keys cannot be told apart by a dict. Slots become bytes at a miss and at
the commit.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from streamsql.state.footprint import Footprint
from streamsql.state.rows import Entry, RowCodec
from streamsql.state.storage import Changes, Storage

MISSING: Any = object()
"""What a dict does not hold, as opposed to ``None``: held, and without a row."""

HeldBack: TypeAlias = Callable[[], Collection[Mapping[Any, Sequence[Any]]]]
"""Returns what a processor holds back, in dicts of sequences that begin with a row."""


def mutable(entry: Entry) -> tuple[list[Any], int]:
    """Return the entry with its row as a list: the one that was put, or a new one."""
    return entry if type(entry[0]) is list else (list(entry[0]), entry[1])


class BufferedStore:
    """Entries by slot: buffer, cache and storage as one. Stores derive their keys from it."""

    __slots__ = (
        "_buffer",
        "_footprint",
        "_generation",
        "_held",
        "_index",
        "_indexed",
        "_older",
        "_recent",
        "_rows",
        "_slot_bytes",
        "_storage",
        "name",
    )

    _slot_bytes: Callable[[Any], bytes]

    def __init__(self, name: str, rows: RowCodec, storage: Storage) -> None:
        self.name = name
        self._rows = rows
        self._storage = storage
        self._footprint = Footprint(rows.encode)
        self._held: HeldBack = tuple
        self._generation = 0
        self._buffer: dict[Hashable, Entry | None] = {}
        self._recent: dict[Hashable, Entry | None] = {}
        self._older: dict[Hashable, Entry | None] = {}
        # The buffer by encoded key and in key order, made and kept up only by scans.
        self._indexed: dict[bytes, Hashable] = {}
        self._index: list[bytes] = []

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded.

        A deletion of what is known to be absent from the storage is none.
        """
        encode, slot_bytes, recent = self._rows.encode, self._slot_bytes, self._recent
        changes: dict[bytes, bytes | None] = {}
        for slot, entry in self._buffer.items():
            if entry is not None:
                changes[slot_bytes(slot)] = encode(entry)
            elif recent.get(slot, MISSING) is not None:
                changes[slot_bytes(slot)] = None
        return changes

    def committed(self) -> None:
        """Forget the buffer: its changes are in the storage now, and its values in the cache."""
        self._recent.update(self._buffer)
        self._clear_buffer()

    def count_held(self, held: HeldBack) -> None:
        """Count what a processor holds back as uncommitted."""
        self._held = held

    def uncommitted_bytes(self) -> int:
        """Estimate what stays in memory until the next commit."""
        return self._footprint.of(self._buffer, *self._held())

    def cached_bytes(self) -> int:
        """Estimate what the recent generation of the cache takes."""
        return self._footprint.of(self._recent)

    def forget_older(self) -> None:
        """Drop the older generation of the cache; what was recent is older now."""
        self._older, self._recent = self._recent, {}
        self._generation += 1

    def _clear_buffer(self) -> None:
        self._buffer = {}
        self._indexed = {}
        self._index = []

    def _load(self, slot: Hashable) -> Entry | None:
        """Return an entry that is neither in the buffer nor in the recent generation."""
        entry: Entry | None = self._older.get(slot, MISSING)
        if entry is MISSING:
            value = None
            if not self._surely_absent(slot):
                value = self._storage.get(self.name, self._slot_bytes(slot))
            entry = None if value is None else self._rows.decode(value)
        self._recent[slot] = entry
        return entry

    def _surely_absent(self, _slot: Any) -> bool:
        """Tell whether the storage cannot hold what the cache does not: a look at it is dear."""
        return False

    def _none_lost(self, since: int) -> bool:
        """Tell whether all that was written since a generation of the cache is still in it."""
        return self._generation - since <= 1

    def _index_buffer(self) -> None:
        """Index what was added to the buffer since the last time: it is at the end of the dict."""
        added = len(self._buffer) - len(self._indexed)
        if not added:
            return
        fresh = []
        for slot in islice(reversed(self._buffer), added):
            encoded = self._slot_bytes(slot)
            self._indexed[encoded] = slot
            fresh.append(encoded)
        if added > 32:
            self._index += fresh
            self._index.sort()
        else:
            for encoded in fresh:
                insort(self._index, encoded)

    def _merged(self, low: bytes | None, high: bytes | None) -> Iterator[tuple[bytes, Entry]]:
        """Yield the entries with ``low <= encoded key < high`` in key order."""
        self._index_buffer()
        first = 0 if low is None else bisect_left(self._index, low)
        last = len(self._index) if high is None else bisect_left(self._index, high)
        own = self._index[first:last]
        position, decode = 0, self._rows.decode
        for encoded, value in self._storage.scan(self.name, low, high):
            while position < len(own) and own[position] < encoded:
                yield from self._own(own[position])
                position += 1
            if position < len(own) and own[position] == encoded:
                yield from self._own(encoded)
                position += 1
            else:
                yield encoded, decode(value)
        for encoded in own[position:]:
            yield from self._own(encoded)

    def _own(self, encoded: bytes) -> Iterator[tuple[bytes, Entry]]:
        entry = self._buffer[self._indexed[encoded]]
        if entry is not None:
            yield encoded, entry
