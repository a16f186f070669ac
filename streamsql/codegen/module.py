"""Source text as a module: its lines, its functions, and how it is loaded."""

import linecache
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType
from typing import Any

from streamsql.codegen.namespace import Namespace

_INDENT = "    "


class Lines:
    """Indented lines of source text."""

    __slots__ = ("_depth", "text")

    def __init__(self, depth: int = 1) -> None:
        self.text: list[str] = []
        self._depth = depth

    def add(self, *lines: str) -> None:
        """Append lines at the current depth."""
        self.text += [_INDENT * self._depth + line for line in lines]

    def deepen(self) -> None:
        """Add what follows one step deeper, to the end."""
        self._depth += 1

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Append a header, and what is added meanwhile one step deeper."""
        self.add(header)
        self._depth += 1
        before = len(self.text)
        yield
        if len(self.text) == before:
            self.add("pass")
        self._depth -= 1


class Module:
    """The functions of one generated file and the namespace they share."""

    __slots__ = ("_functions", "_name", "namespace")

    def __init__(self, name: str, namespace: Namespace) -> None:
        self._name = name
        self._functions: list[tuple[int, str]] = []
        self.namespace = namespace

    @property
    def filename(self) -> str:
        """The name of the file in tracebacks."""
        return f"<streamsql {printable(self._name)}>"

    def define(
        self, name: str, parameters: list[str], description: str, lines: Lines, rank: int = 1
    ) -> None:
        """Add a function; those of lower rank come first in the text."""
        head = f"def {name}({', '.join(parameters)}):"
        text = "\n".join([head, f'{_INDENT}"""{printable(description) or name}"""', *lines.text])
        self._functions.append((rank, text))

    def source(self) -> str:
        """Return the text of all functions."""
        ordered = sorted(self._functions, key=lambda ranked: ranked[0])
        return "\n\n\n".join(text for _, text in ordered) + "\n"

    def load(self) -> dict[str, Any]:
        """Return the globals after running the text, which ``linecache`` then knows."""
        source = self.source()
        filename = _remember(self.filename, source)
        values = dict(self.namespace.values)
        exec(_compiled(source, filename), values)  # noqa: S102 - the purpose of this package
        return values


def printable(text: str) -> str:
    """Return the text on one line, fit for a docstring and a file name."""
    line = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    return "".join(character if character.isprintable() else "?" for character in line)


@lru_cache(maxsize=512)
def _compiled(source: str, filename: str) -> CodeType:
    """Return the code of a text: the tasks of one query share it."""
    return compile(source, filename, "exec", dont_inherit=True)


def _remember(filename: str, source: str) -> str:
    """Put the text where tracebacks find it; another text of the same name gets a number."""
    lines = source.splitlines(keepends=True)
    candidate, number = filename, 1
    while (known := linecache.getlines(candidate)) and known != lines:
        number += 1
        candidate = f"{filename[:-1]} {number}>"
    linecache.cache[candidate] = (len(source), None, lines, candidate)
    return candidate
