"""Functions by name: what the binder resolves calls against and the compiler calls.

A function has one or more *overloads*. A signature is written as text, ``"STRING, INTEGER ->
STRING"``; types are SQL types, ``T``/``K``/``V``/``A``/``B``/``C``… (one capital letter) are type
variables, ``T[]`` an array, ``{K:V}`` a map, ``ANY`` matches everything, ``NUMBER`` any numeric
type, a trailing ``...`` makes the last parameter variadic, ``(T, K) => V`` is a lambda, ``UNIT`` an
interval unit (DAYS, HOURS, …), passed to the implementation as a ``str``. ``DECIMAL`` matches a
DECIMAL of any precision; a result that depends on it needs ``returns``.

The registry is a mutable thing only while it is filled (at import of the built-ins and by the
user's decorators); a query holds the functions themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from streamsql.types.sqltypes import SqlType

Returns = Callable[[Sequence[SqlType]], SqlType]
"""Computes a result type from the argument types."""
Checks = Sequence[tuple[int, Callable[[Any], object]]]
"""Positions of arguments, and what reads a constant there."""


@dataclass(frozen=True, slots=True)
class ScalarFunction:
    """One overload of a scalar function.

    Attributes:
        name: Upper-case SQL name.
        signature: See the module's docstring.
        implementation: Takes the arguments as Python values (see ``types.sqltypes``); a lambda
            arrives as a Python callable. Raises any exception for "no value for this record".
        strict: NULL when an argument is NULL, without a call.
        inline: Python expression text with ``{0}``, ``{1}``… for the arguments, used instead of a
            call when given; for strict functions the arguments are known not to be ``None``.
        returns: Result type where the signature alone cannot say it.
        typed: The implementation is built for the call: ``implementation(argument_types,
            result_type)`` returns the callable that takes the values.
        description: One sentence for DESCRIBE FUNCTION.
        checks: By position, what raises EvaluationError for an argument that no record can have a
            value with: as a constant it is an error of the statement.
    """

    name: str
    signature: str
    implementation: Callable[..., Any]
    strict: bool = True
    inline: str | None = None
    returns: Returns | None = None
    typed: bool = False
    description: str = ""
    checks: Checks = ()


@dataclass(frozen=True, slots=True)
class TableFunction:
    """One overload of a table function: ``implementation`` returns the list of row values."""

    name: str
    signature: str
    implementation: Callable[..., Sequence[Any]]
    returns: Returns | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Aggregator:
    """How one aggregate of one call is folded. A state is a plain value of ``state_type``.

    Attributes:
        state_type: SQL type of the state, so that it can be stored.
        initial: Makes the state of an empty group.
        add: ``add(state, *arguments)`` returns the new state; it may change and return ``state``.
        result: The aggregate's value for a state; must not hand out a mutable part of the state.
        undo: ``undo(state, *arguments)`` takes an added row back, or ``None`` when it cannot.
        merge: ``merge(left, right)`` joins the states of two groups (session windows).
        add_inline: Python statement text that updates ``{state}`` from ``{0}``, ``{1}``… (arguments
            as local names, possibly ``None``), used instead of ``add`` when given; may be several
            lines. Example: ``"{state} += 1"``.
        result_inline: Python expression text for the result from ``{state}``; ``None``: call
            ``result``.
        may_fail: ``add``, ``undo`` and ``merge`` raise for a value that the state cannot take. The
            state is then as it was, and the record is reported.
    """

    state_type: SqlType
    initial: Callable[[], Any]
    add: Callable[..., Any]
    result: Callable[[Any], Any]
    undo: Callable[..., Any] | None = None
    merge: Callable[[Any, Any], Any] | None = None
    add_inline: str | None = None
    result_inline: str | None = None
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """One overload of an aggregate function.

    Attributes:
        signature: Arguments, then (after ``;``) the constant parameters: ``"T; INTEGER -> T[]"``.
        make: ``make(argument_types, parameters, result_type)`` returns the fold.
        undoable: Can be used over a table.
    """

    name: str
    signature: str
    make: Callable[[Sequence[SqlType], Sequence[Any], SqlType], Aggregator]
    returns: Returns | None = None
    undoable: bool = False
    description: str = ""


Function = ScalarFunction | TableFunction | AggregateFunction


class FunctionRegistry:
    """Overloads by upper-case name."""

    __slots__ = ("_overloads",)

    def __init__(self) -> None:
        self._overloads: dict[str, list[Function]] = {}

    def register(self, function: Function) -> None:
        """Add an overload; one with the same signature is replaced."""
        overloads = self._overloads.setdefault(function.name, [])
        overloads[:] = [known for known in overloads if known.signature != function.signature]
        overloads.append(function)

    def overloads(self, name: str) -> Sequence[Function]:
        """Return the overloads of a function, in order of registration; empty for none."""
        return self._overloads.get(name, ())

    def names(self) -> Sequence[str]:
        """Return all names, sorted."""
        return sorted(self._overloads)

    def copy(self) -> "FunctionRegistry":
        """Return an independent registry with the same functions."""
        twin = FunctionRegistry()
        twin._overloads = {name: list(known) for name, known in self._overloads.items()}
        return twin
