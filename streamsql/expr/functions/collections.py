"""Arrays and maps: searching, sorting, set operations, slices, series, entries."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import null_aware, strict
from streamsql.expr.registry import Function, ScalarFunction
from streamsql.expr.values.casts import caster
from streamsql.types.sqltypes import STRING, Array, SqlType

_SERIES_LIMIT = 1_000_000


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the different values, first seen first; arrays and maps cannot be hashed."""
    kept = list(values)
    try:
        return list(dict.fromkeys(kept))
    except TypeError:
        unique: list[Any] = []
        for value in kept:
            if value not in unique:
                unique.append(value)
        return unique


def _contains(values: list[Any] | None, wanted: Any) -> bool | None:
    return None if values is None else wanted in values


def _concatenated(left: list[Any] | None, right: list[Any] | None) -> list[Any] | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right


def _union(left: list[Any], right: list[Any]) -> list[Any]:
    return _distinct(left + right)


def _intersection(left: list[Any], right: list[Any]) -> list[Any]:
    return _distinct(value for value in left if value in right)


def _difference(left: list[Any], right: list[Any]) -> list[Any]:
    return _distinct(value for value in left if value not in right)


def _without(values: list[Any] | None, unwanted: Any) -> list[Any] | None:
    return None if values is None else [value for value in values if value != unwanted]


def _extreme(pick: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    return lambda values: pick((value for value in values if value is not None), default=None)


def _sorted(values: list[Any], direction: str = "ASC") -> list[Any]:
    """Sort with NULL at the end in both directions."""
    order = direction.strip().upper()
    if order not in ("ASC", "ASCENDING", "DESC", "DESCENDING"):
        raise EvaluationError(f'direction "{direction}" is neither ASC nor DESC')
    known = sorted((value for value in values if value is not None), reverse=order[0] == "D")
    return known + [None] * (len(values) - len(known))


def _joiner(types: Sequence[SqlType], _: SqlType) -> Callable[..., str | None]:
    assert isinstance(types[0], Array)
    text = caster(types[0].element, STRING)

    def join(values: list[Any] | None, separator: str | None = ",") -> str | None:
        if values is None:
            return None
        texts = ("null" if value is None else text(value) for value in values)
        return (separator or "").join(texts)

    return join


def _slice(values: list[Any] | None, first: int | None, last: int | None) -> list[Any] | None:
    """Return the elements from position ``first`` to ``last``; NULL when they are not all there."""
    if values is None:
        return None
    start = 0 if first is None else first - 1
    end = len(values) if last is None else last
    return values[start:end] if 0 <= start <= end <= len(values) else None


def _series(first: int, last: int, step: int | None = None) -> list[int]:
    if step is None:
        step = 1 if first <= last else -1
    if step == 0:
        raise EvaluationError("the step of a series is 0")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if (last - first) // step >= _SERIES_LIMIT:
        raise EvaluationError(f"a series of more than {_SERIES_LIMIT} numbers")
    return list(numbers)


def _entries(entries: dict[str, Any], in_order: bool) -> list[tuple[str, Any]]:
    return sorted(entries.items(), key=lambda entry: entry[0]) if in_order else [*entries.items()]


def _map_of(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    return dict(zip(keys, values, strict=False))


def _map_union(left: dict[Any, Any] | None, right: dict[Any, Any] | None) -> dict[Any, Any] | None:
    if left is None or right is None:
        return right if left is None else left
    return left | right


_COMPARABLE = (
    "BOOLEAN",
    "INTEGER",
    "BIGINT",
    "DOUBLE",
    "DECIMAL",
    "STRING",
    "BYTES",
    "DATE",
    "TIME",
    "TIMESTAMP",
)


def _element_type(types: Sequence[SqlType]) -> SqlType:
    assert isinstance(types[0], Array)
    return types[0].element


def _array_type(types: Sequence[SqlType]) -> SqlType:
    return types[0]


_SORT = "The elements in ascending or 'DESC' order, NULL at the end."

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction(
        "ARRAY_LENGTH",
        "T[] -> INTEGER",
        len,
        inline="len({0})",
        description="The number of elements.",
    ),
    *null_aware(
        "ARRAY_CONTAINS",
        "Whether the array contains a value, which may be NULL.",
        {"T[], T -> BOOLEAN": _contains},
    ),
    *null_aware(
        "ARRAY_CONCAT",
        "The elements of both arrays; one that is NULL counts as empty.",
        {"T[], T[] -> T[]": _concatenated},
    ),
    *strict("ARRAY_DISTINCT", "The different elements.", {"T[] -> T[]": _distinct}),
    *strict("ARRAY_UNION", "The different elements of both.", {"T[], T[] -> T[]": _union}),
    *strict(
        "ARRAY_INTERSECT",
        "The different elements that are in both.",
        {"T[], T[] -> T[]": _intersection},
    ),
    *strict(
        "ARRAY_EXCEPT",
        "The different elements of the first that are not in the second.",
        {"T[], T[] -> T[]": _difference},
    ),
    *null_aware(
        "ARRAY_REMOVE",
        "The elements that are not equal to a value, which may be NULL.",
        {"T[], T -> T[]": _without},
    ),
    *(
        ScalarFunction(
            name, f"{known}[] -> ANY", _extreme(pick), returns=_element_type, description=text
        )
        for name, pick, text in (
            ("ARRAY_MIN", min, "The smallest element that is not NULL."),
            ("ARRAY_MAX", max, "The largest element that is not NULL."),
        )
        for known in _COMPARABLE
    ),
    *(
        ScalarFunction(
            "ARRAY_SORT", f"{known}[]{rest} -> ANY", _sorted, returns=_array_type, description=_SORT
        )
        for known in _COMPARABLE
        for rest in ("", ", STRING")
    ),
    *(
        ScalarFunction(
            "ARRAY_JOIN",
            f"{known}[]{rest} -> STRING",
            _joiner,
            strict=False,
            typed=True,
            description="The texts of the elements with a comma or another text between them.",
        )
        for known in ("BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING")
        for rest in ("", ", STRING")
    ),
    *null_aware(
        "SLICE",
        "The elements from one position to another, both included: SLICE(array, from, to).",
        {"T[], INTEGER, INTEGER -> T[]": _slice},
    ),
    *strict(
        "GENERATE_SERIES",
        "The whole numbers from one to another, both included, by a step.",
        {
            "INTEGER, INTEGER -> INTEGER[]": _series,
            "INTEGER, INTEGER, INTEGER -> INTEGER[]": _series,
            "BIGINT, BIGINT -> BIGINT[]": _series,
            "BIGINT, BIGINT, INTEGER -> BIGINT[]": _series,
        },
    ),
    *strict(
        "ENTRIES",
        "The entries of a map as structs of K and V, ordered by key if the second is true.",
        {
            f"{{STRING:{known}}}, BOOLEAN -> STRUCT<K STRING, V {known}>[]": _entries
            for known in ("INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING")
        },
    ),
    *strict(
        "AS_MAP",
        "A map of an array of keys and an array of values.",
        {"STRING[], T[] -> {STRING:T}": _map_of},
    ),
    *strict("MAP_KEYS", "The keys of a map.", {"{K:V} -> K[]": list}),
    *strict(
        "MAP_VALUES", "The values of a map.", {"{K:V} -> V[]": lambda entries: [*entries.values()]}
    ),
    *null_aware(
        "MAP_UNION",
        "The entries of both maps, the second winning; one that is NULL counts as empty.",
        {"{K:V}, {K:V} -> {K:V}": _map_union},
    ),
)
