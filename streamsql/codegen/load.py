"""Loading: source text and what a task supplies become functions."""

import linecache
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from types import CodeType, FrameType
from typing import Any
from zlib import crc32

from streamsql.codegen.source import SourceText, printable

Supplies = Mapping[str, object]
"""What a task has for each node (see :mod:`streamsql.codegen.supplies`), by the node's name."""

_NODE = "__node__"
"""The global of generated functions that names the node they were written for."""

_KEPT = 512
"""How many texts are kept for tracebacks, and compiled; queries of the prompt come and go."""

_FILENAMES: dict[str, None] = {}
"""The files that ``linecache`` has from here, the one loaded last at the end."""


def load(source: SourceText, supplies: Supplies) -> dict[str, Callable[..., Any]]:
    """Return the functions of a text by what they do; ``linecache`` then knows the text."""
    values = {**source.values, _NODE: source.name}
    for name, supplied in source.supplied.items():
        values[name] = attrgetter(supplied.attribute)(supplies[supplied.node])
    filename = f"<streamsql {printable(source.name)} {crc32(source.text.encode()):08x}>"
    _remember(filename, source.text)
    exec(_compiled(source.text, filename), values)  # noqa: S102 - the purpose of this room
    return {purpose: values[name] for purpose, name in source.functions.items()}


def node_of(frame: FrameType) -> str | None:
    """Return the node that a frame's function was written for; ``None``: it is of other code."""
    node = frame.f_globals.get(_NODE)
    return node if isinstance(node, str) else None


@lru_cache(maxsize=_KEPT)
def _compiled(text: str, filename: str) -> CodeType:
    """Return the code of a text: the tasks of one query share it."""
    return compile(text, filename, "exec", dont_inherit=True)


def _remember(filename: str, text: str) -> None:
    """Put the text where tracebacks find it, and forget the one that was loaded longest ago."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    _FILENAMES.pop(filename, None)
    _FILENAMES[filename] = None
    if len(_FILENAMES) > _KEPT:
        oldest = next(iter(_FILENAMES))
        del _FILENAMES[oldest]
        linecache.cache.pop(oldest, None)
