"""Tables read from topics or made from other operators, kept in stores."""

from streamsql.state.key_value import KeyValueStore
from streamsql.types.record import Key, Row, TableForward


class TableUpdate:
    """Turns the records of a topic into changes of a table: the last one of a key wins, by offset.

    Records without a key are ignored.
    """

    __slots__ = ("_forward", "_store")

    def __init__(self, store: KeyValueStore, forward: TableForward) -> None:
        self._store = store
        self._forward = forward

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Keep the row and forward the change."""
        if key is None:
            return
        store = self._store
        entry = store.get(key)
        old = None if entry is None else entry[0]
        if value is not None:
            store.put(key, value, timestamp)
        elif entry is not None:
            store.delete(key)
        self._forward(key, value, old, timestamp)


class UnkeptTable:
    """The same without a store: the old row is unknown."""

    __slots__ = ("_forward",)

    def __init__(self, forward: TableForward) -> None:
        self._forward = forward

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Forward the change."""
        if key is not None:
            self._forward(key, value, None, timestamp)


class Materialize:
    """Keeps the rows of a table and forwards every change with the old row as kept here."""

    __slots__ = ("_forward", "_store")

    def __init__(self, store: KeyValueStore, forward: TableForward) -> None:
        self._store = store
        self._forward = forward

    def process(self, key: Key, new: Row | None, _old: Row | None, timestamp: int) -> None:
        """Keep the new row and forward the change; a delete of what is not there is nothing."""
        if key is None:
            return
        entry = self._store.get(key)
        old = None if entry is None else entry[0]
        if new is not None:
            self._store.put(key, new, timestamp)
        elif entry is not None:
            self._store.delete(key)
        if new is not None or old is not None:
            self._forward(key, new, old, timestamp)
