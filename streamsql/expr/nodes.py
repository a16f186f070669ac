"""Bound expressions: names resolved, types known, coercions explicit.

A node is an immutable description. ``type`` is the SQL type of its value. Operands of arithmetic
and comparisons already have the types that the operator computes with: the binder inserts
:class:`Cast` where SQL coerces silently. A :class:`ColumnRef` names a column of the schema that the
expression is evaluated against (key, value or pseudo column); who evaluates it says where that
column is found.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from streamsql.expr.registry import AggregateFunction, ScalarFunction, TableFunction
from streamsql.types.sqltypes import BOOLEAN, SqlType


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; ``value`` is in the Python form of ``type``, ``None`` for NULL."""

    value: Any
    type: SqlType


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """The value of a column of the input row."""

    name: str
    type: SqlType


@dataclass(frozen=True, slots=True)
class LambdaVariable:
    """The value of a parameter of an enclosing lambda."""

    name: str
    type: SqlType


class ArithmeticOperator(Enum):
    """The four rules of arithmetic, and the remainder with the sign of the dividend."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    REMAINDER = "%"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left operator right`` in the arithmetic of ``type``; NULL when an operand is NULL.

    Operands of INTEGER, BIGINT and DOUBLE results have the result's type; operands of a DECIMAL
    result are DECIMAL of any precision and scale. ADD on STRING concatenates.
    """

    operator: ArithmeticOperator
    left: "Expression"
    right: "Expression"
    type: SqlType


@dataclass(frozen=True, slots=True)
class Negate:
    """``- operand``."""

    operand: "Expression"
    type: SqlType


class ComparisonOperator(Enum):
    """The six comparisons."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two-valued comparison of operands of comparable types: false when one is NULL."""

    operator: ComparisonOperator
    left: "Expression"
    right: "Expression"

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Distinct:
    """``left IS [NOT] DISTINCT FROM right``: a comparison in which NULL equals NULL."""

    left: "Expression"
    right: "Expression"
    negated: bool

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class IsNull:
    """``operand IS [NOT] NULL``."""

    operand: "Expression"
    negated: bool

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Between:
    """``operand [NOT] BETWEEN low AND high``; without NOT false when one is NULL."""

    operand: "Expression"
    low: "Expression"
    high: "Expression"
    negated: bool

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class InList:
    """``operand [NOT] IN (options)``; all of the operand's type; without NOT false for NULL."""

    operand: "Expression"
    options: tuple["Expression", ...]
    negated: bool

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Like:
    """``operand [NOT] LIKE pattern [ESCAPE escape]``, with ``%`` and ``_``."""

    operand: "Expression"
    pattern: "Expression"
    escape: str | None
    negated: bool

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class And:
    """Both, evaluated left to right, the right one only when the left is true."""

    left: "Expression"
    right: "Expression"

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Or:
    """Either, evaluated left to right, the right one only when the left is not true."""

    left: "Expression"
    right: "Expression"

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """Negation of a two-valued condition."""

    operand: "Expression"

    @property
    def type(self) -> SqlType:
        """BOOLEAN."""
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class When:
    """One arm of a CASE."""

    condition: "Expression"
    result: "Expression"


@dataclass(frozen=True, slots=True)
class Case:
    """The result of the first arm whose condition is true, else ``default``; evaluated lazily."""

    whens: tuple[When, ...]
    default: "Expression | None"
    type: SqlType


@dataclass(frozen=True, slots=True)
class Cast:
    """The operand converted to ``type``; a value that does not fit is an evaluation error."""

    operand: "Expression"
    type: SqlType


@dataclass(frozen=True, slots=True)
class Call:
    """A scalar function of its arguments, which have the parameter types already."""

    function: ScalarFunction
    arguments: tuple["Expression | Lambda", ...]
    type: SqlType


@dataclass(frozen=True, slots=True)
class Lambda:
    """``(parameters) => body``: only as an argument of a :class:`Call`; ``type`` is the body's."""

    parameters: tuple[LambdaVariable, ...]
    body: "Expression"

    @property
    def type(self) -> SqlType:
        """The type of the body."""
        return self.body.type


@dataclass(frozen=True, slots=True)
class Subscript:
    """``container[index]``: 1-based from the front or negative from the end; NULL when absent."""

    container: "Expression"
    index: "Expression"
    type: SqlType


@dataclass(frozen=True, slots=True)
class FieldRef:
    """``struct->name``; ``position`` is the field's index in the struct type."""

    struct: "Expression"
    name: str
    position: int
    type: SqlType


@dataclass(frozen=True, slots=True)
class MakeArray:
    """``ARRAY[…]``."""

    elements: tuple["Expression", ...]
    type: SqlType


@dataclass(frozen=True, slots=True)
class MakeMap:
    """``MAP(k := v, …)``."""

    entries: tuple[tuple["Expression", "Expression"], ...]
    type: SqlType


@dataclass(frozen=True, slots=True)
class MakeStruct:
    """``STRUCT(f := v, …)``: values in the order of the fields of ``type``."""

    values: tuple["Expression", ...]
    type: SqlType


Expression = (
    Literal
    | ColumnRef
    | LambdaVariable
    | Arithmetic
    | Negate
    | Comparison
    | Distinct
    | IsNull
    | Between
    | InList
    | Like
    | And
    | Or
    | Not
    | Case
    | Cast
    | Call
    | Subscript
    | FieldRef
    | MakeArray
    | MakeMap
    | MakeStruct
)


@dataclass(frozen=True, slots=True)
class NamedExpression:
    """An expression and the name of the column it fills."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """An aggregate function over its arguments; ``parameters`` are its trailing constants.

    ``name`` is the column of the aggregate's result in the schema of the aggregation.
    """

    name: str
    function: AggregateFunction
    arguments: tuple[Expression, ...]
    parameters: tuple[Any, ...]
    type: SqlType


@dataclass(frozen=True, slots=True)
class TableCall:
    """A table function over its arguments: a list of values, one for each row it makes."""

    name: str
    function: TableFunction
    arguments: tuple[Expression, ...]
    type: SqlType
