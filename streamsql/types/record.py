"""The shape of records in flight.

Between processors a record is plain arguments, not an object: ``(key, value, timestamp_ms)`` on a
stream, ``(key, new, old, timestamp_ms)`` on a table, where ``new`` and ``old`` are the row after
and before the change, ``None`` where there is none.
"""

from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any, TypeAlias


class SourceKind(StrEnum):
    """Whether the records of a topic are events or the changes of rows."""

    STREAM = "STREAM"
    TABLE = "TABLE"


Key: TypeAlias = Any
"""``None`` (no key), the bare value of one key column, or a tuple of several; see ``schema``."""

Row: TypeAlias = tuple[Any, ...]
"""The value columns in order."""

StreamForward: TypeAlias = Callable[[Key, Row | None, int], None]
"""Takes the key, the value and the timestamp (ms since the epoch) of one stream record."""

TableForward: TypeAlias = Callable[[Key, Row | None, Row | None, int], None]
"""Takes the key, the new row, the old row and the timestamp (ms) of one change of a table."""

Windowed: TypeAlias = tuple[Hashable, int, int]
"""A windowed key: ``(key, start_ms, end_ms)``."""

Header: TypeAlias = tuple[str, bytes | None]
