r"""Java's regular expressions, by translation to Python's, and the REGEXP functions.

Both languages agree on most. What differs is rewritten: quoting ``\Q…\E``, named groups, POSIX
classes and some of Unicode's, hexadecimal characters, the anchors ``\z`` and ``\Z``. What Python
cannot express (classes within classes, ``\G``, ``\X``) is an error that says so. ``\d``, ``\w``
and ``\s`` mean ASCII, as in Java.
"""

import re
from functools import lru_cache
from typing import Final

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import strict
from streamsql.expr.registry import Function

_ASCII_CLASSES: Final = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": "\\x00-\\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": "!-/:-@\\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": " \\t",
    "Cntrl": "\\x00-\\x1f\\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": " \\t\\n\\x0b\\f\\r",
}
_LETTERS = "(?u:[^\\W\\d_])"
_WORDS: Final = {
    "L": _LETTERS,
    "IsAlphabetic": _LETTERS,
    "IsL": _LETTERS,
    "N": "(?u:\\d)",
    "Nd": "(?u:\\d)",
    "IsDigit": "(?u:\\d)",
    "IsWhite_Space": "(?u:\\s)",
}
_SIMPLE: Final = {
    "z": "\\Z",
    "Z": "(?=\\n?\\Z)",
    "R": "(?:\\r\\n|[\\n\\x0b\\f\\r\\x85\\u2028\\u2029])",
    "e": "\\x1b",
}
_CLASS_ONLY: Final = {"h": " \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000"}
_GROUP_NAME = re.compile(r"\(\?<([A-Za-z][A-Za-z0-9]*)>")
_PROPERTY = re.compile(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))")
_HEX = re.compile(r"\\x\{([0-9a-fA-F]+)\}")
_BACKREFERENCE = re.compile(r"\\k<(\w+)>")


class _Translator:
    """One pass over a Java pattern; ``output`` collects the Python pattern."""

    __slots__ = ("_in_class", "_pattern", "_position", "output")

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._in_class = False
        self.output: list[str] = []

    def run(self) -> str:
        """Return the Python pattern."""
        while self._position < len(self._pattern):
            character = self._pattern[self._position]
            if character == "\\":
                self._escape()
            elif self._in_class:
                self._class_character(character)
            else:
                self._plain(character)
        return "".join(self.output)

    def _put(self, text: str, consumed: int) -> None:
        self.output.append(text)
        self._position += consumed

    def _plain(self, character: str) -> None:
        name = _GROUP_NAME.match(self._pattern, self._position)
        if name is not None:
            self._put(f"(?P<{name[1]}>", len(name[0]))
        elif character == "[":
            self._in_class = True
            opening = re.match(r"\[\^?\]?", self._pattern[self._position :])
            assert opening is not None
            self._put(opening[0], len(opening[0]))
        else:
            self._put(character, 1)

    def _class_character(self, character: str) -> None:
        if character == "[":
            raise _unsupported(self._pattern, "a character class within a character class")
        if self._pattern.startswith("&&", self._position):
            raise _unsupported(self._pattern, "an intersection of character classes, &&")
        self._in_class = character != "]"
        self._put("\\" + character if character in "~|&" else character, 1)

    def _escape(self) -> None:
        for expression, replace in (
            (_PROPERTY, self._property),
            (_HEX, lambda found: re.escape(chr(int(found[1], 16)))),
            (_BACKREFERENCE, lambda found: f"(?P={found[1]})"),
        ):
            found = expression.match(self._pattern, self._position)
            if found is not None:
                self._put(replace(found), len(found[0]))
                return
        letter = self._pattern[self._position + 1 : self._position + 2]
        if letter == "Q":
            self._quoted()
        elif letter in _CLASS_ONLY and letter:
            members = _CLASS_ONLY[letter]
            self._put(members if self._in_class else f"[{members}]", 2)
        elif letter in ("G", "X") and not self._in_class:
            raise _unsupported(self._pattern, f"\\{letter}")
        else:
            self._put(_SIMPLE.get(letter, "\\" + letter), 2)

    def _quoted(self) -> None:
        end = self._pattern.find("\\E", self._position)
        end = len(self._pattern) if end < 0 else end
        text = self._pattern[self._position + 2 : end]
        self._put(re.escape(text), end + 2 - self._position)

    def _property(self, found: re.Match[str]) -> str:
        name = found[3] or found[4]
        negated = (found[1] == "P") != bool(found[2])
        if name in _ASCII_CLASSES:
            members = _ASCII_CLASSES[name]
            if not self._in_class:
                return f"[^{members}]" if negated else f"[{members}]"
            if not negated:
                return members
        elif name in _WORDS and not self._in_class:
            return f"(?!{_WORDS[name]})(?s:.)" if negated else _WORDS[name]
        raise _unsupported(self._pattern, f"{found[0]} here")


