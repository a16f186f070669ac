"""Dates, times and timestamps: text by pattern, arithmetic by unit, parts."""

from collections.abc import Callable
from time import time, time_ns
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.dates import javatime
from streamsql.expr.dates.temporal import DAY_MS, civil, days_of
from streamsql.expr.dates.zones import zone_of
from streamsql.expr.functions.declare import same_value, strict
from streamsql.expr.registry import Function, ScalarFunction

_FIXED_MS = {
    "MILLISECOND": 1,
    "SECOND": 1000,
    "MINUTE": 60_000,
    "HOUR": 3_600_000,
    "DAY": DAY_MS,
    "WEEK": 7 * DAY_MS,
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def _convert_zone(timestamp_ms: int, source: str, target: str) -> int:
    """Return the wall clock of another zone when a zone's wall clock shows the timestamp."""
    instant = zone_of(source).to_utc(timestamp_ms)
    return instant + zone_of(target).offset_at(instant)


def _shift(unit: str, amount: int, timestamp_ms: int) -> int:
    """Return the timestamp so many units later; a day that the month has not is its last."""
    name = unit.upper().removesuffix("S")
    if name in _FIXED_MS:
        return timestamp_ms + amount * _FIXED_MS[name]
    if name not in _MONTHS:
        raise EvaluationError(f'unit "{unit}" is not a unit of time like DAYS')
    days, milliseconds = divmod(timestamp_ms, DAY_MS)
    year, month, day = civil(days)
    year, month = divmod(year * 12 + month - 1 + amount * _MONTHS[name], 12)
    following = days_of(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(days_of(year, month + 1, day), following - 1) * DAY_MS + milliseconds


def _shift_date(unit: str, amount: int, days: int) -> int:
    return _shift(unit, amount, days * DAY_MS) // DAY_MS


def _shift_time(unit: str, amount: int, milliseconds: int) -> int:
    return _shift(unit, amount, milliseconds) % DAY_MS


def _backwards(shift: Callable[[str, int, int], int]) -> Callable[[str, int, int], int]:
    return lambda unit, amount, value: shift(unit, -amount, value)


def _date_part(position: int) -> Callable[[int], int]:
    return lambda days: civil(days)[position]


def _timestamp_part(position: int) -> Callable[[int], int]:
    return lambda timestamp_ms: civil(timestamp_ms // DAY_MS)[position]


def _truncate(unit: str, timestamp_ms: int) -> int:
    """Return the start of the unit; weeks start on Mondays."""
    name = unit.upper().removesuffix("S")
    if name == "WEEK":
        days = timestamp_ms // DAY_MS
        return (days - (days + 3) % 7) * DAY_MS
    if name in _FIXED_MS:
        return timestamp_ms - timestamp_ms % _FIXED_MS[name]
    if name not in _MONTHS:
        raise EvaluationError(f'unit "{unit}" is not a unit of time like "day"')
    year, month, _ = civil(timestamp_ms // DAY_MS)
    return days_of(year, (month - 1) // _MONTHS[name] * _MONTHS[name] + 1, 1) * DAY_MS


def _both(known: str, compute: Callable[..., Any], patterns: str, result: str) -> Any:
    """Return the overloads with and without a zone at the end."""
    return {
        f"{known}, {patterns} -> {result}": compute,
        f"{known}, {patterns}, STRING -> {result}": compute,
    }


def _shifts() -> list[Function]:
    functions: list[Function] = []
    for name, known, shift in (
        ("TIMESTAMP", "TIMESTAMP", _shift),
        ("DATE", "DATE", _shift_date),
        ("TIME", "TIME", _shift_time),
    ):
        signature = f"UNIT, INTEGER, {known} -> {known}"
        functions += strict(f"{name}ADD", f"The {known} so many units later.", {signature: shift})
        functions += strict(
            f"{name}SUB", f"The {known} so many units earlier.", {signature: _backwards(shift)}
        )
    return functions


def _parts() -> list[Function]:
    functions: list[Function] = []
    for names, position, text in (
        (("YEAR",), 0, "The year."),
        (("MONTH",), 1, "The month, from 1 to 12."),
        (("DAY", "DAYOFMONTH"), 2, "The day of the month."),
    ):
        for name in names:
            functions += strict(
                name,
                text,
                {
                    "DATE -> INTEGER": _date_part(position),
                    "TIMESTAMP -> INTEGER": _timestamp_part(position),
                },
            )
    for name, inline, text in (
        ("HOUR", "{0} // 3600000 % 24", "The hour of the day."),
        ("MINUTE", "{0} // 60000 % 60", "The minute of the hour."),
        ("SECOND", "{0} // 1000 % 60", "The second of the minute."),
    ):
        size = _FIXED_MS[name]
        modulus = 24 if name == "HOUR" else 60
        functions += [
            ScalarFunction(
                name,
                f"{known} -> INTEGER",
                lambda value, size=size, modulus=modulus: value // size % modulus,
                inline=inline,
                description=text,
            )
            for known in ("TIME", "TIMESTAMP")
        ]
    return functions


_PATTERN = ((1, javatime.compile_pattern),)
_ZONED = (*_PATTERN, (2, zone_of))

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction(
        "UNIX_TIMESTAMP",
        "-> BIGINT",
        lambda: time_ns() // 1_000_000,
        description="The time of the wall clock in milliseconds since 1970.",
    ),
    ScalarFunction(
        "UNIX_TIMESTAMP",
        "TIMESTAMP -> BIGINT",
        same_value,
        inline="{0}",
        description="The milliseconds since 1970.",
    ),
    ScalarFunction(
        "UNIX_DATE",
        "-> INTEGER",
        lambda: int(time()) // 86_400,
        description="The day of the wall clock in days since 1970-01-01.",
    ),
    ScalarFunction(
        "UNIX_DATE",
        "DATE -> INTEGER",
        same_value,
        inline="{0}",
        description="The days since 1970-01-01.",
    ),
    ScalarFunction(
        "FROM_UNIXTIME",
        "BIGINT -> TIMESTAMP",
        same_value,
        inline="{0}",
        description="The timestamp of milliseconds since 1970.",
    ),
    ScalarFunction(
        "FROM_DAYS",
        "INTEGER -> DATE",
        same_value,
        inline="{0}",
        description="The date of days since 1970-01-01.",
    ),
    *strict(
        "PARSE_TIMESTAMP",
        "The timestamp in a text of a pattern like 'yyyy-MM-dd HH:mm:ss', in a zone (UTC).",
        _both("STRING", javatime.parse_timestamp, "STRING", "TIMESTAMP"),
        checks=_ZONED,
    ),
    *strict(
        "FORMAT_TIMESTAMP",
        "The text of a timestamp by a pattern like 'yyyy-MM-dd HH:mm:ss', in a zone (UTC).",
        _both("TIMESTAMP", javatime.format_timestamp, "STRING", "STRING"),
        checks=_ZONED,
    ),
    *strict(
        "STRINGTOTIMESTAMP",
        "The milliseconds since 1970 of a text; PARSE_TIMESTAMP replaces it.",
        _both("STRING", javatime.parse_timestamp, "STRING", "BIGINT"),
        checks=_ZONED,
    ),
    *strict(
        "TIMESTAMPTOSTRING",
        "The text of milliseconds since 1970; FORMAT_TIMESTAMP replaces it.",
        _both("BIGINT", javatime.format_timestamp, "STRING", "STRING"),
        checks=_ZONED,
    ),
    *strict(
        "PARSE_DATE",
        "The date that a text begins with, in a pattern like 'yyyy-MM-dd'.",
        {"STRING, STRING -> DATE": javatime.parse_date_leniently},
        checks=_PATTERN,
    ),
    *strict(
        "FORMAT_DATE",
        "The text of a date by a pattern like 'yyyy-MM-dd'.",
        {"DATE, STRING -> STRING": javatime.format_date},
        checks=_PATTERN,
    ),
    *strict(
        "STRINGTODATE",
        "The days since 1970-01-01 of a text; PARSE_DATE replaces it.",
        {"STRING, STRING -> INTEGER": javatime.parse_date},
        checks=_PATTERN,
    ),
    *strict(
        "DATETOSTRING",
        "The text of days since 1970-01-01; FORMAT_DATE replaces it.",
        {"INTEGER, STRING -> STRING": javatime.format_date},
        checks=_PATTERN,
    ),
    *strict(
        "PARSE_TIME",
        "The time of day in a text of a pattern like 'HH:mm:ss'.",
        {"STRING, STRING -> TIME": javatime.parse_time},
        checks=_PATTERN,
    ),
    *strict(
        "FORMAT_TIME",
        "The text of a time of day by a pattern like 'HH:mm:ss'.",
        {"TIME, STRING -> STRING": javatime.format_time},
        checks=_PATTERN,
    ),
    *strict(
        "CONVERT_TZ",
        "The wall clock of another zone: CONVERT_TZ(timestamp, from, to).",
        {"TIMESTAMP, STRING, STRING -> TIMESTAMP": _convert_zone},
        checks=((1, zone_of), (2, zone_of)),
    ),
    *strict(
        "DATE_TRUNC",
        "The start of the unit ('hour', 'day', 'week', …) that holds a timestamp.",
        {"STRING, TIMESTAMP -> TIMESTAMP": _truncate},
    ),
    *_shifts(),
    *_parts(),
)
