"""Loading: source text and what a task supplies become functions."""

import linecache
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from types import CodeType
from typing import Any

from streamsql.codegen.source import SourceText, printable

Supplies = Mapping[str, object]
"""What a task has for each node (see :mod:`streamsql.codegen.supplies`), by the node's name."""

_FILENAMES: dict[tuple[str, str], str] = {}
"""The file names of texts, by what they are texts of."""

_NODES: dict[str, str] = {}
"""What the texts are texts of, by file name."""

_TEXTS: Counter[str] = Counter()
"""How many different texts there are of something."""


def load(source: SourceText, supplies: Supplies) -> dict[str, Callable[..., Any]]:
    """Return the functions of a text by what they do; ``linecache`` then knows the text."""
    values = dict(source.values)
    for name, supplied in source.supplied.items():
        values[name] = attrgetter(supplied.attribute)(supplies[supplied.node])
    filename = _remember(printable(source.name), source.text)
    _NODES[filename] = source.name
    exec(_compiled(source.text, filename), values)  # noqa: S102 - the purpose of this room
    return {purpose: values[name] for purpose, name in source.functions.items()}


def node_of(filename: str) -> str | None:
    """Return the node that a generated file was written for; ``None``: it is another file."""
    return _NODES.get(filename)


@lru_cache(maxsize=512)
def _compiled(text: str, filename: str) -> CodeType:
    """Return the code of a text: the tasks of one query share it."""
    return compile(text, filename, "exec", dont_inherit=True)


def _remember(name: str, text: str) -> str:
    """Put the text where tracebacks find it; another text of the same name gets a number."""
    filename = _FILENAMES.get((name, text))
    if filename is None:
        _TEXTS[name] += 1
        number = _TEXTS[name]
        filename = f"<streamsql {name}>" if number == 1 else f"<streamsql {name} {number}>"
        _FILENAMES[name, text] = filename
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return filename