def _unsupported(pattern: str, what: str) -> EvaluationError:
    return EvaluationError(f'regular expression "{pattern}": {what} is not supported')


@lru_cache(maxsize=1024)
def java_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return the compiled translation of a Java regular expression.

    Raises:
        EvaluationError: It is wrong, or uses what Python has not.

    >>> java_pattern(r"\p{Alpha}+\Q.\E(?<n>\d)").sub("-", "ab.1 ab-1")
    '- ab-1'
    """
    try:
        return re.compile(_Translator(pattern).run(), re.ASCII)
    except re.error as error:
        raise EvaluationError(f'regular expression "{pattern}": {error}') from error


_REFERENCE = re.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}", re.DOTALL)


@lru_cache(maxsize=1024)
def _replacement(template: str) -> str:
    r"""Return Java's replacement text (``$1``, ``${name}``, ``\$``) as Python's."""
    pieces: list[str] = []
    position = 0
    for found in _REFERENCE.finditer(template):
        pieces.append(template[position : found.start()].replace("\\", "\\\\"))
        if found[1] is not None:
            pieces.append(found[1].replace("\\", "\\\\"))
        else:
            pieces.append(f"\\g<{found[2] or found[3]}>")
        position = found.end()
    pieces.append(template[position:].replace("\\", "\\\\"))
    return "".join(pieces)


def _extract(pattern: str, text: str, group: int = 0) -> str | None:
    found = java_pattern(pattern).search(text)
    if found is None or not 0 <= group <= found.re.groups:
        return None
    extracted: str | None = found[group]
    return extracted


def _extract_all(pattern: str, text: str, group: int = 0) -> list[str | None] | None:
    compiled = java_pattern(pattern)
    if not 0 <= group <= compiled.groups:
        return None
    return [found[group] for found in compiled.finditer(text)]


def _replace(text: str, pattern: str, replacement: str) -> str:
    try:
        return java_pattern(pattern).sub(_replacement(replacement), text)
    except (re.error, IndexError) as error:
        raise EvaluationError(f'replacement "{replacement}": {error}') from error


def _split(text: str, pattern: str) -> list[str]:
    """Return the parts between matches; an empty match splits only between characters."""
    parts: list[str] = []
    position = 0
    for found in java_pattern(pattern).finditer(text):
        if found.end() == found.start() and found.start() in (0, len(text)):
            continue
        parts.append(text[position : found.start()])
        position = found.end()
    parts.append(text[position:])
    return parts


FUNCTIONS: tuple[Function, ...] = (
    *strict(
        "REGEXP_EXTRACT",
        "The first part of a text that matches, or a group of it: REGEXP_EXTRACT(pattern, text).",
        {
            "STRING, STRING -> STRING": _extract,
            "STRING, STRING, INTEGER -> STRING": _extract,
        },
        checks=((0, java_pattern),),
    ),
    *strict(
        "REGEXP_EXTRACT_ALL",
        "All parts of a text that match, or a group of each.",
        {
            "STRING, STRING -> STRING[]": _extract_all,
            "STRING, STRING, INTEGER -> STRING[]": _extract_all,
        },
        checks=((0, java_pattern),),
    ),
    *strict(
        "REGEXP_REPLACE",
        "The text with every match replaced: REGEXP_REPLACE(text, pattern, replacement).",
        {"STRING, STRING, STRING -> STRING": _replace},
        checks=((1, java_pattern),),
    ),
    *strict(
        "REGEXP_SPLIT_TO_ARRAY",
        "The parts of a text between matches: REGEXP_SPLIT_TO_ARRAY(text, pattern).",
        {"STRING, STRING -> STRING[]": _split},
        checks=((1, java_pattern),),
    ),
)
