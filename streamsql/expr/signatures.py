"""Signatures as data: the text that ``registry`` describes, parsed into patterns of types.

``"T[], (T) => BOOLEAN -> T[]"`` reads as two parameters, an array of any element type and a
lambda from that type to BOOLEAN, and a result. Parsing is lazy and cached, so that filling a
registry costs nothing.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from streamsql.types.sqltypes import (
    INTEGER,
    STRING,
    Array,
    Decimal,
    Field,
    Map,
    Primitive,
    SqlType,
    Struct,
)


@dataclass(frozen=True, slots=True)
class Exactly:
    """One type."""

    type: SqlType


@dataclass(frozen=True, slots=True)
class Variable:
    """Any type, the same wherever the letter appears in the signature."""

    name: str


@dataclass(frozen=True, slots=True)
class Family:
    """Any type of a family, each parameter on its own: ``DECIMAL``, ``NUMBER`` or ``ANY``."""

    name: str


@dataclass(frozen=True, slots=True)
class IntervalUnit:
    """The bare name of a unit of time, such as DAYS; the implementation gets it as a ``str``."""


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An array of what the inner pattern matches."""

    element: "Pattern"


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map of what the inner patterns match."""

    key: "Pattern"
    value: "Pattern"


@dataclass(frozen=True, slots=True)
class LambdaOf:
    """A lambda with parameters and a result of those types."""

    parameters: tuple["Pattern", ...]
    result: "Pattern"


Pattern = Exactly | Variable | Family | IntervalUnit | ArrayOf | MapOf | LambdaOf

DECIMAL: Final = Family("DECIMAL")
NUMBER: Final = Family("NUMBER")
ANY: Final = Family("ANY")


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters and result of one overload.

    Attributes:
        parameters: The patterns of the arguments, then of an aggregate's constants.
        constants: How many of the trailing ``parameters`` are constants.
        variadic: Index of the parameter that may repeat (or be left out), or ``None``.
        result: Pattern of the result.
    """

    parameters: tuple[Pattern, ...]
    constants: int
    variadic: int | None
    result: Pattern

    def spread(self, count: int) -> tuple[Pattern, ...] | None:
        """Return one pattern for each of ``count`` arguments, ``None`` when so many do not fit."""
        if self.variadic is None:
            return self.parameters if count == len(self.parameters) else None
        repeats = count - len(self.parameters) + 1
        if repeats < 0:
            return None
        head, tail = self.parameters[: self.variadic], self.parameters[self.variadic + 1 :]
        return head + self.parameters[self.variadic : self.variadic + 1] * repeats + tail

    def constants_of(self, count: int) -> int:
        """Return how many of ``count`` arguments are an aggregate's constants, at the end."""
        arguments = len(self.parameters) - self.constants
        if self.variadic is not None and self.variadic >= arguments:
            return count - arguments
        return self.constants


@cache
def parse_signature(text: str) -> Signature:
    """Parse the text of a signature.

    Raises:
        ValueError: The text is not a signature; the message says where.
    """
    return _Parser(text).signature()


_TOKEN = re.compile(r"\s*(\.\.\.|->|=>|\[\]|[A-Za-z_]\w*|`[^`]+`|\d+|[(){}:<>,;])")
_ALIASES = {"INT": INTEGER, "VARCHAR": STRING}
_FAMILIES = {family.name: family for family in (DECIMAL, NUMBER, ANY)}


