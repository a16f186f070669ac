"""Bound expressions evaluated one node at a time: what the generated code is compared with.

Written after the reference of the language, with nothing shared with the code under test but the
conversions of CAST and the functions themselves.
"""

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from streamsql.expr.nodes import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Between,
    Call,
    Case,
    Cast,
    ColumnRef,
    Comparison,
    Distinct,
    Expression,
    FieldRef,
    InList,
    IsNull,
    Lambda,
    LambdaVariable,
    Like,
    Literal,
    MakeArray,
    MakeMap,
    MakeStruct,
    Negate,
    Not,
    Or,
    Subscript,
)
from streamsql.expr.values import casts
from streamsql.types import sqltypes
from streamsql.types.sqltypes import BIGINT, DOUBLE, INTEGER, STRING

WIDE = Context(prec=200, rounding=ROUND_HALF_UP)


class Interpreter:
    """Evaluates expressions over one row; ``guarded`` makes failing parts NULL."""

    def __init__(self, row: Mapping[str, Any], *, guarded: bool) -> None:
        self.row = row
        self.guarded = guarded
        self.variables: dict[str, Any] = {}

    def value(self, node: Expression) -> Any:
        return getattr(self, type(node).__name__.lower())(node)

    def part(self, node: Expression) -> Any:
        """Evaluate an argument or element."""
        if not self.guarded:
            return self.value(node)
        try:
            return self.value(node)
        except Exception:  # noqa: BLE001
            return None

    def literal(self, node: Literal) -> Any:
        return node.value

    def columnref(self, node: ColumnRef) -> Any:
        return self.row[node.name]

    def lambdavariable(self, node: LambdaVariable) -> Any:
        return self.variables[node.name]

    def arithmetic(self, node: Arithmetic) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if left is None or right is None:
            return None
        if node.type == STRING:
            return left + right
        if isinstance(node.type, sqltypes.Decimal):
            return decimal_arithmetic(node.operator, left, right, node.type)
        if node.type == DOUBLE:
            return double_arithmetic(node.operator, left, right)
        return integer_arithmetic(node.operator, left, right, 32 if node.type == INTEGER else 64)

    def negate(self, node: Negate) -> Any:
        operand = self.value(node.operand)
        if operand is None:
            return None
        if node.type in (INTEGER, BIGINT):
            return wrap(-operand, 32 if node.type == INTEGER else 64)
        return operand.copy_negate() if isinstance(operand, Decimal) and operand else -operand

    def comparison(self, node: Comparison) -> bool:
        left, right = self.value(node.left), self.value(node.right)
        if left is None or right is None:
            return False
        if isinstance(left, float) or isinstance(right, float):
            left, right = float(left), float(right)
        return COMPARE[node.operator.value](left, right)

    def distinct(self, node: Distinct) -> bool:
        left, right = self.value(node.left), self.value(node.right)
        same = right is None if left is None else right is not None and left == right
        return bool(same) if node.negated else not same

    def isnull(self, node: IsNull) -> bool:
        return (self.value(node.operand) is None) != node.negated

    def between(self, node: Between) -> bool:
        parts = [self.value(part) for part in (node.low, node.operand, node.high)]
        inside = None not in parts and parts[0] <= parts[1] <= parts[2]
        return inside != node.negated

    def inlist(self, node: InList) -> bool:
        operand = self.value(node.operand)
        found = operand is not None and any(
            option is not None and option == operand for option in map(self.value, node.options)
        )
        return found != node.negated

    def like(self, node: Like) -> bool | None:
        operand, pattern = self.value(node.operand), self.value(node.pattern)
        if operand is None or pattern is None:
            return None
        return like(operand, pattern, node.escape) != node.negated

    def call(self, node: Call) -> Any:
        arguments = [
            self.lambda_(argument) if isinstance(argument, Lambda) else self.part(argument)
            for argument in node.arguments
        ]
        if node.function.strict and None in arguments:
            return None
        return node.function.implementation(*arguments)

    def lambda_(self, node: Lambda) -> Callable[..., Any]:
        def function(*values: Any) -> Any:
            self.variables |= zip((p.name for p in node.parameters), values, strict=True)
            return self.value(node.body)

        return function

    def cast(self, node: Cast) -> Any:
        def convert() -> Any:
            operand = self.value(node.operand)
            return None if operand is None else casts.caster(node.operand.type, node.type)(operand)

        if not self.guarded:
            return convert()
        try:
            return convert()
        except Exception:  # noqa: BLE001
            return None

    def case(self, node: Case) -> Any:
        for when in node.whens:
            if self.value(when.condition):
                return self.value(when.result)
        return None if node.default is None else self.value(node.default)

    def subscript(self, node: Subscript) -> Any:
        container, index = self.value(node.container), self.value(node.index)
        if container is None or index is None:
            return None
        if isinstance(container, dict):
            return container.get(index)
        position = index - 1 if index > 0 else len(container) + index
        return container[position] if index and 0 <= position < len(container) else None

    def fieldref(self, node: FieldRef) -> Any:
        struct = self.value(node.struct)
        return None if struct is None else struct[node.position]

    def makearray(self, node: MakeArray) -> list[Any]:
        return [self.part(element) for element in node.elements]

    def makemap(self, node: MakeMap) -> dict[Any, Any]:
        return {self.part(key): self.part(value) for key, value in node.entries}

    def makestruct(self, node: MakeStruct) -> tuple[Any, ...]:
        return tuple(self.part(value) for value in node.values)

    def and_(self, node: And) -> Any:
        left = self.value(node.left)
        return self.value(node.right) if left else left

    def or_(self, node: Or) -> Any:
        return self.value(node.left) or self.value(node.right)

    def not_(self, node: Not) -> bool | None:
        operand = self.value(node.operand)
        return None if operand is None else not operand


