"""Pieces of Python expression text that know how tightly they bind and whether they can be NULL."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

_CONSTANT = re.compile(r"-?\d[\d.]*(?:e[+-]?\d+)?|'[^']*'")
_NAME = re.compile(r"'[^']*'|\b\d[\d.]*(?:e[+-]?\d+)?|\b(?:None|True|False)\b|([A-Za-z_])")


class Level(IntEnum):
    """How tightly an expression binds; one of a lower level needs parentheses in a higher one."""

    LAMBDA = 0
    TERNARY = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARISON = 5
    SUM = 6
    PRODUCT = 7
    UNARY = 8
    ATOM = 9


@dataclass(frozen=True, slots=True)
class Fragment:
    """Expression text.

    Attributes:
        nullable: Whether the value may be ``None``.
        checks: Texts of which one is ``None`` when the value is, of a fragment that is ``value``
            otherwise: what uses it can check them together with its own.
        opposite: The negated condition, where it is as short.
    """

    text: str
    level: Level = Level.ATOM
    nullable: bool = False
    checks: tuple[str, ...] = ()
    value: "Fragment | None" = None
    opposite: "Fragment | None" = None

    def at(self, level: Level) -> str:
        """Return the text, in parentheses where an operand of that level is wanted."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def simple(self) -> bool:
        """Whether the text is a name or number: free to repeat."""
        return self.text.isidentifier() or self.text.lstrip("-").isdigit()

    @property
    def constant(self) -> bool:
        """Whether the text is a number or string."""
        return _CONSTANT.fullmatch(self.text) is not None

    @property
    def folds(self) -> bool:
        """Whether the text has no name in it: Python may make a constant of it."""
        return not any(found[1] for found in _NAME.finditer(self.text))


NULL = Fragment("None", nullable=True)

NewLocal = Callable[[str], str]
"""Makes a new local name like the hint."""


def bound(fragment: Fragment, new_local: NewLocal, hint: str = "x") -> tuple[str, Fragment]:
    """Return the text that evaluates the fragment where a name is wanted, and the name after it."""
    if fragment.simple:
        return fragment.text, Fragment(fragment.text)
    name = new_local(hint_of(fragment.text) or hint)
    return f"({name} := {fragment.text})", Fragment(name)


def perhaps_null(text: str, level: Level = Level.ATOM) -> Fragment:
    """Return a fragment of a text that may be anything: NULL too, unless it is a constant."""
    fragment = Fragment(text, level)
    return fragment if fragment.constant else Fragment(text, level, nullable=True)


def either(condition: str, opposite: str, negated: bool) -> Fragment:
    """Return a comparison that knows its opposite, or that if ``negated``."""
    if negated:
        condition, opposite = opposite, condition
    other = Fragment(opposite, Level.COMPARISON)
    return Fragment(condition, Level.COMPARISON, opposite=other)


def null_test(fragment: Fragment, negated: bool, new_local: NewLocal) -> Fragment:
    """Return whether the fragment is NULL, or is not.

    Python warns of a constant compared with ``None``: that is answered here, and what Python may
    fold into one is compared by a name.
    """
    if fragment.constant or fragment == NULL:
        return Fragment(str((fragment == NULL) != negated))
    text = f"({new_local('x')} := {fragment.text})" if fragment.folds else fragment.at(Level.SUM)
    return either(f"{text} is None", f"{text} is not None", negated)


def strict(
    operands: Sequence[Fragment],
    build: Callable[[list[Fragment]], Fragment],
    new_local: NewLocal,
) -> Fragment:
    """Return ``build(operands)`` behind NULL checks of the operands that need one."""
    if NULL in operands:
        return NULL
    named, values = _names(operands, new_local)
    result = build(values)
    if not named:
        return result
    checks = " or ".join(f"{text} is None" for text in named)
    text = f"None if {checks} else {result.at(Level.TERNARY)}"
    if result.nullable:
        return Fragment(text, Level.TERNARY, nullable=True)
    return Fragment(text, Level.TERNARY, True, tuple(named), result)


def checked(
    operands: Sequence[Fragment],
    build: Callable[[list[Fragment]], Fragment],
    new_local: NewLocal,
) -> Fragment:
    """Return the condition ``build(operands)``, false when an operand is NULL."""
    if NULL in operands:
        return Fragment("False")
    named, values = _names(operands, new_local)
    result = build(values)
    if not named:
        return result
    checks = [f"{text} is not None" for text in named]
    return Fragment(" and ".join([*checks, result.at(Level.NOT)]), Level.AND)


def _names(operands: Sequence[Fragment], new_local: NewLocal) -> tuple[list[str], list[Fragment]]:
    """Return the texts to be checked, and the operands with a name for each of those."""
    named: list[str] = []
    values: list[Fragment] = []
    for operand in operands:
        if not operand.nullable:
            values.append(operand)
            continue
        if operand.value is not None:
            checks, value = operand.checks, operand.value
        else:
            text, value = bound(operand, new_local)
            checks = (text,)
        named += [check for check in checks if check not in named]
        values.append(value)
    return named, values


def hint_of(text: str) -> str | None:
    """Return the last name of an attribute path, to name a local after it."""
    path = text.split(".")
    return path[-1] if len(path) > 1 and all(part.isidentifier() for part in path) else None
