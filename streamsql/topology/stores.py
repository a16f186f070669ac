"""What a state store holds and how long; the runtime decides where."""

from dataclasses import dataclass

from streamsql.types.schema import Column
from streamsql.types.sqltypes import SqlType


@dataclass(frozen=True, slots=True)
class KeyValueStoreSpec:
    """The latest ``(row, timestamp_ms)`` by key.

    Attributes:
        name: Unique in the topology, stable across restarts and unrelated edits.
        key: The key columns.
        value: The types of the row's values.
    """

    name: str
    key: tuple[Column, ...]
    value: tuple[SqlType, ...]


@dataclass(frozen=True, slots=True)
class WindowStoreSpec:
    """``(row, timestamp_ms)`` by key and window start, dropped ``retention_ms`` after the start."""

    name: str
    key: tuple[Column, ...]
    value: tuple[SqlType, ...]
    retention_ms: int


@dataclass(frozen=True, slots=True)
class SessionStoreSpec:
    """``(row, timestamp_ms)`` by key and session bounds, dropped ``retention_ms`` after the end."""

    name: str
    key: tuple[Column, ...]
    value: tuple[SqlType, ...]
    retention_ms: int


StoreSpec = KeyValueStoreSpec | WindowStoreSpec | SessionStoreSpec
