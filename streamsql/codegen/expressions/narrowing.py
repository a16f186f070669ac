"""What a true condition says about NULL: which columns it could not be true without."""

from streamsql.expr.nodes import (
    And,
    Arithmetic,
    Between,
    Call,
    Cast,
    ColumnRef,
    Comparison,
    Expression,
    FieldRef,
    InList,
    IsNull,
    Lambda,
    Like,
    Negate,
    Or,
    Subscript,
)

_NONE: frozenset[str] = frozenset()


def columns_not_null(condition: Expression) -> frozenset[str]:
    """Return the names of the columns that are not NULL whenever the condition is true."""
    match condition:
        case And(left, right):
            names = columns_not_null(left) | columns_not_null(right)
        case Or(left, right):
            names = columns_not_null(left) & columns_not_null(right)
        case Comparison(_, left, right):
            names = _behind(left) | _behind(right)
        case Between(operand, low, high, False):
            names = _behind(operand) | _behind(low) | _behind(high)
        case InList(operand, _, False) | IsNull(operand, True):
            names = _behind(operand)
        case Like(operand, pattern):
            names = _behind(operand) | _behind(pattern)
        case ColumnRef():
            names = _behind(condition)
        case _:
            names = _NONE
    return names


def _behind(value: Expression | Lambda) -> frozenset[str]:
    """Return the columns without which the value would be NULL."""
    match value:
        case ColumnRef(name):
            return frozenset([name])
        case Arithmetic(_, left, right):
            return _behind(left) | _behind(right)
        case Negate(operand) | Cast(operand):
            return _behind(operand)
        case FieldRef(inner) | Subscript(inner):
            return _behind(inner)
        case Call(function, arguments) if function.strict:
            return _NONE.union(*(_behind(argument) for argument in arguments))
        case _:
            return _NONE
