"""JSON: a value is an object of its columns, a key its bare column or an object of several.

A value of one column is written bare where ``wrap`` is false.
"""

from collections.abc import Callable, Sequence
from typing import Any

from streamsql.errors import DecodeError
from streamsql.formats.format import Decoder, FormatSpec
from streamsql.formats.json.decode import BARE_ERRORS, BareJsonDecoder, JsonDecoder
from streamsql.formats.json.encode import bare_encoder, key_encoder, row_encoder
from streamsql.formats.json.values import converter, nullable, parse_json
from streamsql.formats.plain import PlainEncoder
from streamsql.formats.restrictions import common_restriction, holds_other_map_keys
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Field, Struct


class JsonFormat:
    """JSON text without a schema registry."""

    name = "JSON"

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function from key bytes to the key in flight; it raises DecodeError."""
        del spec
        if len(key) == 1:
            wanted = key[0].type
        else:
            wanted = Struct(tuple(Field(column.name, column.type) for column in key))
        convert = nullable(converter(wanted))

        def decode(payload: bytes) -> Any:
            try:
                return convert(parse_json(payload))
            except BARE_ERRORS as error:
                raise DecodeError(f"the key is not JSON of this schema: {error}") from error

        return decode

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function from a key in flight to its bytes."""
        del spec
        return key_encoder(key)

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> Decoder:
        """Return a decoder of the used columns."""
        if spec.wrap is False:
            return BareJsonDecoder(schema[0], used)
        return JsonDecoder(used)

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> PlainEncoder:
        """Return an encoder of rows."""
        if spec.wrap is False:
            return bare_encoder(schema[0])
        return row_encoder(schema)

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        reason = common_restriction(spec, schema, is_key=is_key, wraps=True)
        if reason is not None:
            return reason
        for column in schema:
            if holds_other_map_keys(column.type):
                return (
                    f'the JSON format only supports maps with STRING keys, column "{column.name}" '
                    f"is of type {column.type}"
                )
        return None
