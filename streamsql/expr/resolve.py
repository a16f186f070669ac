"""Overload resolution: which function a call means, and the types it works on.

The binder gives the types of the arguments and gets a :class:`Resolution`: the overload, the type
each argument must be converted to, and the type of the result. First come overloads that take the
arguments as they are, then those that take them after implicit conversions (``widening``). Among
several, one without a variadic parameter wins, then the one with the fewest type variables; what is
left over is ambiguous, and an error that lists the candidates.

Lambdas have no type until their parameters have, and those depend on the other arguments. A call
with lambdas is therefore resolved with a callback, which binds the body of one lambda for given
parameter types and returns the body's type.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from streamsql.errors import BindError
from streamsql.expr.registry import (
    AggregateFunction,
    Function,
    FunctionRegistry,
    TableFunction,
)
from streamsql.expr.resolve_errors import ambiguous, no_such_function, not_accepted
from streamsql.expr.signatures import (
    DECIMAL,
    NUMBER,
    ArrayOf,
    Exactly,
    Family,
    IntervalUnit,
    LambdaOf,
    MapOf,
    Pattern,
    Signature,
    Variable,
    parse_signature,
)
from streamsql.expr.values.widening import common_type, decimal_of, widens_to
from streamsql.types.sqltypes import STRING, Array, Decimal, Map, SqlType, is_numeric

_LAMBDA_ROUNDS = 5
"""Each round that changes anything widens a number type; four steps lead from INTEGER to DOUBLE."""


class Marker(Enum):
    """Arguments that are no values."""

    UNIT = "UNIT"


UNIT: Final = Marker.UNIT
"""Stands for the bare name of a unit of time, such as DAYS, among the argument types."""


@dataclass(frozen=True, slots=True)
class LambdaShape:
    """A lambda among the argument types: how many parameters, and the type of its body if known."""

    parameters: int
    result: SqlType | None = None

    def __str__(self) -> str:
        return "LAMBDA"


@dataclass(frozen=True, slots=True)
class LambdaType:
    """A lambda among the parameter types: what its parameters are and what its body must give."""

    parameters: tuple[SqlType, ...]
    result: SqlType

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.parameters))}) => {self.result}"


Argument = SqlType | LambdaShape | Marker | None
"""What is known of an argument; ``None`` is the literal NULL, which fits every parameter."""

Parameter = SqlType | LambdaType
"""What an argument must become; that of a unit of time is STRING."""

BindLambda = Callable[[int, tuple[SqlType, ...]], SqlType]
"""Takes the index of a lambda argument and its parameter types; returns the type of the body."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a call means.

    Attributes:
        function: The overload.
        parameter_types: One for each argument of the call, in order: convert what differs.
        result_type: Type of the call.
        constants: How many of the trailing arguments are constant parameters of an aggregate.
    """

    function: Function
    parameter_types: tuple[Parameter, ...]
    result_type: SqlType
    constants: int = 0


def is_function(registry: FunctionRegistry, name: str) -> bool:
    """Tell whether there is a function of that upper-case name."""
    return bool(registry.overloads(name))


def is_aggregate(registry: FunctionRegistry, name: str) -> bool:
    """Tell whether the upper-case name is an aggregate function's."""
    return any(isinstance(known, AggregateFunction) for known in registry.overloads(name))


def is_table_function(registry: FunctionRegistry, name: str) -> bool:
    """Tell whether the upper-case name is a table function's."""
    return any(isinstance(known, TableFunction) for known in registry.overloads(name))


def unit_positions(registry: FunctionRegistry, name: str) -> frozenset[int]:
    """Return the indices of arguments that may be the bare name of a unit of time."""
    return frozenset(
        position
        for function in registry.overloads(name)
        for position, pattern in enumerate(parse_signature(function.signature).parameters)
        if isinstance(pattern, IntervalUnit)
    )


def lambda_parameter_types(
    registry: FunctionRegistry, name: str, arguments: Sequence[Argument], position: int
) -> tuple[SqlType, ...]:
    """Return the parameter types of the lambda at ``position``, as far as the arguments tell them.

    Lambdas before it should have their ``result`` by now. The binder normally does not need this:
    see :func:`resolve` with ``bind_lambda``.

    Raises:
        BindError: No function of that name takes such arguments.
    """
    match = _best(registry, name, arguments)
    pattern = match.patterns[position]
    assert isinstance(pattern, LambdaOf)
    return tuple(match.type_of(parameter) for parameter in pattern.parameters)


