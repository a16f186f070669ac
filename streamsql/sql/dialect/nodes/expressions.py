"""Syntax nodes of types and expressions: as written, before any name is resolved.

Queries are in :mod:`streamsql.sql.dialect.nodes.queries`, statements in
:mod:`streamsql.sql.dialect.nodes.statements`. Every node is a sqlglot expression, so that
sqlglot's walking, comparing and printing work on it. Plain operators are sqlglot's own classes:
``Add Sub Mul Div Mod Neg DPipe EQ NEQ LT LTE GT GTE And Or Not Paren`` (operands ``this`` and
``expression``), ``Null``, ``Boolean``, ``Literal``, ``Identifier`` (``this`` is the name with its
final case: upper-cased unless ``quoted``) and ``Column`` (``this`` the name, ``table`` the source,
both identifiers). What means something only here is a :class:`Node` with typed fields.

Each node knows the stretch of the submitted text it was read from: :func:`span`.
"""

from collections.abc import Iterator, Sequence
from enum import Enum, StrEnum
from typing import Any, ClassVar, dataclass_transform

from sqlglot import exp

from streamsql.errors import Span
from streamsql.sql.dialect.purity import require_pure_python

require_pure_python()  # before any class of sqlglot's is extended

_SPAN = "span"
_REQUIRED = object()


class _Argument:
    """A field of a node; its value lives in the ``args`` of the sqlglot expression."""

    __slots__ = ("default", "name")

    def __init__(self, default: object) -> None:
        self.default = default
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, node: exp.Expr | None, owner: type) -> object:
        return self if node is None else node.args.get(self.name, self.default)


def argument(*, default: object = _REQUIRED) -> Any:
    """Declare a field of a node; one without a default must be given."""
    return _Argument(default)


@dataclass_transform(kw_only_default=True, field_specifiers=(argument,))
class Node(exp.Expression):
    """A syntax node of ours: fields are declared like those of a dataclass."""

    arg_types: ClassVar[dict[str, bool]] = {}
    _hash_raw_args = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        own = {
            name: value.default is _REQUIRED
            for name, value in vars(cls).items()
            if isinstance(value, _Argument)
        }
        cls.arg_types = {**cls.arg_types, **own}
        super().__init_subclass__(**kwargs)


def span(node: exp.Expr) -> Span:
    """Return the stretch of the submitted text that the node was read from."""
    found = node.meta.get(_SPAN)
    assert isinstance(found, Span), f"{type(node).__name__} was not made by the parser"
    return found


def place(node: exp.Expr, where: Span) -> None:
    """Note where the node was read from; the parser's business alone."""
    node.meta[_SPAN] = where


