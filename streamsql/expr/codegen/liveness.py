"""Which columns steps need: what is not needed is neither decoded nor computed."""

from collections.abc import Sequence

from streamsql.expr.stretch import EventTime, Step
from streamsql.types.schema import Schema


def required_columns(
    schema: Schema, steps: Sequence[Step], event_time: EventTime | None = None
) -> frozenset[str]:
    """Return the names of the columns of ``schema``, and the pseudo columns, that the steps read.

    A source decodes its value columns among them, header columns excepted, in schema order.
    """
    raise NotImplementedError
