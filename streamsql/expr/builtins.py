"""The built-in functions: what each module of ``functions`` and ``aggregates`` contributes."""

from collections.abc import Iterable, Mapping
from functools import cache
from sys import maxsize
from types import MappingProxyType

from streamsql.expr.aggregates import collecting, counting, extremes, offsets, statistics, sums
from streamsql.expr.aggregates.collecting import collect_functions
from streamsql.expr.functions import (
    choice,
    collections,
    datetimes,
    encodings,
    json,
    lambdas,
    masking,
    math,
    regex,
    rounding,
    strings,
    tables,
    urls,
)
from streamsql.expr.registry import Function, FunctionRegistry

_MODULES: tuple[Iterable[Function], ...] = (
    counting.FUNCTIONS,
    sums.FUNCTIONS,
    extremes.FUNCTIONS,
    collecting.FUNCTIONS,
    offsets.FUNCTIONS,
    statistics.FUNCTIONS,
    rounding.FUNCTIONS,
    math.FUNCTIONS,
    choice.FUNCTIONS,
    strings.FUNCTIONS,
    regex.FUNCTIONS,
    masking.FUNCTIONS,
    encodings.FUNCTIONS,
    json.FUNCTIONS,
    collections.FUNCTIONS,
    lambdas.FUNCTIONS,
    datetimes.FUNCTIONS,
    urls.FUNCTIONS,
    tables.FUNCTIONS,
)

_LIST_LIMIT = "ksql.functions.collect_list.limit"
_SET_LIMIT = "ksql.functions.collect_set.limit"


def builtins(
    properties: Mapping[str, object] = MappingProxyType({}),
) -> FunctionRegistry:
    """Return a registry of its own with all built-in functions.

    Args:
        properties: The limits of COLLECT_LIST and COLLECT_SET are read from
            ``ksql.functions.collect_list.limit`` and ``ksql.functions.collect_set.limit``.
    """
    registry = _all().copy()
    limits = [properties.get(name) for name in (_LIST_LIMIT, _SET_LIMIT)]
    if limits != [None, None]:
        defaults = [limit if limit is None else int(str(limit)) for limit in limits]
        for function in collect_functions(*(limit or maxsize for limit in defaults)):
            registry.register(function)
    return registry


@cache
def _all() -> FunctionRegistry:
    registry = FunctionRegistry()
    for functions in _MODULES:
        for function in functions:
            registry.register(function)
    return registry
