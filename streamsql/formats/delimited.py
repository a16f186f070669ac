"""DELIMITED: the columns of a side as one line of comma-separated values (RFC 4180).

An empty field is NULL, of STRING columns too. Writing quotes fields as Commons CSV does: those that
hold the delimiter, a quote or a line end, that begin with a character up to ``#`` or end with one
up to a space, and the first field also when it begins with anything but an ASCII letter or digit.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from streamsql.formats.format import FormatSpec
from streamsql.formats.plain import PlainDecoder, PlainEncoder, guarded, key_parts, row_class
from streamsql.formats.restrictions import common_restriction, unsupported_type
from streamsql.formats.text_values import text_parser, text_printer
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import STRING, Array, Map, Struct

_DEFAULT_DELIMITER = ","
_NEVER_IN_NUMBERS = ",;:|\t &#~!^"
"""Delimiters that the text of no type but STRING holds."""


class DelimitedFormat:
    """Lines of delimited text."""

    name = "DELIMITED"

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function from a line to the key in flight; it raises DecodeError."""
        read = _row_reader(spec, key, key)
        if len(key) == 1:
            return guarded(self.name, lambda payload: read(payload)[0])
        return guarded(self.name, lambda payload: tuple(read(payload)))

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function from a key in flight to a line."""
        write = _row_writer(spec, key)
        return lambda value: write(key_parts(value, key))

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> PlainDecoder:
        """Return a decoder that splits the whole line and reads the used columns."""
        read, row_type = _row_reader(spec, schema, used), row_class(used)
        return PlainDecoder(self.name, lambda payload: row_type(*read(payload)))

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> PlainEncoder:
        """Return an encoder of lines."""
        return PlainEncoder(lambda *values: values, _row_writer(spec, schema))

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        reason = common_restriction(spec, schema, is_key=is_key, wraps=False)
        if reason is not None:
            return reason
        for column in schema:
            if isinstance(column.type, Array | Map | Struct):
                return unsupported_type(self.name, column)
        return None


def _row_reader(
    spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
) -> Callable[[bytes], list[Any]]:
    """Return a function from a line to the values of the used columns."""
    split = _splitter(spec.delimiter or _DEFAULT_DELIMITER)
    positions = {column.name: position for position, column in enumerate(schema)}
    parsers = [(positions[column.name], column.name, text_parser(column.type)) for column in used]
    width = len(schema)

    def read(payload: bytes) -> list[Any]:
        fields = split(payload.decode())
        if len(fields) != width:
            raise ValueError(f"{width} columns are expected, {len(fields)} found")
        try:
            return [
                parse(fields[position]) if fields[position] else None
                for position, _, parse in parsers
            ]
        except ValueError as error:
            raise _located(error, fields, parsers) from error

    return read


def _located(
    error: ValueError,
    fields: Sequence[str],
    parsers: Sequence[tuple[int, str, Callable[[str], Any]]],
) -> ValueError:
    """Return the error with the name of the column whose text it is about."""
    for position, name, parse in parsers:
        try:
            if fields[position]:
                parse(fields[position])
        except ValueError:
            return ValueError(f'column "{name}": {error}')
    return error


def _splitter(delimiter: str) -> Callable[[str], list[str]]:
    """Return a function from a line, with or without its end, to its fields."""
    mark = re.escape(delimiter)
    field = re.compile(rf'(?:"((?:[^"]|"")*)"|((?!")[^{mark}\r\n]*))({mark}|\r?\n?\Z)')

    def split(line: str) -> list[str]:
        if '"' not in line and "\n" not in line and "\r" not in line:
            return line.split(delimiter)
        fields, position, more = [], 0, True
        while more:
            found = field.match(line, position)
            if found is None:
                raise ValueError(f"no delimited field at character {position + 1}")
            quoted, bare, end = found.groups()
            fields.append(bare if quoted is None else quoted.replace('""', '"'))
            position, more = found.end(), end == delimiter
        return fields

    return split


def _row_writer(spec: FormatSpec, schema: Sequence[Column]) -> Callable[[Sequence[Any]], bytes]:
    """Return a function from the values of the columns to a line without its end."""
    delimiter = spec.delimiter or _DEFAULT_DELIMITER
    mark = re.escape(delimiter)
    quotes = rf'[\0-#]|.*(?:[{mark}"\r\n]|[\0- ]\Z)'
    later = re.compile(quotes, re.DOTALL).match
    first = re.compile(rf"\Z|[^0-9A-Za-z]|{quotes}", re.DOTALL).match
    printers: list[tuple[Callable[[Any], str], Callable[[str], object]]] = []
    for position, column in enumerate(schema):
        needs_quotes: Callable[[str], object] = first if position == 0 else later
        if position > 0 and column.type is not STRING and delimiter in _NEVER_IN_NUMBERS:
            needs_quotes = _never
        printers.append((text_printer(column.type), needs_quotes))

    def write(values: Sequence[Any]) -> bytes:
        fields = []
        for value, (to_text, needs_quotes) in zip(values, printers, strict=True):
            text = ""
            if value is not None:
                text = to_text(value)
                if needs_quotes(text):
                    text = '"' + text.replace('"', '""') + '"'
            fields.append(text)
        return delimiter.join(fields).encode()

    return write


def _never(text: str) -> bool:
    """Tell that the text needs no quotes."""
    del text
    return False
