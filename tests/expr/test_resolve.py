"""Overload resolution: exact before widened, type variables, variadics, lambdas, errors."""

from collections.abc import Sequence
from typing import Any

import pytest

from streamsql.errors import BindError
from streamsql.expr.registry import AggregateFunction, FunctionRegistry, Returns, ScalarFunction
from streamsql.expr.resolve import (
    UNIT,
    Argument,
    LambdaShape,
    LambdaType,
    is_aggregate,
    resolve,
    unit_positions,
)
from streamsql.expr.signatures import parse_signature
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    SqlType,
    Struct,
)


def registry_of(*signatures: str, name: str = "F", returns: Returns | None = None) -> Any:
    registry = FunctionRegistry()
    for signature in signatures:
        registry.register(ScalarFunction(name, signature, lambda *_: None, returns=returns))
    return registry


def chosen(registry: FunctionRegistry, *arguments: Argument) -> str:
    return resolve(registry, "F", arguments).function.signature


def test_takes_the_exact_overload_first() -> None:
    registry = registry_of("INTEGER -> STRING", "BIGINT -> STRING", "DOUBLE -> STRING")
    assert chosen(registry, BIGINT) == "BIGINT -> STRING"


def test_widens_when_nothing_fits_exactly() -> None:
    resolution = resolve(registry_of("DOUBLE, DOUBLE -> DOUBLE"), "F", [INTEGER, Decimal(3, 1)])
    assert resolution.parameter_types == (DOUBLE, DOUBLE)
    assert resolution.result_type == DOUBLE


def test_two_ways_to_widen_are_ambiguous() -> None:
    registry = registry_of("INTEGER... -> INTEGER", "BIGINT... -> BIGINT", "DOUBLE... -> DOUBLE")
    with pytest.raises(BindError, match='"F" is ambiguous for \\(INTEGER, BIGINT\\)') as caught:
        resolve(registry, "F", [INTEGER, BIGINT])
    assert "(BIGINT...) or (DOUBLE...)" in str(caught.value.hint)


def test_decimal_is_no_better_than_double() -> None:
    registry = registry_of("DECIMAL, DECIMAL... -> STRING", "DOUBLE, DOUBLE... -> STRING")
    with pytest.raises(BindError, match="ambiguous"):
        resolve(registry, "F", [INTEGER, BIGINT, Decimal(50, 30)])


def test_one_way_to_widen_is_taken() -> None:
    registry = registry_of("INTEGER... -> INTEGER", "BIGINT... -> BIGINT", "DOUBLE... -> DOUBLE")
    assert chosen(registry, INTEGER, DOUBLE, None) == "DOUBLE... -> DOUBLE"


def test_text_is_read_as_a_date() -> None:
    assert resolve(registry_of("DATE... -> DATE"), "F", [DATE, STRING]).parameter_types == (
        DATE,
        DATE,
    )


def test_null_fits_every_parameter_but_does_not_choose() -> None:
    registry = registry_of("INTEGER, STRING -> STRING", "BIGINT, STRING -> STRING")
    assert resolve(registry, "F", [BIGINT, None]).parameter_types == (BIGINT, STRING)
    with pytest.raises(BindError, match="ambiguous"):
        resolve(registry, "F", [None, STRING])


def test_prefers_the_fixed_and_the_concrete() -> None:
    registry = registry_of("T -> STRING", "STRING... -> STRING", "STRING -> STRING")
    assert chosen(registry, STRING) == "STRING -> STRING"
    assert chosen(registry, INTEGER) == "T -> STRING"


def test_type_variables_must_agree() -> None:
    registry = registry_of("T[], T -> BOOLEAN")
    assert resolve(registry, "F", [Array(INTEGER), INTEGER]).parameter_types == (
        Array(INTEGER),
        INTEGER,
    )
    assert resolve(registry, "F", [Array(INTEGER), BIGINT]).parameter_types == (
        Array(BIGINT),
        BIGINT,
    )
    with pytest.raises(BindError, match=r"does not accept \(ARRAY<INTEGER>, BOOLEAN\)"):
        resolve(registry, "F", [Array(INTEGER), BOOLEAN])


def test_decimals_unify_to_one_that_holds_both() -> None:
    resolution = resolve(registry_of("T, T... -> T"), "F", [Decimal(9, 2), Decimal(7, 6)])
    assert resolution.result_type == Decimal(13, 6)


def test_a_family_keeps_the_type_of_its_argument() -> None:
    registry = registry_of("DECIMAL, ANY... -> STRING")
    resolution = resolve(registry, "F", [INTEGER, DATE, BOOLEAN])
    assert resolution.parameter_types == (Decimal(10, 0), DATE, BOOLEAN)


def test_returns_sees_the_parameter_types() -> None:
    def wider(types: Sequence[SqlType]) -> SqlType:
        assert isinstance(types[0], Decimal)
        return Decimal(types[0].precision + 1, types[0].scale)

    resolution = resolve(registry_of("DECIMAL -> DECIMAL", returns=wider), "F", [Decimal(4, 2)])
    assert resolution.result_type == Decimal(5, 2)


