"""Results as text: tables for people; JSON lines and CSV for programs.

A renderer writes while rows come: of a stream nobody knows the widths of its columns beforehand.
"""

import csv
import json
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Protocol

from streamsql.engine.results import Result, ResultKind
from streamsql.shell.rendering.cells import cell, display_width, json_text, plain
from streamsql.shell.rendering.terminal import Terminal
from streamsql.types.sqltypes import is_numeric

_MEASURED_ROWS = 1000
"""Rows read ahead to find the widths of a table's columns; wider ones later stand out."""

_STREAM_WIDTH = 12
"""Of a column whose values are still to come."""


class Renderer(Protocol):
    """Writes results one after the other."""

    def render(self, result: Result) -> None:
        """Write a result, reading it to its end."""


def renderer(output: str, terminal: Terminal) -> Renderer:
    """Return a renderer: ``table``, ``json`` or ``csv``."""
    match output:
        case "json":
            return JsonRenderer(terminal)
        case "csv":
            return CsvRenderer(terminal)
        case _:
            return TableRenderer(terminal)


class TableRenderer:
    """Aligned columns under a header, and how many rows there were."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._first = True

    def render(self, result: Result) -> None:
        """Write a result; results are an empty line apart when one of them has rows."""
        if result.kind in {ResultKind.STATUS, ResultKind.TEXT}:
            self._terminal.write(f"{result.message}\n")
            return
        if not self._first:
            self._terminal.write("\n")
        self._first = False
        count = _write_table(result, self._terminal)
        self._terminal.write(f"({count} row{'' if count == 1 else 's'})\n")


class JsonRenderer:
    """One object per row and line; messages go where they disturb no program."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def render(self, result: Result) -> None:
        """Write a result; a text is a row with the one column TEXT."""
        if result.kind is ResultKind.STATUS:
            self._terminal.say(result.message)
        elif result.kind is ResultKind.TEXT:
            self._terminal.write(json_text({"TEXT": result.message}) + "\n")
        else:
            names = [json.dumps(name, ensure_ascii=False) for name in result.names]
            for row in result:
                pairs = zip(names, row, strict=True)
                line = ",".join(f"{name}:{json_text(value)}" for name, value in pairs)
                self._terminal.write(f"{{{line}}}\n")
                _hand_over(self._terminal, result)


class CsvRenderer:
    """A header and a line per row; results are an empty line apart."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._first = True

    def render(self, result: Result) -> None:
        """Write a result; a text is a row with the one column TEXT."""
        if result.kind is ResultKind.STATUS:
            self._terminal.say(result.message)
            return
        if not self._first:
            self._terminal.write("\n")
        self._first = False
        writer = csv.writer(_Lines(self._terminal.write), lineterminator="\n")
        if result.kind is ResultKind.TEXT:
            writer.writerows([("TEXT",), (result.message,)])
            return
        writer.writerow(result.names)
        for row in result:
            writer.writerow(["" if value is None else plain(value) for value in row])
            _hand_over(self._terminal, result)


class _Lines:
    """Where a csv writer writes."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write


def _write_table(result: Result, terminal: Terminal) -> int:
    """Write header and rows; return how many rows there were."""
    texts = (tuple(cell(value) for value in row) for row in result)
    streaming = result.kind is ResultKind.STREAM
    known = [] if streaming else list(islice(texts, _MEASURED_ROWS))
    widths = []
    for place, column in enumerate(result.columns):
        least = max(display_width(column.name), _STREAM_WIDTH if streaming else 0)
        widths.append(max([least, *(display_width(row[place]) for row in known)]))
    right = [is_numeric(column.type) for column in result.columns]
    header = _line([column.name for column in result.columns], widths, [False] * len(widths))
    terminal.write(terminal.bold(header) + "\n")
    terminal.write("-" + "-+-".join("-" * width for width in widths) + "-\n")
    count = 0
    for row in chain(known, texts):
        terminal.write(_line(row, widths, right) + "\n")
        _hand_over(terminal, result)
        count += 1
    return count


def _hand_over(terminal: Terminal, result: Result) -> None:
    """Let a row of a stream be seen before the next one comes."""
    if result.kind is ResultKind.STREAM:
        terminal.flush()


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for text, width, on_right in zip(texts, widths, right, strict=True):
        padding = " " * (width - display_width(text))
        parts.append(padding + text if on_right else text + padding)
    return (" " + " | ".join(parts)).rstrip()
