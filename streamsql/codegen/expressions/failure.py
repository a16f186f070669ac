"""Which expressions may have no value for a record: only those are evaluated in a ``try``."""

from streamsql.expr.nodes import (
    Arithmetic,
    ArithmeticOperator,
    Between,
    Call,
    Cast,
    Comparison,
    Expression,
    InList,
    Like,
    Literal,
    MakeMap,
    Negate,
)
from streamsql.expr.walk import ExpressionNode, walk
from streamsql.types.sqltypes import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Decimal,
    Primitive,
    SqlType,
)

_SAFE_CASTS: frozenset[tuple[SqlType, SqlType]] = frozenset(
    {(source, target) for source in (INTEGER, BIGINT) for target in (BIGINT, DOUBLE, STRING)}
    | {(DATE, TIMESTAMP)}
)
_DIVISIONS = (ArithmeticOperator.DIVIDE, ArithmeticOperator.REMAINDER)


def may_fail(expression: Expression) -> bool:
    """Tell whether evaluating the expression may raise, given values of its columns' types."""
    return any(map(_fails_by_itself, walk(expression)))


def _fails_by_itself(node: ExpressionNode) -> bool:
    match node:
        case Call():
            return True
        case Cast(operand, target):
            return operand.type != target and (operand.type, target) not in _SAFE_CASTS
        case Arithmetic(operator, _, right, sql_type):
            return isinstance(sql_type, Decimal) or (
                operator in _DIVISIONS and not (isinstance(right, Literal) and right.value)
            )
        case Negate(_, sql_type):
            return isinstance(sql_type, Decimal)
        case Comparison(_, left, right):
            return not _comparable(left, right)
        case Between(operand, low, high):
            return not _comparable(operand, low, high)
        case InList(operand, options):
            return not _comparable(operand, *options)
        case Like(_, pattern):
            return not isinstance(pattern, Literal)
        case MakeMap(entries):
            return not _comparable(*(key for key, _ in entries))
        case _:
            return False


def _comparable(*operands: Expression) -> bool:
    """Tell whether comparing the operands' values never raises."""
    return all(isinstance(operand.type, Primitive) for operand in operands)
