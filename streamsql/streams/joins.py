"""The window of a stream-stream join, and the stores it needs."""

from dataclasses import dataclass

from streamsql.topology.nodes import JoinKind
from streamsql.topology.stores import WindowStoreSpec
from streamsql.types.schema import WINDOW_COLUMNS, Column, Schema
from streamsql.types.sqltypes import Field, Struct
from streamsql.types.windows import DAY_MS


@dataclass(frozen=True, slots=True)
class StreamJoinWindow:
    """``-before <= right.ts - left.ts <= after``, in milliseconds.

    Attributes:
        grace_ms: How late a record may be; ``None``: a day, and unmatched records of outer joins
            are forwarded at once.
    """

    before_ms: int
    after_ms: int
    grace_ms: int | None = None

    @property
    def retention_ms(self) -> int:
        """How long a record may still find partners."""
        grace = DAY_MS if self.grace_ms is None else self.grace_ms
        return self.before_ms + self.after_ms + grace + 1


Stores = tuple[WindowStoreSpec, WindowStoreSpec, WindowStoreSpec | None, WindowStoreSpec | None]


def join_stores(
    name: str, kind: JoinKind, window: StreamJoinWindow, schemas: tuple[Schema, Schema]
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
