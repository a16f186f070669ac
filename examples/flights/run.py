"""Runs the flights example: loads the data into topics, then runs flights.sql to its end.

    python examples/flights/run.py                                       on the embedded broker
    python examples/flights/run.py --bootstrap-servers localhost:9092 --workers 2     on Kafka

Everything is done by two commands of streamsql, printed as they run: ``load`` for each file and
``run``. Options this program does not know are passed on to ``streamsql run``. Without
``--directory`` the embedded broker lives in a temporary directory; with it the topics and tables
stay, and a second run, which finds the directory, continues where the first ended.
"""

import argparse
import contextlib
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PARTITIONS = 4  # as flights.sql declares


class Load(NamedTuple):
    """A topic, and the columns of its file that become the records' key and timestamp."""

    topic: str
    key: str
    timestamp: str


LOADS = (
    Load("airlines", "carrier", "valid_from_ms"),
    Load("airports", "faa", "valid_from_ms"),
    Load("planes", "tailnum", "valid_from_ms"),
    Load("weather", "origin", "observed_ms"),
    Load("flights", "origin", "reported_ms"),
)


def main() -> int:
    """Load, run, and return the exit status."""
    parser = argparse.ArgumentParser(description="Run the flights example.", allow_abbrev=False)
    parser.add_argument("--bootstrap-servers", help="a Kafka broker, in place of the embedded one")
    parser.add_argument("--directory", type=Path, help="directory of the embedded broker")
    parser.add_argument("--data", type=Path, default=HERE, help="directory of the data files")
    parser.add_argument("--also", nargs="+", default=[], help="SQL files to run after flights.sql")
    parser.add_argument("--skip-load", action="store_true", help="the topics are filled already")
    options, rest = parser.parse_known_args()
    load = not options.skip_load
    files = [str(HERE / "flights.sql"), *options.also]
    with contextlib.ExitStack() as stack:
        if options.bootstrap_servers:
            broker = ["--bootstrap-servers", options.bootstrap_servers]
        elif options.directory:
            broker = ["--directory", str(options.directory)]
            load = load and not options.directory.exists()
        else:
            scratch = tempfile.TemporaryDirectory(prefix="streamsql-flights-")
            broker = ["--directory", stack.enter_context(scratch)]
        status = load_all(options.data, broker) if load else 0
        return status or streamsql("run", *files, "--until-end", *broker, *rest)


def load_all(data: Path, broker: Sequence[str]) -> int:
    """Fill the topics from the data files."""
    for topic, key, timestamp in LOADS:
        columns = ("--key", key, "--timestamp", timestamp, "--partitions", str(PARTITIONS))
        status = streamsql("load", topic, str(data / f"{topic}.jsonl"), *columns, *broker)
        if status != 0:
            return status
    return 0


def streamsql(*arguments: str) -> int:
    """Run one streamsql command, shown first, and return its exit status."""
    print("$ streamsql", shlex.join(arguments), file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "streamsql", *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603  # no foreign input


if __name__ == "__main__":
    sys.exit(main())
