"""``streamsql load``: the lines of a file as records of a topic.

The whole file is looked at before the first record is written: when a line is bad, nothing is. Then
the records are written in steps, each together with how far the load is (``load_position``): the
same command goes on where it was interrupted.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from streamsql.engine.configuration.address import find_broker
from streamsql.errors import EngineError
from streamsql.shell.commands.csv_lines import TYPES, CsvLines
from streamsql.shell.commands.file_records import FileRecords
from streamsql.shell.commands.lines import JsonLines
from streamsql.shell.commands.load_position import LoadPosition, decode_position, load_name, short
from streamsql.shell.commands.records import KeyWriter
from streamsql.shell.commands.signals import Signals, Stopped, stopping_on_signals
from streamsql.shell.commands.topic_writer import InDoubt, TopicWriter, open_topic
from streamsql.shell.rendering.terminal import Terminal

_STANDARD_INPUT = "-"


def load(options: argparse.Namespace, terminal: Terminal) -> int:
    """Load the file; return the exit status."""
    address = find_broker(
        options.bootstrap_servers, directory=options.directory, settings=dict(options.settings)
    )
    records = _file_records(options)
    with stopping_on_signals() as signals:
        try:
            with _opened(options.file) as file:
                looked = records.look(file, options.skip_bad_lines, terminal)
                name = load_name(options.topic, file)
                with open_topic(address, options.topic, options.partitions, name) as topic:
                    loading = _Loading(topic, looked.records, _said(options), terminal)
                    loading.begin(anew=options.from_start)
                    loading.write(records, file, signals)
                    loading.end(options.topic, looked.bad)
        except Stopped as stopped:
            (what_is_in,) = getattr(stopped, "__notes__", ["nothing was loaded"])
            terminal.say(f"stopped: {what_is_in}")
            return stopped.status
    return 0


class _Loading:
    """A load under way."""

    def __init__(self, topic: TopicWriter, total: int, options: str, terminal: Terminal) -> None:
        self._topic = topic
        self._total = total
        self._options = options
        self._terminal = terminal
        self._before = 0
        self._done = 0
        self._in_doubt = 0

    def begin(self, *, anew: bool) -> None:
        """Find out how far the load came when it was begun before.

        Raises:
            EngineError: It was begun with other options.
        """
        at = self._topic.position()
        if at is None:
            return
        if anew:
            self._topic.forget()
            return
        position = decode_position(at)
        self._before = self._done = position.records
        if (position.total, position.options) != (self._total, self._options):
            raise EngineError(
                f"{position.records:,} of {position.total:,} records of this file are "
                f"{self._topic.where} by a load with other options "
                f'("{position.options}"): repeat it with those, or load the whole file again with '
                "--from-start"
            )
        if self._done < self._total:
            self._terminal.say(
                f"going on behind {self._done:,} of {self._total:,} records, which are "
                f"{self._topic.where} already"
            )

    def write(self, records: FileRecords, file: IO[bytes], signals: Signals) -> None:
        """Write the records that are not in.

        Raises:
            EngineError: The broker does not take them, or the file is not what it was.
            Stopped: By a signal, before all are in; what is in is a note of it.
        """
        try:
            for step in records.steps(file, self._done, self._total):
                self._in_doubt = len(step)
                with signals.step():
                    position = LoadPosition(self._done + len(step), self._total, self._options)
                    self._topic.write(step, position.encode())
                    self._done, self._in_doubt = position.records, 0
                self._terminal.progress(f"{self._done:,} of {self._total:,} records written")
        except Stopped as stopped:
            if self._done < self._total:
                stopped.add_note(self._what_is_in())
                raise
        except EngineError as error:
            if not isinstance(error, InDoubt):
                self._in_doubt = 0
            raise EngineError(f"{error}; {self._what_is_in()}") from error
        if self._done < self._total:
            raise EngineError(f"the file has changed while it was loaded; {self._what_is_in()}")

    def end(self, topic: str, bad: int) -> None:
        """Say that everything is in; the next load of the same file appends it again."""
        note = self._topic.settle()
        left_out = f" ({bad} bad lines left out)" if bad else ""
        behind = f" behind {self._before:,} of an earlier try" if self._before else ""
        self._terminal.write(
            f'{self._total - self._before:,} records loaded into topic "{topic}"{behind}{left_out}'
            f"{note}\n"
        )
        self._terminal.flush()
        if self._done:
            self._topic.forget()

    def _what_is_in(self) -> str:
        if not self._done and not self._in_doubt:
            return "nothing was loaded"
        perhaps = f", perhaps {self._in_doubt:,} more" if self._in_doubt else ""
        return (
            f"{self._done:,} of {self._total:,} records are {self._topic.where}{perhaps}; the same "
            "command goes on behind them"
        )


def _file_records(options: argparse.Namespace) -> FileRecords:
    wanted = frozenset(name for name in (options.key, options.timestamp) if name is not None)
    name = _format(options)
    if options.types is not None and name != "csv":
        raise EngineError("--types is for CSV files: JSON says the types itself")
    if options.key is None and options.key_type is not None:
        raise EngineError("--key-type without --key")
    lines = CsvLines(wanted, _types(options.types)) if name == "csv" else JsonLines(wanted)
    write_key = None
    if options.key is not None:
        write_key = KeyWriter(options.key, options.key_format, options.key_type)
    return FileRecords(lines, options.key, write_key, options.timestamp)


def _format(options: argparse.Namespace) -> str:
    """Return how the file is written."""
    said: str | None = options.format
    return said or ("csv" if options.file.lower().endswith(".csv") else "json")


def _said(options: argparse.Namespace) -> str:
    """Return the options that decide what the records are."""
    said = [f"--format {_format(options)}"]
    for name in ("key", "key_format", "key_type", "timestamp", "types"):
        value = getattr(options, name)
        if value is not None and (options.key is not None or name != "key_format"):
            said.append(f"--{name.replace('_', '-')} {value}")
    return short(" ".join(said))


def _types(text: str | None) -> Mapping[str, str]:
    """Return the types of ``--types``."""
    types = {}
    for part in text.split(",") if text else ():
        name, sign, kind = part.rpartition("=")
        if not sign or kind.upper() not in TYPES:
            raise EngineError(
                f'"{part}" in --types is not of the form COLUMN=TYPE, with one of '
                f"{', '.join(TYPES)}"
            )
        types[name.strip()] = kind.upper()
    return types


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open the file; standard input, which can be read once only, is copied first."""
    with ExitStack() as held:
        try:
            if name == _STANDARD_INPUT:
                file: IO[bytes] = held.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(sys.stdin.buffer, file)
            else:
                file = held.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise EngineError(f'cannot read "{name}": {error.strerror or error}') from error
        yield file
