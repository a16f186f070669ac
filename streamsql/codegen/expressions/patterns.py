"""LIKE patterns: ``%`` any text, ``_`` one character, and the escape before either."""

import re
from collections.abc import Callable
from functools import lru_cache

from streamsql.errors import EvaluationError


def tokens(pattern: str, escape: str | None) -> list[tuple[bool, str]]:
    """Return the characters of a pattern, each with whether it is a wildcard."""
    result: list[tuple[bool, str]] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            literal = next(characters, None)
            if literal is None:
                raise EvaluationError(f'pattern "{pattern}" ends with its escape character')
            result.append((False, literal))
        else:
            result.append((character in "%_", character))
    return result


def literal_parts(pattern: str, escape: str | None) -> tuple[bool, str, bool] | None:
    """Return (leading %, plain text, trailing %) when the pattern has just that shape."""
    parts = tokens(pattern, escape)
    leading = bool(parts) and parts[0] == (True, "%")
    trailing = len(parts) > leading and parts[-1] == (True, "%")
    inner = parts[leading : len(parts) - trailing]
    if any(wildcard for wildcard, _ in inner):
        return None
    return leading, "".join(character for _, character in inner), trailing


@lru_cache(maxsize=1024)
def matcher(pattern: str, escape: str | None = None) -> Callable[[str], re.Match[str] | None]:
    """Return the match function of a pattern; it matches whole texts.

    >>> bool(matcher("f_o%")("fooled")), bool(matcher("!%", "!")("%")), bool(matcher("a%")("ba"))
    (True, True, False)
    """
    wildcards = {"%": ".*", "_": "."}
    text = "".join(
        wildcards[character] if wildcard else re.escape(character)
        for wildcard, character in tokens(pattern, escape)
    )
    return re.compile(text, re.DOTALL).fullmatch


def like(value: str, pattern: str, escape: str | None) -> bool:
    """Tell whether the value matches a pattern that is not known before."""
    return matcher(pattern, escape)(value) is not None
