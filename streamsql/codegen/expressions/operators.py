"""Arithmetic and comparisons of fragments, none of which is NULL any more."""

from streamsql.codegen.expressions.fragment import Fragment, Level, NewLocal, bound
from streamsql.codegen.namespace import Namespace
from streamsql.expr.nodes import (
    Arithmetic,
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Literal,
)
from streamsql.expr.values import arithmetic
from streamsql.expr.values.arithmetic import EXACT
from streamsql.types.sqltypes import (
    BIGINT,
    BIGINT_MAX,
    BIGINT_MIN,
    DOUBLE,
    INTEGER,
    INTEGER_MAX,
    INTEGER_MIN,
    STRING,
    Decimal,
    SqlType,
)

_LEVELS = {
    ArithmeticOperator.ADD: Level.SUM,
    ArithmeticOperator.SUBTRACT: Level.SUM,
    ArithmeticOperator.MULTIPLY: Level.PRODUCT,
    ArithmeticOperator.DIVIDE: Level.PRODUCT,
    ArithmeticOperator.REMAINDER: Level.PRODUCT,
}
_COMPARISONS = {
    ComparisonOperator.EQUAL: "==",
    ComparisonOperator.NOT_EQUAL: "!=",
    ComparisonOperator.LESS: "<",
    ComparisonOperator.LESS_EQUAL: "<=",
    ComparisonOperator.GREATER: ">",
    ComparisonOperator.GREATER_EQUAL: ">=",
}


class Operators:
    """Writes operators with the helpers of one namespace and the locals of one function."""

    __slots__ = ("_namespace", "_new_local")

    def __init__(self, namespace: Namespace, new_local: NewLocal) -> None:
        self._namespace = namespace
        self._new_local = new_local

    def arithmetic(self, node: Arithmetic, left: Fragment, right: Fragment) -> Fragment:
        """Return ``left operator right`` in the arithmetic of the node's type."""
        if isinstance(node.type, Decimal):
            return self._decimal(node, node.type, left, right)
        if node.type == STRING:
            return _infix(node.operator, left, right)
        if node.operator in (ArithmeticOperator.DIVIDE, ArithmeticOperator.REMAINDER):
            return self._division(node, left, right)
        value = _infix(node.operator, left, right)
        return value if node.type == DOUBLE else self._wrapped(value, node.type)

    def negate(self, sql_type: SqlType, operand: Fragment) -> Fragment:
        """Return the negated operand."""
        if isinstance(sql_type, Decimal):
            return self._call(EXACT.minus, "negate_decimal", operand)
        value = Fragment(f"-{operand.at(Level.ATOM)}", Level.UNARY)
        return value if sql_type == DOUBLE else self._wrapped(value, sql_type)

    def comparison(self, node: Comparison, left: Fragment, right: Fragment) -> Fragment:
        """Return the comparison; a decimal is compared with a double as a double."""
        left, right = self._comparable(node, left, right)
        operator = _COMPARISONS[node.operator]
        return Fragment(f"{left.at(Level.SUM)} {operator} {right.at(Level.SUM)}", Level.COMPARISON)

    def _comparable(
        self, node: Comparison, left: Fragment, right: Fragment
    ) -> tuple[Fragment, Fragment]:
        types = node.left.type, node.right.type
        if isinstance(types[0], Decimal) and types[1] == DOUBLE:
            return Fragment(f"float({left.text})"), right
        if isinstance(types[1], Decimal) and types[0] == DOUBLE:
            return left, Fragment(f"float({right.text})")
        return left, right

    def _wrapped(self, value: Fragment, sql_type: SqlType) -> Fragment:
        """Return the value, wrapped when it leaves the range of the type."""
        if sql_type == INTEGER:
            low, high, wrap = INTEGER_MIN, INTEGER_MAX, arithmetic.wrap32
        else:
            assert sql_type == BIGINT, f"arithmetic on {sql_type}"
            low, high, wrap = BIGINT_MIN, BIGINT_MAX, arithmetic.wrap64
        first, name = bound(value, self._new_local, "n")
        wrapped = self._namespace.add(wrap.__name__, wrap)
        text = f"{name.text} if {low} <= {first} <= {high} else {wrapped}({name.text})"
        return Fragment(text, Level.TERNARY)

    def _division(self, node: Arithmetic, left: Fragment, right: Fragment) -> Fragment:
        divides = node.operator is ArithmeticOperator.DIVIDE
        divisor = node.right.value if isinstance(node.right, Literal) else None
        if node.type == DOUBLE:
            if divides and divisor:
                return _infix(node.operator, left, right)
            helper = arithmetic.divide_doubles if divides else arithmetic.remainder_doubles
            return self._call(helper, helper.__name__, left, right)
        if divisor is not None and divisor > 0 and left.simple:
            return _truncated("//" if divides else "%", left, right)
        if not divides:
            return self._call(arithmetic.remainder_integers, "remainder_integers", left, right)
        whole = arithmetic.divide_integer if node.type == INTEGER else arithmetic.divide_bigint
        return self._call(whole, whole.__name__, left, right)

    def _decimal(
        self, node: Arithmetic, result: Decimal, left: Fragment, right: Fragment
    ) -> Fragment:
        name = f"{node.operator.name.lower()}_decimals"
        if _is_exact_sum(node, result):
            add = node.operator is ArithmeticOperator.ADD
            return self._call(EXACT.add if add else EXACT.subtract, name, left, right)
        operation = self._namespace.make(
            name,
            (node.operator, result),
            lambda: arithmetic.decimal_operation(node.operator, result),
            f"{node.operator.value} of decimals, as {result}",
        )
        return Fragment(f"{operation}({left.text}, {right.text})")

    def _call(self, function: object, hint: str, *arguments: Fragment) -> Fragment:
        name = self._namespace.add(hint, function)
        return Fragment(f"{name}({', '.join(argument.text for argument in arguments)})")


def _infix(operator: ArithmeticOperator, left: Fragment, right: Fragment) -> Fragment:
    level = _LEVELS[operator]
    text = f"{left.at(level)} {operator.value} {right.at(Level(level + 1))}"
    return Fragment(text, level)


def _truncated(operator: str, left: Fragment, right: Fragment) -> Fragment:
    """Return quotient or remainder toward zero by a positive constant; Python's go down."""
    value, constant = left.text, right.text
    text = f"{value} {operator} {constant} if {value} >= 0 else -(-{value} {operator} {constant})"
    return Fragment(text, Level.TERNARY)


def _is_exact_sum(node: Arithmetic, result: Decimal) -> bool:
    """Tell whether a sum has the scale of the result already and always fits."""
    left, right = node.left.type, node.right.type
    if node.operator not in (ArithmeticOperator.ADD, ArithmeticOperator.SUBTRACT):
        return False
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return False
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return result.scale == max(left.scale, right.scale) and result.precision - result.scale > whole
