"""The latest ``(row, timestamp_ms)`` by key, with the writes of the open transaction on top.

A lookup asks, in this order: the *buffer* (written since the last commit), the cache of committed
values in two generations, the engine. Entries are ``(row, timestamp_ms)``; ``None`` means that
there is no row, which the cache remembers too. Buffer and cache are dicts by *slot*: the key in
flight, or its bytes where keys cannot be told apart by a dict. Slots become bytes at a miss and at
the commit.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice
from typing import Any

from streamsql.state.keys import KeyCodec
from streamsql.state.rows import Entry, RowCodec
from streamsql.state.store import Changes, Engine
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType

MISSING: Any = object()
"""What a dict does not hold, as opposed to ``None``: held, and without a row."""


def mutable(entry: Entry) -> tuple[list[Any], int]:
    """Return the entry with its row as a list: the one that was put, or a new one."""
    return entry if type(entry[0]) is list else (list(entry[0]), entry[1])


class Transaction:
    """Entries by slot: buffer, cache and engine as one. Stores derive their keys from it."""

    __slots__ = (
        "_buffer",
        "_cache_entries",
        "_engine",
        "_generation",
        "_index",
        "_indexed",
        "_older",
        "_recent",
        "_rows",
        "_slot_bytes",
        "name",
    )

    _slot_bytes: Callable[[Any], bytes]

    def __init__(self, name: str, rows: RowCodec, engine: Engine, cache_entries: int) -> None:
        self.name = name
        self._rows = rows
        self._engine = engine
        self._cache_entries = cache_entries
        self._generation = 0
        self._buffer: dict[Hashable, Entry | None] = {}
        self._recent: dict[Hashable, Entry | None] = {}
        self._older: dict[Hashable, Entry | None] = {}
        # The buffer by encoded key and in key order, made and kept up only by scans.
        self._indexed: dict[bytes, Hashable] = {}
        self._index: list[bytes] = []

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded.

        A deletion of what is known to be absent from the engine is none.
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
        """Forget the buffer: its changes are in the engine now, and its values in the cache."""
        if len(self._recent) + len(self._buffer) > self._cache_entries:
            self._older, self._recent = self._recent, self._buffer
            self._generation += 1
        else:
            self._recent.update(self._buffer)
        self._clear_buffer()

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
                value = self._engine.get(self.name, self._slot_bytes(slot))
            entry = None if value is None else self._rows.decode(value)
        if len(self._recent) >= self._cache_entries:
            self._older, self._recent = self._recent, {}
            self._generation += 1
        self._recent[slot] = entry
        return entry

    def _surely_absent(self, _slot: Any) -> bool:
        """Tell whether the engine cannot hold what the cache does not: a look at it is dear."""
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
        for encoded, value in self._engine.scan(self.name, low, high):
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


class KeyValueStore(Transaction):
    """The latest ``(row, timestamp_ms)`` by key."""

    __slots__ = ("_began_empty", "_by_bytes", "_encode", "_keys")

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        engine: Engine,
        *,
        cache_entries: int = 65_536,
    ) -> None:
        super().__init__(name, RowCodec(value_types), engine, cache_entries)
        self._keys = KeyCodec(key_types)
        self._by_bytes = not self._keys.hashable
        self._encode = self._keys.encode
        self._slot_bytes = bytes if self._by_bytes else self._keys.encode
        self._began_empty: bool | None = None

    def get(self, key: Key) -> Entry | None:
        """Return the row and timestamp of the key, or ``None``."""
        if self._by_bytes:
            key = self._encode(key)
        entry: Entry | None = self._buffer.get(key, MISSING)
        if entry is MISSING:
            entry = self._recent.get(key, MISSING)
            if entry is MISSING:
                entry = self._load(key)
        return entry

    def get_mutable(self, key: Key) -> tuple[list[Any], int] | None:
        """As :meth:`get`, but the row is a list that the caller may change and must then put.

        Until it has put it, :meth:`get` may or may not see the changes.
        """
        entry = self.get(key)
        return None if entry is None else mutable(entry)

    @property
    def hashable(self) -> bool:
        """Whether a dict tells the keys in flight apart."""
        return not self._by_bytes

    def slot(self, key: Key) -> Hashable:
        """Return what a dict tells the key apart by: the key or its bytes."""
        return self._encode(key) if self._by_bytes else key

    def put(self, key: Key, row: Row | list[Any], timestamp_ms: int) -> None:
        """Set the row of the key.

        The store keeps the object: only a list, and only after :meth:`get_mutable`, may change.
        """
        self._buffer[self._encode(key) if self._by_bytes else key] = (row, timestamp_ms)

    def delete(self, key: Key) -> None:
        """Remove the key."""
        self._buffer[self._encode(key) if self._by_bytes else key] = None

    def _surely_absent(self, _slot: Any) -> bool:
        if self._began_empty is None:
            self._began_empty = next(iter(self._engine.scan(self.name)), None) is None
        return self._began_empty and self._none_lost(since=0)

    def scan(self) -> Iterator[tuple[Key, Row, int]]:
        """Yield every ``(key, row, timestamp)`` in key order, uncommitted ones included.

        The store must not be committed while the iteration goes on.
        """
        decode = self._keys.decode
        for encoded, (row, timestamp_ms) in self._merged(None, None):
            yield decode(encoded), row, timestamp_ms
