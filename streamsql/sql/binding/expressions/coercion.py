"""Conversions that SQL makes unasked, written down as :class:`Cast` nodes or folded into literals.

``NULL`` has no type of its own: the binder hands it around as ``None`` until the place where it
stands gives it one. Constants are converted leniently (see :mod:`bind_literals`), everything else
only by widening.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import Cast, Expression, Literal, MakeArray, MakeMap, MakeStruct
from streamsql.expr.values.widening import common_type, widens_to
from streamsql.sql.binding.expressions.literals import convert_literal, number_type
from streamsql.types.sqltypes import STRING, Array, Field, Map, SqlType, Struct, is_numeric


@dataclass(frozen=True, slots=True)
class Operand:
    """A bound expression (``None``: the literal NULL) and where it is written."""

    expression: Expression | None
    where: Span

    @property
    def type(self) -> SqlType | None:
        """The type, ``None`` for NULL."""
        return None if self.expression is None else self.expression.type


def converted(expression: Expression, target: SqlType, where: Span) -> Expression:
    """Return the expression with a type that its own widens to; constants are folded."""
    if expression.type == target:
        return expression
    if isinstance(expression, Literal):
        folded = convert_literal(expression, target, where)
        if folded is not None:
            return folded
    return Cast(expression, target)


def widened(operand: Operand, target: SqlType) -> Expression | None:
    """Return the operand as a value of ``target`` if it widens to it, else ``None``."""
    if operand.expression is None:
        return Literal(None, target)
    if operand.expression.type == target:
        return operand.expression
    if not widens_to(operand.expression.type, target):
        return None
    return converted(operand.expression, target, operand.where)


def coerced(operand: Operand, target: SqlType) -> Expression | None:
    """Return the operand as a value of ``target``, constants in it read leniently, else ``None``.

    Raises:
        BindError: A constant is of a fitting kind but its value is not.
    """
    expression = operand.expression
    if expression is None:
        return Literal(None, target)
    if expression.type == target:
        return expression
    if isinstance(expression, Literal):
        return convert_literal(expression, target, operand.where)
    nested = _coerced_constructor(expression, target, operand.where)
    if nested is not None:
        return nested
    if widens_to(expression.type, target) or struct_widens(expression.type, target):
        return Cast(expression, target)
    return None


def _coerced_constructor(expression: Expression, target: SqlType, where: Span) -> Expression | None:
    """Coerce the parts of an ARRAY, MAP or STRUCT constructor one by one."""
    if isinstance(expression, MakeArray) and isinstance(target, Array):
        parts = _coerced_all(
            expression.elements, [target.element] * len(expression.elements), where
        )
        return None if parts is None else MakeArray(parts, target)
    if isinstance(expression, MakeMap) and isinstance(target, Map):
        count = len(expression.entries)
        keys = _coerced_all([key for key, _ in expression.entries], [target.key] * count, where)
        values = _coerced_all(
            [value for _, value in expression.entries], [target.value] * count, where
        )
        if keys is None or values is None:
            return None
        return MakeMap(tuple(zip(keys, values, strict=True)), target)
    if isinstance(expression, MakeStruct) and isinstance(target, Struct):
        return _coerced_struct(expression, target, where)
    return None


def _coerced_struct(expression: MakeStruct, target: Struct, where: Span) -> Expression | None:
    own = expression.type
    assert isinstance(own, Struct)
    if any(target.index(field.name) is None for field in own.fields):
        return None
    values: list[Expression] = []
    for field in target.fields:
        position = own.index(field.name)
        part = None if position is None else expression.values[position]
        value = coerced(Operand(part, where), field.type)
        if value is None:
            return None
        values.append(value)
    return MakeStruct(tuple(values), target)


def _coerced_all(
    parts: Sequence[Expression], targets: Sequence[SqlType], where: Span
) -> tuple[Expression, ...] | None:
    results: list[Expression] = []
    for part, target in zip(parts, targets, strict=True):
        result = coerced(Operand(part, where), target)
        if result is None:
            return None
        results.append(result)
    return tuple(results)


def struct_widens(source: SqlType, target: SqlType) -> bool:
    """Tell whether a struct becomes another by widening fields and adding NULL ones."""
    if not isinstance(source, Struct) or not isinstance(target, Struct):
        return False
    for field in source.fields:
        position = target.index(field.name)
        if position is None:
            return False
        wanted = target.fields[position].type
        if not widens_to(field.type, wanted) and not struct_widens(field.type, wanted):
            return False
    return True


def shared_type(left: SqlType, right: SqlType) -> SqlType | None:
    """Return the narrowest type both widen to; of structs, one with the fields of both."""
    if isinstance(left, Struct) and isinstance(right, Struct):
        return _shared_struct(left, right)
    if isinstance(left, Array) and isinstance(right, Array):
        element = shared_type(left.element, right.element)
        return None if element is None else Array(element)
    if isinstance(left, Map) and isinstance(right, Map):
        key, value = shared_type(left.key, right.key), shared_type(left.value, right.value)
        return None if key is None or value is None else Map(key, value)
    if STRING in (left, right) and left != right:
        return None
    return common_type(left, right)


def _shared_struct(left: Struct, right: Struct) -> SqlType | None:
    fields: list[Field] = []
    for field in left.fields:
        position = right.index(field.name)
        found = (
            field.type if position is None else shared_type(field.type, right.fields[position].type)
        )
        if found is None:
            return None
        fields.append(Field(field.name, found))
    fields += [field for field in right.fields if left.index(field.name) is None]
    return Struct(tuple(fields))


def unified(
    operands: Sequence[Operand], *, lenient: bool = True
) -> tuple[SqlType, tuple[Expression, ...]] | None:
    """Return the common type of a list and its operands converted to it; ``None``: all are NULL.

    The first operand that is not NULL decides; numbers widen to hold all numbers, structs grow to
    hold all fields.

    Args:
        operands: The operands.
        lenient: Whether constants among them are read leniently.

    Raises:
        BindError: An operand cannot be converted.
    """
    target = list_type(operands)
    if target is None:
        return None
    results: list[Expression] = []
    for operand in operands:
        result = coerced(operand, target) if lenient else _widened(operand, target)
        if result is None:
            raise BindError(
                f"type {operand.type} does not fit among values of type {target}",
                operand.where,
                hint="Convert it with CAST.",
            )
        results.append(result)
    return target, tuple(results)


def _widened(operand: Operand, target: SqlType) -> Expression | None:
    if operand.type is not None and (operand.type == STRING) != (target == STRING):
        return None
    if isinstance(operand.type, Struct):
        return coerced(operand, target)
    return widened(operand, target)


def list_type(operands: Sequence[Operand]) -> SqlType | None:
    """Return the type that a list of operands has in common, led by the first that is not NULL.

    Among numbers, text that spells a number counts as one.
    """
    target: SqlType | None = None
    for operand in operands:
        found = operand.type
        if found is None:
            continue
        if target is None:
            target = found
            continue
        if is_numeric(target) and found == STRING and isinstance(operand.expression, Literal):
            found = number_type(operand.expression.value) or found
        if is_numeric(target) == is_numeric(found):
            target = shared_type(target, found) or target
    return target
