"""Names of generated source: globals with what they hold, and locals that do not hide them."""

import builtins
import keyword
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

_RESERVED = frozenset(keyword.kwlist) | frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Supplied:
    """What a task supplies for a global (see :mod:`streamsql.codegen.supplies`).

    Attributes:
        node: The node that it belongs to; :data:`TASK` for the task as a whole.
        attribute: Which attribute of what the task has for the node, perhaps one of an attribute.
    """

    node: str
    attribute: str


TASK = ""
"""Stands where others have the name of a node."""


class Namespace:
    """The globals of a generated module under readable, unique names.

    A name that is a local of any function of the module is never a global, and the other way round.

    Attributes:
        values: What the globals hold that is known without a task.
        supplied: What the others will hold.
        about: What a global is, in a line, in order of first use.
    """

    __slots__ = ("_functions", "_locals", "_made", "about", "supplied", "values")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.supplied: dict[str, Supplied] = {}
        self.about: dict[str, str] = {}
        self._made: dict[Hashable, Any] = {}
        self._functions: set[str] = set()
        self._locals: set[str] = set()

    def add(self, hint: str, value: Any, about: str | None = None) -> str:
        """Return the name of a value: like ``hint``, the same as before for the same value.

        Without ``about`` the first line of the value's documentation describes it.
        """
        name = unique(
            identifier(hint),
            lambda name: self._taken(name) and not _same(self.values.get(name), value),
        )
        self.values[name] = value
        self.about.setdefault(name, about or (value.__doc__ or "").split("\n")[0].rstrip("."))
        return name

    def make(self, hint: str, of: Hashable, make: Callable[[], Any], about: str) -> str:
        """Return the name of a value that is made of something, once."""
        key = hint, of
        if key not in self._made:
            self._made[key] = make()
        return self.add(hint, self._made[key], about)

    def supply(self, hint: str, supplied: Supplied, about: str) -> str:
        """Return the name of what a task supplies."""
        name = unique(
            identifier(hint),
            lambda name: self._taken(name) and self.supplied.get(name) != supplied,
        )
        self.supplied[name] = supplied
        self.about.setdefault(name, about)
        return name

    def function(self, hint: str) -> str:
        """Return a name for a function that the module itself defines."""
        name = unique(identifier(hint), self._taken)
        self._functions.add(name)
        return name

    def locals(self, *parameters: str) -> "Locals":
        """Return the locals of one function, which has the given parameters."""
        return Locals(self, parameters)

    def claim_local(self, name: str) -> bool:
        """Note that the name is a local somewhere; false when it is a global."""
        if self._is_global(name):
            return False
        self._locals.add(name)
        return True

    def _is_global(self, name: str) -> bool:
        return name in self.values or name in self.supplied or name in self._functions

    def _taken(self, name: str) -> bool:
        return self._is_global(name) or name in self._locals


class Locals:
    """The local names of one generated function."""

    __slots__ = ("_namespace", "_passing", "names")

    def __init__(self, namespace: Namespace, parameters: tuple[str, ...] = ()) -> None:
        self._namespace = namespace
        self._passing: dict[str, str] = {}
        self.names = {"error"}  # what an except clause binds, and unbinds
        for parameter in ("error", *parameters):
            claimed = namespace.claim_local(parameter)
            assert claimed, f"parameter {parameter} is a global"
            self.names.add(parameter)

    def new(self, hint: str) -> str:
        """Return a new local name like ``hint``, in lower case."""
        name = unique(
            identifier(identifier(hint).lower()),
            lambda name: name in self.names or not self._namespace.claim_local(name),
        )
        self.names.add(name)
        return name

    def passing(self, hint: str) -> str:
        """Return the local for values that are used by the next statements and then forgotten."""
        if hint not in self._passing:
            self._passing[hint] = self.new(hint)
        return self._passing[hint]


def identifier(hint: str) -> str:
    """Return an identifier that reads like the hint.

    >>> identifier("L.my column"), identifier("2nd"), identifier("class")
    ('L_my_column', '_2nd', 'class_')
    """
    name = re.sub(r"[^0-9A-Za-z_]+", "_", hint).strip("_") or "value"
    if name[0].isdigit():
        name = "_" + name
    return name + "_" if name in _RESERVED else name


def unique(name: str, taken: Callable[[str], bool]) -> str:
    """Return the name, or the first of ``name_2``, ``name_3``, … that is not taken."""
    candidate, number = name, 1
    while taken(candidate):
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _same(known: Any, value: Any) -> bool:
    """Tell whether two values are one: methods of an object are made anew at each look."""
    comparable = callable(value) or isinstance(value, str)
    return known is value or (comparable and type(known) is type(value) and known == value)
