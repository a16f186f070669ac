"""Time zones by name or offset, and what they make of a timestamp.

A zone is written as a region (``America/New_York``), an offset (``+02:00``, ``+0200``, ``GMT+2``),
or an abbreviation (``PST``), which stands for the region, daylight saving included.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from streamsql.errors import EvaluationError

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?", re.IGNORECASE)
_REGIONS = {
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "BST": "Europe/London",
    "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon",
    "CET": "Europe/Paris",
    "CEST": "Europe/Paris",
    "EET": "Europe/Helsinki",
    "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "HKT": "Asia/Hong_Kong",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone.

    Attributes:
        name: As it was written.
        offset_ms: Distance from UTC where it is the same all the time, else ``None``.
        region: The rules of the region, else ``None``.
    """

    name: str
    offset_ms: int | None
    region: tzinfo | None = None

    def offset_at(self, timestamp_ms: int) -> int:
        """Return the distance from UTC in milliseconds at a point in time."""
        if self.offset_ms is not None:
            return self.offset_ms
        return _milliseconds(self._moment(timestamp_ms).utcoffset())

    def to_utc(self, local_ms: int) -> int:
        """Return the point in time of a wall clock, both in milliseconds since 1970."""
        if self.offset_ms is not None:
            return local_ms - self.offset_ms
        try:
            wall = (_LOCAL_EPOCH + timedelta(milliseconds=local_ms)).replace(tzinfo=self.region)
        except OverflowError as error:
            raise _out_of_range() from error
        return local_ms - _milliseconds(wall.utcoffset())

    def abbreviation(self, timestamp_ms: int) -> str:
        """Return the short name of the zone at a point in time, such as PDT."""
        if self.region is None:
            return self.name
        return self._moment(timestamp_ms).tzname() or self.name

    def _moment(self, timestamp_ms: int) -> datetime:
        try:
            return (_EPOCH + timedelta(milliseconds=timestamp_ms)).astimezone(self.region)
        except OverflowError as error:
            raise _out_of_range() from error


UTC_ZONE = Zone("UTC", 0)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> Zone:
    """Return the zone of that name; EvaluationError when there is none."""
    upper = name.strip().upper()
    if upper in ("UTC", "GMT", "UT", "Z"):
        return Zone(upper, 0)
    found = _OFFSET.fullmatch(upper)
    if found is not None:
        hours, minutes, seconds = int(found[2]), int(found[3] or 0), int(found[4] or 0)
        if hours > 18 or minutes > 59 or seconds > 59:
            raise EvaluationError(f'time zone "{name}" is more than 18 hours from UTC')
        offset = ((hours * 60 + minutes) * 60 + seconds) * 1000
        return Zone(name, -offset if found[1] == "-" else offset)
    return _region(name.strip())


def _region(name: str) -> Zone:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return Zone(name, None, ZoneInfo(_REGIONS.get(name.upper(), name)))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EvaluationError(f'time zone "{name}" does not exist') from error


def offset_text(offset_ms: int, separator: str, *, seconds: bool = False) -> str:
    """Return an offset as ``+02:00``, with that separator."""
    total = abs(offset_ms) // 1000
    text = f"{'-' if offset_ms < 0 else '+'}{total // 3600:02d}{separator}{total // 60 % 60:02d}"
    return f"{text}{separator}{total % 60:02d}" if seconds and total % 60 else text


def _milliseconds(offset: timedelta | None) -> int:
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def _out_of_range() -> EvaluationError:
    return EvaluationError("time zones are known for the years 1 to 9999 only")
