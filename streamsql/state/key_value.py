"""The latest ``(row, timestamp_ms)`` by key."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from streamsql.state.buffered import MISSING, BufferedStore, mutable
from streamsql.state.keys import KeyCodec, behind
from streamsql.state.rows import Entry, RowCodec
from streamsql.state.storage import Storage
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType


class KeyValueStore(BufferedStore):
    """One entry a key; the key of a windowed table includes its window."""

    __slots__ = ("_began_empty", "_by_bytes", "_encode", "_keys")

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        storage: Storage,
    ) -> None:
        super().__init__(name, RowCodec(value_types), storage)
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
            self._began_empty = next(iter(self._storage.scan(self.name)), None) is None
        return self._began_empty and self._none_lost(since=0)

    def scan_prefix(self, first: Any) -> Iterator[tuple[Key, Row, int]]:
        """Yield ``(key, row, timestamp)`` of the keys of several columns that begin with a value.

        As with :meth:`scan`, in key order, and the store must not be committed meanwhile.
        """
        decode, prefix = self._keys.decode, self._keys.prefix(first)
        for encoded, (row, timestamp_ms) in self._merged(prefix, behind(prefix)):
            yield decode(encoded), row, timestamp_ms

    def scan(self) -> Iterator[tuple[Key, Row, int]]:
        """Yield every ``(key, row, timestamp)`` in key order, uncommitted ones included.

        The store must not be committed while the iteration goes on.
        """
        decode = self._keys.decode
        for encoded, (row, timestamp_ms) in self._merged(None, None):
            yield decode(encoded), row, timestamp_ms
