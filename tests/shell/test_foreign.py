"""Applications that come in by three doors, one process after the other, and see each other."""

import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsql.engine.connect import connect
from streamsql.errors import StatementError
from tests import golden
from tests.shell.place import TIMEOUT_SECONDS, Place

SOURCE = """CREATE STREAM readings (city STRING KEY, degrees INT)
    WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
"""
FILES = {
    "climate.sql": SOURCE
    + """CREATE TABLE per_minute AS SELECT city, COUNT(*) AS n FROM readings GROUP BY city;
INSERT INTO readings (city, degrees) VALUES ('Oslo', -3);
INSERT INTO readings (city, degrees) VALUES ('Oslo', 2);
INSERT INTO readings (city, degrees) VALUES ('Rome', 17);
""",
    "climate-2.sql": SOURCE,
    "my-shop.sql": "CREATE TABLE busy AS SELECT city, n FROM per_minute WHERE n > 1;\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    for name, text in FILES.items():
        made.write(name, text)
    return made


def test_three_doors(place: Place) -> None:
    golden.check(Path(__file__).parent / "foreign.txt", _run(place))


def test_what_a_running_file_keeps_can_be_asked_for(place: Place) -> None:
    """The directory belongs to the process of the file; who asks follows it."""
    with place.running("run", "climate.sql"):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            asked = place.run(
                "-e", "SELECT n FROM per_minute WHERE city = 'Oslo';", "--output", "csv"
            )
            if asked.stdout == "N\n2\n":
                break
            assert time.monotonic() < deadline, asked
        refused = place.run("-e", "DROP TABLE per_minute;")
        assert refused.stderr.startswith(
            'Error: table "PER_MINUTE" belongs to application "climate"'
        )


def _run(place: Place) -> Callable[[str], str]:
    def run(text: str) -> str:
        program, rest = text.split(" ", 1)
        if program == "library":
            return _library(place, rest)
        ran = place.run(*shlex.split(rest))
        said = ran.stderr.splitlines(keepends=True)
        return ran.stdout + "".join(line for line in said if " records processed " not in line)

    return run


def _library(place: Place, script: str) -> str:
    shown = []
    with connect(place.path / ".streamsql") as engine:
        try:
            for planned in engine.compile(script):
                engine.drain(60_000)
                with engine.perform(planned) as result:
                    shown += [str(row.as_tuple()) for row in result] or [result.message]
        except StatementError as error:
            return error.render()
    return "\n".join(shown)
