"""Variables: ``${name}`` stands for a name or a literal, or for text inside quotes.

Substitution works on text, before the statement is cut into tokens. A :class:`Substituted` text
knows where each of its characters was submitted, so that tokens keep their places.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from streamsql.errors import ParseError, Span
from streamsql.sql.dialect.keywords import RESERVED

_VARIABLE = r"(?P<escape>\$\$\{)|\$\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_@]*)\s*\}"
_QUOTE = r"(?P<quote>['`\"])"
_COMMENT = r"(?P<comment>--[^\r\n]*|/\*.*?\*/)"
_OUTSIDE = re.compile(f"{_COMMENT}|{_QUOTE}|{_VARIABLE}", re.DOTALL)
_INSIDE = re.compile(f"{_QUOTE}|{_VARIABLE}")
_VALUE = re.compile(
    r"""
      [A-Za-z_][A-Za-z0-9_@]*
    | `([^`]|``)+`
    | "([^"]|"")+"
    | '([^']|'')*'
    | -?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?
    """,
    re.VERBOSE,
)
_LITERAL_WORDS = frozenset({"TRUE", "FALSE", "NULL"})


@dataclass(frozen=True, slots=True)
class Substituted:
    """A statement with its variables replaced.

    Attributes:
        text: What is cut into tokens.
        portable: The same with escapes left in: reading it again without variables gives ``text``.
        starts: The offsets in ``text`` where a piece begins, ascending.
        origins: For each piece, the span of the submitted text it comes from.
        copied: For each piece, whether it is a copy, character by character.
    """

    text: str
    portable: str
    starts: tuple[int, ...]
    origins: tuple[Span, ...]
    copied: tuple[bool, ...]

    def origin(self, where: Span) -> Span:
        """Return where a stretch of ``text`` was submitted; all of a variable if it touches it."""
        return Span(
            self._place(where.start).start, self._place(max(where.start, where.end - 1)).end
        )

    def _place(self, offset: int) -> Span:
        """Return the origin of one character."""
        piece = bisect_right(self.starts, offset) - 1
        origin = self.origins[piece]
        if not self.copied[piece]:
            return origin
        start = origin.start + offset - self.starts[piece]
        return Span(start, start + 1)


def substitute(text: str, where: Span, variables: Mapping[str, str]) -> Substituted:
    """Replace the variables in a stretch of the text.

    Args:
        text: The whole submitted text.
        where: The statement in it.
        variables: Values by upper-cased name.

    Raises:
        ParseError: A variable is not defined, or its value cannot stand where it is used.
    """
    pieces = _Pieces()
    position = where.start
    quote = ""
    for match in _matches(text, where):
        found = match.groupdict()
        if found["quote"]:
            quote = _toggle(quote, found["quote"])
            continue
        origin = Span(match.start(), match.end())
        pieces.copy(text, Span(position, origin.start))
        position = origin.end
        if found["escape"]:
            pieces.replace("${", "$${", origin)
        else:
            value = _value(match["name"], variables, quote, origin)
            pieces.replace(value, value.replace("${", "$${"), origin)
    pieces.copy(text, Span(position, where.end))
    return pieces.finish()


def _matches(text: str, where: Span) -> Iterator[re.Match[str]]:
    """Yield the quote characters and variables; comments hide theirs, but not in quotes."""
    quote = ""
    position = where.start
    while match := (_INSIDE if quote else _OUTSIDE).search(text, position, where.end):
        position = match.end()
        if match["quote"]:
            quote = _toggle(quote, match["quote"])
        if quote or not match.groupdict().get("comment"):
            yield match


def _toggle(quote: str, character: str) -> str:
    """Return the open quote after a quote character; doubled ones close and open again."""
    if not quote:
        return character
    return "" if character == quote else quote


def _value(name: str, variables: Mapping[str, str], quote: str, where: Span) -> str:
    value = variables.get(name.upper())
    if value is None:
        raise ParseError(
            f'variable "{name}" is not defined',
            where,
            f"Write DEFINE {name} = '…' before, or $${{{name}}} for the text itself.",
        )
    if quote:
        return value.replace(quote, quote * 2)
    if not _VALUE.fullmatch(value) or value.upper() in RESERVED - _LITERAL_WORDS:
        raise ParseError(
            f'the value of variable "{name}" is neither a name nor a literal',
            where,
            "A variable stands for one name, number or string; '''text''' defines a string.",
        )
    return value


class _Pieces:
    """Collects the pieces of a substituted text."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._portable: list[str] = []
        self._starts: list[int] = []
        self._origins: list[Span] = []
        self._copied: list[bool] = []
        self._length = 0

    def copy(self, text: str, origin: Span) -> None:
        """Add a stretch of the submitted text as it is."""
        written = text[origin.start : origin.end]
        self._add(written, written, origin, copied=True)

    def replace(self, text: str, portable: str, origin: Span) -> None:
        """Add what stands in place of a stretch of the submitted text."""
        self._add(text, portable, origin, copied=False)

    def finish(self) -> Substituted:
        """Return the whole text."""
        return Substituted(
            "".join(self._text),
            "".join(self._portable),
            tuple(self._starts),
            tuple(self._origins),
            tuple(self._copied),
        )

    def _add(self, text: str, portable: str, origin: Span, *, copied: bool) -> None:
        if not text:
            return
        self._text.append(text)
        self._portable.append(portable)
        self._starts.append(self._length)
        self._origins.append(origin)
        self._copied.append(copied)
        self._length += len(text)
