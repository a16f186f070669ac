"""Text: case, cutting, searching, padding, splitting, joining.

Positions count characters (code points) from 1, negative ones from the end.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import null_aware, strict
from streamsql.expr.registry import Function, ScalarFunction

_BLANKS = "".join(map(chr, range(0x21)))
"""What TRIM removes, as in Java: every character up to the space."""

_ESCAPED = re.compile(r"(?:\\u+[0-9a-fA-F]{4}){1,2}")


def _start(length: int, position: int) -> int:
    """Return the index of a position, within 0 and the length."""
    return max(length + position, 0) if position < 0 else min(max(position - 1, 0), length)


def substring(text: Any, position: int, length: int | None = None) -> Any:
    """Return the part of a text or bytes from a position, of at most ``length`` characters."""
    start = _start(len(text), position)
    return text[start:] if length is None else text[start : start + max(length, 0)]


def find(text: str, wanted: str, position: int = 1, occurrence: int = 1) -> int:
    """Return the position of the n-th occurrence, 0 when there is none.

    A negative position searches backwards from that far before the end.
    """
    if position == 0 or occurrence < 1:
        return 0
    if position < 0:
        return _find_backwards(text, wanted, len(text) + position, occurrence)
    index = position - 2
    for _ in range(occurrence):
        index = text.find(wanted, index + 1)
        if index < 0:
            return 0
    return index + 1


def _find_backwards(text: str, wanted: str, last: int, occurrence: int) -> int:
    """Return the position of the n-th occurrence that starts at index ``last`` or before."""
    index = last + 1
    for _ in range(occurrence):
        if index <= 0:
            return 0
        index = text.rfind(wanted, 0, index - 1 + len(wanted))
        if index < 0:
            return 0
    return index + 1


def _padding(text: Any, length: int, pad: Any) -> Any:
    """Return what is missing to ``length``."""
    if length < 0 or not pad:
        raise EvaluationError("padding needs a length of at least 0 and something to pad with")
    missing = max(length - len(text), 0)
    return (pad * (missing // len(pad) + 1))[:missing]


def pad_left(text: Any, length: int, pad: Any) -> Any:
    """Return the text or bytes cut or filled up in front to the length."""
    return _padding(text, length, pad) + text[: max(length, 0)]


def pad_right(text: Any, length: int, pad: Any) -> Any:
    """Return the text or bytes cut or filled up behind to the length."""
    return text[: max(length, 0)] + _padding(text, length, pad)


def split(text: Any, delimiter: Any) -> list[Any]:
    """Return the parts between delimiters; an empty delimiter gives single characters."""
    if delimiter:
        parts: list[Any] = text.split(delimiter)
        return parts
    return [text[index : index + 1] for index in range(len(text))] or [text]


def _split_to_map(text: str, entry_delimiter: str, value_delimiter: str) -> dict[str, str] | None:
    if not entry_delimiter or not value_delimiter:
        return None
    entries = (entry.split(value_delimiter) for entry in text.split(entry_delimiter))
    return {parts[0]: parts[1] for parts in entries if len(parts) > 1}


def _character(code: int) -> str:
    if not 0 <= code <= 0x10FFFF:
        raise EvaluationError(f"there is no character with the code {code}")
    return chr(code)


def _escaped_character(text: str) -> str:
    if _ESCAPED.fullmatch(text) is None:
        raise EvaluationError(f'text "{text}" is not a character code like "\\u004b"')
    codes = [int(code.lstrip("u"), 16) for code in text.split("\\")[1:]]
    units = b"".join(code.to_bytes(2, "big") for code in codes)
    return units.decode("utf-16-be", "replace")


def _concatenate(*parts: str | None) -> str:
    return "".join([part for part in parts if part is not None])


def _concatenate_bytes(*parts: bytes | None) -> bytes:
    return b"".join([part for part in parts if part is not None])


def _join(separator: Any, *parts: Any) -> Any:
    if separator is None:
        return None
    return separator.join([part for part in parts if part is not None])


def _element(position: int | None, *texts: str | None) -> str | None:
    if position is None or not 1 <= position <= len(texts):
        return None
    return texts[position - 1]


def _field(wanted: str | None, *texts: str | None) -> int:
    if wanted is None or wanted not in texts:
        return 0
    return texts.index(wanted) + 1


def _capitals(text: str) -> str:
    return re.sub(r"\S+", lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def _repeat(text: str, times: int) -> str:
    if len(text) * times > 1 << 24:
        raise EvaluationError("the repeated text is longer than 16 million characters")
    return text * times


def _same_for(
    names: Sequence[str], text: str, implementation: Callable[[Any], Any], inline: str
) -> tuple[Function, ...]:
    """Return a function from STRING to STRING under all its names."""
    return tuple(
        ScalarFunction(name, "STRING -> STRING", implementation, inline=inline, description=text)
        for name in names
    )


_LENGTH = "The number of characters or bytes."
_SUBSTRING = "The part from a position (1 is the first, -1 the last) of at most so many characters."

FUNCTIONS: tuple[Function, ...] = (
    *_same_for(("UCASE", "UPPER"), "The text in upper case.", str.upper, "{0}.upper()"),
    *_same_for(("LCASE", "LOWER"), "The text in lower case.", str.lower, "{0}.lower()"),
    *_same_for(
        ("TRIM",),
        "The text without white space at both ends.",
        lambda text: text.strip(_BLANKS),
        f"{{0}}.strip({_BLANKS!r})",
    ),
    *_same_for(
        ("LTRIM",),
        "The text without white space in front.",
        lambda text: text.lstrip(_BLANKS),
        f"{{0}}.lstrip({_BLANKS!r})",
    ),
    *_same_for(
        ("RTRIM",),
        "The text without white space at the end.",
        lambda text: text.rstrip(_BLANKS),
        f"{{0}}.rstrip({_BLANKS!r})",
    ),
    *_same_for(("REVERSE",), "The characters backwards.", lambda text: text[::-1], "{0}[::-1]"),
    *(
        ScalarFunction(name, f"{known} -> INTEGER", len, inline="len({0})", description=_LENGTH)
        for name in ("LEN", "LENGTH", "CHAR_LENGTH")
        for known in ("STRING", "BYTES")
    ),
    *strict(
        "INITCAP",
        "The text with each word in lower case but for its first letter.",
        {"STRING -> STRING": _capitals},
    ),
    *(
        ScalarFunction(name, f"{known}, {rest} -> {known}", substring, description=_SUBSTRING)
        for name in ("SUBSTRING", "SUBSTR")
        for known in ("STRING", "BYTES")
        for rest in ("INTEGER", "INTEGER, INTEGER")
    ),
    *strict(
        "LEFT",
        "The first characters, so many.",
        {"STRING, INTEGER -> STRING": lambda text, length: text[: max(length, 0)]},
    ),
    *strict(
        "RIGHT",
        "The last characters, so many.",
        {"STRING, INTEGER -> STRING": lambda text, length: text[-length:] if length > 0 else ""},
    ),
    ScalarFunction(
        "REPLACE",
        "STRING, STRING, STRING -> STRING",
        str.replace,
        inline="{0}.replace({1}, {2})",
        description="The first text with every second text replaced by the third.",
    ),
    *strict(
        "INSTR",
        "The position of a text in another, from a position, the n-th; 0 when it is not there.",
        {
            "STRING, STRING -> INTEGER": find,
            "STRING, STRING, INTEGER -> INTEGER": find,
            "STRING, STRING, INTEGER, INTEGER -> INTEGER": find,
        },
    ),
    *strict(
        "POSITION",
        "The position of the first text in the second, 0 when it is not there.",
        {"STRING, STRING -> INTEGER": lambda wanted, text: text.find(wanted) + 1},
    ),
    ScalarFunction(
        "STARTS_WITH",
        "STRING, STRING -> BOOLEAN",
        str.startswith,
        inline="{0}.startswith({1})",
        description="Whether the first text begins with the second.",
    ),
    ScalarFunction(
        "ENDS_WITH",
        "STRING, STRING -> BOOLEAN",
        str.endswith,
        inline="{0}.endswith({1})",
        description="Whether the first text ends with the second.",
    ),
    *strict("REPEAT", "The text so many times.", {"STRING, INTEGER -> STRING": _repeat}),
    *(
        ScalarFunction(name, f"{known}, INTEGER, {known} -> {known}", pad, description=text)
        for name, pad, text in (
            ("LPAD", pad_left, "The text cut or filled up in front to a length."),
            ("RPAD", pad_right, "The text cut or filled up behind to a length."),
        )
        for known in ("STRING", "BYTES")
    ),
    *strict(
        "SPLIT",
        "The parts between delimiters; single characters for an empty delimiter.",
        {"STRING, STRING -> STRING[]": split, "BYTES, BYTES -> BYTES[]": split},
    ),
    *strict(
        "SPLIT_TO_MAP",
        "The map in a text like 'a=1;b=2': SPLIT_TO_MAP(text, ';', '='); the last of a key wins.",
        {"STRING, STRING, STRING -> {STRING:STRING}": _split_to_map},
    ),
    *strict(
        "CHR",
        "The character with a code, a number or a text like '\\u004b'.",
        {"INTEGER -> STRING": _character, "STRING -> STRING": _escaped_character},
    ),
    ScalarFunction(
        "CONCAT",
        "STRING, STRING -> STRING",
        _concatenate,
        strict=False,
        inline="({0} or '') + ({1} or '')",
        description="The texts one after the other; NULL counts as empty.",
    ),
    *null_aware(
        "CONCAT",
        "The texts or bytes one after the other; NULL counts as empty.",
        {
            "STRING, STRING... -> STRING": _concatenate,
            "BYTES, BYTES... -> BYTES": _concatenate_bytes,
        },
    ),
    *null_aware(
        "CONCAT_WS",
        "The second and further arguments with the first between them; NULL is left out.",
        {
            "STRING, STRING, STRING... -> STRING": _join,
            "BYTES, BYTES, BYTES... -> BYTES": _join,
        },
    ),
    *null_aware(
        "ELT",
        "The n-th of the texts, NULL when there are fewer: ELT(n, text, …).",
        {"INTEGER, STRING... -> STRING": _element},
    ),
    *null_aware(
        "FIELD",
        "The position of the first text among the others, 0 when it is not there.",
        {"STRING, STRING... -> INTEGER": _field},
    ),
)
