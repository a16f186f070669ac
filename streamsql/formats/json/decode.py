"""JSON rows: a generated struct for what the data looks like, the general way for the rest.

The *fast path* is one msgspec decoder of a struct that has the used columns as fields. It takes
only what the general way (:mod:`streamsql.formats.json.values`) would make the same values of;
anything else makes it raise, and the record takes the general way. That one looks at the record
and *learns*, so that the next record of its kind is fast:

* how a field is spelled. Other spellings, seen or likely, become *trip wires*, fields that no
  value fits: the exact spelling would win, and among others the last one;
* that a field is often missing. It becomes optional, and the struct *closed*: a field name never
  seen before makes it raise, as it might be the missing one in another spelling. Names seen and
  not used are declared, to be passed over;
* that a field often holds another JSON type than its column's. It is then read as any JSON value
  and converted in place.

Each lesson needs a few records and is learned once: data of no fixed shape costs a bounded number
of new structs, then stays on the general way.

One thing escapes the trip wires: an object with two spellings of one used field, neither of them
the column's own, the lower-case, the capitalized nor one seen before, when other fields are
unused. The spelling learned then wins, not the last one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from streamsql.errors import DecodeError
from streamsql.formats.json.shape import Shape, fast_decoder, is_direct
from streamsql.formats.json.values import Convert, converter, nullable, parse_json, spellings
from streamsql.formats.plain import row_class
from streamsql.types.schema import Column

JSON_ERRORS: tuple[type[Exception], ...] = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
    ArithmeticError,  # A number whose exponent no Decimal can have.
)
BARE_ERRORS: tuple[type[Exception], ...] = (*JSON_ERRORS, ValueError)
_PATIENCE = 4
"""Records of a kind before the struct is made to fit them, and changes of a field's spelling."""

_parse_fields = msgspec.json.Decoder(dict[str, msgspec.Raw] | None).decode


class JsonDecoder:
    """Reads objects into row objects of the used columns."""

    __slots__ = (
        "_columns",
        "_converters",
        "_learning",
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
        self._learning = True
        self._missed: Counter[int] = Counter()
        self._strange: Counter[int] = Counter()
        self._respelled: Counter[int] = Counter()
        self.errors = JSON_ERRORS
        self.decode: Callable[[bytes], Any] = self._fitting_decode()

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
        if self._learning:
            self._learn(fields, found, values)
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
            except RecursionError as error:
                name = self._names[position]
                raise DecodeError(f'field "{name}": it is nested too deeply') from error
        return converted

    def _learn(
        self, fields: Mapping[str, Any], found: Sequence[str | None], values: Sequence[Any]
    ) -> None:
        """Compare the record with the shape, and make a new decoder when the shape changed."""
        shape, before = self._shape, self._shape.fingerprint()
        shape.note_names(fields)
        for position, spelling in enumerate(found):
            if spelling is None:
                self._missed[position] += 1
                if self._missed[position] >= _PATIENCE:
                    shape.optional.add(position)
                continue
            if spelling != shape.spellings[position] and self._respelled[position] < _PATIENCE:
                self._respelled[position] += 1
                shape.spellings[position] = spelling
            if not is_direct(values[position], self._columns[position].type):
                self._strange[position] += 1
                if self._strange[position] >= _PATIENCE:
                    shape.lenient.add(position)
        if shape.fingerprint() != before:
            self.decode = self._fitting_decode()

    def _fitting_decode(self) -> Callable[[bytes], Any]:
        """Return the decoder of the shape, or the general way when no struct has it."""
        decode = fast_decoder(self._shape)
        if decode is None:
            self._learning = False
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
        self.errors = BARE_ERRORS
        self.decode: Callable[[bytes], Any] = self._decode

    def repair(self, payload: bytes) -> Any:
        """Read the payload again: ``None`` for a JSON null, which is a NULL row."""
        try:
            value = parse_json(payload)
            return None if value is None else self._row(self._convert(value))
        except BARE_ERRORS as error:
            raise DecodeError(f"the payload is not JSON of this schema: {error}") from error

    def _decode(self, payload: bytes) -> Any:
        value = parse_json(payload)
        if value is None:
            raise ValueError("null")
        return self._row(self._convert(value))

    def _row(self, value: Any) -> Any:
        return self._row_type(value) if self._used else self._row_type()
