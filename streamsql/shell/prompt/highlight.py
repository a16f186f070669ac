"""Statements in colour: from text to pieces with a style.

The styles are names; what they look like is the prompt's affair.
"""

from collections.abc import Iterator

from streamsql.shell.prompt.lexemes import LexemeKind, lexemes
from streamsql.sql.dialect.keywords import NONRESERVED, RESERVED
from streamsql.types.sqltypes import Primitive

_TYPES = frozenset(kind.value for kind in Primitive) | {"INT", "DECIMAL", "ARRAY", "MAP", "STRUCT"}


def highlight(text: str) -> Iterator[tuple[str, str]]:
    """Yield (style, piece) for the whole text, in order.

    >>> [piece for piece in highlight("SELECT n -- x") if piece[0]]
    [('keyword', 'SELECT'), ('comment', '-- x')]
    """
    parts = list(lexemes(text))
    for place, part in enumerate(parts):
        following = parts[place + 1].text if place + 1 < len(parts) else ""
        yield _style(part.kind, part.text, following), part.text


def _style(kind: LexemeKind, text: str, following: str) -> str:
    match kind:
        case LexemeKind.WORD:
            return _word_style(text.upper(), following)
        case LexemeKind.COMMENT | LexemeKind.STRING | LexemeKind.NUMBER | LexemeKind.VARIABLE:
            return str(kind.value)
        case LexemeKind.BLANK | LexemeKind.QUOTED | LexemeKind.SIGN:
            return ""


def _word_style(word: str, following: str) -> str:
    if word in RESERVED:
        return "keyword"
    if word in _TYPES:
        return "type"
    if following == "(":
        return "function"
    return "keyword" if word in NONRESERVED else ""
