"""The formats by name, and what they can carry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from streamsql.errors import BindError, UnsupportedError
from streamsql.formats.delimited import DelimitedFormat
from streamsql.formats.format import Format, FormatSpec
from streamsql.formats.json.format import JsonFormat
from streamsql.formats.kafka import KafkaFormat
from streamsql.formats.none import NoneFormat
from streamsql.formats.registered import SchemaFormat
from streamsql.formats.row import RowFormat
from streamsql.types.schema import Column

_PLAIN: dict[str, Format] = {
    known.name: known
    for known in (DelimitedFormat(), JsonFormat(), KafkaFormat(), NoneFormat(), RowFormat())
}
REGISTERED = ("AVRO",)
"""Formats whose schemas live in a registry."""

PUBLIC_FORMATS = tuple(sorted({*_PLAIN, *REGISTERED} - {"ROW"}))
"""The names a statement may use; ROW is for internal topics."""

_UNSUPPORTED = ("JSON_SR", "PROTOBUF", "PROTOBUF_NOSR")


@cache
def lookup(name: str) -> Format | SchemaFormat:
    """Return the format of that name, in any case.

    Raises:
        UnsupportedError: The format needs what this version does not have.
        BindError: There is no such format, or its library is not installed.
    """
    upper = name.upper()
    if upper in REGISTERED:
        return _registered(upper)
    found = _PLAIN.get(upper)
    if found is not None:
        return found
    hint = f"Use one of {', '.join(PUBLIC_FORMATS)}."
    if upper in _UNSUPPORTED:
        raise UnsupportedError(f'format "{upper}" is not supported yet', hint=hint)
    raise BindError(f'format "{name}" does not exist', hint=hint)


def check(spec: FormatSpec, columns: Sequence[Column], *, is_key: bool) -> str | None:
    """Return why the format cannot carry the columns on that side, or ``None`` when it can."""
    return lookup(spec.name).check(spec, columns, is_key=is_key)


def _registered(name: str) -> SchemaFormat:
    """Return a format whose library is imported when somebody asks for it."""
    with _needing(name.lower()):
        from streamsql.formats.avro.format import AvroFormat

        return AvroFormat()


@contextmanager
def _needing(extra: str) -> Iterator[None]:
    """Name what is to be installed for a format whose library is not."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BindError(
            f'format "{extra.upper()}" needs {error.name}, which is not installed',
            hint=f'Run pip install "streamsql[{extra}]".',
        ) from error
