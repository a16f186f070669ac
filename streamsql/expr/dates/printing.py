"""Printing the parts of a date pattern."""

from dataclasses import dataclass

from streamsql.errors import EvaluationError
from streamsql.expr.dates.patterns import MONTHS, WEEKDAYS, Part
from streamsql.expr.dates.temporal import civil, days_of
from streamsql.expr.dates.zones import Zone, offset_text

_DATE_LETTERS = "GyuMLdDE"
_TIME_LETTERS = "aHkKhmsSAn"


@dataclass(frozen=True, slots=True)
class Moment:
    """What is printed: a date, a time of day, or both with a zone.

    Attributes:
        days: Days since 1970-01-01 on the wall calendar, ``None`` without a date.
        milliseconds: Milliseconds of the day on the wall clock, ``None`` without a time.
        zone: ``None`` for a date or a time alone.
        timestamp_ms: The point in time, when there is a zone.
    """

    days: int | None
    milliseconds: int | None
    zone: Zone | None = None
    timestamp_ms: int = 0


def part_text(part: Part, moment: Moment) -> str:
    """Return what a part prints."""
    if part.letter in _DATE_LETTERS:
        if moment.days is None:
            raise EvaluationError(f'pattern letter "{part.letter}" needs a date')
        return _date_text(part, moment.days)
    if part.letter in _TIME_LETTERS:
        if moment.milliseconds is None:
            raise EvaluationError(f'pattern letter "{part.letter}" needs a time')
        return _time_text(part, moment.milliseconds)
    if moment.zone is None:
        raise EvaluationError(f'pattern letter "{part.letter}" needs a time zone')
    return _zone_text(part, moment.zone, moment.timestamp_ms)


def _date_text(part: Part, days: int) -> str:
    letter, count = part.letter, part.count
    year, month, day = civil(days)
    if letter in "yu":
        shown = year if letter == "u" or year > 0 else 1 - year
        return f"{shown % 100:02d}" if count == 2 else _padded(shown, count)
    if letter in "ML" and count >= 3:
        return MONTHS[month - 1][: 3 if count == 3 else None]
    if letter == "E":
        return WEEKDAYS[(days + 3) % 7][: None if count == 4 else 3]
    if letter == "G":
        return "AD" if year > 0 else "BC"
    number = {"M": month, "L": month, "d": day, "D": days - days_of(year, 1, 1) + 1}[letter]
    return f"{number:0{count}d}"


def _padded(year: int, count: int) -> str:
    """Return the year; with four letters a plus sign tells five digits from four."""
    sign = "-" if year < 0 else "+" if count >= 4 and year >= 10**count else ""
    return f"{sign}{abs(year):0{count}d}"


def _time_text(part: Part, milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    if part.letter == "a":
        return "PM" if hour >= 12 else "AM"
    if part.letter == "S":
        return f"{fraction:03d}".ljust(part.count, "0")[: part.count]
    number = {
        "H": hour,
        "k": hour or 24,
        "K": hour % 12,
        "h": hour % 12 or 12,
        "m": minute,
        "s": second,
        "A": milliseconds,
        "n": fraction * 1_000_000,
    }[part.letter]
    return f"{number:0{part.count}d}"


def _zone_text(part: Part, zone: Zone, timestamp_ms: int) -> str:
    letter, count = part.letter, part.count
    if letter == "V":
        return zone.name
    if letter == "z":
        return zone.abbreviation(timestamp_ms)
    offset = zone.offset_at(timestamp_ms)
    if offset == 0 and (letter == "X" or (letter, count) == ("Z", 5)):
        return "Z"
    if letter == "O" or (letter, count) == ("Z", 4):
        return _gmt_text(offset, short=letter == "O" and count == 1)
    if letter == "Z":
        return offset_text(offset, ":" if count == 5 else "")
    text = offset_text(offset, ":" if count in (3, 5) else "", seconds=count > 3)
    return text[:3] if count == 1 and text.endswith("00") else text


def _gmt_text(offset: int, *, short: bool) -> str:
    if offset == 0:
        return "GMT"
    text = offset_text(offset, ":")
    if short:
        text = text[0] + text[1:].lstrip("0") if not text.startswith(("+00", "-00")) else text
        text = text.removesuffix(":00")
    return "GMT" + text
