"""Operators: which operand types they take, and the type of their result."""

from collections.abc import Mapping

from sqlglot import exp

from streamsql.errors import BindError, EvaluationError, Span
from streamsql.expr.dates.temporal import parse_timestamp
from streamsql.expr.nodes import (
    Arithmetic,
    ArithmeticOperator,
    Between,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Expression,
    InList,
    Literal,
)
from streamsql.expr.values.widening import decimal_of
from streamsql.sql.binding.expressions.coercion import (
    Operand,
    coerced,
    converted,
    list_type,
    shared_type,
)
from streamsql.types.schema import ROWTIME, WINDOWEND, WINDOWSTART
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    MAX_PRECISION,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Decimal,
    Map,
    SqlType,
    Struct,
    is_numeric,
)

ARITHMETIC: Mapping[type[exp.Expr], ArithmeticOperator] = {
    exp.Add: ArithmeticOperator.ADD,
    exp.Sub: ArithmeticOperator.SUBTRACT,
    exp.Mul: ArithmeticOperator.MULTIPLY,
    exp.Div: ArithmeticOperator.DIVIDE,
    exp.Mod: ArithmeticOperator.REMAINDER,
}
COMPARISONS: Mapping[type[exp.Expr], ComparisonOperator] = {
    exp.EQ: ComparisonOperator.EQUAL,
    exp.NEQ: ComparisonOperator.NOT_EQUAL,
    exp.LT: ComparisonOperator.LESS,
    exp.LTE: ComparisonOperator.LESS_EQUAL,
    exp.GT: ComparisonOperator.GREATER,
    exp.GTE: ComparisonOperator.GREATER_EQUAL,
}

_TEMPORAL = (DATE, TIME, TIMESTAMP)
_ONLY_EQUAL = (ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL)
_EVENT_TIMES = frozenset({ROWTIME, WINDOWSTART, WINDOWEND})


def arithmetic(
    operator: ArithmeticOperator, left: Operand, right: Operand, where: Span
) -> Expression:
    """Return ``left operator right`` with the operands converted to what it computes with.

    Raises:
        BindError: The operator is not defined for the types.
    """
    if left.expression is None or right.expression is None:
        raise BindError(
            f"operator {operator.value} on NULL has no type",
            where,
            hint="Convert NULL to a type, as in CAST(NULL AS INTEGER).",
        )
    first, second = left.expression, right.expression
    if operator is ArithmeticOperator.ADD and first.type == STRING and second.type == STRING:
        return Arithmetic(operator, first, second, STRING)
    if not is_numeric(first.type) or not is_numeric(second.type):
        raise BindError(
            f"operator {operator.value} is not defined for {first.type} and {second.type}", where
        )
    result = shared_type(first.type, second.type)
    assert result is not None
    if isinstance(result, Decimal):
        one, two = decimal_of(first.type), decimal_of(second.type)
        assert one is not None
        assert two is not None
        exact = decimal_result(operator, one, two)
        if exact.precision > MAX_PRECISION:
            raise BindError(
                f"the result has {exact.precision} digits, more than the {MAX_PRECISION} of a "
                "DECIMAL",
                where,
                hint="Convert an operand to DOUBLE, or to a DECIMAL of fewer digits.",
            )
        return Arithmetic(
            operator,
            converted(first, one, left.where),
            converted(second, two, right.where),
            exact,
        )
    return Arithmetic(
        operator,
        converted(first, result, left.where),
        converted(second, result, right.where),
        result,
    )


def decimal_result(operator: ArithmeticOperator, left: Decimal, right: Decimal) -> Decimal:
    """Return the type of exact arithmetic: wide enough for every result, as in SQL Server.

    >>> str(decimal_result(ArithmeticOperator.ADD, Decimal(4, 2), Decimal(3, 1)))
    'DECIMAL(5, 2)'
    """
    whole_left, whole_right = left.precision - left.scale, right.precision - right.scale
    match operator:
        case ArithmeticOperator.ADD | ArithmeticOperator.SUBTRACT:
            scale = max(left.scale, right.scale)
            return Decimal(scale + max(whole_left, whole_right) + 1, scale)
        case ArithmeticOperator.MULTIPLY:
            return Decimal(left.precision + right.precision + 1, left.scale + right.scale)
        case ArithmeticOperator.DIVIDE:
            scale = max(6, left.scale + right.precision + 1)
            return Decimal(whole_left + right.scale + scale, scale)
        case ArithmeticOperator.REMAINDER:
            scale = max(left.scale, right.scale)
            return Decimal(min(whole_left, whole_right) + scale, scale)


