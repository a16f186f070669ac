"""Function calls: scalar, aggregate and table functions, and lambdas.

An aggregate or table function is taken out of its expression: the call is noted in the clause's
:class:`CallContext`, and a reference to the column of its result stands in its place.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sqlglot import exp

from streamsql.errors import BindError, EvaluationError, Span, StatementError
from streamsql.expr.nodes import (
    AggregateCall,
    Call,
    Cast,
    ColumnRef,
    Expression,
    Lambda,
    LambdaVariable,
    Literal,
    TableCall,
)
from streamsql.expr.registry import (
    AggregateFunction,
    FunctionRegistry,
    ScalarFunction,
    TableFunction,
)
from streamsql.expr.resolve import (
    UNIT,
    Argument,
    LambdaShape,
    LambdaType,
    Parameter,
    Resolution,
    is_aggregate,
    is_table_function,
    resolve,
    unit_positions,
)
from streamsql.sql.binding.expressions.coercion import Operand, converted
from streamsql.sql.binding.names import unused
from streamsql.sql.dialect.nodes.clauses import TimeUnit
from streamsql.sql.dialect.nodes.functions import Call as CallNode
from streamsql.sql.dialect.nodes.functions import arguments, function_name
from streamsql.sql.dialect.nodes.node import several, span
from streamsql.types.sqltypes import BYTES, STRING, SqlType

AGGREGATE_PREFIX = "KSQL_AGG_"
TABLE_PREFIX = "KSQL_TABLE_"

_UNITS = {unit.value: f"{unit.value}S" for unit in TimeUnit} | {
    f"{unit.value}S": f"{unit.value}S" for unit in TimeUnit
}


@dataclass(slots=True)
class CallContext:
    """What calls a clause allows, and what they collected.

    Attributes:
        clause: What errors call the clause, as in "WHERE".
        aggregates: Collected aggregate calls; ``None``: none are allowed.
        tables: Collected table function calls; ``None``: none are allowed.
        taken: Column names that collected calls must not get.
        inside: The aggregate or table function whose arguments are being bound.
        places: Where each collected call is written, by the name of its result.
    """

    clause: str
    aggregates: list[AggregateCall] | None = None
    tables: list[TableCall] | None = None
    taken: frozenset[str] = frozenset()
    inside: str | None = None
    places: dict[str, Span] = field(default_factory=dict)


class Binder(Protocol):
    """What binding a call needs of the binder of the clause."""

    calls: CallContext

    @property
    def functions(self) -> FunctionRegistry:
        """The functions in sight."""

    def operand(self, node: exp.Expr) -> Operand:
        """Bind an argument."""

    def with_variables(self, variables: dict[str, LambdaVariable], body: exp.Expr) -> Expression:
        """Bind the body of a lambda."""


def bind_call(node: CallNode, binder: Binder) -> Expression:
    """Return the bound call, or the reference that stands for an aggregate or table function.

    Raises:
        BindError: No such function takes such arguments, or it is not allowed here.
    """
    name = function_name(node).upper()
    if is_aggregate(binder.functions, name):
        return _bind_aggregate(node, name, binder)
    if is_table_function(binder.functions, name):
        return _bind_table_function(node, name, binder)
    resolution, values = _resolve(node, name, arguments(node), binder)
    function = resolution.function
    assert isinstance(function, ScalarFunction)
    _check_constants(function, values, arguments(node))
    return Call(function, tuple(values), resolution.result_type)


def _check_constants(
    function: ScalarFunction, values: Sequence[Expression | Lambda], nodes: Sequence[exp.Expr]
) -> None:
    for position, check in function.checks:
        value = values[position] if position < len(values) else None
        if isinstance(value, Literal) and value.value is not None:
            try:
                check(value.value)
            except EvaluationError as error:
                raise BindError(str(error), span(nodes[position])) from error


def bind_concatenation(node: exp.Expr, binder: Binder) -> Expression:
    """Return ``a || b || …`` as a call of CONCAT.

    Raises:
        BindError: An operand is neither STRING nor BYTES.
    """
    operands = [binder.operand(part) for part in _flattened(node)]
    kinds = {operand.type for operand in operands} - {None}
    if not kinds <= {STRING} and not kinds <= {BYTES}:
        wrong = next(o for o in operands if o.type not in (STRING, BYTES, None) or len(kinds) > 1)
        raise BindError(f"operator || joins STRING or BYTES, not {wrong.type}", wrong.where)
    with _placed(node):
        resolution = resolve(binder.functions, "CONCAT", [operand.type for operand in operands])
    assert isinstance(resolution.function, ScalarFunction)
    target = resolution.result_type
    arguments = tuple(operand.expression or Literal(None, target) for operand in operands)
    return Call(resolution.function, arguments, target)


def _flattened(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.DPipe):
        return [*_flattened(node.this), *_flattened(node.expression)]
    return [node]


def _bind_aggregate(node: CallNode, name: str, binder: Binder) -> Expression:
    calls = binder.calls
    if calls.aggregates is None:
        raise BindError(f'aggregate function "{name}" is not allowed in {calls.clause}', span(node))
    if calls.inside is not None:
        raise BindError(
            f'aggregate function "{name}" is not allowed inside of "{calls.inside}"', span(node)
        )
    written = arguments(node)
    if name == "COUNT":
        written = [part for part in written if not isinstance(part, exp.Star)]
    calls.inside = name
    try:
        resolution, bound = _resolve(node, name, written, binder)
    finally:
        calls.inside = None
    function = resolution.function
    assert isinstance(function, AggregateFunction)
    split = len(bound) - resolution.constants
    parameters = tuple(
        _constant(argument, part, name)
        for argument, part in zip(bound[split:], written[split:], strict=True)
    )
    values = tuple(part for part in bound[:split] if not isinstance(part, Lambda))
    call = AggregateCall("", function, values, parameters, resolution.result_type)
    reference = _collect(call, calls.aggregates, calls.taken)
    calls.places.setdefault(reference.name, span(node))
    return reference


def _bind_table_function(node: CallNode, name: str, binder: Binder) -> Expression:
    calls = binder.calls
    if calls.tables is None:
        raise BindError(f'table function "{name}" is not allowed in {calls.clause}', span(node))
    if calls.inside is not None:
        raise BindError(
            f'table function "{name}" is not allowed inside of "{calls.inside}"', span(node)
        )
    calls.inside = name
    try:
        resolution, bound = _resolve(node, name, arguments(node), binder)
    finally:
        calls.inside = None
    function = resolution.function
    assert isinstance(function, TableFunction)
    result = unused(f"{TABLE_PREFIX}{len(calls.tables)}", calls.taken)
    values = tuple(argument for argument in bound if not isinstance(argument, Lambda))
    calls.tables.append(TableCall(result, function, values, resolution.result_type))
    calls.places[result] = span(node)
    return ColumnRef(result, resolution.result_type)


def _collect(call: AggregateCall, known: list[AggregateCall], taken: frozenset[str]) -> ColumnRef:
    """Note the call once, however often it is written, and return a reference to its result."""
    for other in known:
        if replace(call, name=other.name) == other:
            return ColumnRef(other.name, other.type)
    name = unused(f"{AGGREGATE_PREFIX}{len(known)}", taken)
    known.append(replace(call, name=name))
    return ColumnRef(name, call.type)


def _constant(argument: Expression | Lambda, node: exp.Expr, name: str) -> Any:
    if isinstance(argument, Literal):
        return argument.value
    raise BindError(f'the parameter of aggregate function "{name}" must be a constant', span(node))


class _Arguments:
    """The arguments of one call while its overload is looked for."""

    __slots__ = ("_binder", "_lambdas", "_nodes", "_operands", "_units")

    def __init__(self, nodes: Sequence[exp.Expr], units: frozenset[int], binder: Binder) -> None:
        self._nodes = nodes
        self._binder = binder
        self._lambdas: dict[int, Lambda] = {}
        self._operands: dict[int, Operand] = {}
        self._units: dict[int, str] = {}
        for position, node in enumerate(nodes):
            unit = _unit(node) if position in units else None
            if unit is not None:
                self._units[position] = unit
            elif not isinstance(node, exp.Lambda):
                self._operands[position] = self._operand(node)

    def _operand(self, node: exp.Expr) -> Operand:
        if isinstance(node, exp.Var):
            raise BindError("a unit of time is not a value", span(node))
        if isinstance(node, exp.Star):
            raise BindError("* is only allowed in COUNT(*)", span(node))
        return self._binder.operand(node)

    def known(self) -> list[Argument]:
        """Return what the resolver needs to know of each argument."""
        return [self._known(position, node) for position, node in enumerate(self._nodes)]

    def _known(self, position: int, node: exp.Expr) -> Argument:
        if isinstance(node, exp.Lambda):
            return LambdaShape(len(node.expressions))
        if position in self._units:
            return UNIT
        return self._operands[position].type

    def bind_lambda(self, position: int, types: tuple[SqlType, ...]) -> SqlType:
        """Bind a lambda whose parameters have these types; return the type of its body."""
        node = self._nodes[position]
        assert isinstance(node, exp.Lambda)
        parameters = several(node, "expressions", exp.Identifier)
        names = [parameter.name for parameter in parameters]
        for parameter, name in zip(parameters, names, strict=True):
            if names.count(name) > 1:
                raise BindError(f'parameter "{name}" is named twice', span(parameter))
        variables = tuple(map(LambdaVariable, names, types))
        body = self._binder.with_variables(dict(zip(names, variables, strict=True)), node.this)
        self._lambdas[position] = Lambda(variables, body)
        return body.type

    def converted(self, position: int, parameter: Parameter) -> Expression | Lambda:
        """Return the argument as a value of the parameter's type."""
        if position in self._units:
            return Literal(self._units[position], STRING)
        if position in self._lambdas:
            return _converted_lambda(self._lambdas[position], parameter)
        assert not isinstance(parameter, LambdaType)
        operand = self._operands[position]
        if operand.expression is None:
            return Literal(None, parameter)
        return converted(operand.expression, parameter, operand.where)


def _resolve(
    node: exp.Expr, name: str, written: Sequence[exp.Expr], binder: Binder
) -> tuple[Resolution, list[Expression | Lambda]]:
    """Return the overload of a call and its arguments converted to the parameters' types."""
    bound = _Arguments(written, unit_positions(binder.functions, name), binder)
    with _placed(node):
        found = resolve(binder.functions, name, bound.known(), bound.bind_lambda)
    return found, [
        bound.converted(position, parameter)
        for position, parameter in enumerate(found.parameter_types)
    ]


def _converted_lambda(bound: Lambda, parameter: Parameter) -> Lambda:
    assert isinstance(parameter, LambdaType)
    if bound.body.type == parameter.result:
        return bound
    return Lambda(bound.parameters, Cast(bound.body, parameter.result))


def _unit(node: exp.Expr) -> str | None:
    """Return the unit of time an argument names, in the plural."""
    if isinstance(node, exp.Var):
        return node.name
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        return _UNITS.get(node.this.name)
    return None


@contextmanager
def _placed(node: exp.Expr) -> Iterator[None]:
    """Give an error without a place that of the node."""
    try:
        yield
    except StatementError as error:
        if error.span is None:
            error.span = span(node)
        raise
