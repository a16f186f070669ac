"""JSON rows: a generated struct for what the data looks like, the general way for everything else.

The *fast path* is one msgspec decoder of a struct that has the used columns as fields. What it takes
is exactly what the general way (:mod:`streamsql.formats.json_values`) would make the same value of;
anything else makes it raise, and the record takes the general way. That one looks at the record and
*learns*, so that the next record of its kind is fast:

* how a field is spelled. Its other spellings become *trip wires*, fields that no value fits, because
  the exact spelling wins over the others;
* that a field is often missing. It becomes optional, and the struct closed: a field name never seen
  before makes it raise, as it might be the missing one in another spelling. Names seen and not used
  are declared, to be passed over;
* that a field often holds another JSON type than its column's. It is then read as any JSON value and
  converted in place.

Each lesson needs a few records and is learned once, so that data of no fixed shape costs a bounded
number of new structs, then stays on the general way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streamsql.errors import DecodeError
from streamsql.formats.json_shape import Shape, fast_decoder, is_direct
from streamsql.formats.json_values import Convert, converter, nullable, parse_json, spellings
from streamsql.formats.plain import row_class
from streamsql.types.schema import Column

JSON_ERRORS: tuple[type[Exception], ...] = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
)
_PATIENCE = 4
"""Records of a kind before the struct is made to fit them, and changes of a field's spelling."""

_NAMES_LIMIT = 200
"""Unused field names that a closed struct passes over; data with more has no fixed shape."""

_parse_fields = msgspec.json.Decoder(dict[str, msgspec.Raw] | None).decode


class JsonDecoder:
    """Reads objects into row objects of the used columns."""

    __slots__ = (
        "_columns",
        "_converters",
        "_missed",
        "_names",
        "_respelled",
        "_row_type",
        "_shape",
        "_strange",
        "decode",
        "errors",
    )

    def __init__(self, used: Sequence[Column]) -> None:
        self._columns = tuple(used)
        self._names = [column.name for column in used]
        self._converters: list[Convert] = [nullable(converter(column.type)) for column in used]
        self._row_type = row_class(used)
        self._shape = Shape(self._columns)
        self._missed: Counter[int] = Counter()
        self._strange: Counter[int] = Counter()
        self._respelled: Counter[int] = Counter()
        self.errors = JSON_ERRORS
        self.decode = self._fitting_decode()

    def repair(self, payload: bytes) -> Any:
        """Read the payload the general way and learn from it; ``None`` for a JSON null.

        Raises:
            DecodeError: The payload is no JSON object, or a field does not fit its column.
        """
        try:
            fields = _parse_fields(payload)
        except JSON_ERRORS as error:
            raise DecodeError(f"the payload is not a JSON object: {error}") from error
        if fields is None:
            return None
        found = spellings(fields, self._names)
        values = self._read(fields, found)
        row = self._row_type(*self._convert(values))
        if self._shape.learning and self._learn(fields, found, values):
            self.decode = self._fitting_decode()
        return row

    def _read(self, fields: Mapping[str, msgspec.Raw], found: Sequence[str | None]) -> list[Any]:
        """Return the JSON values of the used columns."""
        try:
            return [None if name is None else parse_json(fields[name]) for name in found]
        except JSON_ERRORS as error:
            raise DecodeError(f"the payload is not JSON: {error}") from error

    def _convert(self, values: Sequence[Any]) -> list[Any]:
        """Return the values in flight of the used columns."""
        converted = []
        for position, value in enumerate(values):
            try:
                converted.append(self._converters[position](value))
            except ValueError as error:
                raise DecodeError(f'field "{self._names[position]}": {error}') from error
        return converted

    def _learn(
        self, fields: Mapping[str, Any], found: Sequence[str | None], values: Sequence[Any]
    ) -> bool:
        """Compare the record with the shape; tell whether the shape changed."""
        shape, changed = self._shape, False
        for position, spelling in enumerate(found):
            if spelling is None:
                self._missed[position] += 1
                if self._missed[position] >= _PATIENCE:
                    changed |= shape.make_optional(position)
            elif spelling != shape.spellings[position]:
                if self._respelled[position] < _PATIENCE:
                    self._respelled[position] += 1
                    shape.spellings[position] = spelling
                    changed = True
            elif not is_direct(values[position], self._columns[position].type):
                self._strange[position] += 1
                if self._strange[position] >= _PATIENCE:
                    changed |= shape.make_lenient(position)
        changed |= shape.note_names(fields)
        if len(shape.passed_over) > _NAMES_LIMIT:
            shape.learning = False
            changed = True
        return changed

    def _fitting_decode(self) -> Any:
        """Return the decoder of the shape, or the general way when it has none."""
        decode = fast_decoder(self._shape) if self._shape.learning else None
        if decode is None:
            self._shape.learning = False
            return self._general
        return decode

    def _general(self, payload: bytes) -> Any:
        """Read the payload the general way; one that makes no row raises one of ``errors``."""
        try:
            row = self.repair(payload)
        except DecodeError as error:
            raise msgspec.ValidationError(str(error)) from error
        if row is None:
            raise msgspec.ValidationError("null")
        return row


class BareJsonDecoder:
    """Reads payloads that are the bare value of the only column, not an object around it."""

    __slots__ = ("_convert", "_row_type", "_used", "decode", "errors")

    def __init__(self, column: Column, used: Sequence[Column]) -> None:
        self._convert = converter(column.type)
        self._used = bool(used)
        self._row_type = row_class(used)
        self.errors = (*JSON_ERRORS, ValueError)
        self.decode = self._decode

    def repair(self, payload: bytes) -> Any:
        """Read the payload again: ``None`` for a JSON null, which is a NULL row."""
        try:
            value = parse_json(payload)
            return None if value is None else self._row(self._convert(value))
        except self.errors as error:
            raise DecodeError(f"the payload is not JSON of this schema: {error}") from error

    def _decode(self, payload: bytes) -> Any:
        value = parse_json(payload)
        if value is None:
            raise ValueError("null")
        return self._row(self._convert(value))

    def _row(self, value: Any) -> Any:
        return self._row_type(value) if self._used else self._row_type()
