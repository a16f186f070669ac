"""Comma-separated cells under a header, as JSON objects.

An empty cell is NULL. A column is of numbers, or of true and false, when every cell of it is, which
only the whole file tells. Numbers keep the digits they are written with.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import msgspec

from streamsql.errors import EngineError
from streamsql.shell.commands.lines import BadLine, Line

TYPES = ("BOOLEAN", "NUMBER", "STRING")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BOOLEANS = frozenset({"true", "false"})


@dataclass(slots=True)
class _Cells:
    """What the cells of a column are."""

    filled: int = 0
    numbers: int = 0
    booleans: int = 0

    def add(self, text: str) -> None:
        """Look at a cell."""
        if text:
            self.filled += 1
            self.numbers += _NUMBER.fullmatch(text) is not None
            self.booleans += text.lower() in _BOOLEANS

    def type(self) -> str:
        """Return what all of them are."""
        if self.filled and self.numbers == self.filled:
            return "NUMBER"
        return "BOOLEAN" if self.filled and self.booleans == self.filled else "STRING"


class CsvLines:
    """The lines of a CSV file."""

    def __init__(self, wanted: frozenset[str], said: Mapping[str, str]) -> None:
        """Read lines, with the values of the wanted columns.

        Args:
            said: Types of columns that are not to be judged by their cells.
        """
        self._wanted = wanted
        self._said = said
        self._types: dict[str, str] = {}

    def prepare(self, file: IO[bytes]) -> None:
        """Learn the types of the columns.

        Raises:
            EngineError: The header is wrong, or misses a column that was asked for.
        """
        rows = csv.reader(_decoded(file), strict=True)
        header = _header(rows, [*self._wanted, *self._said])
        columns = [_Cells() for _ in header]
        for row in _rows(rows):
            if isinstance(row, list) and len(row) == len(header):
                for cells, text in zip(columns, row, strict=True):
                    cells.add(text)
        found = zip(header, columns, strict=True)
        self._types = {name: cells.type() for name, cells in found} | dict(self._said)

    def read(self, file: IO[bytes]) -> Iterator[Line]:
        """Yield the lines below the header."""
        rows = csv.reader(_decoded(file), strict=True)
        header = _header(rows, [])
        for row in _rows(rows):
            if isinstance(row, list):
                yield self._line(rows.line_num, header, row)
            else:
                yield Line(rows.line_num, wrong=str(row))

    def _line(self, number: int, header: list[str], row: list[str]) -> Line:
        if len(row) != len(header):
            wrong = f"{len(row)} cells under a header of {len(header)}"
            return Line(number, wrong=wrong)
        fields = {}
        columns: dict[str, Any] = {}
        for name, text in zip(header, row, strict=True):
            try:
                written = _json(text, self._types[name])
            except BadLine as error:
                return Line(number, wrong=f'{error} in column "{name}"')
            fields[name] = msgspec.Raw(written)
            if name in self._wanted:
                columns[name] = msgspec.json.decode(written)
        return Line(number, msgspec.json.encode(fields), columns)


def _decoded(file: IO[bytes]) -> Iterator[str]:
    """Yield the file's lines as text, without the mark that spreadsheets put in front."""
    for position, written in enumerate(file):
        yield written.decode("utf-8-sig" if position == 0 else "utf-8")


def _header(rows: Iterator[list[str]], needed: list[str]) -> list[str]:
    try:
        header = next(rows, [])
    except (csv.Error, UnicodeDecodeError) as error:
        raise EngineError(f"line 1: {error}") from error
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise EngineError(f'line 1: the header names column "{twice[0]}" twice')
    if not all(header):
        raise EngineError("line 1: the header has a column without a name")
    for name in needed:
        if name not in header:
            there = ", ".join(f'"{each}"' for each in header)
            raise EngineError(f'line 1: the header has no column "{name}", only {there}')
    return header


def _rows(rows: Iterator[list[str]]) -> Iterator[list[str] | Exception]:
    """Yield the rows that are not empty, and what is wrong with those that cannot be read."""
    while True:
        try:
            row = next(rows, None)
        except (csv.Error, UnicodeDecodeError) as error:
            yield error
            if isinstance(error, UnicodeDecodeError):
                return  # the lines come from a generator, which an exception ends
            continue
        if row is None:
            return
        if row:
            yield row


def _json(text: str, kind: str) -> bytes:
    """Return a cell as JSON."""
    if not text:
        return b"null"
    if kind == "NUMBER":
        if not _NUMBER.fullmatch(text):
            raise BadLine(f'"{text}" is not a number')
        return text.encode()
    if kind == "BOOLEAN":
        if text.lower() not in _BOOLEANS:
            raise BadLine(f'"{text}" is neither true nor false')
        return text.lower().encode()
    return msgspec.json.encode(text)
