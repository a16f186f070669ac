"""The lines of a file of JSON objects, and what a line is in any format."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

import msgspec


class BadLine(ValueError):
    """A line cannot be made a record; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        number: From 1, as an editor counts.
        value: The payload for the topic, a JSON object.
        columns: The columns asked for that the line has, as Python values.
        wrong: Why it cannot be read; ``None`` when it can.
    """

    number: int
    value: bytes = b""
    columns: Mapping[str, Any] | None = None
    wrong: str | None = None


class LineFormat(Protocol):
    """A way in which records are written in a file, which is read more than once."""

    def prepare(self, file: IO[bytes]) -> None:
        """Learn from the whole file what a line alone does not tell."""

    def read(self, file: IO[bytes]) -> Iterator[Line]:
        """Yield the lines."""


class JsonLines:
    """A JSON object per line; its bytes are the record's value as they are."""

    def __init__(self, wanted: frozenset[str]) -> None:
        """Read lines, with the values of the wanted columns."""
        self._wanted = wanted
        self._decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

    def prepare(self, file: IO[bytes]) -> None:
        """Learn nothing."""

    def read(self, file: IO[bytes]) -> Iterator[Line]:
        """Yield the lines that are not blank."""
        for number, written in enumerate(file, 1):
            text = (written.removeprefix(BOM_UTF8) if number == 1 else written).strip()
            if text:
                yield self._line(number, text)

    def _line(self, number: int, text: bytes) -> Line:
        try:
            fields = self._decode(text)
            columns = {
                name: msgspec.json.decode(fields[name]) for name in self._wanted & fields.keys()
            }
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Line(number, wrong=f"not a JSON object ({error})")
        except RecursionError:
            return Line(number, wrong="a JSON object that is nested too deeply")
        return Line(number, text, columns)
