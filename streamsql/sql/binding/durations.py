"""Lengths of time, in milliseconds: ``10 SECONDS`` in a clause, ``'10 SECONDS'`` in a property."""

import re

from sqlglot import exp

from streamsql.errors import BindError, Span
from streamsql.sql.dialect.nodes.node import span
from streamsql.types.sqltypes import BIGINT_MAX

_UNIT_MS = {
    "DAY": 86_400_000,
    "HOUR": 3_600_000,
    "MINUTE": 60_000,
    "SECOND": 1000,
    "MILLISECOND": 1,
}
_WRITTEN = re.compile(rf"\s*([0-9]+)\s+({'|'.join(_UNIT_MS)})S?\s*", re.IGNORECASE)
_LONGEST_MS = BIGINT_MAX // 4
"""A time, the size of its window and a grace period together are a BIGINT."""


def duration_ms(duration: exp.Interval) -> int:
    """Return a length of time in a clause.

    Raises:
        BindError: It is longer than times can be apart.
    """
    unit = duration.text("unit").removesuffix("S")
    return _milliseconds(duration.this.name, unit, span(duration))


def written_duration_ms(text: str, where: Span) -> int | None:
    """Return a length of time in a property, ``None`` when the text is none.

    Raises:
        BindError: It is longer than times can be apart.
    """
    match = _WRITTEN.fullmatch(text)
    return None if match is None else _milliseconds(match[1], match[2].upper(), where)


def _milliseconds(amount: str, unit: str, where: Span) -> int:
    longest = _LONGEST_MS // _UNIT_MS[unit]
    digits = amount.lstrip("0") or "0"
    if len(digits) > len(str(longest)) or int(digits) > longest:
        raise BindError(
            "the length of time is too large", where, hint=f"It is at most {longest} {unit}S."
        )
    return int(digits) * _UNIT_MS[unit]
