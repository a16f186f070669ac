"""The page of built-in functions, made from the registry: it cannot say what is not so."""

from collections.abc import Iterable, Sequence

from streamsql.expr.aggregates import collecting, counting, extremes, offsets, statistics, sums
from streamsql.expr.builtins import builtins
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
from streamsql.expr.registry import AggregateFunction, Function, ScalarFunction

_HEAD = """# Functions

This page is made from the function registry (`streamsql.expr.builtins:builtins`) by a test, which
also holds the two equal.

How to read a signature: `STRING, INTEGER -> STRING` takes a text and a number and gives a text. A
capital letter is any type, the same one wherever it stands; `T[]` is `ARRAY<T>`, `{K:V}` is
`MAP<K, V>`; `ANY` is any type, `DECIMAL` a decimal of any precision; `...` may be repeated; `(T)
=> R` is a lambda; `UNIT` is the bare name of a unit of time (`DAYS`, `HOURS`, …); behind a
semicolon stand constants. Of several overloads the one that takes the arguments as they are wins,
then one that takes them widened (INTEGER, BIGINT, DECIMAL, DOUBLE in this order).

A scalar function of a NULL is NULL, unless it *takes NULL*: then it decides itself. A function
that fails for a record is NULL there, and the failure is counted and logged. `DESCRIBE FUNCTION
name` prints the signatures of one function.
"""

_FAMILIES: Sequence[tuple[str, Sequence[Iterable[Function]]]] = (
    (
        "Aggregate functions",
        (
            counting.FUNCTIONS,
            sums.FUNCTIONS,
            extremes.FUNCTIONS,
            collecting.FUNCTIONS,
            offsets.FUNCTIONS,
            statistics.FUNCTIONS,
        ),
    ),
    ("Table functions", (tables.FUNCTIONS,)),
    ("Rounding", (rounding.FUNCTIONS,)),
    ("Mathematics", (math.FUNCTIONS,)),
    ("Choosing among values", (choice.FUNCTIONS,)),
    ("Text", (strings.FUNCTIONS,)),
    ("Regular expressions", (regex.FUNCTIONS,)),
    ("Masking", (masking.FUNCTIONS,)),
    ("Bytes, encodings, hashes", (encodings.FUNCTIONS,)),
    ("JSON in text", (json.FUNCTIONS,)),
    ("Arrays and maps", (collections.FUNCTIONS,)),
    ("Lambdas", (lambdas.FUNCTIONS,)),
    ("Dates and times", (datetimes.FUNCTIONS,)),
    ("URLs", (urls.FUNCTIONS,)),
)


def functions_page() -> str:
    """Return the text of the page."""
    names: set[str] = set()
    parts = [_HEAD]
    for title, modules in _FAMILIES:
        mine = sorted({function.name for functions in modules for function in functions})
        parts.append(_family(title, mine))
        names |= set(mine)
    missing = set(builtins().names()) - names
    assert not missing, f"functions of no family: {sorted(missing)}"
    return "\n".join(parts)


def _family(title: str, names: Sequence[str]) -> str:
    registry = builtins()
    aggregates = isinstance(registry.overloads(names[0])[0], AggregateFunction)
    head = "| function | signatures | meaning |\n|---|---|---|\n"
    note = ""
    if aggregates:
        head = "| function | signatures | over tables | meaning |\n|---|---|---|---|\n"
        note = (
            "Over a table only those that can take a changed row back are allowed. All can be used "
            "with every kind of window.\n\n"
        )
    rows = [_row(name, registry.overloads(name), aggregates=aggregates) for name in names]
    return f"## {title}\n\n{note}{head}{''.join(rows)}"


def _row(name: str, overloads: Sequence[Function], *, aggregates: bool) -> str:
    signatures = "<br>".join(f"`{function.signature}`" for function in overloads)
    meaning = " ".join(dict.fromkeys(function.description for function in overloads))
    if any(isinstance(f, ScalarFunction) and not f.strict for f in overloads):
        meaning += " Takes NULL."
    cells = [f"`{name}`", signatures.replace("|", "\\|")]
    if aggregates:
        undoable = any(isinstance(f, AggregateFunction) and f.undoable for f in overloads)
        cells.append("yes" if undoable else "no")
    return f"| {' | '.join([*cells, meaning.replace('|', chr(92) + '|')])} |\n"