class _Parser:
    """Recursive descent over the tokens of one signature."""

    __slots__ = ("_position", "_text", "_tokens")

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        self._position = 0
        offset, end = 0, len(text.rstrip())
        while offset < end:
            match = _TOKEN.match(text, offset)
            if match is None:
                raise ValueError(f'signature "{text}": unexpected text at offset {offset}')
            self._tokens.append(match.group(1))
            offset = match.end()

    def signature(self) -> Signature:
        """Parse the whole text."""
        arguments, variadic = self._parameters(stop=(";", "->"))
        constants: list[Pattern] = []
        if self._accept(";"):
            constants, repeated = self._parameters(stop=("->",))
            if repeated is not None:
                if variadic is not None:
                    raise self._wrong("one variadic parameter")
                variadic = len(arguments) + repeated
        self._expect("->")
        result = self._type()
        if self._peek():
            raise self._wrong("the end")
        return Signature((*arguments, *constants), len(constants), variadic, result)

    def _parameters(self, stop: tuple[str, ...]) -> tuple[list[Pattern], int | None]:
        """Parse a list up to one of the stop tokens, with the index of the variadic parameter."""
        patterns: list[Pattern] = []
        variadic: int | None = None
        while self._peek() not in stop:
            if patterns:
                self._expect(",")
            patterns.append(self._type())
            if self._accept("..."):
                if variadic is not None:
                    raise self._wrong("one variadic parameter")
                variadic = len(patterns) - 1
        return patterns, variadic

    def _type(self) -> Pattern:
        """Parse a type with its trailing ``[]``."""
        pattern = self._primary()
        while self._accept("[]"):
            pattern = _array(pattern)
        return pattern

    def _primary(self) -> Pattern:
        """Parse a type without trailing ``[]``."""
        if self._accept("("):
            parameters, _ = self._parameters(stop=(")",))
            self._expect(")")
            self._expect("=>")
            return LambdaOf(tuple(parameters), self._type())
        if self._accept("{"):
            key = self._type()
            self._expect(":")
            value = self._type()
            self._expect("}")
            return _map(key, value)
        return self._named()

    def _named(self) -> Pattern:
        """Parse a type that begins with a name."""
        name = self._next()
        if len(name) == 1 and name.isupper():
            return Variable(name)
        if name == "UNIT":
            return IntervalUnit()
        if name in _ALIASES:
            return Exactly(_ALIASES[name])
        if name in Primitive.__members__:
            return Exactly(Primitive[name])
        if name in _FAMILIES:
            return self._decimal() if name == "DECIMAL" else _FAMILIES[name]
        if name in ("ARRAY", "MAP", "STRUCT"):
            return self._parametrized(name)
        self._position -= 1
        raise self._wrong("a type")

    def _decimal(self) -> Pattern:
        """Parse the optional precision and scale after DECIMAL."""
        if not self._accept("("):
            return DECIMAL
        precision = int(self._next())
        self._expect(",")
        scale = int(self._next())
        self._expect(")")
        return Exactly(Decimal(precision, scale))

    def _parametrized(self, name: str) -> Pattern:
        """Parse what stands in angle brackets after ARRAY, MAP or STRUCT."""
        self._expect("<")
        if name == "STRUCT":
            return Exactly(self._struct())
        first = self._type()
        if name == "ARRAY":
            self._expect(">")
            return _array(first)
        self._expect(",")
        second = self._type()
        self._expect(">")
        return _map(first, second)

    def _struct(self) -> Struct:
        """Parse the fields of a struct, which cannot hold variables."""
        fields: list[Field] = []
        while not self._accept(">"):
            if fields:
                self._expect(",")
            name = self._next().strip("`")
            pattern = self._type()
            if not isinstance(pattern, Exactly):
                raise self._wrong("a field of one type")
            fields.append(Field(name, pattern.type))
        return Struct(tuple(fields))

    def _peek(self) -> str:
        """Return the next token, empty at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        """Consume the next token."""
        token = self._peek()
        if not token:
            raise self._wrong("more")
        self._position += 1
        return token

    def _accept(self, token: str) -> bool:
        """Consume the token if it is next."""
        if self._peek() != token:
            return False
        self._position += 1
        return True

    def _expect(self, token: str) -> None:
        """Consume the token, which must be next."""
        if not self._accept(token):
            raise self._wrong(f'"{token}"')

    def _wrong(self, expected: str) -> ValueError:
        """Describe what was expected instead of the next token."""
        found = self._peek() or "the end"
        return ValueError(f'signature "{self._text}": expected {expected} at "{found}"')


def _array(element: Pattern) -> Pattern:
    """Return the pattern of arrays, as one type when the element is one."""
    if isinstance(element, Exactly):
        return Exactly(Array(element.type))
    return ArrayOf(element)


def _map(key: Pattern, value: Pattern) -> Pattern:
    """Return the pattern of maps, as one type when key and value are."""
    if isinstance(key, Exactly) and isinstance(value, Exactly):
        return Exactly(Map(key.type, value.type))
    return MapOf(key, value)
