"""What generated code calls at run time, besides arithmetic and casts."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.types.record import Header


def element(array: list[Any], index: int) -> Any:
    """Return the element at the 1-based or negative index; NULL when there is none.

    >>> [element(["a", "b"], index) for index in (1, 2, 3, 0, -1, -2, -3)]
    ['a', 'b', None, None, 'b', 'a', None]
    """
    if index > 0:
        return array[index - 1] if index <= len(array) else None
    return array[index] if index and -index <= len(array) else None


def unreported(_error: Exception, _text: str, _record: Any) -> None:
    """Note nothing: a failure in the old row of a change was reported when it was new."""


def all_headers(headers: list[Header] | None) -> list[tuple[str, bytes | None]]:
    """Return the value of a HEADERS column."""
    return list(headers or ())


def last_header(headers: list[Header] | None, key: str) -> bytes | None:
    """Return the value of a HEADER('key') column: the last header of that key."""
    for name, value in reversed(headers or ()):
        if name == key:
            return value
    return None


def zip_rows(*columns: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """Return the rows of several table functions side by side, short ones padded with NULL."""
    return list(zip_longest(*(column or () for column in columns)))


def record_time(timestamp_ms: int | None) -> int:
    """Return the time of a record to be written; EvaluationError when it has none."""
    if timestamp_ms is None or timestamp_ms < 0:
        raise EvaluationError(f"timestamp {timestamp_ms} is not a time of a record")
    return timestamp_ms