def comparison(
    operator: ComparisonOperator, left: Operand, right: Operand, where: Span
) -> Comparison:
    """Return the comparison, with the operands converted to comparable types.

    Raises:
        BindError: The types cannot be compared so, or an operand is NULL.
    """
    first, second = comparable(operator, left, right, where)
    return Comparison(operator, first, second)


def comparable(
    operator: ComparisonOperator, left: Operand, right: Operand, where: Span
) -> tuple[Expression, Expression]:
    """Return the operands converted so that they can be compared; see :func:`comparison`."""
    if left.expression is None or right.expression is None:
        null = left if left.expression is None else right
        raise BindError(
            "a comparison with NULL is never true", null.where, hint="Write IS NULL or IS NOT NULL."
        )
    first, second = left.expression, right.expression
    magic = _event_time(first, right), _event_time(second, left)
    if magic[0] is not None:
        return first, magic[0]
    if magic[1] is not None:
        return magic[1], second
    shared = _comparison_type(operator, first.type, second.type)
    if shared is None:
        alike = first.type == second.type
        raise BindError(
            f"{first.type} {operator.value} {second.type} is not defined",
            where,
            hint="Values of this type can only be equal (=) or not (<>)."
            if alike
            else "Convert one of the two with CAST, if that is meant.",
        )
    if is_numeric(shared) and shared != DOUBLE:
        return first, second
    return converted(first, shared, left.where), converted(second, shared, right.where)


def _event_time(column: Expression, other: Operand) -> Expression | None:
    """Read text that an event-time column is compared to: a timestamp, maybe partial."""
    if not isinstance(column, ColumnRef) or column.name.split(".")[-1] not in _EVENT_TIMES:
        return None
    text = other.expression
    if column.type != BIGINT or not isinstance(text, Literal) or text.type != STRING:
        return None
    try:
        return Literal(parse_timestamp(text.value), BIGINT)
    except EvaluationError as error:
        raise BindError(str(error), other.where) from error


def _comparison_type(operator: ComparisonOperator, left: SqlType, right: SqlType) -> SqlType | None:
    """Return the type two operands are compared in, or ``None`` when they cannot be."""
    if is_numeric(left) and is_numeric(right):
        return shared_type(left, right)
    if left == right and (left in (STRING, BYTES) or left in _TEMPORAL):
        return left
    for one, other in ((left, right), (right, left)):
        if one == STRING and other in _TEMPORAL:
            return other
        if one == DATE and other == TIMESTAMP:
            return TIMESTAMP
    nested = left == BOOLEAN or isinstance(left, Array | Map | Struct)
    return shared_type(left, right) if nested and operator in _ONLY_EQUAL else None


def between(operand: Operand, low: Operand, high: Operand, negated: bool, where: Span) -> Between:
    """Return ``operand [NOT] BETWEEN low AND high`` with its operands made comparable.

    Raises:
        BindError: They cannot be compared.
    """
    _, least = comparable(ComparisonOperator.GREATER_EQUAL, operand, low, where)
    value, greatest = comparable(ComparisonOperator.LESS_EQUAL, operand, high, where)
    _, least = comparable(
        ComparisonOperator.GREATER_EQUAL,
        Operand(value, operand.where),
        Operand(least, low.where),
        where,
    )
    return Between(value, least, greatest, negated)


def in_list(operand: Operand, options: list[Operand], negated: bool) -> InList:
    """Return ``operand [NOT] IN (options)``, everything converted to one type.

    The operand's type decides, widened where an option is a wider number; constants among the
    options are read leniently.

    Raises:
        BindError: An option cannot be compared with the operand.
    """
    if operand.expression is None:
        raise BindError(
            "a comparison with NULL is never true", operand.where, hint="Write IS NULL."
        )
    target = list_type([operand, *options])
    assert target is not None
    results: list[Expression] = []
    for option in options:
        result = coerced(option, target)
        if result is None:
            raise BindError(
                f"type {option.type} cannot be compared with type {operand.type}",
                option.where,
                hint="Convert one of the two with CAST, if that is meant.",
            )
        results.append(result)
    value = coerced(operand, target)
    assert value is not None
    return InList(value, tuple(results), negated)
