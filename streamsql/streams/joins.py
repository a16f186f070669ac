"""The stores that a stream-stream join needs."""

from streamsql.topology.nodes import JoinKind
from streamsql.topology.stores import WindowStoreSpec
from streamsql.types.schema import WINDOW_COLUMNS, Column, Schema
from streamsql.types.sqltypes import Field, Struct
from streamsql.types.windows import JoinWindow

Stores = tuple[WindowStoreSpec, WindowStoreSpec, WindowStoreSpec | None, WindowStoreSpec | None]


def join_stores(
    name: str, kind: JoinKind, window: JoinWindow, schemas: tuple[Schema, Schema]
) -> Stores:
    """Return the buffers of both sides, then those of their waiting unmatched records."""

    def store(part: str, schema: Schema) -> WindowStoreSpec:
        types = tuple(column.type for column in schema.value)
        key = _with_window(schema)
        return WindowStoreSpec(f"{name}-{part}", key, types, window.retention_ms)

    left, right = schemas
    waits = window.grace_ms is not None
    left_waits = waits and kind in (JoinKind.LEFT, JoinKind.FULL)
    right_waits = waits and kind in (JoinKind.RIGHT, JoinKind.FULL)
    return (
        store("left", left),
        store("right", right),
        store("left-outer", left) if left_waits else None,
        store("right-outer", right) if right_waits else None,
    )


def _with_window(schema: Schema) -> tuple[Column, ...]:
    """Return columns for keys in flight: a windowed one is a tuple of the key and its bounds."""
    if schema.window is None:
        return schema.key
    if len(schema.key) == 1:
        return (*schema.key, *WINDOW_COLUMNS)
    fields = tuple(Field(column.name, column.type) for column in schema.key)
    return (Column("KEY", Struct(fields)), *WINDOW_COLUMNS)