def test_a_variadic_in_the_middle() -> None:
    registry = FunctionRegistry()
    registry.register(
        AggregateFunction("F", "BIGINT, STRING...; INTEGER, INTEGER -> BIGINT", lambda *_: None)  # type: ignore[arg-type]
    )
    assert is_aggregate(registry, "F")
    for strings in range(3):
        arguments = [BIGINT, *[STRING] * strings, INTEGER, INTEGER]
        resolution = resolve(registry, "F", arguments)
        assert resolution.parameter_types == tuple(arguments)
        assert resolution.constants == 2
    with pytest.raises(BindError, match="does not accept"):
        resolve(registry, "F", [BIGINT, INTEGER, INTEGER, INTEGER])


def test_variadic_constants() -> None:
    registry = FunctionRegistry()
    registry.register(
        AggregateFunction("F", "BIGINT, STRING; INTEGER, STRING... -> BIGINT", lambda *_: None)  # type: ignore[arg-type]
    )
    assert resolve(registry, "F", [BIGINT, STRING, INTEGER]).constants == 1
    assert resolve(registry, "F", [BIGINT, STRING, INTEGER, STRING, STRING]).constants == 3


def test_units_are_marked() -> None:
    registry = registry_of("UNIT, INTEGER, TIMESTAMP -> TIMESTAMP")
    assert unit_positions(registry, "F") == {0}
    resolution = resolve(registry, "F", [UNIT, INTEGER, TIMESTAMP])
    assert resolution.parameter_types == (STRING, INTEGER, TIMESTAMP)
    with pytest.raises(BindError):
        resolve(registry, "F", [TIMESTAMP, INTEGER, TIMESTAMP])
    with pytest.raises(BindError):
        resolve(registry, "F", [None, INTEGER, TIMESTAMP])


def test_lambdas_are_bound_in_order() -> None:
    registry = registry_of("{K:V}, (K, V) => A, (K, V) => B -> {A:B}")
    calls: list[tuple[int, tuple[SqlType, ...]]] = []

    def bind(position: int, types: tuple[SqlType, ...]) -> SqlType:
        calls.append((position, types))
        return BOOLEAN if position == 1 else types[1]

    resolution = resolve(
        registry, "F", [Map(STRING, INTEGER), LambdaShape(2), LambdaShape(2)], bind
    )
    assert calls == [(1, (STRING, INTEGER)), (2, (STRING, INTEGER))]
    assert resolution.result_type == Map(BOOLEAN, INTEGER)
    assert resolution.parameter_types[1] == LambdaType((STRING, INTEGER), BOOLEAN)


def test_a_lambda_that_widens_its_own_parameter_is_bound_again() -> None:
    registry = registry_of("T[], S, (S, T) => S -> S")
    calls: list[tuple[SqlType, ...]] = []

    def bind(_: int, types: tuple[SqlType, ...]) -> SqlType:
        calls.append(types)
        return BIGINT

    resolution = resolve(registry, "F", [Array(BIGINT), INTEGER, LambdaShape(2)], bind)
    assert calls == [(INTEGER, BIGINT), (BIGINT, BIGINT)]
    assert resolution.parameter_types[1] == BIGINT
    assert resolution.result_type == BIGINT


def test_a_lambda_whose_type_grows_is_refused() -> None:
    def bind(_: int, types: tuple[SqlType, ...]) -> SqlType:
        assert isinstance(types[0], Decimal)
        return Decimal(types[0].precision + 1, types[0].scale)

    with pytest.raises(BindError, match="grows without end"):
        resolve(
            registry_of("T[], S, (S, T) => S -> S"),
            "F",
            [Array(Decimal(4, 2)), Decimal(4, 2), LambdaShape(2)],
            bind,
        )


def test_array_and_map_overloads_are_told_apart() -> None:
    registry = registry_of("T[], (T) => BOOLEAN -> T[]", "{K:V}, (K, V) => BOOLEAN -> {K:V}")

    def bind(_: int, __: tuple[SqlType, ...]) -> SqlType:
        return BOOLEAN

    array = resolve(registry, "F", [Array(STRING), LambdaShape(1)], bind)
    assert array.result_type == Array(STRING)
    with pytest.raises(BindError):
        resolve(registry, "F", [Array(STRING), LambdaShape(2)], bind)


def test_structs_match_by_their_fields() -> None:
    registry = registry_of("STRUCT<A VARCHAR> -> STRING")
    assert chosen(registry, Struct((Field("A", STRING),)))
    with pytest.raises(BindError):
        resolve(registry, "F", [Struct((Field("B", STRING),))])


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(BindError, match='function "SUBSTRNG" does not exist') as caught:
        resolve(registry_of("STRING -> STRING", name="SUBSTRING"), "SUBSTRNG", [STRING])
    assert caught.value.hint == "Did you mean SUBSTRING?"


def test_no_match_lists_what_is_accepted() -> None:
    registry = registry_of("-> STRING", "STRING -> STRING")
    with pytest.raises(BindError) as caught:
        resolve(registry, "F", [BOOLEAN])
    assert caught.value.hint == "It accepts () or (STRING)."


def test_the_type_of_nothing_but_null_is_an_error() -> None:
    with pytest.raises(BindError, match="not known"):
        resolve(registry_of("T, T... -> T"), "F", [None, None])


@pytest.mark.parametrize(
    "text", ["", "STRING", "STRING ->", "-> STRING STRING", "FOO -> STRING", "A..., B... -> A", "é"]
)
def test_wrong_signatures_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="signature"):
        parse_signature(text)
