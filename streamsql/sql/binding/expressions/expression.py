"""Syntax of expressions to bound expressions: one method a family, chosen by the node's class.

NULL has no type until its place gives it one, so :meth:`ExpressionBinder.operand` hands it out as
an :class:`Operand` without an expression; :meth:`ExpressionBinder.bind` refuses it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlglot import exp

from streamsql.errors import BindError, Span, UnsupportedError
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
from streamsql.sql.dialect.nodes import expressions as ast
from streamsql.sql.dialect.nodes.expressions import span
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

_TYPED_LITERALS = {"DATE": DATE, "TIME": TIME, "TIMESTAMP": TIMESTAMP}


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
        if type(node) in ARITHMETIC:
            left, right = self.operand(node.this), self.operand(node.expression)
            return arithmetic(ARITHMETIC[type(node)], left, right, span(node))
        if type(node) in COMPARISONS:
            left, right = self.operand(node.this), self.operand(node.expression)
            return comparison(COMPARISONS[type(node)], left, right, span(node))
        bind = self._BY_CLASS.get(type(node))
        if bind is None:
            raise BindError("an expression is expected here", span(node))
        return bind(self, node)

    # Leaves

    def _column(self, node: exp.Expr) -> Expression:
        assert isinstance(node, exp.Column)
        name = node.this.name
        if node.args.get("table") is None:
            for variables in reversed(self._variables):
                if name in variables:
                    return variables[name]
        return self.scope.resolve(node)

    def _literal(self, node: exp.Expr) -> Expression:
        assert isinstance(node, exp.Literal)
        if node.is_string:
            return Literal(node.name, STRING)
        return bind_number(node)

    def _boolean(self, node: exp.Expr) -> Expression:
        return Literal(bool(node.this), BOOLEAN)

    def _typed_literal(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.TypedLiteral)
        text = node.literal.name
        if node.type_name == "DECIMAL":
            return decimal_literal(text, span(node.literal))
        target = _TYPED_LITERALS[node.type_name]
        literal = convert_literal(Literal(text, STRING), target, span(node.literal))
        assert literal is not None
        return literal

    # Operators

    def _negate(self, node: exp.Expr) -> Expression:
        if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return bind_number(node.this, negative=True)
        operand = self.bind(node.this)
        if not is_numeric(operand.type):
            raise BindError(f"operator - is not defined for {operand.type}", span(node))
        return Negate(operand, operand.type)

    def _positive(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.Positive)
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

    def _and(self, node: exp.Expr) -> Expression:
        return And(self._truth(node.this), self._truth(node.expression))

    def _or(self, node: exp.Expr) -> Expression:
        return Or(self._truth(node.this), self._truth(node.expression))

    def _not(self, node: exp.Expr) -> Expression:
        return Not(self._truth(node.this))

    def _between(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.Between)
        operand, low, high = map(self.operand, (node.operand, node.low, node.high))
        return between(operand, low, high, node.negated, span(node))

    def _in_list(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.InList)
        options = [self.operand(option) for option in node.options]
        return in_list(self.operand(node.operand), options, node.negated)

    def _like(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.Like)
        operand, pattern = self.bind(node.operand), self.bind(node.pattern)
        for part, where in ((operand, node.operand), (pattern, node.pattern)):
            if part.type != STRING:
                raise BindError(f"LIKE takes STRING, not {part.type}", span(where))
        escape = None if node.escape is None else node.escape.name
        if escape is not None and len(escape) != 1:
            assert node.escape is not None
            raise BindError("the escape of LIKE is one character", span(node.escape))
        return Like(operand, pattern, escape, node.negated)

    def _is_null(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.IsNull)
        operand = self.operand(node.operand)
        return IsNull(operand.expression or Literal(None, STRING), node.negated)

    def _is_distinct(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.IsDistinct)
        left, right = self.operand(node.left), self.operand(node.right)
        for one, other in ((left, right), (right, left)):
            if one.expression is None:
                value = other.expression or Literal(None, STRING)
                return Distinct(value, Literal(None, value.type), node.negated)
        equal = COMPARISONS[exp.EQ]
        first, second = comparable(equal, left, right, span(node))
        return Distinct(first, second, node.negated)

    # Conversions and choices

    def _cast(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.Cast)
        target = bind_type(node.target, self.names.types)
        operand = self.operand(node.operand).expression
        if operand is None:
            return Literal(None, target)
        if operand.type == target:
            return operand
        if not can_cast(operand.type, target):
            raise BindError(f"type {operand.type} cannot be cast to {target}", span(node))
        return Cast(operand, target)

    def _case(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.Case)
        results = [self.operand(when.result) for when in node.whens]
        if node.fallback is not None:
            results.append(self.operand(node.fallback))
        found = unified(results, lenient=False)
        if found is None:
            raise BindError(
                "the type of CASE is not known: all its results are NULL",
                span(node),
                hint="Convert one of them to a type, as in CAST(NULL AS STRING).",
            )
        result_type, values = found
        conditions = [self._when(node, when) for when in node.whens]
        whens = tuple(map(When, conditions, values))
        default = values[-1] if node.fallback is not None else None
        return Case(whens, default, result_type)

    def _when(self, case: ast.Case, when: ast.When) -> Expression:
        if case.operand is None:
            return self.condition(when.condition, "the condition of WHEN")
        operand, value = self.operand(case.operand), self.operand(when.condition)
        return comparison(COMPARISONS[exp.EQ], operand, value, span(when.condition))

    def _at_time_zone(self, node: exp.Expr) -> Expression:
        raise UnsupportedError(
            "AT TIME ZONE is not supported", span(node), hint="Use CONVERT_TZ(timestamp, from, to)."
        )

    # Parts of values

    def _field(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.FieldAccess)
        struct = self.bind(node.struct)
        return field_of(struct, node.field, span(node))

    def _subscript(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.Subscript)
        container, position = self.bind(node.container), self.operand(node.position)
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
                raise BindError(f"type {other} has no elements", span(node.container))

    # Calls and constructors

    def _array(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.ArrayConstructor)
        return bind_array(node, self.operand)

    def _map(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.MapConstructor)
        return bind_map(node, self.operand)

    def _struct(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.StructConstructor)
        return bind_struct(node, self.bind)

    def _call(self, node: exp.Expr) -> Expression:
        assert isinstance(node, ast.FunctionCall)
        return bind_call(node, self)

    def _concatenation(self, node: exp.Expr) -> Expression:
        return bind_concatenation(node, self)

    _BY_CLASS: ClassVar[
        Mapping[type[exp.Expr], "Callable[[ExpressionBinder, exp.Expr], Expression]"]
    ] = {
        exp.Column: _column,
        exp.Literal: _literal,
        exp.Boolean: _boolean,
        ast.TypedLiteral: _typed_literal,
        exp.Neg: _negate,
        ast.Positive: _positive,
        exp.And: _and,
        exp.Or: _or,
        exp.Not: _not,
        ast.Between: _between,
        ast.InList: _in_list,
        ast.Like: _like,
        ast.IsNull: _is_null,
        ast.IsDistinct: _is_distinct,
        ast.Cast: _cast,
        ast.Case: _case,
        ast.AtTimeZone: _at_time_zone,
        ast.FieldAccess: _field,
        ast.Subscript: _subscript,
        ast.ArrayConstructor: _array,
        ast.MapConstructor: _map,
        ast.StructConstructor: _struct,
        ast.FunctionCall: _call,
        exp.DPipe: _concatenation,
    }


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
