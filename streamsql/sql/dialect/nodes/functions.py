"""Calls: the classes that sqlglot gives them, and what was called with what.

A call keeps the name it was written with, so it is ``Anonymous``; but sqlglot's optimizer must see
which calls are aggregates. Those of our language are of sqlglot's classes where it has the same
aggregate of as many arguments, and ``AnonymousAggFunc`` elsewhere.
"""

from sqlglot import exp

Call = exp.Anonymous | exp.AggFunc

_NAME = "name"
_CLASSES: dict[str, type[exp.AggFunc]] = {
    "AVG": exp.Avg,
    "COLLECT_LIST": exp.ArrayAgg,
    "COLLECT_SET": exp.ArrayUniqueAgg,
    "COUNT": exp.Count,
    "MAX": exp.Max,
    "MIN": exp.Min,
    "STDDEV_SAMP": exp.StddevSamp,
    "SUM": exp.Sum,
}
_AGGREGATES = frozenset(
    {
        *_CLASSES,
        "ATTR",
        "CORRELATION",
        "COUNT_DISTINCT",
        "EARLIEST_BY_OFFSET",
        "HISTOGRAM",
        "LATEST_BY_OFFSET",
        "STDDEV_SAMPLE",
        "SUM_LIST",
        "TOPK",
        "TOPKDISTINCT",
    }
)


def make_call(name: exp.Identifier, arguments: list[exp.Expr]) -> Call:
    """Return a call as it is written; a function's name is upper-cased unless it is quoted."""
    if name.args.get("quoted"):
        return exp.Anonymous(this=name, expressions=arguments)
    written = name.name
    if written not in _AGGREGATES:
        return exp.Anonymous(this=written, expressions=arguments)
    kind = _CLASSES.get(written)
    if kind is None or len(arguments) != 1:
        return exp.AnonymousAggFunc(this=written, expressions=arguments)
    made = kind(this=arguments[0])
    made.meta[_NAME] = written
    return made


def function_name(call: Call) -> str:
    """Return the name of the function that is called."""
    if isinstance(call, exp.Anonymous | exp.AnonymousAggFunc):
        return call.name
    written = call.meta.get(_NAME)
    return written if isinstance(written, str) else call.sql_name()


def arguments(call: Call) -> list[exp.Expr]:
    """Return what a function is called with."""
    if isinstance(call, exp.Anonymous | exp.AnonymousAggFunc):
        return list(call.expressions)
    return [call.this]
