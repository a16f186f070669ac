"""The latest ``(row, timestamp_ms)`` by key, with the writes of the open transaction on top.

A lookup asks, in this order: the *buffer* (written since the last commit), the cache of committed
values in two generations, the engine. Entries are ``(row, timestamp_ms)``; ``None`` means that the
key has no row, which the cache remembers too.
"""

from collections.abc import Iterable, Iterator, Sequence

from streamsql.state.store import Changes, Engine
from streamsql.types.record import Key, Row
from streamsql.types.sqltypes import SqlType


class KeyValueStore:
    """The latest ``(row, timestamp_ms)`` by key."""

    def __init__(
        self,
        name: str,
        key_types: Sequence[SqlType],
        value_types: Sequence[SqlType],
        engine: Engine,
        *,
        cache_entries: int = 65_536,
    ) -> None:
        self.name = name
        raise NotImplementedError

    def get(self, key: Key) -> tuple[Row, int] | None:
        """Return the row and timestamp of the key, or ``None``."""
        raise NotImplementedError

    def get_mutable(self, key: Key) -> tuple[list[object], int] | None:
        """As :meth:`get`, but the row is a list that the caller may change and must then put.

        Until it has put it, :meth:`get` may or may not see the changes.
        """
        raise NotImplementedError

    def get_many(self, keys: Iterable[Key]) -> list[tuple[Row, int] | None]:
        """Return what :meth:`get` returns, for each key."""
        raise NotImplementedError

    def put(self, key: Key, row: Row | list[object], timestamp_ms: int) -> None:
        """Set the row of the key. The store keeps the object: it must not change after the commit."""
        raise NotImplementedError

    def delete(self, key: Key) -> None:
        """Remove the key."""
        raise NotImplementedError

    def scan(self) -> Iterator[tuple[Key, Row, int]]:
        """Yield every ``(key, row, timestamp)`` in key order, uncommitted ones included.

        The store must not be written to while the iteration goes on.
        """
        raise NotImplementedError

    def scan_prefix(self, parts: tuple[object, ...]) -> Iterator[tuple[Key, Row, int]]:
        """As :meth:`scan`, only the keys whose first columns are these."""
        raise NotImplementedError

    def uncommitted_bytes(self) -> int:
        """Estimate the size of what the next commit writes."""
        raise NotImplementedError

    def pending(self) -> Changes:
        """Return the changes since the last commit, encoded."""
        raise NotImplementedError

    def committed(self) -> None:
        """Forget the buffer: its changes are in the engine now."""
        raise NotImplementedError

    def rollback(self) -> None:
        """Drop everything since the last commit, and all cached values."""
        raise NotImplementedError
