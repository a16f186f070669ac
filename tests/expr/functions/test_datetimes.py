"""Java's date patterns, zones, and the functions of dates, times and timestamps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.errors import EvaluationError
from streamsql.expr.dates import javatime
from streamsql.expr.dates.zones import zone_of
from streamsql.types.sqltypes import DATE, TIME, TIMESTAMP
from tests.expr.functions.calls import Typed, Unit, big, call

NOON = 1526075913123
"""2018-05-11T21:58:33.123Z, a Friday."""


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy-MM-dd HH:mm:ss.SSS", "2018-05-11 21:58:33.123"),
        ("yy/M/d", "18/5/11"),
        ("EEE EEEE MMM MMMM", "Fri Friday May May"),
        ("h:mm a", "9:58 PM"),
        ("hh KK kk", "09 09 21"),
        ("DDD", "131"),
        ("S SS SSSSSS", "1 12 123000"),
        ("A", "79113123"),
        ("X XXX Z z VV", "Z Z +0000 UTC UTC"),
        ("x xxx O", "+00 +00:00 GMT"),
        ("'T' 'o''clock' ''", "T o'clock '"),
        ("G", "AD"),
    ],
)
def test_format(pattern: str, expected: str) -> None:
    assert javatime.format_timestamp(NOON, pattern) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/Los_Angeles", "14:58 PDT -07:00 -07 -0700 GMT-7 GMT-07:00"),
        ("Europe/London", "22:58 BST +01:00 +01 +0100 GMT+1 GMT+01:00"),
        ("+0530", "03:28 +0530 +05:30 +0530 +0530 GMT+5:30 GMT+05:30"),
    ],
)
def test_format_in_a_zone(zone: str, expected: str) -> None:
    assert javatime.format_timestamp(NOON, "HH:mm z XXX X Z O OOOO", zone) == expected


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2018-05-11T21:58:33Z", "yyyy-MM-dd'T'HH:mm:ssX", 1526075913000),
        ("2020-05-11T21:58:33z", "yyyy-MM-dd'T'HH:mm:ssX", 1589234313000),
        ("2018-05-11T21:58:33 PST", "yyyy-MM-dd'T'HH:mm:ss zzz", 1526101113000),
        ("2019-08-27T13:31:09.2+0000", "yyyy-MM-dd'T'HH:mm:ss.SX", 1566912669200),
        ("20180511215833", "yyyyMMddHHmmss", 1526075913000),
        ("fri MAY 11 2018", "EEE MMM dd yyyy", 1525996800000),
        ("05/11/18 9:58 pm", "MM/dd/yy h:mm a", 1526075880000),
        ("2018", "yyyy[-MM[-dd]]", 1514764800000),
        ("2018-05", "yyyy[-MM[-dd]]", 1525132800000),
        ("2018 131", "yyyy DDD", 1525996800000),
        ("2018-02-31", "yyyy-MM-dd", 1519776000000),
        ("11:58", "HH:mm", 43080000),
        ("2018-05-11 America/New_York", "yyyy-MM-dd VV", 1526011200000),
    ],
)
def test_parse(text: str, pattern: str, expected: int) -> None:
    assert javatime.parse_timestamp(text, pattern) == expected


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2018-05-11x", "yyyy-MM-dd"),
        ("2018-5-11", "yyyy-MM-dd"),
        ("2018-13-11", "yyyy-MM-dd"),
        ("2018-05-32", "yyyy-MM-dd"),
        ("25:00", "HH:mm"),
        ("Mon 2018-05-11", "EEE yyyy-MM-dd"),
        ("2018-05-11", "yyyy-MM-dd'"),
        ("2018-05-11", "[yyyy-MM-dd"),
        ("2018-05-11", "YYYY-MM-dd"),
        ("2018-05-11 Mars/Olympus", "yyyy-MM-dd VV"),
    ],
)
def test_what_cannot_be_read_is_an_error(text: str, pattern: str) -> None:
    with pytest.raises(EvaluationError):
        javatime.parse_timestamp(text, pattern)


def test_a_date_has_no_time() -> None:
    with pytest.raises(EvaluationError, match='"H" needs a time'):
        javatime.format_date(0, "HH")
    with pytest.raises(EvaluationError, match="time zone"):
        javatime.format_time(0, "HH X")
    assert javatime.format_date(0, "yyyy[ HH]") == "1970"


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("CONVERT_TZ", (Typed(100, TIMESTAMP), "+0200", "+0500"), 10800100),
        (
            "CONVERT_TZ",
            (Typed(100, TIMESTAMP), "America/Los_Angeles", "America/New_York"),
            10800100,
        ),
        ("DATEADD", (Unit("DAYS"), -5, Typed(2, DATE)), -3),
        ("DATESUB", (Unit("MILLISECONDS"), 1, Typed(2, DATE)), 1),
        ("TIMEADD", (Unit("MILLISECONDS"), 10, Typed(86399995, TIME)), 5),
        ("TIMESUB", (Unit("MILLISECONDS"), 5, Typed(2, TIME)), 86399997),
        ("TIMESTAMPADD", (Unit("MONTHS"), 1, Typed(1517443199000, TIMESTAMP)), 1519862399000),
        ("TIMESTAMPSUB", (Unit("YEARS"), 48, Typed(NOON, TIMESTAMP)), 11311113123),
        ("FORMAT_DATE", (Typed(-1, DATE), "dd-MM-yyyy'Sophia'"), "31-12-1969Sophia"),
        ("DATETOSTRING", (17662, "yyyy-MM-dd"), "2018-05-11"),
        ("PARSE_DATE", ("2003-12-24-01-01", "yyyy-MM-dd"), 12410),
        ("STRINGTODATE", ("2018-05-11Lit", "yyyy-MM-dd'Lit'"), 17662),
        ("FORMAT_TIME", (Typed(1234567, TIME), "HHmmss'AAAAA'"), "002034AAAAA"),
        ("PARSE_TIME", ("00_01_05_010", "HH_mm_ss_SSS"), 65010),
        ("TIMESTAMPTOSTRING", (big(NOON), "HH:mm", "Europe/London"), "22:58"),
        ("STRINGTOTIMESTAMP", ("1970-01-01 01", "yyyy-MM-dd HH", "+0100"), 0),
        ("UNIX_TIMESTAMP", (Typed(5, TIMESTAMP),), 5),
        ("UNIX_DATE", (Typed(5, DATE),), 5),
        ("FROM_UNIXTIME", (big(5),), 5),
        ("FROM_DAYS", (-10,), -10),
        ("YEAR", (Typed(NOON, TIMESTAMP),), 2018),
        ("MONTH", (Typed(17662, DATE),), 5),
        ("DAY", (Typed(17662, DATE),), 11),
        ("HOUR", (Typed(NOON, TIMESTAMP),), 21),
        ("MINUTE", (Typed(-1, TIMESTAMP),), 59),
        ("SECOND", (Typed(65000, TIME),), 5),
        ("DATE_TRUNC", ("day", Typed(NOON, TIMESTAMP)), 1525996800000),
        ("DATE_TRUNC", ("week", Typed(NOON, TIMESTAMP)), 1525651200000),
        ("DATE_TRUNC", ("quarter", Typed(NOON, TIMESTAMP)), 1522540800000),
    ],
)
def test_functions(name: str, arguments: tuple[Any, ...], expected: object) -> None:
    assert call(name, *arguments) == expected


def test_the_wall_clock() -> None:
    assert call("UNIX_TIMESTAMP") // 1000 == pytest.approx(datetime.now(UTC).timestamp(), abs=60)
    assert call("UNIX_DATE") * 86_400_000 == pytest.approx(call("UNIX_TIMESTAMP"), abs=90_000_000)


def test_zones_beyond_the_calendar_are_errors() -> None:
    with pytest.raises(EvaluationError, match="years 1 to 9999"):
        zone_of("Europe/London").offset_at(10**15)


@given(
    st.integers(-62135596800000, 253402300799000),
    st.sampled_from(["UTC", "+0530", "Asia/Tokyo"]),
    st.sampled_from(
        [
            "yyyy-MM-dd HH:mm:ss.SSS XX",
            "uuuu DDD A Z",
            "EEEE dd MMMM yyyy hh:mm:ss.SSS a xxx",
            "yyyyMMddHHmmssSSSXXX",
        ]
    ),
)
def test_what_is_printed_is_read_back(timestamp_ms: int, zone: str, pattern: str) -> None:
    if zone == "Asia/Tokyo":  # no seconds in the offsets, and within the calendar
        timestamp_ms = max(timestamp_ms, -2_000_000_000_000)
    timestamp_ms = min(timestamp_ms, 253_402_200_000_000)
    text = javatime.format_timestamp(timestamp_ms, pattern, zone)
    assert javatime.parse_timestamp(text, pattern) == timestamp_ms


@given(st.integers(0, 253402300799))
def test_format_agrees_with_python(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    ours = javatime.format_timestamp(seconds * 1000, "yyyy-MM-dd HH:mm:ss EEE MMM DDD a hh")
    assert ours == moment.strftime("%Y-%m-%d %H:%M:%S %a %b %j %p %I")
