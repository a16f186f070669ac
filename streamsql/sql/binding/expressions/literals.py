"""Constants: the type a literal has by itself, and the value it takes where another type is wanted.

Text is read leniently where a constant is asked for (INSERT VALUES, IN lists, array and map
constructors): ``'10'`` is a number among numbers. What does not fit is an error of the statement,
so that no record has to fail for it.
"""

import math
from collections.abc import Callable
from decimal import Decimal as Number
from decimal import InvalidOperation
from typing import Any

from sqlglot import exp

from streamsql.errors import BindError, EvaluationError, Span
from streamsql.expr.nodes import Literal
from streamsql.expr.values.arithmetic import EXACT, fit_decimal
from streamsql.expr.values.casts import caster, find_caster
from streamsql.expr.values.javatext import decimal_text, double_text
from streamsql.sql.dialect.nodes.literals import NumberKind, number_kind
from streamsql.sql.dialect.nodes.node import span
from streamsql.types.sqltypes import (
    BIGINT,
    BIGINT_MAX,
    BIGINT_MIN,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    INTEGER_MAX,
    INTEGER_MIN,
    MAX_PRECISION,
    STRING,
    Decimal,
    SqlType,
    is_numeric,
)

_ANY_DIGITS = 400
_RANGES: dict[SqlType, tuple[int, int]] = {
    INTEGER: (INTEGER_MIN, INTEGER_MAX),
    BIGINT: (BIGINT_MIN, BIGINT_MAX),
}


def bind_number(literal: exp.Literal, *, negative: bool = False) -> Literal:
    """Return a number as the narrowest type its spelling allows; ``negative``: a minus before it.

    Raises:
        BindError: It is too large for BIGINT, or for DOUBLE.
    """
    written = f"-{literal.name}" if negative else literal.name
    match number_kind(literal):
        case NumberKind.INTEGER:
            return _integer(int(written), span(literal))
        case NumberKind.DECIMAL:
            return decimal_literal(written, span(literal))
        case NumberKind.DOUBLE:
            value = float(written)
            if math.isinf(value):
                raise BindError("the number is too large for DOUBLE", span(literal))
            return Literal(value, DOUBLE)


def _integer(value: int, where: Span) -> Literal:
    if INTEGER_MIN <= value <= INTEGER_MAX:
        return Literal(value, INTEGER)
    if BIGINT_MIN <= value <= BIGINT_MAX:
        return Literal(value, BIGINT)
    raise BindError(
        "the number is too large for BIGINT",
        where,
        hint=f"Write it as a DECIMAL, with a point at its end: {value}.0",
    )


def decimal_literal(written: str, where: Span) -> Literal:
    """Return an exact number; every written digit counts for its precision.

    Raises:
        BindError: The text is no number.
    """
    try:
        value = Number(written)
    except InvalidOperation:
        raise BindError(f'"{written}" is not a DECIMAL', where) from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise BindError(f'"{written}" is not a DECIMAL', where)
    if max(len(written), abs(exponent), abs(value.adjusted())) > MAX_PRECISION:
        raise BindError(f"a DECIMAL has at most {MAX_PRECISION} digits", where)
    scale = max(0, -exponent)
    if exponent > 0:
        value = EXACT.quantize(value, Number(1))
    digits = sum(character.isdigit() for character in written.lower().split("e")[0])
    precision = max(digits, len(value.as_tuple().digits), scale, 1)
    return Literal(value, Decimal(precision, scale))


def number_type(text: str) -> SqlType | None:
    """Return the type of the number that a text spells, ``None`` when it spells none."""
    stripped = text.strip()
    try:
        if stripped.lstrip("+-").isdecimal() and len(stripped) <= MAX_PRECISION:
            return _integer(int(stripped), Span(0, 0)).type
        return decimal_literal(stripped, Span(0, 0)).type
    except (BindError, ValueError):
        return None


def convert_literal(literal: Literal, target: SqlType, where: Span) -> Literal | None:
    """Return the constant as a value of another type, read leniently, or ``None``: no such reading.

    Raises:
        BindError: There is a reading, but this value does not fit it.
    """
    if literal.type == target:
        return literal
    if literal.value is None:
        return Literal(None, target)
    if literal.type == STRING:
        return _from_text(literal.value, target, where)
    if target == STRING:
        text = to_text(literal)
        return None if text is None else Literal(text, STRING)
    return _from_number(literal, target, where)


def to_text(literal: Literal) -> str | None:
    """Return a number or truth value as text in Java's form; ``None`` for any other type."""
    value = literal.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and literal.type in _RANGES:
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, Number):
        return decimal_text(value)
    return None


def _from_number(literal: Literal, target: SqlType, where: Span) -> Literal | None:
    value = literal.value
    if not is_numeric(literal.type):
        return None
    if target == DOUBLE:
        return Literal(float(value), DOUBLE)
    if isinstance(target, Decimal) and literal.type != DOUBLE:
        return _fit_decimal(Number(value), target, where)
    if target in _RANGES and literal.type in _RANGES:
        return _fit_integer(value, target, where)
    return None


def _fit_integer(value: int, target: SqlType, where: Span) -> Literal:
    low, high = _RANGES[target]
    if not low <= value <= high:
        raise BindError(f"the number is too large for {target}", where)
    return Literal(value, target)


def _fit_decimal(value: Number, target: Decimal, where: Span) -> Literal:
    """Pad with zeros; a digit too many on either side is an error."""
    try:
        fitted = fit_decimal(value, target)
    except EvaluationError:
        raise BindError(f"the number is too large for {target}", where) from None
    if fitted != value:
        raise BindError(f"the number has too many digits after the point for {target}", where)
    return Literal(fitted, target)


def _from_text(text: str, target: SqlType, where: Span) -> Literal | None:
    if isinstance(target, Decimal):
        number = _read(caster(STRING, Decimal(_ANY_DIGITS, _ANY_DIGITS // 2)), text, target, where)
        return _fit_decimal(number, target, where)
    if target == BOOLEAN:
        return Literal(_read(_boolean, text, target, where), BOOLEAN)
    found = find_caster(STRING, target)
    return None if found is None else Literal(_read(found, text, target, where), target)


def _read(reader: Callable[[str], Any], text: str, target: SqlType, where: Span) -> Any:
    try:
        return reader(text)
    except (EvaluationError, ValueError):
        raise BindError(f"'{text}' is not a value of type {target}", where) from None


def _boolean(text: str) -> bool:
    """Read any beginning of true, yes, false or no."""
    word = text.strip().lower()
    if word and ("true".startswith(word) or "yes".startswith(word)):
        return True
    if word and ("false".startswith(word) or "no".startswith(word)):
        return False
    raise ValueError(text)
