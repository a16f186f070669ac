"""Names of generated source: globals with their values, and locals that do not hide them."""

import builtins
import keyword
import re
import sys
from typing import Any

_RESERVED = frozenset(keyword.kwlist) | frozenset(dir(builtins))


class Namespace:
    """Collects the globals of a generated module under readable, unique names.

    A name that is a local of any function of the module is never a global, and the other way round.
    """

    __slots__ = ("_by_identity", "_locals", "values")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._by_identity: dict[int, str] = {}
        self._locals: set[str] = set()

    def add(self, hint: str, value: Any) -> str:
        """Return the name of the value, a new one like ``hint`` when it has none yet."""
        if type(value) is str:
            value = sys.intern(value)
        known = self._by_identity.get(id(value))
        if known is not None:
            return known
        name = unique(identifier(hint), self._taken)
        self.values[name] = value
        self._by_identity[id(value)] = name
        return name

    def function(self, hint: str) -> str:
        """Return a name for a function that the module itself defines."""
        name = unique(identifier(hint), self._taken)
        self.values[name] = None
        return name

    def locals(self, *parameters: str) -> "Locals":
        """Return the locals of one function, which has the given parameters."""
        return Locals(self, parameters)

    def claim_local(self, name: str) -> bool:
        """Note that the name is a local somewhere; false when it is a global."""
        if name in self.values:
            return False
        self._locals.add(name)
        return True

    def _taken(self, name: str) -> bool:
        return name in self.values or name in self._locals


class Locals:
    """The local names of one generated function."""

    __slots__ = ("_namespace", "names")

    def __init__(self, namespace: Namespace, parameters: tuple[str, ...] = ()) -> None:
        self._namespace = namespace
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


def identifier(hint: str) -> str:
    """Return an identifier that reads like the hint.

    >>> identifier("L.my column"), identifier("2nd"), identifier("class")
    ('L_my_column', '_2nd', 'class_')
    """
    name = re.sub(r"[^0-9A-Za-z_]+", "_", hint).strip("_") or "value"
    if name[0].isdigit():
        name = "_" + name
    return name + "_" if name in _RESERVED else name


def unique(name: str, taken: Any) -> str:
    """Return the name, or the first of ``name_2``, ``name_3``, … that is not taken."""
    candidate, number = name, 1
    while taken(candidate):
        number += 1
        candidate = f"{name}_{number}"
    return candidate
