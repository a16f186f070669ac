"""How many: COUNT, COUNT_DISTINCT, HISTOGRAM."""

from collections.abc import Sequence
from functools import cache
from math import log
from typing import Any

from streamsql.expr.registry import AggregateFunction, Aggregator, Function
from streamsql.types.sqltypes import BIGINT, INTEGER, STRING, Map, SqlType

_HISTOGRAM_LIMIT = 1000
_EXACT_LIMIT = 2048
_INDEX_BITS = 14
_REGISTERS = 1 << _INDEX_BITS
_RANK_BITS = 64 - _INDEX_BITS


def _add(left: int, right: int) -> int:
    return left + right


def _count_rows(_: Sequence[SqlType], __: Sequence[Any], ___: SqlType) -> Aggregator:
    return Aggregator(
        state_type=BIGINT,
        initial=int,
        add=lambda state: state + 1,
        result=int,
        undo=lambda state: state - 1,
        merge=_add,
        add_inline="{state} += 1",
        result_inline="{state}",
    )


def _count_values(_: Sequence[SqlType], __: Sequence[Any], ___: SqlType) -> Aggregator:
    return Aggregator(
        state_type=BIGINT,
        initial=int,
        add=lambda state, value: state if value is None else state + 1,
        result=int,
        undo=lambda state, value: state if value is None else state - 1,
        merge=_add,
        add_inline="if {0} is not None:\n    {state} += 1",
        result_inline="{state}",
    )


def _histogram(_: Sequence[SqlType], __: Sequence[Any], ___: SqlType) -> Aggregator:
    def add(state: dict[str, int], value: str | None) -> dict[str, int]:
        if value is not None and (value in state or len(state) < _HISTOGRAM_LIMIT):
            state[value] = state.get(value, 0) + 1
        return state

    def undo(state: dict[str, int], value: str | None) -> dict[str, int]:
        if value is not None and value in state:
            state[value] -= 1
            if state[value] == 0:
                del state[value]
        return state

    def merge(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
        merged = dict(left)
        for value, count in right.items():
            if value in merged or len(merged) < _HISTOGRAM_LIMIT:
                merged[value] = merged.get(value, 0) + count
        return merged

    return Aggregator(Map(STRING, BIGINT), dict, add, dict, undo, merge)


def _count_distinct(_: Sequence[SqlType], __: Sequence[Any], ___: SqlType) -> Aggregator:
    return Aggregator(
        state_type=Map(BIGINT, INTEGER),
        initial=dict,
        add=_sketch_add,
        result=_sketch_count,
        merge=_sketch_merge,
    )


# A sketch maps hash -> 0 while it is small and counts exactly; above that register -> rank, the
# HyperLogLog of 2^14 registers. No rank is 0, so the first value tells which of the two it is.


@cache
def _blake2b() -> Any:
    """Import the hash function when it is first needed: it is slow to load."""
    from hashlib import blake2b

    return blake2b


def _sketch_add(state: dict[int, int], value: Any) -> dict[int, int]:
    if value is None:
        return state
    digest = _blake2b()(repr(value).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return _insert(state, int.from_bytes(digest, "big", signed=True))


def _is_exact(state: dict[int, int]) -> bool:
    return next(iter(state.values()), 0) == 0


def _insert(state: dict[int, int], hashed: int) -> dict[int, int]:
    """Take in one hash; the sketch changes form when it is full."""
    if _is_exact(state):
        state[hashed] = 0
        return state if len(state) <= _EXACT_LIMIT else _registers(state)
    bits = hashed & 0xFFFF_FFFF_FFFF_FFFF
    register = bits >> _RANK_BITS
    rank = _RANK_BITS - (bits & ((1 << _RANK_BITS) - 1)).bit_length() + 1
    if state.get(register, 0) < rank:
        state[register] = rank
    return state


def _registers(hashes: dict[int, int]) -> dict[int, int]:
    """Return the registers of a set of hashes."""
    registers = {-1: 1}  # a placeholder that makes _insert see registers; no register is negative
    for hashed in hashes:
        _insert(registers, hashed)
    del registers[-1]
    return registers


def _sketch_merge(left: dict[int, int], right: dict[int, int]) -> dict[int, int]:
    if _is_exact(left) and _is_exact(right):
        union = left | right
        return union if len(union) <= _EXACT_LIMIT else _registers(union)
    merged = _registers(left) if _is_exact(left) else dict(left)
    for register, rank in (_registers(right) if _is_exact(right) else right).items():
        if merged.get(register, 0) < rank:
            merged[register] = rank
    return merged


def _sketch_count(state: dict[int, int]) -> int:
    if _is_exact(state):
        return len(state)
    empty = _REGISTERS - len(state)
    total = empty + sum(2.0**-rank for rank in state.values())
    estimate = 0.7213 / (1 + 1.079 / _REGISTERS) * _REGISTERS * _REGISTERS / total
    if estimate <= 2.5 * _REGISTERS and empty:
        estimate = _REGISTERS * log(_REGISTERS / empty)
    return round(estimate)


FUNCTIONS: tuple[Function, ...] = (
    AggregateFunction(
        "COUNT",
        "-> BIGINT",
        _count_rows,
        undoable=True,
        description="The number of rows, COUNT(*).",
    ),
    AggregateFunction(
        "COUNT",
        "ANY -> BIGINT",
        _count_values,
        undoable=True,
        description="The number of rows in which the argument is not NULL.",
    ),
    AggregateFunction(
        "COUNT_DISTINCT",
        "ANY -> BIGINT",
        _count_distinct,
        description="The number of different values that are not NULL: exact up to 2048, then "
        "estimated within about one percent.",
    ),
    AggregateFunction(
        "HISTOGRAM",
        "STRING -> {STRING:BIGINT}",
        _histogram,
        undoable=True,
        description="The number of rows by value, for the first 1000 different values.",
    ),
)
