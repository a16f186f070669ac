"""DATE, TIME and TIMESTAMP as ISO 8601 text, and as each other.

Texts may leave out parts from the right (``2020``, ``2020-01``, ``2020-01-01T10``): a date is
filled with ones, a time with zeros. A zone (``Z``, ``+01:00``, ``+0100``) is optional; without one
it is UTC.
"""

import re

from streamsql.errors import EvaluationError

DAY_MS = 86_400_000

_DATE = r"(?P<year>[+-]?\d{4,9})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
_SECOND = r"(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d{1,9}))?)?"
_TIME = rf"(?P<hour>\d{{1,2}})(?::(?P<minute>\d{{1,2}}){_SECOND})?"
_ZONE = r"(?P<zone>Z|z|[+-]\d{2}(?::?\d{2})?)?"
_DATE_PATTERN = re.compile(_DATE, re.ASCII)
_TIME_PATTERN = re.compile(_TIME, re.ASCII)
_TIMESTAMP_PATTERN = re.compile(rf"{_DATE}(?:[T ](?:{_TIME})?)?{_ZONE}", re.ASCII)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def date_text(days: int) -> str:
    """Return the date.

    >>> date_text(0), date_text(-719529)
    ('1970-01-01', '-0001-12-31')
    """
    year, month, day = civil(days)
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04d}-{month:02d}-{day:02d}"


def time_text(milliseconds: int) -> str:
    """Return the time of the day, with milliseconds when there are any.

    >>> time_text(5000), time_text(5010)
    ('00:00:05', '00:00:05.010')
    """
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{hour:02d}:{minute:02d}:{second:02d}"
    return f"{text}.{fraction:03d}" if fraction else text


def timestamp_text(timestamp_ms: int) -> str:
    """Return the timestamp in UTC, always with milliseconds, without a zone.

    >>> timestamp_text(4)
    '1970-01-01T00:00:00.004'
    """
    days, milliseconds = divmod(timestamp_ms, DAY_MS)
    time = time_text(milliseconds)
    return f"{date_text(days)}T{time if '.' in time else time + '.000'}"


def parse_date(text: str) -> int:
    """Return the days of a date, of which month and day may be missing; EvaluationError."""
    found = _DATE_PATTERN.fullmatch(text.strip())
    if found is None:
        timestamp_ms = parse_timestamp(text)
        if timestamp_ms % DAY_MS:
            raise EvaluationError(f'text "{text}" has a time of day and is not a date')
        return timestamp_ms // DAY_MS
    return _days(found, text)


def parse_time(text: str) -> int:
    """Return the milliseconds of a time of day; EvaluationError."""
    found = _TIME_PATTERN.fullmatch(text.strip())
    if found is None or found["minute"] is None:
        raise EvaluationError(f'text "{text}" is not a time like "10:20:30.400"')
    return _milliseconds(found, text)


def parse_timestamp(text: str) -> int:
    """Return the milliseconds since the epoch of a partial ISO timestamp; EvaluationError.

    >>> parse_timestamp("1970-01-01T00:00:01"), parse_timestamp("1971"), parse_timestamp("2001-02")
    (1000, 31536000000, 980985600000)
    """
    found = _TIMESTAMP_PATTERN.fullmatch(text.strip())
    if found is None:
        raise EvaluationError(f'text "{text}" is not a timestamp like "2020-01-02T10:20:30.400"')
    timestamp_ms = _days(found, text) * DAY_MS
    if found["hour"] is not None:
        timestamp_ms += _milliseconds(found, text)
    return timestamp_ms - _zone_ms(found["zone"])


def timestamp_of_date(days: int) -> int:
    """Return the first millisecond of the day."""
    return days * DAY_MS


def date_of_timestamp(timestamp_ms: int) -> int:
    """Return the day of the timestamp."""
    return timestamp_ms // DAY_MS


def time_of_timestamp(timestamp_ms: int) -> int:
    """Return the milliseconds of the day of the timestamp."""
    return timestamp_ms % DAY_MS


def civil(days: int) -> tuple[int, int, int]:
    """Return year, month and day of the proleptic Gregorian calendar, any number of days.

    >>> civil(0), civil(11016), civil(-1)
    ((1970, 1, 1), (2000, 2, 29), (1969, 12, 31))
    """
    shifted = days + 719_468  # days since 0000-03-01: leap days come last in these years
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


def days_of(year: int, month: int, day: int) -> int:
    """Return the days since the epoch; the inverse of :func:`civil`."""
    shifted_year = year - (month <= 2)
    era, year_of_era = divmod(shifted_year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468


def _days(found: re.Match[str], text: str) -> int:
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1] + (leap and month == 2):
        raise EvaluationError(f'text "{text}" is not a date of the calendar')
    return days_of(year, month, day)


def _milliseconds(found: re.Match[str], text: str) -> int:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    second = int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise EvaluationError(f'text "{text}" is not a time of day')
    fraction = int((found["fraction"] or "0").ljust(3, "0")[:3])
    return ((hour * 60 + minute) * 60 + second) * 1000 + fraction


def _zone_ms(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return (-minutes if zone[0] == "-" else minutes) * 60_000
