"""The functions that only the query-validation tests use.

They are made anew for each case, since one of them counts its calls.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from streamsql.expr.registry import (
    AggregateFunction,
    Aggregator,
    Function,
    ScalarFunction,
    TableFunction,
)
from streamsql.types.sqltypes import BIGINT, DOUBLE, Array, Decimal, SqlType

_STRUCT_A = "STRUCT<A STRING>"
_SINGLES = ("INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING", _STRUCT_A)
_ALL = ("INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING", "DECIMAL", _STRUCT_A)


def qtt_functions() -> Iterator[Function]:
    """Yield the functions, new ones with each call."""
    yield from _scalars()
    yield from _lazy()
    yield from _tables()
    yield from _sums()
    yield from _collecting()


def _scalars() -> Iterator[Function]:
    texts = {
        "INTEGER, STRING -> STRING": "doStuffIntString",
        "BIGINT, STRING -> STRING": "doStuffLongString",
        "BIGINT, BIGINT, STRING -> STRING": "doStuffLongLongString",
        "BIGINT... -> STRING": "doStuffLongVarargs",
    }
    for signature, text in texts.items():
        yield ScalarFunction("TEST_UDF", signature, _constant(text), strict=False)
    yield ScalarFunction("TEST_UDF", f"{_STRUCT_A} -> STRING", lambda value: value[0])
    yield ScalarFunction("TEST_UDF", f"-> {_STRUCT_A}", lambda: ("foo",))
    yield ScalarFunction("BAD_UDF", "INTEGER -> INTEGER", _bad, strict=False)
    yield ScalarFunction("BAD_UDF", "BOOLEAN -> INTEGER", _bad_if_true, strict=False)
    yield ScalarFunction("BAD_UDF", "STRING -> STRING", _every_other(), strict=False)
    for signature in ("INTEGER, INTEGER -> BIGINT", "BIGINT, BIGINT -> BIGINT"):
        yield ScalarFunction("MULTIPLY", signature, lambda left, right: left * right)
    yield ScalarFunction("MULTIPLY", "DOUBLE, DOUBLE -> DOUBLE", lambda left, right: left * right)
    yield ScalarFunction("TOLIST", "STRING -> STRING[]", lambda value: [value], strict=False)
    yield ScalarFunction(
        "TOMAP", "STRING -> {STRING:STRING}", lambda value: {value: value}, strict=False
    )
    for kind in ("STRING", "INTEGER", "BIGINT", "{STRING:INTEGER}"):
        yield ScalarFunction("TOSTRING", f"{kind} -> STRING", _java)
    yield ScalarFunction("TOSTRUCT", f"STRING -> {_STRUCT_A}", lambda value: (value,), strict=False)


def _lazy() -> Iterator[Function]:
    """Yield the functions that tell whether CASE evaluates what it need not."""
    for name, kind in (("WHENCONDITION", "BOOLEAN"), ("WHENRESULT", "INTEGER")):
        yield ScalarFunction(
            name, f"{kind}, BOOLEAN -> {kind}", _only_if_evaluated, strict=False,
        )  # fmt: skip


def _tables() -> Iterator[Function]:
    every = ", ".join(_ALL)
    arrays = ", ".join(f"{kind}[]" for kind in _ALL)
    yield TableFunction("TEST_UDTF", f"{every} -> STRING", _texts)
    yield TableFunction("TEST_UDTF", f"{arrays} -> STRING", lambda *a: _texts(*(v[0] for v in a)))
    for first in ("STRING", "BIGINT"):
        keys = [first, *["STRING"] * (len(_ALL) - 1)]
        maps = ", ".join(f"{{{key}:{kind}}}" for key, kind in zip(keys, _ALL, strict=True))
        yield TableFunction("TEST_UDTF", f"{maps} -> STRING", _texts_of_maps)
    for kind in _SINGLES:
        yield TableFunction("TEST_UDTF", f"{kind} -> {kind}", lambda value: [value])
    yield TableFunction(
        "TEST_UDTF", "DECIMAL -> DECIMAL(30, 10)", _scaled, returns=lambda _: Decimal(30, 10)
    )
    yield TableFunction("THROWING_UDTF", "BOOLEAN -> BOOLEAN", _throwing)


def _sums() -> Iterator[Function]:
    for kind in ("BIGINT", "INTEGER"):
        yield AggregateFunction("TEST_UDAF", f"{kind} -> BIGINT", _sum(BIGINT, int), undoable=True)
    yield AggregateFunction("TEST_UDAF", "DOUBLE -> DOUBLE", _sum(DOUBLE, float))
    yield AggregateFunction("TEST_UDAF", "STRING; STRING -> BIGINT", _sum_of_lengths)
    pair = "STRUCT<A INTEGER, B INTEGER>"
    yield AggregateFunction("TEST_UDAF", f"{pair} -> {pair}", _sum_of_fields)
    for name, arguments in (
        ("MULTI_ARG", "BIGINT, STRING"),
        ("FOUR_ARG", "BIGINT, STRING, STRING, STRING"),
        ("FIVE_ARG", "BIGINT, STRING, STRING, STRING, INTEGER"),
    ):
        signature = f"{arguments}; INTEGER, STRING... -> BIGINT"
        yield AggregateFunction(name, signature, _weights_after_initial)
    yield AggregateFunction("VAR_ARG", "BIGINT, STRING... -> BIGINT", _weights)
    yield AggregateFunction(
        "MID_VAR_ARG", "BIGINT, STRING...; INTEGER, INTEGER -> BIGINT", _weights_before_constants
    )


def _collecting() -> Iterator[Function]:
    yield AggregateFunction("OBJ_COL_ARG", "INTEGER, ANY... -> INTEGER[]", _firsts)
    yield AggregateFunction(
        "GENERIC_VAR_ARG", "A, B, C... -> A[]", _firsts, returns=lambda types: Array(types[0])
    )


def _constant(text: str) -> Callable[..., str]:
    return lambda *_: text


def _bad(value: int | None) -> int:
    raise ValueError(f"bad_udf({value})")


def _bad_if_true(value: bool | None) -> int:
    if value:
        raise ValueError("bad_udf(true)")
    return 0


def _every_other() -> Callable[[str | None], str | None]:
    calls = 0

    def bad(value: str | None) -> str | None:
        nonlocal calls
        calls += 1
        return None if calls % 2 else value

    return bad


def _java(value: Any) -> str:
    """Return the text of a value as Java prints it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_java(k)}={_java(v)}' for k, v in value.items())}}}"
    return "null" if value is None else str(value)


