"""The formats by name, and what they can carry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from streamsql.errors import BindError
from streamsql.formats.delimited import DelimitedFormat
from streamsql.formats.format import Format, FormatSpec
from streamsql.formats.json.format import JsonFormat
from streamsql.formats.json_schema.format import JsonSchemaFormat
from streamsql.formats.kafka import KafkaFormat
from streamsql.formats.none import NoneFormat
from streamsql.formats.registered import SchemaFormat
from streamsql.formats.row import RowFormat
from streamsql.types.schema import Column

_PLAIN: dict[str, Format] = {
    known.name: known
    for known in (DelimitedFormat(), JsonFormat(), KafkaFormat(), NoneFormat(), RowFormat())
}
_WITHOUT_REGISTRY = "PROTOBUF_NOSR"
REGISTERED = ("AVRO", "JSON_SR", "PROTOBUF")
"""Formats whose schemas live in a registry."""

PUBLIC_FORMATS = tuple(sorted({*_PLAIN, *REGISTERED, _WITHOUT_REGISTRY} - {"ROW"}))
"""The names a statement may use; ROW is for internal topics."""


@cache
def lookup(name: str) -> Format | SchemaFormat:
    """Return the format of that name, in any case.

    Raises:
        BindError: There is no such format, or its library is not installed.
    """
    upper = name.upper()
    if upper in REGISTERED or upper == _WITHOUT_REGISTRY:
        return _imported(upper)
    found = _PLAIN.get(upper)
    if found is None:
        hint = f"Use one of {', '.join(PUBLIC_FORMATS)}."
        raise BindError(f'format "{name}" does not exist', hint=hint)
    return found


def check(spec: FormatSpec, columns: Sequence[Column], *, is_key: bool) -> str | None:
    """Return why the format cannot carry the columns on that side, or ``None`` when it can."""
    return lookup(spec.name).check(spec, columns, is_key=is_key)


def _imported(name: str) -> Format | SchemaFormat:
    """Return a format whose library is imported when somebody asks for it."""
    if name == "JSON_SR":
        return JsonSchemaFormat()
    with _needing(name):
        if name == "AVRO":
            from streamsql.formats.avro.format import AvroFormat

            return AvroFormat()
        from streamsql.formats.protobuf.format import (
            ProtobufFormat,
            ProtobufWithoutRegistryFormat,
        )

        return ProtobufFormat() if name == "PROTOBUF" else ProtobufWithoutRegistryFormat()


@contextmanager
def _needing(name: str) -> Iterator[None]:
    """Name what is to be installed for a format whose library is not."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BindError(
            f'format "{name}" needs {error.name}, which is not installed',
            hint=f'Run pip install "streamsql[{name.partition("_")[0].lower()}]".',
        ) from error
