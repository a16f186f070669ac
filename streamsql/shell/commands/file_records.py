"""A file as the records of a topic: looked at as a whole, then read again as records."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from streamsql.broker.embedded.batches import Sent
from streamsql.errors import EngineError
from streamsql.shell.commands.lines import BadLine, Line, LineFormat
from streamsql.shell.commands.records import timestamp_ms
from streamsql.shell.rendering.terminal import Terminal

_SHOWN_BAD_LINES = 10
_LOOK_EVERY = 10_000
_STEP_RECORDS = 10_000
_STEP_BYTES = 4 * 1024 * 1024
"""Of the values of a step: within a transaction's timeout on a slow line, too."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What is in a file.

    Attributes:
        records: How many.
        bad: How many lines are none.
    """

    records: int
    bad: int


@dataclass(frozen=True, slots=True)
class FileRecords:
    """How the lines of a file become records."""

    lines: LineFormat
    key: str | None
    write_key: Callable[[object], bytes | None] | None
    timestamp: str | None

    def look(self, file: IO[bytes], skip: bool, terminal: Terminal) -> Looked:
        """Go through the file.

        Raises:
            EngineError: A line is bad and not to be skipped, or no line has the key column.
        """
        file.seek(0)
        self.lines.prepare(file)
        file.seek(0)
        good = bad = number = 0
        has_key = self.key is None
        for line in self.lines.read(file):
            number = line.number
            try:
                self._record(line, 0)
                good += 1
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
        return Looked(good, bad)

    def steps(self, file: IO[bytes], first: int, behind: int) -> Iterator[list[Sent]]:
        """Yield the records from one number to before another, some thousands at a time."""
        step: list[Sent] = []
        step_bytes = 0
        for record in islice(self._records(file), first, behind):
            step.append(record)
            step_bytes += len(record[1] or b"")
            if len(step) == _STEP_RECORDS or step_bytes >= _STEP_BYTES:
                yield step
                step, step_bytes = [], 0
        if step:
            yield step

    def _records(self, file: IO[bytes]) -> Iterator[Sent]:
        """Yield the records of the good lines."""
        file.seek(0)
        now_ms = int(time.time() * 1000)
        for line in self.lines.read(file):
            try:
                yield self._record(line, now_ms)
            except BadLine:
                continue

    def _record(self, line: Line, now_ms: int) -> Sent:
        """Return the record of a line; BadLine when it has none."""
        if line.wrong is not None or line.columns is None:
            raise BadLine(line.wrong)
        key = None
        if self.write_key is not None:
            key = self.write_key(line.columns.get(self.key or ""))
        time_ms = now_ms
        if self.timestamp is not None:
            time_ms = timestamp_ms(line.columns.get(self.timestamp), self.timestamp)
        return key, line.value, time_ms
