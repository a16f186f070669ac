"""Choosing among values: COALESCE, IFNULL, NULLIF, IF, GREATEST, LEAST, AS_VALUE."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from streamsql.expr.functions.declare import null_aware, same_value
from streamsql.expr.registry import Function, ScalarFunction
from streamsql.expr.values.arithmetic import fit_decimal
from streamsql.expr.values.widening import common_type
from streamsql.types.sqltypes import Decimal, SqlType


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _choose(pick: Callable[..., Any]) -> Callable[..., Any]:
    """Return GREATEST or LEAST of the values that are not NULL."""

    def choose(*values: Any) -> Any:
        known = [value for value in values if value is not None]
        return pick(known) if known else None

    return choose


def _choose_decimal(pick: Callable[..., Any]) -> Callable[..., Any]:
    choose = _choose(pick)

    def build(_: Sequence[SqlType], result: SqlType) -> Callable[..., Any]:
        assert isinstance(result, Decimal)

        def compute(*values: Any) -> Any:
            chosen = choose(*values)
            return None if chosen is None else fit_decimal(chosen, result)

        return compute

    return build


def _wider(left: SqlType, right: SqlType) -> SqlType:
    common = common_type(left, right)
    assert common is not None
    return common


def _widest(types: Sequence[SqlType]) -> SqlType:
    return reduce(_wider, types)


def _extremes(name: str, text: str, pick: Callable[..., Any]) -> list[Function]:
    functions: list[Function] = [
        ScalarFunction(
            name, f"{known}, {known}... -> {known}", _choose(pick), strict=False, description=text
        )
        for known in ("INTEGER", "BIGINT", "DOUBLE", "STRING", "BYTES", "DATE", "TIME", "TIMESTAMP")
    ]
    functions.append(
        ScalarFunction(
            name,
            "DECIMAL, DECIMAL... -> DECIMAL",
            _choose_decimal(pick),
            strict=False,
            returns=_widest,
            typed=True,
            description=text,
        )
    )
    return functions


FUNCTIONS: tuple[Function, ...] = (
    *null_aware(
        "COALESCE",
        "The first argument that is not NULL.",
        {"T, T... -> T": _coalesce},
    ),
    ScalarFunction(
        "IFNULL",
        "T, T -> T",
        _coalesce,
        strict=False,
        inline="{0} if {0} is not None else {1}",
        description="The first argument unless it is NULL, else the second.",
    ),
    ScalarFunction(
        "NULLIF",
        "T, T -> T",
        lambda value, other: None if value == other else value,
        strict=False,
        inline="{0} if {0} != {1} else None",
        description="NULL if both arguments are equal, else the first.",
    ),
    ScalarFunction(
        "IF",
        "BOOLEAN, T, T -> T",
        lambda condition, value, other: value if condition else other,
        strict=False,
        inline="{1} if {0} else {2}",
        description="The second argument if the first is true, else the third.",
    ),
    *_extremes("GREATEST", "The largest argument; NULL is left out.", max),
    *_extremes("LEAST", "The smallest argument; NULL is left out.", min),
    ScalarFunction(
        "AS_VALUE",
        "T -> T",
        same_value,
        strict=False,
        inline="{0}",
        description="The argument; in a projection it copies a key column into the value.",
    ),
)
