"""Keys as functions of a row, for regrouping tables."""

from collections.abc import Callable, Sequence

from streamsql.expr.nodes import NamedExpression
from streamsql.expr.stretch import Report
from streamsql.types.record import Key, Row
from streamsql.types.schema import Schema


def generate_key(
    name: str, schema: Schema, keys: Sequence[NamedExpression], report: Report
) -> Callable[[Key, Row, int], Key]:
    """Return ``group(key, value, timestamp)``: the new key, ``None`` when any part of it is NULL.

    A part that fails is NULL and reported.
    """
    raise NotImplementedError
