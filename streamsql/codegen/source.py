"""Source text: its lines, its functions, and the legend of its globals.

A text is made of nodes alone. What differs from task to task (stores, the producer, metrics) its
globals only name; :mod:`streamsql.codegen.load` puts it in place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from streamsql.codegen.namespace import Namespace, Supplied, identifier

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of some functions that are loaded together.

    Attributes:
        name: Names the file, ``<streamsql NAME>``.
        text: The functions, those that others call first, and the legend.
        functions: The names of those that others call, by what they do.
        values: What globals hold that is the same in every task.
        supplied: What the task supplies, by name.
    """

    name: str
    text: str
    functions: Mapping[str, str]
    values: Mapping[str, Any]
    supplied: Mapping[str, Supplied]


class Lines:
    """Indented lines of source text."""

    __slots__ = ("_depth", "text")

    def __init__(self, depth: int = 1) -> None:
        self.text: list[str] = []
        self._depth = depth

    def add(self, *lines: str) -> None:
        """Append lines at the current depth."""
        self.text += [_INDENT * self._depth + line if line else "" for line in lines]

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
    """The functions of one text while it is written."""

    __slots__ = ("_functions", "_helpers", "_made", "_named", "_prefix", "name", "namespace")

    def __init__(self, name: str) -> None:
        """Begin a text; its functions are named after ``name`` and what they do."""
        self.name = name
        self.namespace = Namespace()
        self._prefix = identifier(printable(name)).lower()
        self._named: dict[str, str] = {}
        self._functions: list[str] = []
        self._helpers: list[str] = []
        self._made: list[tuple[object, str]] = []

    def function(self, purpose: str) -> str:
        """Return the name of a function of the module, to be defined later."""
        return self.namespace.function(f"{self._prefix}_{purpose}")

    def define(
        self, purpose: str, parameters: Sequence[str], description: str, lines: Lines
    ) -> str:
        """Add a function that others call, and return its name."""
        name = self._named[purpose] = self.function(purpose)
        self._functions.append(_function_text(name, parameters, description, lines))
        return name

    def define_helper(
        self, name: str, parameters: Sequence[str], description: str, lines: Lines
    ) -> None:
        """Add a function that the others use, under a name of :meth:`function`."""
        self._helpers.append(_function_text(name, parameters, description, lines))

    def helper(self, of: object, make: Callable[[], str]) -> str:
        """Return the name of the helper for something, which ``make`` defines at first use."""
        for known, name in self._made:
            if known == of:
                return name
        name = make()
        self._made.append((of, name))
        return name

    def source(self) -> SourceText:
        """Return the text, and what is needed to load it."""
        parts = [*self._functions, *self._helpers]
        legend = _legend(self.namespace.about)
        text = "\n\n\n".join([*parts, legend] if legend else parts) + "\n"
        namespace = self.namespace
        return SourceText(self.name, text, self._named, namespace.values, namespace.supplied)


def printable(text: str) -> str:
    """Return the text on one line, fit for a docstring and a file name."""
    line = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    return "".join(character if character.isprintable() else "?" for character in line)


def _function_text(name: str, parameters: Sequence[str], description: str, lines: Lines) -> str:
    head = f"def {name}({', '.join(parameters)}):"
    return "\n".join([head, f'{_INDENT}"""{printable(description) or name}"""', *lines.text])


def _legend(about: Mapping[str, str]) -> str:
    """Return comments that say what the globals hold."""
    width = max(map(len, about), default=0)
    return "\n".join(f"# {name:{width}}  {printable(line)}" for name, line in about.items())
