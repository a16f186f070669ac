"""Implicit conversions: what SQL turns into what without being asked.

Numbers widen along INTEGER → BIGINT → DECIMAL → DOUBLE; text is read as a date, a time, a timestamp
or bytes where one is wanted; arrays and maps convert with their elements.
"""

from streamsql.types.sqltypes import (
    BIGINT,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Decimal,
    Map,
    Primitive,
    SqlType,
    is_numeric,
)

_INTEGER_DECIMALS = {INTEGER: Decimal(10, 0), BIGINT: Decimal(19, 0)}
_READABLE = (DATE, TIME, TIMESTAMP, BYTES)


def decimal_of(sql_type: SqlType) -> Decimal | None:
    """Return the DECIMAL that holds every value of a DECIMAL or integer type, else ``None``."""
    if isinstance(sql_type, Decimal):
        return sql_type
    return _INTEGER_DECIMALS.get(sql_type) if isinstance(sql_type, Primitive) else None


def widens_to(source: SqlType, target: SqlType) -> bool:
    """Tell whether values of ``source`` become values of ``target`` without an explicit CAST."""
    if source == target:
        return True
    if is_numeric(source) and is_numeric(target):
        return common_type(source, target) == target
    if source == STRING:
        return target in _READABLE
    if isinstance(source, Array) and isinstance(target, Array):
        return widens_to(source.element, target.element)
    if isinstance(source, Map) and isinstance(target, Map):
        return widens_to(source.key, target.key) and widens_to(source.value, target.value)
    return False


def common_type(left: SqlType, right: SqlType) -> SqlType | None:
    """Return the narrowest type that both widen to, or ``None`` when there is none."""
    if left == right:
        return left
    if is_numeric(left) and is_numeric(right):
        return _common_number(left, right)
    if isinstance(left, Array) and isinstance(right, Array):
        element = common_type(left.element, right.element)
        return None if element is None else Array(element)
    if isinstance(left, Map) and isinstance(right, Map):
        key, value = common_type(left.key, right.key), common_type(left.value, right.value)
        return None if key is None or value is None else Map(key, value)
    for source, target in ((left, right), (right, left)):
        if source == STRING and target in _READABLE:
            return target
    return None


def _common_number(left: SqlType, right: SqlType) -> SqlType:
    """Return the narrowest number type for two different ones."""
    if DOUBLE in (left, right):
        return DOUBLE
    if not isinstance(left, Decimal) and not isinstance(right, Decimal):
        return BIGINT
    first, second = decimal_of(left), decimal_of(right)
    assert first is not None
    assert second is not None
    scale = max(first.scale, second.scale)
    whole = max(first.precision - first.scale, second.precision - second.scale)
    return Decimal(whole + scale, scale)
