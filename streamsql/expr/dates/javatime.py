"""Java's DateTimeFormatter patterns: what they print, and how they read.

Letters: ``y u`` year, ``M L`` month, ``d`` day, ``D`` day of the year, ``E`` day of the week, ``a``
AM or PM, ``H k`` hour of the day, ``h K`` hour of the half day, ``m s S A n`` minute, second,
fraction, millisecond of the day, nanosecond, ``X x Z O`` offset, ``z`` short zone name, ``VV``
zone, ``G`` era; text in single quotes, optional parts in brackets. Names are English; reading
ignores case.
"""

import re
from functools import lru_cache

from streamsql.errors import EvaluationError
from streamsql.expr.dates.patterns import (
    Element,
    Part,
    Section,
    Text,
    elements_of,
    expression_of,
    parts_of,
)
from streamsql.expr.dates.printing import Moment, part_text
from streamsql.expr.dates.reading import Reading, resolve_values
from streamsql.expr.dates.temporal import DAY_MS
from streamsql.expr.dates.zones import UTC_ZONE, zone_of


class DateTimePattern:
    """A pattern, ready to print and to read."""

    __slots__ = ("_elements", "_expression", "_parts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._elements = elements_of(text)
        self._parts = parts_of(self._elements)
        expression = expression_of(self._elements, lenient=False)
        self._expression = re.compile(expression, re.IGNORECASE)

    def format(self, moment: Moment) -> str:
        """Print the moment; EvaluationError when the pattern needs what it has not."""
        return "".join(self._print(self._elements, moment))

    def parse(self, text: str, *, lenient: bool = False) -> Reading:
        """Read the text; what the pattern leaves out is that of 1970-01-01 00:00.

        A lenient reading, as that of Java's SimpleDateFormat, takes numbers of fewer digits, and
        ignores what follows.
        """
        if lenient:
            expression = expression_of(self._elements, lenient=True)
            found = re.compile(expression, re.IGNORECASE).match(text)
        else:
            found = self._expression.fullmatch(text)
        if found is None:
            raise EvaluationError(f'text "{text}" does not fit the pattern "{self._text}"')
        values = {
            part.letter: (part, value)
            for part, value in zip(self._parts, found.groups(), strict=True)
            if value is not None
        }
        try:
            return resolve_values(values)
        except EvaluationError as error:
            raise EvaluationError(f'text "{text}": {error}') from error

    def _print(self, elements: tuple[Element, ...], moment: Moment) -> list[str]:
        texts: list[str] = []
        for element in elements:
            match element:
                case Text(text):
                    texts.append(text)
                case Part():
                    texts.append(part_text(element, moment))
                case Section(inner):
                    try:
                        texts += self._print(inner, moment)
                    except EvaluationError:
                        continue  # an optional part that the value has not
        return texts


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> DateTimePattern:
    """Return the pattern; EvaluationError when it has unknown letters or unclosed quotes."""
    return DateTimePattern(text)


def format_timestamp(timestamp_ms: int, pattern: str, zone: str = "UTC") -> str:
    """Print a timestamp in a zone.

    >>> format_timestamp(1526075913000, "yyyy-MM-dd HH:mm:ss zzz", "America/Los_Angeles")
    '2018-05-11 14:58:33 PDT'
    """
    known = UTC_ZONE if zone == "UTC" else zone_of(zone)
    days, milliseconds = divmod(timestamp_ms + known.offset_at(timestamp_ms), DAY_MS)
    return compile_pattern(pattern).format(Moment(days, milliseconds, known, timestamp_ms))


def parse_timestamp(text: str, pattern: str, zone: str = "UTC") -> int:
    """Read a timestamp; the zone is used when the text has none.

    >>> parse_timestamp("2018-05-11T21:58:33+0200", "yyyy-MM-dd'T'HH:mm:ssX")
    1526068713000
    """
    reading = compile_pattern(pattern).parse(text)
    known = reading.zone or zone_of(zone)
    return known.to_utc(reading.days * DAY_MS + reading.milliseconds)


def format_date(days: int, pattern: str) -> str:
    """Print a date.

    >>> format_date(18993, "dd-MMM-yyyy")
    '01-Jan-2022'
    """
    return compile_pattern(pattern).format(Moment(days, None))


def parse_date(text: str, pattern: str) -> int:
    """Read a date, in days since 1970-01-01."""
    return compile_pattern(pattern).parse(text).days


def parse_date_leniently(text: str, pattern: str) -> int:
    """Read a date at the start of a text, in days since 1970-01-01.

    >>> parse_date_leniently("1970-1-3 and more", "yyyy-MM-dd")
    2
    """
    return compile_pattern(pattern).parse(text, lenient=True).days


def format_time(milliseconds: int, pattern: str) -> str:
    """Print a time of day."""
    return compile_pattern(pattern).format(Moment(None, milliseconds))


def parse_time(text: str, pattern: str) -> int:
    """Read a time of day, in milliseconds."""
    return compile_pattern(pattern).parse(text).milliseconds