def resolve(
    registry: FunctionRegistry,
    name: str,
    arguments: Sequence[Argument],
    bind_lambda: BindLambda | None = None,
) -> Resolution:
    """Return what a call of ``name`` (upper case) with such arguments means.

    With lambdas among the arguments, ``bind_lambda`` is called for each in order, and again if the
    type of a body widens a parameter (as in ``REDUCE(bigints, 0, (s, x) => s + x)``): the last call
    counts.

    Raises:
        BindError: There is no such function, none takes the arguments, or several do equally well.
            The error has no span.
    """
    known = list(arguments)
    if bind_lambda is not None:
        _bind_lambdas(registry, name, known, bind_lambda)
    match = _best(registry, name, known)
    parameters = tuple(
        match.parameter(pattern, argument)
        for pattern, argument in zip(match.patterns, known, strict=True)
    )
    constants = match.signature.constants_of(len(known))
    return Resolution(match.function, parameters, match.result(parameters, constants), constants)


def _bind_lambdas(
    registry: FunctionRegistry, name: str, arguments: list[Argument], bind_lambda: BindLambda
) -> None:
    """Fill in the results of the lambdas, until no parameter type changes any more."""
    bound: dict[int, tuple[SqlType, ...]] = {}
    for _ in range(_LAMBDA_ROUNDS):
        changed = False
        for position, argument in enumerate(arguments):
            if not isinstance(argument, LambdaShape):
                continue
            types = lambda_parameter_types(registry, name, arguments, position)
            if bound.get(position) != types:
                bound[position] = types
                body = bind_lambda(position, types)
                arguments[position] = LambdaShape(argument.parameters, body)
                changed = True
        if not changed:
            return
    raise BindError(
        f'the type of the lambda of function "{name}" grows without end',
        hint="Convert the result of the lambda with CAST to the type of the initial value.",
    )


