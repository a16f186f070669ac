"""Making a date, a time and a zone of the parts that were read by a date pattern."""

from dataclasses import dataclass

from streamsql.errors import EvaluationError
from streamsql.expr.dates.patterns import MONTHS, WEEKDAYS, Part
from streamsql.expr.dates.temporal import DAY_MS, civil, days_of
from streamsql.expr.dates.zones import Zone, zone_of

Values = dict[str, tuple[Part, str]]
"""The part and the text that was read, by letter."""


@dataclass(slots=True)
class Reading:
    """What was read: days since 1970, milliseconds of the day, and the zone if there was one."""

    days: int
    milliseconds: int
    zone: Zone | None


def resolve_values(values: Values) -> Reading:
    """Return what the values mean; EvaluationError when there is no such date or time."""
    days = _read_date(values)
    milliseconds = _read_time(values)
    zone = next((zone_of(values[letter][1]) for letter in "XxZOVz" if letter in values), None)
    return Reading(days, milliseconds, zone)


def _number(values: Values, letters: str, default: int) -> int:
    """Return the number read for the first of the letters that was read."""
    for letter in letters:
        if letter in values:
            return int(values[letter][1])
    return default


def _read_date(values: Values) -> int:
    if not any(letter in values for letter in "yuMLdD"):
        return 0
    year = _read_year(values)
    if "D" in values:
        days = days_of(year, 1, 1) + int(values["D"][1]) - 1
        if civil(days)[0] != year:
            raise EvaluationError("the year has no such day")
        return days
    month, day = _read_month(values), _number(values, "d", 1)
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise EvaluationError("there is no such date")
    following = days_of(year + month // 12, month % 12 + 1, 1)
    days = min(days_of(year, month, day), following - 1)  # February 31 is its last day, as in Java
    weekday = values.get("E")
    if weekday and WEEKDAYS[(days + 3) % 7][:3].lower() != weekday[1][:3].lower():
        raise EvaluationError("the date is another day of the week")
    return days


def _read_year(values: Values) -> int:
    part, text = values.get("y") or values.get("u") or (Part("y", 4), "1970")
    year = int(text) + (2000 if part.count == 2 else 0)
    before_christ = "G" in values and values["G"][1].upper() == "BC"
    return 1 - year if before_christ and part.letter == "y" else year


def _read_month(values: Values) -> int:
    part, text = values.get("M") or values.get("L") or (Part("M", 2), "1")
    if part.count < 3:
        return int(text)
    prefixes = [name[:3].lower() for name in MONTHS]
    return prefixes.index(text[:3].lower()) + 1


def _read_time(values: Values) -> int:
    if "A" in values:
        return int(values["A"][1]) % DAY_MS
    minute, second = _number(values, "m", 0), _number(values, "s", 0)
    hour = _read_hour(values)
    if hour > 23 or minute > 59 or second > 59:
        raise EvaluationError("there is no such time of day")
    fraction = int(values["S"][1].ljust(3, "0")[:3]) if "S" in values else 0
    fraction += _number(values, "n", 0) // 1_000_000
    return ((hour * 60 + minute) * 60 + second) * 1000 + fraction


def _read_hour(values: Values) -> int:
    if "H" in values:
        return int(values["H"][1])
    if "k" in values:
        return int(values["k"][1]) % 24
    if "h" in values or "K" in values:
        hour = _number(values, "hK", 0)
        if hour > 12:
            raise EvaluationError("there is no such hour")
        afternoon = "a" in values and values["a"][1].upper() == "PM"
        return hour % 12 + (12 if afternoon else 0)
    return 0
