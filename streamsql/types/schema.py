"""Columns and schemas: what a row of a stream or table holds.

A row has a *key* and a *value*, each a list of columns. In flight a key of one column is the bare
value, a key of several a tuple (a key without columns is ``None``), and a value is a tuple. The key
of a windowed table is the tuple ``(key, window_start_ms, window_end_ms)``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from streamsql.types.sqltypes import (
    BIGINT,
    BYTES,
    INTEGER,
    STRING,
    Array,
    Field,
    SqlType,
    Struct,
    quote,
)


class WindowKind(Enum):
    """How the windows of a windowed key are made."""

    TUMBLING = "TUMBLING"
    HOPPING = "HOPPING"
    SESSION = "SESSION"


@dataclass(frozen=True, slots=True)
class Column:
    """A named, typed column."""

    name: str
    type: SqlType

    def __str__(self) -> str:
        return f"{quote(self.name)} {self.type}"


@dataclass(frozen=True, slots=True)
class Schema:
    """The key and value columns of a stream or table; names are unique across both.

    Attributes:
        window: The kind of windows when keys are windowed, else ``None``.
    """

    key: tuple[Column, ...]
    value: tuple[Column, ...]
    window: WindowKind | None = None

    def columns(self) -> Iterator[Column]:
        """Yield the key columns, then the value columns."""
        yield from self.key
        yield from self.value

    def find(self, name: str) -> Column | None:
        """Return the column of that name, or ``None``."""
        return next((column for column in self.columns() if column.name == name), None)

    def is_key(self, name: str) -> bool:
        """Tell whether the name is a key column's."""
        return any(column.name == name for column in self.key)

    def __str__(self) -> str:
        keys = [f"{column} KEY" for column in self.key]
        return ", ".join([*keys, *(str(column) for column in self.value)])


@dataclass(frozen=True, slots=True)
class HeaderColumn:
    """A value column filled from the record's headers: all of them, or the last one of ``key``."""

    column: str
    key: str | None


@dataclass(frozen=True, slots=True)
class TimestampSpec:
    """The column whose value is the event time of a record.

    Attributes:
        column: A BIGINT, TIMESTAMP or STRING column.
        pattern: The Java date-time pattern of a STRING column.
    """

    column: str
    pattern: str | None = None


ROWTIME = "ROWTIME"
ROWPARTITION = "ROWPARTITION"
ROWOFFSET = "ROWOFFSET"
WINDOWSTART = "WINDOWSTART"
WINDOWEND = "WINDOWEND"
HEADERS_TYPE = Array(Struct((Field("KEY", STRING), Field("VALUE", BYTES))))

PLACE_COLUMNS = (Column(ROWPARTITION, INTEGER), Column(ROWOFFSET, BIGINT))
ROW_COLUMNS = (Column(ROWTIME, BIGINT), *PLACE_COLUMNS)
WINDOW_COLUMNS = (Column(WINDOWSTART, BIGINT), Column(WINDOWEND, BIGINT))
PSEUDO_COLUMNS: dict[str, Column] = {
    column.name: column for column in (*ROW_COLUMNS, *WINDOW_COLUMNS)
}