setattr(Interpreter, "and", Interpreter.and_)
setattr(Interpreter, "or", Interpreter.or_)
setattr(Interpreter, "not", Interpreter.not_)

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def wrap(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def integer_arithmetic(operator: ArithmeticOperator, left: int, right: int, bits: int) -> int:
    if operator is ArithmeticOperator.ADD:
        return wrap(left + right, bits)
    if operator is ArithmeticOperator.SUBTRACT:
        return wrap(left - right, bits)
    if operator is ArithmeticOperator.MULTIPLY:
        return wrap(left * right, bits)
    quotient = int(Decimal(left).__truediv__(Decimal(right))) if abs(left) < 2**53 else None
    if quotient is None or abs(quotient) > 2**53:
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    if operator is ArithmeticOperator.DIVIDE:
        return wrap(quotient, bits)
    return left - quotient * right


def double_arithmetic(operator: ArithmeticOperator, left: float, right: float) -> float:
    if operator is ArithmeticOperator.ADD:
        return left + right
    if operator is ArithmeticOperator.SUBTRACT:
        return left - right
    if operator is ArithmeticOperator.MULTIPLY:
        return left * right
    if operator is ArithmeticOperator.REMAINDER:
        return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.inf if (left > 0) == (math.copysign(1, right) > 0) else -math.inf


def decimal_arithmetic(
    operator: ArithmeticOperator, left: Decimal, right: Decimal, result: sqltypes.Decimal
) -> Decimal:
    functions = {
        ArithmeticOperator.ADD: WIDE.add,
        ArithmeticOperator.SUBTRACT: WIDE.subtract,
        ArithmeticOperator.MULTIPLY: WIDE.multiply,
        ArithmeticOperator.DIVIDE: WIDE.divide,
        ArithmeticOperator.REMAINDER: WIDE.remainder,
    }
    value = WIDE.quantize(functions[operator](left, right), Decimal(1).scaleb(-result.scale))
    if abs(value) >= 10 ** (result.precision - result.scale):
        raise OverflowError
    return value or value.copy_abs()  # SQL has no negative zero


def like(value: str, pattern: str, escape: str | None) -> bool:
    """Match by dynamic programming: slow, and without a regular expression."""
    parts: list[tuple[str, bool]] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == escape:
            position += 1
            parts.append((pattern[position], False))
        else:
            parts.append((character, character in "%_"))
        position += 1
    matched = {0}
    for character, wildcard in parts:
        if wildcard and character == "%":
            matched = set(range(min(matched, default=len(value) + 1), len(value) + 1))
        else:
            matched = {
                at + 1 for at in matched if at < len(value) and (wildcard or value[at] == character)
            }
    return len(value) in matched
