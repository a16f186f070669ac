"""The syntax of Java's date patterns: letters, quoted text, optional sections."""

import re
from dataclasses import dataclass
from typing import Final

from streamsql.errors import EvaluationError

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)

_LETTERS = "GyuMLdDEaHkKhmsSAnXxZOzV"
_NUMBERS = "dDHkKhmsAn"


@dataclass(frozen=True, slots=True)
class Text:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A letter of the pattern, repeated ``count`` times."""

    letter: str
    count: int


@dataclass(frozen=True, slots=True)
class Section:
    """What stands in brackets: may be missing in a text that is read."""

    elements: tuple["Element", ...]


Element = Text | Part | Section


def elements_of(pattern: str) -> tuple[Element, ...]:
    """Return the elements; EvaluationError for unknown letters and unclosed quotes or brackets."""
    return _Compiler(pattern).elements()


class _Compiler:
    """Splits a pattern into elements."""

    __slots__ = ("_position", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def elements(self, *, inside: bool = False) -> tuple[Element, ...]:
        """Return the elements up to the end, or to the bracket that closes a section."""
        found: list[Element] = []
        while self._position < len(self._text):
            character = self._text[self._position]
            if character == "]" and inside:
                return tuple(found)
            found.append(self._element(character))
        if inside:
            raise self._wrong('a "[" without "]"')
        return tuple(found)

    def _element(self, character: str) -> Element:
        if character == "[":
            self._position += 1
            section = Section(self.elements(inside=True))
            self._position += 1
            return section
        if character == "'":
            return self._quoted()
        if character in "]{}#":
            raise self._wrong(f'"{character}", which must be quoted')
        end = self._position
        while end < len(self._text) and self._text[end] == character:
            end += 1
        count = end - self._position
        if not (character.isascii() and character.isalpha()):
            self._position += 1
            return Text(character)
        self._position = end
        return self._part(character, count)

    def _part(self, letter: str, count: int) -> Part:
        supported = letter in _LETTERS and not (
            letter in "MLEz" and count > (3 if letter == "z" else 4)
        )
        if not supported or (letter == "V" and count != 2):
            raise self._wrong(f'"{letter * count}", which is not supported')
        return Part(letter, count)

    def _quoted(self) -> Text:
        if self._text.startswith("''", self._position):
            self._position += 2
            return Text("'")
        end = self._position + 1
        while True:
            end = self._text.find("'", end)
            if end < 0:
                raise self._wrong("a quote that is not closed")
            if not self._text.startswith("''", end):
                break
            end += 2
        text = self._text[self._position + 1 : end].replace("''", "'")
        self._position = end + 1
        return Text(text)

    def _wrong(self, what: str) -> EvaluationError:
        return EvaluationError(f'date pattern "{self._text}" has {what}')


def parts_of(elements: tuple[Element, ...]) -> list[Part]:
    """Return the letters in order, those of optional sections included."""
    parts: list[Part] = []
    for element in elements:
        if isinstance(element, Section):
            parts += parts_of(element.elements)
        elif isinstance(element, Part):
            parts.append(element)
    return parts


def expression_of(elements: tuple[Element, ...], *, lenient: bool) -> str:
    """Return the regular expression, with a group for each part.

    A lenient one takes numbers of fewer digits where something else than a number follows.
    """
    texts: list[str] = []
    for element, follower in zip(elements, (*elements[1:], None), strict=True):
        match element:
            case Text(text):
                texts.append(re.escape(text))
            case Part():
                free = lenient and not isinstance(follower, Part)
                texts.append(f"({_free_expression(element) if free else _expression(element)})")
            case Section(inner):
                texts.append(f"(?:{expression_of(inner, lenient=lenient)})?")
    return "".join(texts)


def _free_expression(part: Part) -> str:
    if part.letter in "yu" and part.count != 2:
        return r"[+-]?\d{1,9}"
    if part.letter in "MLdHkKhms" and part.count <= 2:
        return r"\d{1,2}"
    return _expression(part)


def _expression(part: Part) -> str:
    """Return the regular expression of what a part reads."""
    letter, count = part.letter, part.count
    if letter in "yu":
        return r"\d{2}" if count == 2 else rf"[+-]?\d{{{count},9}}"
    if letter in "ML" and count >= 3:
        return "|".join(name[:3] if count == 3 else name for name in MONTHS)
    if letter in "MLdHkKhms":
        return r"\d{1,2}" if count == 1 else r"\d{2}"
    if letter in _NUMBERS:
        return rf"\d{{{count},9}}"
    if letter == "S":
        return rf"\d{{{count}}}"
    return _word_expression(letter, count)


def _word_expression(letter: str, count: int) -> str:
    if letter == "E":
        return "|".join(name if count == 4 else name[:3] for name in WEEKDAYS)
    if letter == "a":
        return "AM|PM"
    if letter == "G":
        return "AD|BC"
    if letter in "XxZ":
        return _offset_expression(letter, count)
    if letter == "O":
        return r"GMT(?:[+-]\d{1,2}(?::\d{2})?)?"
    return r"[A-Za-z][A-Za-z0-9~/._+:-]*|[+-]\d{2}:?\d{2}"


def _offset_expression(letter: str, count: int) -> str:
    utc = "Z|" if letter == "X" or (letter == "Z" and count == 5) else ""
    if letter == "Z" and count == 4:
        return r"GMT(?:[+-]\d{2}:\d{2})?"
    if letter == "Z":
        return utc + (r"[+-]\d{2}:\d{2}" if count == 5 else r"[+-]\d{4}")
    forms = {1: r"[+-]\d{2}(?:\d{2})?", 2: r"[+-]\d{4}", 3: r"[+-]\d{2}:\d{2}"}
    return utc + forms.get(count, r"[+-]\d{2}:?\d{2}(?::?\d{2})?")
