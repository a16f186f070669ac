"""Syntax of expressions to bound expressions: a method for each family of nodes.

NULL has no type until its place gives it one, so :meth:`ExpressionBinder.operand` hands it out as
an :class:`Operand` without an expression; :meth:`ExpressionBinder.bind` refuses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import (
    And,
    Case,
    Cast,
    Distinct,
    Expression,
    FieldRef,
    IsNull,
    LambdaVariable,
    Like,
    Literal,
    Negate,
    Not,
    Or,
    Subscript,
    When,
)
from streamsql.expr.registry import FunctionRegistry
from streamsql.expr.values.casts import can_cast
from streamsql.sql.binding.expressions.calls import CallContext, bind_call, bind_concatenation
from streamsql.sql.binding.expressions.coercion import Operand, unified, widened
from streamsql.sql.binding.expressions.constructors import bind_array, bind_map, bind_struct
from streamsql.sql.binding.expressions.literals import bind_number, convert_literal, decimal_literal
from streamsql.sql.binding.expressions.operators import (
    ARITHMETIC,
    COMPARISONS,
    arithmetic,
    between,
    comparable,
    comparison,
    in_list,
)
from streamsql.sql.binding.scope import Scope, did_you_mean
from streamsql.sql.binding.types import bind_type
from streamsql.sql.dialect.nodes.clauses import Positive
from streamsql.sql.dialect.nodes.literals import is_typed_literal
from streamsql.sql.dialect.nodes.node import optional, required, several, span
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    DATE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Map,
    SqlType,
    Struct,
    is_numeric,
)

_LITERAL_TYPES = {
    exp.DType.DATE: DATE,
    exp.DType.TIME: TIME,
    exp.DType.TIMESTAMP: TIMESTAMP,
}


@dataclass(frozen=True, slots=True)
class Names:
    """What expressions may refer to besides columns: functions and custom types."""

    functions: FunctionRegistry
    types: Mapping[str, SqlType]


class ExpressionBinder:
    """Binds the expressions of one clause.

    Attributes:
        scope: The columns in sight.
        calls: Which kinds of functions the clause allows; collects aggregates and table functions.
    """

    __slots__ = ("_variables", "calls", "names", "scope")

    def __init__(self, scope: Scope, names: Names, calls: CallContext) -> None:
        self.scope = scope
        self.names = names
        self.calls = calls
        self._variables: list[dict[str, LambdaVariable]] = []

    @property
    def functions(self) -> FunctionRegistry:
        """The functions in sight."""
        return self.names.functions

    def bind(self, node: exp.Expr) -> Expression:
        """Return the bound expression.

        Raises:
            BindError: A name, a type or a rule is wrong, or the expression is a bare NULL.
        """
        operand = self.operand(node)
        if operand.expression is None:
            raise BindError(
                "the type of NULL is not known here",
                operand.where,
                hint="Convert it to a type, as in CAST(NULL AS STRING).",
            )
        return operand.expression

    def condition(self, node: exp.Expr, clause: str) -> Expression:
        """Return a bound expression of type BOOLEAN; ``clause`` is what an error calls it."""
        bound = self.bind(node)
        if bound.type != BOOLEAN:
            raise BindError(f"{clause} must be BOOLEAN, not {bound.type}", span(node))
        return bound

    def operand(self, node: exp.Expr) -> Operand:
        """Return the bound expression and its place; NULL as an operand without expression."""
        if isinstance(node, exp.Paren):
            return Operand(self.operand(node.this).expression, span(node))
        if isinstance(node, exp.Null):
            return Operand(None, span(node))
        return Operand(self._bind(node), span(node))

    def with_variables(self, variables: dict[str, LambdaVariable], body: exp.Expr) -> Expression:
        """Bind the body of a lambda, in which the variables hide columns of their names."""
        self._variables.append(variables)
        try:
            return self.bind(body)
        finally:
            self._variables.pop()

    def _bind(self, node: exp.Expr) -> Expression:
        for family in (self._leaf, self._operator, self._predicate, self._choice, self._part):
            bound = family(node)
            if bound is not None:
                return bound
        raise BindError("an expression is expected here", span(node))

    # Leaves

    def _leaf(self, node: exp.Expr) -> Expression | None:
        match node:
            case exp.Column():
                return self.scope.resolve(node)
            case exp.Identifier():
                return self._variable(node.name)
            case exp.Literal() if node.is_string:
                return Literal(node.name, STRING)
            case exp.Literal():
                return bind_number(node)
            case exp.Boolean():
                return Literal(bool(node.this), BOOLEAN)
            case _:
                return None

    def _variable(self, name: str) -> Expression:
        """Return the parameter of the innermost lambda that has one of the name."""
        return next(variables[name] for variables in reversed(self._variables) if name in variables)

    # Operators

    def _operator(self, node: exp.Expr) -> Expression | None:
        if type(node) in ARITHMETIC:
            left, right = self.operand(node.this), self.operand(node.expression)
            return arithmetic(ARITHMETIC[type(node)], left, right, span(node))
        match node:
            case exp.And():
                return And(self._truth(node.this), self._truth(node.expression))
            case exp.Or():
                return Or(self._truth(node.this), self._truth(node.expression))
            case exp.Not():
                negated = self._predicate(node.this, negated=True)
                return Not(self._truth(node.this)) if negated is None else negated
            case exp.Neg():
                return self._negate(node)
            case Positive():
                return self._positive(node)
            case exp.DPipe():
                return bind_concatenation(node, self)
            case _:
                return None

    def _negate(self, node: exp.Neg) -> Expression:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return bind_number(node.this, negative=True)
        operand = self.bind(node.this)
        if not is_numeric(operand.type):
            raise BindError(f"operator - is not defined for {operand.type}", span(node))
        return Negate(operand, operand.type)

    def _positive(self, node: Positive) -> Expression:
        operand = self.bind(node.operand)
        if not is_numeric(operand.type):
            raise BindError(f"operator + is not defined for {operand.type}", span(node))
        return operand

    def _truth(self, node: exp.Expr) -> Expression:
        """Return an operand of AND, OR and NOT."""
        operand = self.operand(node)
        bound = widened(operand, BOOLEAN)
        if bound is None:
            raise BindError(f"a condition must be BOOLEAN, not {operand.type}", operand.where)
        return bound

    # Predicates

    def _predicate(self, node: exp.Expr, *, negated: bool = False) -> Expression | None:
        """Return a predicate, or what NOT makes of it if that has a form of its own."""
        match node:
            case exp.Between():
                operand, low, high = (self.operand(node.args[k]) for k in ("this", "low", "high"))
                return between(operand, low, high, negated, span(node))
            case exp.In():
                options = [self.operand(option) for option in node.expressions]
                return in_list(self.operand(node.this), options, negated)
            case exp.Is():
                operand = self.operand(node.this)
                return IsNull(operand.expression or Literal(None, STRING), negated)
            case _:
                return None if negated else self._comparison(node)

    def _comparison(self, node: exp.Expr) -> Expression | None:
        if type(node) in COMPARISONS:
            left, right = self.operand(node.this), self.operand(node.expression)
            return comparison(COMPARISONS[type(node)], left, right, span(node))
        match node:
            case exp.NullSafeNEQ():
                return self._distinct(node, equal=False)
            case exp.NullSafeEQ():
                return self._distinct(node, equal=True)
            case exp.Like():
                return self._like(node, None)
            case exp.Escape():
                return self._like(
                    required(node, "this", exp.Like), required(node, "expression", exp.Literal)
                )
            case _:
                return None

    def _like(self, node: exp.Like, escape: exp.Literal | None) -> Expression:
        operand, pattern = self.bind(node.this), self.bind(node.expression)
        for part, where in ((operand, node.this), (pattern, node.expression)):
            if part.type != STRING:
                raise BindError(f"LIKE takes STRING, not {part.type}", span(where))
        if escape is not None and len(escape.name) != 1:
            raise BindError("the escape of LIKE is one character", span(escape))
        character = None if escape is None else escape.name
        return Like(operand, pattern, character, bool(node.args.get("negate")))

    def _distinct(self, node: exp.NullSafeEQ | exp.NullSafeNEQ, *, equal: bool) -> Expression:
        left, right = self.operand(node.this), self.operand(node.expression)
        for one, other in ((left, right), (right, left)):
            if one.expression is None:
                value = other.expression or Literal(None, STRING)
                return Distinct(value, Literal(None, value.type), equal)
        first, second = comparable(COMPARISONS[exp.EQ], left, right, span(node))
        return Distinct(first, second, equal)

    # Conversions and choices

    def _choice(self, node: exp.Expr) -> Expression | None:
        match node:
            case exp.Cast() if is_typed_literal(node):
                return self._typed_literal(node)
            case exp.Cast():
                return self._cast(node)
            case exp.Case():
                return self._case(node)
            case _:
                return None

    def _typed_literal(self, node: exp.Cast) -> Expression:
        text, kind = required(node, "this", exp.Literal), node.to.this
        if kind is exp.DType.DECIMAL:
            return decimal_literal(text.name, span(text))
        literal = convert_literal(Literal(text.name, STRING), _LITERAL_TYPES[kind], span(text))
        assert literal is not None
        return literal

    def _cast(self, node: exp.Cast) -> Expression:
        target = bind_type(node.to, self.names.types)
        operand = self.operand(node.this).expression
        if operand is None:
            return Literal(None, target)
        if operand.type == target:
            return operand
        if not can_cast(operand.type, target):
            raise BindError(f"type {operand.type} cannot be cast to {target}", span(node))
        return Cast(operand, target)

    def _case(self, node: exp.Case) -> Expression:
        written = several(node, "ifs", exp.If)
        fallback = optional(node, "default", exp.Expression)
        results = [self.operand(when.args["true"]) for when in written]
        if fallback is not None:
            results.append(self.operand(fallback))
        found = unified(results, lenient=False)
        if found is None:
            raise BindError(
                "the type of CASE is not known: all its results are NULL",
                span(node),
                hint="Convert one of them to a type, as in CAST(NULL AS STRING).",
            )
        result_type, values = found
        compared = optional(node, "this", exp.Expression)
        conditions = [self._when(compared, when.this) for when in written]
        whens = tuple(map(When, conditions, values))
        return Case(whens, None if fallback is None else values[-1], result_type)

    def _when(self, compared: exp.Expr | None, condition: exp.Expr) -> Expression:
        if compared is None:
            return self.condition(condition, "the condition of WHEN")
        operand, value = self.operand(compared), self.operand(condition)
        return comparison(COMPARISONS[exp.EQ], operand, value, span(condition))

    # Calls, constructors, parts of values

    def _part(self, node: exp.Expr) -> Expression | None:
        match node:
            case exp.Array():
                return bind_array(node, self.operand)
            case exp.Map():
                return bind_map(node, self.operand)
            case exp.Struct():
                return bind_struct(node, self.bind)
            case exp.Dot() if isinstance(node.expression, exp.Identifier):
                return field_of(self.bind(node.this), node.expression, span(node))
            case exp.Bracket():
                return self._subscript(node)
            case exp.Tuple():
                raise BindError(
                    "a list cannot be a value",
                    span(node),
                    hint="Write ARRAY[…] or STRUCT(name := value, …).",
                )
            case exp.Anonymous() | exp.AggFunc():
                return bind_call(node, self)
            case _:
                return None

    def _subscript(self, node: exp.Bracket) -> Expression:
        container, position = self.bind(node.this), self.operand(node.expressions[0])
        match container.type:
            case Array(element):
                if position.type not in (INTEGER, BIGINT):
                    raise BindError("the index of an array is an INTEGER", position.where)
                assert position.expression is not None
                return Subscript(container, position.expression, element)
            case Map(key, value):
                bound = widened(position, key)
                if bound is None:
                    raise BindError(
                        f"the keys of the map are {key}, not {position.type}", position.where
                    )
                return Subscript(container, bound, value)
            case other:
                raise BindError(f"type {other} has no elements", span(node.this))


def field_of(struct: Expression, field: exp.Identifier, where: Span) -> FieldRef:
    """Return a reference to a field of a struct expression.

    Raises:
        BindError: It is not a struct, or has no such field.
    """
    if not isinstance(struct.type, Struct):
        raise BindError(f"type {struct.type} has no fields", where)
    position = struct.type.index(field.name)
    if position is None:
        names = [known.name for known in struct.type.fields]
        raise BindError(
            f'field "{field.name}" does not exist in {struct.type}',
            span(field),
            hint=did_you_mean(field.name, names),
        )
    return FieldRef(struct, field.name, position, struct.type.fields[position].type)
