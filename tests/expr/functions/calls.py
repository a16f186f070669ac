"""Calls of built-in functions as a query makes them: resolved, converted, NULL handled."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from streamsql.expr.builtins import builtins
from streamsql.expr.registry import ScalarFunction, TableFunction
from streamsql.expr.resolve import UNIT, Argument, LambdaShape, LambdaType, resolve
from streamsql.expr.values.casts import caster
from streamsql.types import sqltypes
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DOUBLE,
    INTEGER,
    STRING,
    Array,
    Map,
    SqlType,
)

REGISTRY = builtins()


@dataclass(frozen=True)
class Typed:
    """A value whose type does not show."""

    value: Any
    type: SqlType


@dataclass(frozen=True)
class Unit:
    """The bare name of a unit of time."""

    name: str


@dataclass(frozen=True)
class Lambda:
    """A Python function with the type that the body of the SQL lambda would have."""

    function: Callable[..., Any]
    parameters: int
    result: SqlType


def big(value: int) -> Typed:
    return Typed(value, BIGINT)


def dec(text: str, precision: int) -> Typed:
    value = Decimal(text)
    return Typed(value, sqltypes.Decimal(precision, -int(value.as_tuple().exponent)))


def type_of(value: Any) -> Argument:
    """Return the type of an argument, as the binder would tell it."""
    match value:
        case None:
            return None
        case Typed():
            return value.type
        case Unit():
            return UNIT
        case Lambda():
            return LambdaShape(value.parameters, value.result)
        case list() | tuple():
            return Array(_first_type(value))
        case dict():
            return Map(STRING, _first_type(list(value.values())))
        case _:
            pass
    return {bool: BOOLEAN, int: INTEGER, float: DOUBLE, str: STRING, bytes: BYTES}[type(value)]


def _first_type(values: Any) -> SqlType:
    known = next((type_of(value) for value in values if value is not None), STRING)
    assert not isinstance(known, LambdaShape)
    assert known is not None
    assert known is not UNIT
    return known


def _value(argument: Any) -> Any:
    match argument:
        case Typed():
            return argument.value
        case Unit():
            return argument.name
        case Lambda():
            return argument.function
        case _:
            return argument


def call(name: str, *arguments: Any) -> Any:
    """Return what a query would get; text for generated code must give the same."""
    types = [type_of(argument) for argument in arguments]
    resolution = resolve(REGISTRY, name, types)
    function = resolution.function
    if isinstance(function, TableFunction):
        return function.implementation(*map(_value, arguments))
    assert isinstance(function, ScalarFunction)
    values = []
    for argument, parameter in zip(arguments, resolution.parameter_types, strict=True):
        value, known = _value(argument), type_of(argument)
        plain = not isinstance(parameter, LambdaType) and isinstance(
            known, sqltypes.Primitive | sqltypes.Decimal
        )
        if value is not None and plain:
            value = caster(known, parameter)(value)  # type: ignore[arg-type]  # both are SQL types
        values.append(value)
    if function.strict and None in values:
        return None
    implementation = function.implementation
    if function.typed:
        implementation = implementation(resolution.parameter_types, resolution.result_type)
    result = implementation(*values)
    if function.inline is not None:
        names = [f"x{position}" for position in range(len(values))]
        text = function.inline.format(*names)
        assert eval(text, dict(zip(names, values, strict=True))) == result
    return result


def result_type(name: str, *arguments: Any) -> str:
    """Return the type of a call as SQL."""
    return str(resolve(REGISTRY, name, [type_of(argument) for argument in arguments]).result_type)
