"""The formats by name, and the functions a topic's records are read and written with."""

from collections.abc import Callable, Sequence

from streamsql.errors import BindError, UnsupportedError
from streamsql.formats.delimited import DelimitedFormat
from streamsql.formats.format import Decoder, Encoder, Format, FormatSpec
from streamsql.formats.json.format import JsonFormat
from streamsql.formats.kafka import KafkaFormat
from streamsql.formats.kafka import raw_key_decoder as kafka_raw_key_decoder
from streamsql.formats.none import NoneFormat, no_key, refuse_key
from streamsql.formats.row import RowFormat
from streamsql.formats.windowed import windowed_key_decoder, windowed_key_encoder
from streamsql.types.record import Key
from streamsql.types.schema import Column, Schema

FORMATS: dict[str, Format] = {
    known.name: known
    for known in (DelimitedFormat(), JsonFormat(), KafkaFormat(), NoneFormat(), RowFormat())
}
PUBLIC_FORMATS = tuple(sorted(FORMATS.keys() - {"ROW"}))
"""The names a statement may use; ROW is for internal topics."""

_UNSUPPORTED = ("AVRO", "JSON_SR", "PROTOBUF", "PROTOBUF_NOSR")


def lookup(name: str) -> Format:
    """Return the format of that name, in any case.

    Raises:
        UnsupportedError: The format needs what this version does not have.
        BindError: There is no such format.
    """
    upper = name.upper()
    found = FORMATS.get(upper)
    if found is not None:
        return found
    hint = f"Use one of {', '.join(PUBLIC_FORMATS)}."
    if upper in _UNSUPPORTED:
        raise UnsupportedError(f'format "{upper}" is not supported yet', hint=hint)
    raise BindError(f'format "{name}" does not exist', hint=hint)


def check(spec: FormatSpec, columns: Sequence[Column], *, is_key: bool) -> str | None:
    """Return why the format cannot carry the columns on that side, or ``None`` when it can."""
    return lookup(spec.name).check(spec, columns, is_key=is_key)


def value_decoder(spec: FormatSpec, schema: Schema, used: Sequence[Column]) -> Decoder:
    """Return a decoder of the topic's values into row objects of the used value columns."""
    return lookup(spec.name).decoder(spec, schema.value, used)


def value_encoder(spec: FormatSpec, schema: Schema) -> Encoder:
    """Return an encoder of the topic's values."""
    return lookup(spec.name).encoder(spec, schema.value)


def key_decoder(
    spec: FormatSpec, schema: Schema, window_size_ms: int | None = None
) -> Callable[[bytes], Key]:
    """Return a function from the topic's key bytes to keys in flight; it raises DecodeError.

    Keys of a windowed schema become ``(key, start_ms, end_ms)``. Without key columns every key is
    ``None``.
    """
    if not schema.key:
        return no_key
    decode = lookup(spec.name).key_decoder(spec, schema.key)
    if schema.window is None:
        return decode
    return windowed_key_decoder(decode, schema.window, window_size_ms)


def raw_key_decoder(
    spec: FormatSpec, schema: Schema, window_size_ms: int | None = None
) -> Callable[[bytes], Key]:
    """As :func:`key_decoder`, without a wrapper around it where there is none needed.

    It raises anything for bytes that do not fit: for callers that catch everything anyhow.
    """
    if spec.name == KafkaFormat.name and schema.window is None and schema.key:
        return kafka_raw_key_decoder(schema.key)
    return key_decoder(spec, schema, window_size_ms)


def key_encoder(spec: FormatSpec, schema: Schema) -> Callable[[Key], bytes]:
    """Return a function from keys in flight, never ``None``, to the topic's key bytes.

    Without key columns every key is ``None``, and the function refuses any other.
    """
    if not schema.key:
        return refuse_key
    encode = lookup(spec.name).key_encoder(spec, schema.key)
    if schema.window is None:
        return encode
    return windowed_key_encoder(encode, schema.window)
