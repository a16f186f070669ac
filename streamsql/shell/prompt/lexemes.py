"""Text as somebody types it, cut into lexemes: also when it is unfinished or wrong.

The dialect's tokenizer raises at what is not a sentence; highlighting and completion need the parts
of a text whose end is not written yet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class LexemeKind(Enum):
    """What a lexeme is."""

    BLANK = "blank"
    COMMENT = "comment"
    STRING = "string"
    QUOTED = "quoted"
    """A name in quotes."""

    VARIABLE = "variable"
    NUMBER = "number"
    WORD = "word"
    """A keyword or a name."""

    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A stretch of text.

    Attributes:
        closed: Whether the quote or comment that it begins with ends as well.
    """

    kind: LexemeKind
    text: str
    start: int
    closed: bool = True

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)


_LEXEME = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<comment>--[^\r\n]*|/\*.*?(?:\*/|\Z))
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<quoted>`(?:[^`]|``)*(?:`|\Z)|"(?:[^"]|"")*(?:"|\Z))
    | (?P<variable>\$\{[^}]*(?:\}|\Z))
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z_]))
    | (?P<word>[A-Za-z0-9_][A-Za-z0-9_@]*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def lexemes(text: str) -> Iterator[Lexeme]:
    """Yield the lexemes of the text, which cover all of it in order."""
    for match in _LEXEME.finditer(text):
        kind = LexemeKind(match.lastgroup)
        yield Lexeme(kind, match[0], match.start(), _is_closed(kind, match[0]))


def last_statement(parts: list[Lexeme]) -> list[Lexeme]:
    """Return the lexemes behind the last semicolon, without blanks and comments."""
    statement: list[Lexeme] = []
    for part in parts:
        if part.kind is LexemeKind.SIGN and part.text == ";":
            statement = []
        elif part.kind not in {LexemeKind.BLANK, LexemeKind.COMMENT}:
            statement.append(part)
    return statement


def _is_closed(kind: LexemeKind, text: str) -> bool:
    match kind:
        case LexemeKind.STRING | LexemeKind.QUOTED:
            # Doubled quotes stand for one: only an even number of them closes.
            return text.count(text[0]) % 2 == 0
        case LexemeKind.COMMENT:
            # A line comment goes on as long as the line does.
            return text.startswith("/*") and text.endswith("*/") and len(text) >= 4
        case LexemeKind.VARIABLE:
            return text.endswith("}")
        case _:
            return True
