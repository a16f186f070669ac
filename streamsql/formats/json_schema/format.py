"""JSON_SR: JSON as in the format JSON, behind the number of its schema.

The text tells everything that is needed to read it, so the schema only gives the columns.
"""

from collections.abc import Callable, Sequence

from streamsql.formats.format import Decoder, FormatSpec
from streamsql.formats.json.decode import BARE_ERRORS
from streamsql.formats.json.format import JsonFormat
from streamsql.formats.json_schema.schemas import bare_schema, object_schema, parsed
from streamsql.formats.plain import PlainEncoder
from streamsql.formats.registered import BARE_KEY, BARE_VALUE, rename_of
from streamsql.formats.registry import ResolvedSchema, SchemaType, SchemaUnusable, WriterSchema
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import STRING, Struct

_JSON = JsonFormat()
_ANY = Column(BARE_VALUE, STRING)
"""Reads a bare value of which no column is used."""


class JsonSchemaFormat:
    """JSON behind the number of its schema."""

    name = "JSON_SR"
    schema_type = SchemaType.JSON
    errors: tuple[type[Exception], ...] = BARE_ERRORS

    def value_schema(self, spec: FormatSpec, columns: Sequence[Column]) -> WriterSchema:
        """Return the schema that values of the columns are written with."""
        if spec.wrap is False:
            return bare_schema(columns[0])
        return object_schema(columns, spec.schema_name)

    def key_schema(self, spec: FormatSpec, key: Sequence[Column], topic: str) -> WriterSchema:
        """Return the schema that the topic's keys are written with."""
        del topic
        return bare_schema(key[0]) if len(key) == 1 else object_schema(key, spec.schema_name)

    def columns(
        self, spec: FormatSpec, schema: ResolvedSchema, *, is_key: bool
    ) -> tuple[Column, ...]:
        """Return the columns that payloads of the schema have."""
        sql_type = parsed(schema).sql_type(rename_of(spec))
        if is_key or spec.wrap is False:
            return (Column(BARE_KEY if is_key else BARE_VALUE, sql_type),)
        if not isinstance(sql_type, Struct):
            raise SchemaUnusable(f"the registered schema is no object of columns, but {sql_type}")
        return tuple(Column(field.name, field.type) for field in sql_type.fields)

    def decoder(self, spec: FormatSpec, schema: ResolvedSchema, used: Sequence[Column]) -> Decoder:
        """Return a decoder of bodies into row objects of the used columns."""
        del schema
        return _JSON.decoder(spec, used or (_ANY,), used)

    def key_decoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[bytes], Key]:
        """Return a function from bodies to keys in flight; it raises DecodeError."""
        del schema
        return _JSON.key_decoder(spec, key)

    def encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, columns: Sequence[Column]
    ) -> PlainEncoder:
        """Return an encoder of rows."""
        if spec.wrap is not False:
            _check_names(schema, columns)
        return _JSON.encoder(spec, columns)

    def key_encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[Key], bytes]:
        """Return a function from keys in flight to bodies."""
        if len(key) > 1:
            _check_names(schema, key)
        return _JSON.key_encoder(spec, key)

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        reason = _JSON.check(spec, schema, is_key=is_key)
        return None if reason is None else reason.replace("the JSON format", "the JSON_SR format")


def _check_names(schema: ResolvedSchema, columns: Sequence[Column]) -> None:
    names = parsed(schema).properties()
    for column in columns:
        if names is not None and column.name not in names:
            raise SchemaUnusable(f'the registered schema has no field for column "{column.name}"')