class _Match:
    """One overload against the arguments of a call."""

    __slots__ = ("bindings", "function", "patterns", "signature", "widen")

    def __init__(self, function: Function, patterns: tuple[Pattern, ...], widen: bool) -> None:
        self.function = function
        self.signature: Signature = parse_signature(function.signature)
        self.patterns = patterns
        self.widen = widen
        self.bindings: dict[str, SqlType] = {}

    @property
    def rank(self) -> tuple[bool, int]:
        """Order of preference, smallest first."""
        loose = sum(_looseness(pattern) for pattern in self.signature.parameters)
        return self.signature.variadic is not None, loose

    def accepts(self, pattern: Pattern, argument: Argument) -> bool:
        """Tell whether the argument fits, and bind the type variables of the pattern."""
        if argument is None:
            return not isinstance(pattern, LambdaOf | IntervalUnit)
        if isinstance(argument, Marker):
            return isinstance(pattern, IntervalUnit)
        if isinstance(argument, LambdaShape):
            return isinstance(pattern, LambdaOf) and self._accepts_lambda(pattern, argument)
        return self._accepts_type(pattern, argument)

    def _accepts_lambda(self, pattern: LambdaOf, shape: LambdaShape) -> bool:
        if len(pattern.parameters) != shape.parameters:
            return False
        return shape.result is None or self._accepts_type(pattern.result, shape.result)

    def _accepts_type(self, pattern: Pattern, argument: SqlType) -> bool:
        match pattern:
            case Exactly(wanted):
                return argument == wanted or (self.widen and widens_to(argument, wanted))
            case Variable(name):
                return self._accepts_variable(name, argument)
            case Family():
                return self._accepts_family(pattern, argument)
            case ArrayOf(element):
                return isinstance(argument, Array) and self._accepts_type(element, argument.element)
            case MapOf(key, value):
                return (
                    isinstance(argument, Map)
                    and self._accepts_type(key, argument.key)
                    and self._accepts_type(value, argument.value)
                )
            case IntervalUnit() | LambdaOf():
                return False

    def _accepts_variable(self, name: str, argument: SqlType) -> bool:
        known = self.bindings.setdefault(name, argument)
        if known == argument:
            return True
        common = common_type(known, argument) if self.widen else None
        if common is None:
            return False
        self.bindings[name] = common
        return True

    def _accepts_family(self, family: Family, argument: SqlType) -> bool:
        if family == DECIMAL:
            return isinstance(argument, Decimal) or (
                self.widen and decimal_of(argument) is not None
            )
        return is_numeric(argument) if family == NUMBER else True

    def parameter(self, pattern: Pattern, argument: Argument) -> Parameter:
        """Return the type that an accepted argument must have."""
        if isinstance(pattern, LambdaOf):
            parameters = tuple(self.type_of(parameter) for parameter in pattern.parameters)
            return LambdaType(parameters, self.type_of(pattern.result))
        if isinstance(pattern, IntervalUnit):
            return STRING
        if argument is None:
            return self._null(pattern)
        assert not isinstance(argument, LambdaShape | Marker)
        return self._filled(pattern, argument)

    def _null(self, pattern: Pattern) -> SqlType:
        """Return a type for a NULL: any will do when the signature says nothing of it."""
        if isinstance(pattern, Family):
            return Decimal(1, 0) if pattern == DECIMAL else STRING
        if isinstance(pattern, Variable):
            return self.bindings.get(pattern.name, STRING)
        return self.type_of(pattern)

    def _filled(self, pattern: Pattern, argument: SqlType) -> SqlType:
        """Return the pattern's type; where it is a family, that of the argument."""
        match pattern:
            case Family():
                decimal = decimal_of(argument) if pattern == DECIMAL else None
                return decimal or argument
            case ArrayOf(element):
                assert isinstance(argument, Array)
                return Array(self._filled(element, argument.element))
            case MapOf(key, value):
                assert isinstance(argument, Map)
                return Map(self._filled(key, argument.key), self._filled(value, argument.value))
            case _:
                return self.type_of(pattern)

    def type_of(self, pattern: Pattern) -> SqlType:
        """Return the pattern's type once its variables are bound."""
        match pattern:
            case Exactly(wanted):
                return wanted
            case Variable(name) if name in self.bindings:
                return self.bindings[name]
            case ArrayOf(element):
                return Array(self.type_of(element))
            case MapOf(key, value):
                return Map(self.type_of(key), self.type_of(value))
            case _:
                pass
        raise BindError(
            f'the type of function "{self.function.name}" is not known here',
            hint="Convert a NULL argument to a type, as in CAST(NULL AS STRING).",
        )

    def result(self, parameters: Sequence[Parameter], constants: int) -> SqlType:
        """Return the type of the call; ``returns`` sees the arguments without the constants."""
        if self.function.returns is None:
            return self.type_of(self.signature.result)
        arguments = parameters[: len(parameters) - constants]
        return self.function.returns(
            [known for known in arguments if not isinstance(known, LambdaType)]
        )


def _looseness(pattern: Pattern) -> int:
    """Count the places of a pattern that are open to any type; DECIMAL is one type."""
    match pattern:
        case Variable():
            return 1
        case Family():
            return int(pattern != DECIMAL)
        case ArrayOf(element):
            return _looseness(element)
        case MapOf(key, value):
            return _looseness(key) + _looseness(value)
        case _:
            return 0


def _best(registry: FunctionRegistry, name: str, arguments: Sequence[Argument]) -> _Match:
    """Return the one best match."""
    overloads = registry.overloads(name)
    if not overloads:
        raise no_such_function(registry, name)
    for widen in (False, True):
        matches = _matches(overloads, arguments, widen=widen)
        if not matches:
            continue
        rank = matches[0].rank
        best = [match for match in matches if match.rank == rank]
        if len(best) > 1:
            raise ambiguous(name, _types_text(arguments), [match.function for match in best])
        return best[0]
    raise not_accepted(name, _types_text(arguments), overloads)


def _matches(
    overloads: Sequence[Function], arguments: Sequence[Argument], *, widen: bool
) -> list[_Match]:
    """Return the overloads that take the arguments, the preferred ones first."""
    matches = []
    for function in overloads:
        patterns = parse_signature(function.signature).spread(len(arguments))
        if patterns is None:
            continue
        match = _Match(function, patterns, widen)
        if all(map(match.accepts, patterns, arguments)):
            matches.append(match)
    return sorted(matches, key=lambda match: match.rank)


def _types_text(arguments: Sequence[Argument]) -> str:
    """Return the argument types as they are written in SQL."""
    return ", ".join(
        "NULL" if known is None else known.value if isinstance(known, Marker) else str(known)
        for known in arguments
    )
