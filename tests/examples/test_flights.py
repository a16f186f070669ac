"""The flights example, end to end: its final tables against a batch computation over the slice.

The oracle reads the committed files in the order of the log and knows nothing of streamsql: plain
Python for windows and late records, DuckDB for the rest.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "flights"
HOUR_MS = 3_600_000
GRACE_MS = 2 * HOUR_MS
RUN_TIMEOUT_SECONDS = 300

Row = dict[str, Any]
Window = tuple[str, int]

TABLES = {
    "AIRLINE_PUNCTUALITY": "AIRLINE, DEPARTURES, ON_TIME, MEAN_DELAY, WORST_DELAY",
    "CANCELLATIONS": "ORIGIN, CANCELLED",
    "DEPARTURES_PER_HOUR": "ORIGIN, WINDOWSTART, WINDOWEND, DEPARTURES, MEAN_DELAY, WORST_DELAY",
    "DEPARTURE_BOARD": (
        "ORIGIN, LAST_FLIGHT, LAST_DEST, UNIX_TIMESTAMP(SCHEDULED) AS SCHEDULED_MS, DEPARTURES"
    ),
    "FLEET": "MAKER, DEPARTURES, SEATS, MEAN_DISTANCE",
    "LATE_DESTINATIONS": "AIRPORT, ARRIVALS, MEAN_DELAY",
    "RUSH_HOURS": "ORIGIN, WINDOWSTART, WINDOWEND, DEPARTURES",
    "WIND_DELAYS": "WIND, DEPARTURES, MEAN_DELAY",
}


def departures() -> list[Row]:
    """Flights that left, in the order of the log."""
    lines = (EXAMPLE / "flights.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["dep_time"] is not None]


def windows(size_ms: int, advance_ms: int) -> tuple[dict[Window, list[int]], int]:
    """The delays in each window of each airport, and how often a record was too late for one.

    An airport has a partition of its own (murmur2 of its name, modulo four), hence a stream time
    of its own, which a record advances before it is judged.
    """
    delays: dict[Window, list[int]] = defaultdict(list)
    stream_time_ms: dict[str, int] = defaultdict(int)
    too_late = 0
    for row in departures():
        origin, time_ms = row["origin"], row["sched_dep_ms"]
        stream_time_ms[origin] = max(stream_time_ms[origin], time_ms)
        last_start_ms = time_ms - time_ms % advance_ms
        for start_ms in range(last_start_ms, time_ms - size_ms, -advance_ms):
            if start_ms + size_ms > stream_time_ms[origin] - GRACE_MS:
                delays[origin, start_ms].append(row["dep_delay"])
            else:
                too_late += 1
    return delays, too_late


def batch(sql: str) -> list[Row]:
    """Rows of a query over the slice's files, as objects with upper-case names."""
    with duckdb.connect() as connection:
        for path in EXAMPLE.glob("*.jsonl"):
            connection.execute(
                f"CREATE VIEW {path.stem} AS SELECT * FROM read_json('{path}', sample_size = -1)"
            )
        connection.execute(
            "CREATE VIEW departures AS SELECT * FROM flights WHERE dep_time IS NOT NULL"
        )
        result = connection.execute(sql)
        names = [column[0].upper() for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def expected() -> dict[str, list[Row]]:
    """Every final table of the example."""
    hourly, _ = windows(HOUR_MS, HOUR_MS)
    moving, _ = windows(3 * HOUR_MS, HOUR_MS)
    return {
        "DEPARTURES_PER_HOUR": [
            {
                "ORIGIN": origin,
                "WINDOWSTART": start_ms,
                "WINDOWEND": start_ms + HOUR_MS,
                "DEPARTURES": len(delays),
                "MEAN_DELAY": sum(delays) / len(delays),
                "WORST_DELAY": max(delays),
            }
            for (origin, start_ms), delays in hourly.items()
        ],
        "RUSH_HOURS": [
            {
                "ORIGIN": origin,
                "WINDOWSTART": start_ms,
                "WINDOWEND": start_ms + 3 * HOUR_MS,
                "DEPARTURES": len(delays),
            }
            for (origin, start_ms), delays in moving.items()
            if len(delays) >= 75
        ],
        "DEPARTURE_BOARD": board(),
        "AIRLINE_PUNCTUALITY": batch("""
            SELECT name AS airline, count(*) AS departures,
                count(*) FILTER (dep_delay <= 5) AS on_time,
                avg(dep_delay) AS mean_delay, max(dep_delay) AS worst_delay
            FROM departures JOIN airlines USING (carrier) GROUP BY name"""),
        "CANCELLATIONS": batch("""
            SELECT origin, count(*) AS cancelled FROM flights WHERE dep_time IS NULL
            GROUP BY origin"""),
        "LATE_DESTINATIONS": batch("""
            SELECT name AS airport, count(arr_delay) AS arrivals, avg(arr_delay) AS mean_delay
            FROM departures JOIN airports ON dest = faa GROUP BY name
            HAVING count(arr_delay) >= 100 AND avg(arr_delay) > 5"""),
        "FLEET": batch("""
            SELECT CASE WHEN manufacturer IS NULL THEN 'unknown'
                    WHEN starts_with(manufacturer, 'AIRBUS') THEN 'Airbus'
                    WHEN starts_with(manufacturer, 'MCDONNELL') THEN 'McDonnell Douglas'
                    WHEN manufacturer = 'BOEING' THEN 'Boeing'
                    WHEN manufacturer = 'EMBRAER' THEN 'Embraer' ELSE 'other' END AS maker,
                count(*) AS departures, coalesce(sum(seats), 0)::BIGINT AS seats,
                avg(distance) AS mean_distance
            FROM departures LEFT JOIN planes USING (tailnum) GROUP BY ALL"""),
        "WIND_DELAYS": batch("""
            SELECT CASE WHEN wind_speed >= 20 THEN 'windy' WHEN wind_speed >= 10 THEN 'breezy'
                    WHEN wind_speed >= 0 THEN 'calm' ELSE 'not measured' END AS wind,
                count(*) AS departures, avg(dep_delay) AS mean_delay
            FROM departures d JOIN weather w ON d.origin = w.origin
                AND observed_ms BETWEEN sched_dep_ms - 59 * 60000 AND sched_dep_ms
            GROUP BY ALL"""),
    }


def board() -> list[Row]:
    """The last departure of each airport in the log."""
    rows: dict[str, Row] = {}
    for row in departures():
        origin = row["origin"]
        rows[origin] = {
            "ORIGIN": origin,
            "LAST_FLIGHT": f"{row['carrier']} {row['flight']}",
            "LAST_DEST": row["dest"],
            "SCHEDULED_MS": row["sched_dep_ms"],
            "DEPARTURES": rows[origin]["DEPARTURES"] + 1 if origin in rows else 1,
        }
    return list(rows.values())


def run_example(*arguments: str) -> str:
    """Run the example's program and return what it printed."""
    run = subprocess.run(
        [sys.executable, str(EXAMPLE / "run.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_SECONDS,
        check=False,
    )
    assert run.returncode == 0, f"exit status {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def rows_of(text: str) -> Iterator[Row]:
    """The rows in a program's JSON output, whichever way they are grouped."""
    for line in text.splitlines():
        if line.startswith(("{", "[")):
            found = json.loads(line)
            yield from found if isinstance(found, list) else [found]


def final_tables(tmp_path: Path, *arguments: str) -> dict[str, list[Row]]:
    """Run the example's queries, read every table whole, and return the tables by name."""
    answers = tmp_path / "answers.sql"
    answers.write_text(
        "".join(
            f"SELECT '{table}' AS TABLE_NAME, {columns} FROM {table};\n"
            for table, columns in TABLES.items()
        )
    )
    output = run_example("--also", str(answers), "--output", "json", *arguments)
    tables: dict[str, list[Row]] = {table: [] for table in TABLES}
    for row in rows_of(output):
        if "TABLE_NAME" in row:
            tables[row.pop("TABLE_NAME")].append(row)
    return tables


def normal(rows: list[Row]) -> list[tuple[tuple[str, Any], ...]]:
    """Rows in a canonical order, fractions rounded below what order of summing can change."""
    return sorted(
        tuple(
            (name, round(value, 9) if isinstance(value, float) else value)
            for name, value in sorted(row.items())
        )
        for row in rows
    )


def assert_tables(found: dict[str, list[Row]]) -> None:
    wanted = expected()
    for table in TABLES:
        assert normal(found[table]) == normal(wanted[table]), table


def test_the_slice_holds_late_arrivals() -> None:
    """Dropped records are what makes the example worth testing: none too late, nothing shown."""
    hourly, too_late = windows(HOUR_MS, HOUR_MS)

    assert sum(map(len, hourly.values())) + too_late == len(departures()) == 6064
    assert too_late == 47
    log = [row["sched_dep_ms"] for row in departures()]
    assert sum(later < earlier for earlier, later in pairwise(log)) > 1000


def test_the_oracle_finds_something_in_every_table() -> None:
    assert {table: bool(rows) for table, rows in expected().items()} == dict.fromkeys(TABLES, True)


def test_the_slice_is_what_the_script_makes(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, str(EXAMPLE / "make_data.py"), "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "not installed" in made.stderr:
        pytest.skip(made.stderr.strip())
    assert made.returncode == 0, made.stderr
    for path in EXAMPLE.glob("*.jsonl"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def shown(what: str) -> list[str]:
    """Return the parts of the README's excerpt of something, which blank lines divide."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = f"<!-- {what}: begin -->\n```\n", f"\n```\n<!-- {what}: end -->"
    return readme.partition(begin)[2].partition(end)[0].split("\n\n")


def test_the_answers_are_those_of_the_readme() -> None:
    """What a reader sees there is printed; the order of a table's rows is not promised."""
    output = run_example("--output", "table")
    tables = shown("output of examples/flights/run.py")
    assert len(tables) == 2
    printed = [sorted(table.splitlines()) for table in output.split("\n\n")]
    assert [table for table in tables if sorted(table.splitlines()) not in printed] == []


def test_the_queries_are_those_of_the_readme() -> None:
    script = (EXAMPLE / "flights.sql").read_text(encoding="utf-8")
    queries = shown("examples/flights/flights.sql")
    assert len(queries) == 2
    assert [query for query in queries if f"\n{query}\n" not in script] == []


def test_embedded_tables_equal_a_batch_computation(tmp_path: Path) -> None:
    assert_tables(final_tables(tmp_path, "--directory", str(tmp_path / "broker")))


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    broker = ("--directory", str(tmp_path / "broker"))
    final_tables(tmp_path, *broker)
    assert_tables(final_tables(tmp_path, *broker))


def test_kafka_tables_with_two_workers_equal_a_batch_computation(
    kafka: str, tmp_path: Path
) -> None:
    assert_tables(final_tables(tmp_path, "--bootstrap-servers", kafka, "--workers", "2"))
