"""The largest and the smallest: MIN, MAX, TOPK, TOPKDISTINCT."""

from collections.abc import Callable, Sequence
from typing import Any

from streamsql.errors import BindError
from streamsql.expr.registry import AggregateFunction, Aggregator, Function
from streamsql.types.sqltypes import Array, Field, SqlType, Struct

Put = Callable[[list[Any], Any], list[Any]]
_ORDERED = ("INTEGER", "BIGINT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "STRING", "BYTES")


def _extreme(better: str) -> Callable[[Sequence[SqlType], Sequence[Any], SqlType], Aggregator]:
    """Return the maker of the fold that keeps the value that is ``better`` ("<" or ">")."""
    less = better == "<"

    def add(state: Any, value: Any) -> Any:
        if value is None:
            return state
        if state is None:
            return value
        return value if (value < state if less else value > state) else state

    def make(_: Sequence[SqlType], __: Sequence[Any], result_type: SqlType) -> Aggregator:
        return Aggregator(
            state_type=result_type,
            initial=lambda: None,
            add=add,
            result=lambda state: state,
            merge=add,
            add_inline="if {0} is not None and ({state} is None or {0} "
            + better
            + " {state}):\n    {state} = {0}",
            result_inline="{state}",
        )

    return make


def _limit(name: str, parameters: Sequence[Any]) -> int:
    """Return the constant k, which must be positive."""
    if parameters[0] is None or parameters[0] < 1:
        raise BindError(f"the number of values that {name} keeps must be at least 1")
    return int(parameters[0])


def _best(limit: int, rank: Callable[[Any], Any], *, distinct: bool) -> Put:
    """Return a function that puts an entry into a list, best first, of at most ``limit``.

    An entry goes behind those of the same rank.
    """

    def put(state: list[Any], entry: Any) -> list[Any]:
        if distinct and entry in state:
            return state
        value = rank(entry)
        places = (place for place, known in enumerate(state) if rank(known) < value)
        place = next(places, len(state))
        if place < limit:
            state.insert(place, entry)
            del state[limit:]
        return state

    return put


def _same(value: Any) -> Any:
    return value


def _first(value: Any) -> Any:
    return value[0]


def _top(types: Sequence[SqlType], parameters: Sequence[Any], result_type: SqlType) -> Aggregator:
    alone = len(types) == 1
    put = _best(_limit("TOPK", parameters), _same if alone else _first, distinct=False)

    def add(state: list[Any], value: Any, *others: Any) -> list[Any]:
        if value is None:
            return state
        return put(state, value if alone else (value, *others))

    return Aggregator(result_type, list, add, list, merge=_merging(put))


def _top_distinct(
    _: Sequence[SqlType], parameters: Sequence[Any], result_type: SqlType
) -> Aggregator:
    put = _best(_limit("TOPKDISTINCT", parameters), _same, distinct=True)

    def add(state: list[Any], value: Any) -> list[Any]:
        return state if value is None else put(state, value)

    return Aggregator(result_type, list, add, list, merge=_merging(put))


def _merging(put: Put) -> Callable[[list[Any], list[Any]], list[Any]]:
    """Return the merge of two lists of best entries."""

    def merge(left: list[Any], right: list[Any]) -> list[Any]:
        merged = list(left)
        for entry in right:
            put(merged, entry)
        return merged

    return merge


def _top_type(types: Sequence[SqlType]) -> SqlType:
    if len(types) == 1:
        return Array(types[0])
    others = tuple(Field(f"col{position}", known) for position, known in enumerate(types[1:]))
    return Array(Struct((Field("sort_col", types[0]), *others)))


def _list_type(types: Sequence[SqlType]) -> SqlType:
    return Array(types[0])


def _extremes() -> list[Function]:
    functions: list[Function] = []
    for name, better, word in (("MIN", "<", "smallest"), ("MAX", ">", "largest")):
        text = f"The {word} value, NULL when there is none."
        functions += [
            AggregateFunction(name, f"{known} -> {known}", _extreme(better), description=text)
            for known in _ORDERED
        ]
        functions.append(
            AggregateFunction(
                name,
                "DECIMAL -> DECIMAL",
                _extreme(better),
                lambda types: types[0],
                description=text,
            )
        )
    return functions


def _tops() -> list[Function]:
    text = "The k largest values, the largest first; with more arguments, structs of them."
    functions: list[Function] = [
        AggregateFunction(
            "TOPK", f"{known}, ANY...; INTEGER -> ANY[]", _top, _top_type, description=text
        )
        for known in (*_ORDERED, "DECIMAL")
    ]
    text = "The k largest different values, the largest first."
    functions += [
        AggregateFunction(
            "TOPKDISTINCT",
            f"{known}; INTEGER -> ANY[]",
            _top_distinct,
            _list_type,
            description=text,
        )
        for known in (*_ORDERED, "DECIMAL")
    ]
    return functions


FUNCTIONS: tuple[Function, ...] = (*_extremes(), *_tops())