def children(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the nodes directly below, in the order of the fields."""
    yield from node.iter_expressions()


class NumberKind(Enum):
    """What the spelling of a number says about its type."""

    INTEGER = "INTEGER"
    DECIMAL = "DECIMAL"
    DOUBLE = "DOUBLE"


def number_kind(literal: exp.Literal) -> NumberKind:
    """Return INTEGER for ``1``, DECIMAL for ``1.5``, ``1.`` and ``.5``, DOUBLE for ``1e3``."""
    assert not literal.is_string
    written = literal.name
    if "e" in written or "E" in written:
        return NumberKind.DOUBLE
    return NumberKind.DECIMAL if "." in written else NumberKind.INTEGER


# Types


class NamedType(Node):
    """``INT``, ``DECIMAL(4, 2)``, ``address``: a built-in or custom type by its name.

    ``VARCHAR(STRING)`` is read as ``VARCHAR``; parameters are integer literals.
    """

    type_name: exp.Identifier = argument()
    parameters: Sequence[exp.Literal] = argument(default=())


class ArrayType(Node):
    """``ARRAY<element>`` or ``element ARRAY``."""

    element: "DataType" = argument()


class MapType(Node):
    """``MAP<key, value>``."""

    key_type: "DataType" = argument()
    value_type: "DataType" = argument()


class FieldDefinition(Node):
    """``name type`` in a ``STRUCT<…>``."""

    field_name: exp.Identifier = argument()
    field_type: "DataType" = argument()


class StructType(Node):
    """``STRUCT<name type, …>``."""

    fields: Sequence[FieldDefinition] = argument(default=())


DataType = NamedType | ArrayType | MapType | StructType


# Expressions


class LiteralType(StrEnum):
    """The types that have literals of their own: a word and a string."""

    DATE = "DATE"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"
    DECIMAL = "DECIMAL"


class TypedLiteral(Node):
    """``DATE '…'``, ``TIME '…'``, ``TIMESTAMP '…'``, ``DECIMAL '…'``."""

    type_name: LiteralType = argument()
    literal: exp.Literal = argument()


class Positive(Node):
    """``+ operand``."""

    operand: exp.Expr = argument()


class Between(Node):
    """``operand [NOT] BETWEEN low AND high``."""

    operand: exp.Expr = argument()
    low: exp.Expr = argument()
    high: exp.Expr = argument()
    negated: bool = argument(default=False)


class InList(Node):
    """``operand [NOT] IN (option, …)``; at least one option."""

    operand: exp.Expr = argument()
    options: Sequence[exp.Expr] = argument()
    negated: bool = argument(default=False)


class Like(Node):
    """``operand [NOT] LIKE pattern [ESCAPE 'c']``; ``escape`` is a string literal."""

    operand: exp.Expr = argument()
    pattern: exp.Expr = argument()
    escape: exp.Literal | None = argument(default=None)
    negated: bool = argument(default=False)


class IsNull(Node):
    """``operand IS [NOT] NULL``."""

    operand: exp.Expr = argument()
    negated: bool = argument(default=False)


class IsDistinct(Node):
    """``left IS [NOT] DISTINCT FROM right``."""

    left: exp.Expr = argument()
    right: exp.Expr = argument()
    negated: bool = argument(default=False)


class When(Node):
    """``WHEN condition THEN result``; in a simple CASE the condition is a value to compare with."""

    condition: exp.Expr = argument()
    result: exp.Expr = argument()


class Case(Node):
    """``CASE [operand] WHEN … [ELSE fallback] END``; with an operand it is a simple CASE."""

    operand: exp.Expr | None = argument(default=None)
    whens: Sequence[When] = argument()
    fallback: exp.Expr | None = argument(default=None)


class Cast(Node):
    """``CAST(operand AS target)``."""

    operand: exp.Expr = argument()
    target: DataType = argument()


class AtTimeZone(Node):
    """``operand AT TIME ZONE 'zone'``; ``zone`` is a string literal."""

    operand: exp.Expr = argument()
    zone: exp.Literal = argument()


class FieldAccess(Node):
    """``struct->field``."""

    struct: exp.Expr = argument()
    field: exp.Identifier = argument()


class Subscript(Node):
    """``container[position]``: an array by position or a map by key, as written."""

    container: exp.Expr = argument()
    position: exp.Expr = argument()


class ArrayConstructor(Node):
    """``ARRAY[element, …]``."""

    elements: Sequence[exp.Expr] = argument(default=())


class MapEntry(Node):
    """``key := value`` in a MAP constructor."""

    entry_key: exp.Expr = argument()
    entry_value: exp.Expr = argument()


class MapConstructor(Node):
    """``MAP(key := value, …)``."""

    entries: Sequence[MapEntry] = argument(default=())


class StructEntry(Node):
    """``field := value`` in a STRUCT constructor."""

    field: exp.Identifier = argument()
    value: exp.Expr = argument()


class StructConstructor(Node):
    """``STRUCT(field := value, …)``."""

    entries: Sequence[StructEntry] = argument(default=())


class Star(Node):
    """``*`` or ``source.*`` as a select item, or the ``*`` of ``COUNT(*)``."""

    source: exp.Identifier | None = argument(default=None)


class AllFields(Node):
    """``struct->*`` as a select item."""

    struct: exp.Expr = argument()


class LambdaFunction(Node):
    """``x => body`` or ``(x, y) => body``: only as an argument of a call.

    Inside the body a parameter is an unqualified ``Column`` of its name.
    """

    parameters: Sequence[exp.Identifier] = argument()
    body: exp.Expr = argument()


class TimeUnit(StrEnum):
    """The units of durations; the plural is written too."""

    MILLISECOND = "MILLISECOND"
    SECOND = "SECOND"
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class UnitArgument(Node):
    """A bare interval unit as an argument: the ``DAYS`` of ``TIMESTAMPADD(DAYS, 1, ts)``."""

    unit: TimeUnit = argument()


class FunctionCall(Node):
    """``function(argument, …)``: every call, built in or not.

    An argument is an expression, a :class:`LambdaFunction`, a :class:`UnitArgument`, or the
    :class:`Star` of ``COUNT(*)``.
    """

    function: exp.Identifier = argument()
    arguments: Sequence[exp.Expr] = argument(default=())