def _only_if_evaluated(result: Any, evaluated: bool | None) -> Any:
    if not evaluated:
        raise ValueError("CASE evaluated what it need not")
    return result


def _texts(*values: Any) -> list[str]:
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case (a,):
            return f"Struct{{A={a}}}"
        case _:
            return str(value)


def _texts_of_maps(*maps: Any) -> list[str]:
    return _texts(*(next(iter(entries.values())) for entries in maps))


def _scaled(value: Any) -> list[Any]:
    return [value.quantize(type(value)("1e-10"))]


def _throwing(value: bool | None) -> list[bool | None]:
    if value:
        raise ValueError("throwing_udtf(true)")
    return [value]


_Make = Callable[[Sequence[SqlType], Sequence[Any], SqlType], Aggregator]


def _sum(state: SqlType, zero: Callable[[], Any]) -> _Make:
    def make(_types: Sequence[SqlType], _parameters: Sequence[Any], _result: SqlType) -> Aggregator:
        return Aggregator(
            state,
            zero,
            lambda total, value: total if value is None else total + value,
            lambda total: total,
            undo=lambda total, value: total if value is None else total - value,
            merge=lambda left, right: left + right,
        )

    return make


def _sum_of_lengths(
    _types: Sequence[SqlType], parameters: Sequence[Any], _result: SqlType
) -> Aggregator:
    (initial,) = parameters
    return Aggregator(
        BIGINT,
        lambda: len(initial),
        lambda total, value: total + len(value),
        lambda total: total,
        merge=lambda left, right: left + right,
    )


def _sum_of_fields(
    _types: Sequence[SqlType], _parameters: Sequence[Any], result: SqlType
) -> Aggregator:
    def add(total: tuple[int, int], value: tuple[int, int]) -> tuple[int, int]:
        return total[0] + value[0], total[1] + value[1]

    return Aggregator(result, lambda: (0, 0), add, lambda total: total, merge=add)


def _weight(value: Any) -> int:
    """Return what an argument adds: a number itself, a text its length, NULL nothing."""
    if value is None:
        return 0
    return len(value) if isinstance(value, str) else int(value)


def _add_weights(total: int, *values: Any) -> int:
    return total + sum(_weight(value) for value in values)


def _weights(_types: Sequence[SqlType], _parameters: Sequence[Any], _result: SqlType) -> Aggregator:
    return Aggregator(
        BIGINT, int, _add_weights, lambda total: total, merge=lambda left, right: left + right
    )


def _weights_after_initial(
    _types: Sequence[SqlType], parameters: Sequence[Any], _result: SqlType
) -> Aggregator:
    return Aggregator(
        BIGINT,
        lambda: _add_weights(0, *parameters),
        _add_weights,
        lambda total: total,
        merge=lambda left, right: left + right,
    )


def _weights_before_constants(
    _types: Sequence[SqlType], parameters: Sequence[Any], _result: SqlType
) -> Aggregator:
    return Aggregator(
        BIGINT,
        int,
        _add_weights,
        lambda total: _add_weights(total, *parameters),
        merge=lambda left, right: left + right,
    )


def _firsts(types: Sequence[SqlType], _parameters: Sequence[Any], _result: SqlType) -> Aggregator:
    def add(collected: list[Any], first: Any, *others: Any) -> list[Any]:
        if first is not None and all(other is not None for other in others):
            collected.append(first)
        return collected

    return Aggregator(Array(types[0]), list, add, list, merge=lambda left, right: [*left, *right])
