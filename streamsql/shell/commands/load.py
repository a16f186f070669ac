"""``streamsql load``: the lines of a file as records of a topic.

The whole file is looked at before the first record is written: when a line is bad, nothing is.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from streamsql.engine.configuration.place import find_place
from streamsql.errors import EngineError
from streamsql.shell.commands.csv_lines import TYPES, CsvLines
from streamsql.shell.commands.lines import BadLine, JsonLines, Line, Lines
from streamsql.shell.commands.records import KeyWriter, timestamp_ms
from streamsql.shell.commands.topic_writer import Record, open_topic
from streamsql.shell.rendering.terminal import Terminal

_SHOWN_BAD_LINES = 10
_STANDARD_INPUT = "-"
_LOOK_EVERY = 10_000


def load(options: argparse.Namespace, terminal: Terminal) -> int:
    """Load the file; return the exit status."""
    place = find_place(
        options.bootstrap_servers, directory=options.directory, settings=dict(options.settings)
    )
    loading = _loading(options)
    with _opened(options.file) as file:
        skipped = loading.look(file, options.skip_bad_lines, terminal)
        with open_topic(place, options.topic, options.partitions) as topic:
            counted = _Counted(loading.records(file), terminal)
            note = topic.write(counted)
    left_out = f" ({skipped} bad lines left out)" if skipped else ""
    terminal.write(
        f'{counted.count:,} records loaded into topic "{options.topic}"{left_out}{note}\n'
    )
    return 0


class _Counted:
    """Records that are counted, and shown, as they go by."""

    def __init__(self, records: Iterator[Record], terminal: Terminal) -> None:
        self._records = records
        self._terminal = terminal
        self.count = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            yield record
            self.count += 1
            if self.count % _LOOK_EVERY == 0:
                self._terminal.progress(f"{self.count:,} records written")


@dataclass(frozen=True, slots=True)
class _Loading:
    """How lines become records."""

    lines: Lines
    key: str | None
    write_key: Callable[[object], bytes | None] | None
    timestamp: str | None

    def look(self, file: IO[bytes], skip: bool, terminal: Terminal) -> int:
        """Go through the file and return how many bad lines there are to skip.

        Raises:
            EngineError: A line is bad and not to be skipped, or no line has the key column.
        """
        _rewind(file)
        self.lines.prepare(file)
        _rewind(file)
        bad = 0
        has_key = self.key is None
        number = 0
        for line in self.lines.read(file):
            number = line.number
            try:
                self._record(line, 0)
            except BadLine as error:
                bad += 1
                if not skip:
                    raise EngineError(f"line {number}: {error}; nothing was loaded") from error
                if bad <= _SHOWN_BAD_LINES:
                    terminal.say(f"line {number} left out: {error}")
            has_key = has_key or bool(line.columns and self.key in line.columns)
            if number % _LOOK_EVERY == 0:
                terminal.progress(f"{number:,} lines looked at")
        if number and not has_key:
            raise EngineError(f'no line has key column "{self.key}"; nothing was loaded')
        return bad

    def records(self, file: IO[bytes]) -> Iterator[Record]:
        """Yield the records of the good lines."""
        _rewind(file)
        now_ms = int(time.time() * 1000)
        for line in self.lines.read(file):
            try:
                yield self._record(line, now_ms)
            except BadLine:
                continue

    def _record(self, line: Line, now_ms: int) -> Record:
        """Return the record of a line; BadLine when it has none."""
        if line.wrong is not None or line.columns is None:
            raise BadLine(line.wrong)
        key = None
        if self.write_key is not None:
            key = self.write_key(line.columns.get(self.key or ""))
        time_ms = now_ms
        if self.timestamp is not None:
            time_ms = timestamp_ms(line.columns.get(self.timestamp), self.timestamp)
        return key, line.value, time_ms, ()


def _loading(options: argparse.Namespace) -> _Loading:
    wanted = frozenset(name for name in (options.key, options.timestamp) if name is not None)
    name = options.format or ("csv" if options.file.lower().endswith(".csv") else "json")
    if options.types is not None and name != "csv":
        raise EngineError("--types is for CSV files: JSON says the types itself")
    if options.key is None and options.key_type is not None:
        raise EngineError("--key-type without --key")
    lines = CsvLines(wanted, _types(options.types)) if name == "csv" else JsonLines(wanted)
    write_key = None
    if options.key is not None:
        write_key = KeyWriter(options.key, options.key_format, options.key_type)
    return _Loading(lines, options.key, write_key, options.timestamp)


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


def _rewind(file: IO[bytes]) -> None:
    file.seek(0)
