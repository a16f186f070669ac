"""The functions by which the records of topics are read and written, with a registry at hand."""

from collections.abc import Callable, Sequence

from streamsql.formats.format import Decoder, Encoder, FormatSpec
from streamsql.formats.formats import lookup
from streamsql.formats.kafka import KafkaFormat
from streamsql.formats.kafka import raw_key_decoder as kafka_raw_key_decoder
from streamsql.formats.none import no_key, refuse_key
from streamsql.formats.registered import (
    RegisteredDecoder,
    SchemaFormat,
    registered_encoder,
    registered_key_decoder,
    registered_key_encoder,
)
from streamsql.formats.registry import SchemaRegistry
from streamsql.formats.windowed import windowed_key_decoder, windowed_key_encoder
from streamsql.types.record import Key
from streamsql.types.schema import Column, Schema


class Serdes:
    """Makes decoders and encoders.

    Those of formats with a registry ask it for the schemas that they meet. An encoder registers its
    schema when it is made; what the registry raises (EngineError) passes.
    """

    __slots__ = ("_registry",)

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry

    def value_decoder(self, spec: FormatSpec, schema: Schema, used: Sequence[Column]) -> Decoder:
        """Return a decoder of a topic's values into row objects of the used value columns."""
        known = lookup(spec.name)
        if isinstance(known, SchemaFormat):
            return RegisteredDecoder(known, self._registry, spec, used)
        return known.decoder(spec, schema.value, used)

    def value_encoder(self, spec: FormatSpec, schema: Schema, topic: str) -> Encoder:
        """Return an encoder of the topic's values."""
        known = lookup(spec.name)
        if isinstance(known, SchemaFormat):
            return registered_encoder(known, self._registry, topic, spec, schema.value)
        return known.encoder(spec, schema.value)

    def key_decoder(
        self, spec: FormatSpec, schema: Schema, window_size_ms: int | None = None
    ) -> Callable[[bytes], Key]:
        """Return a function from a topic's key bytes to keys in flight; it raises DecodeError.

        Keys of a windowed schema become ``(key, start_ms, end_ms)``. Without key columns every key
        is ``None``.
        """
        if not schema.key:
            return no_key
        known = lookup(spec.name)
        if isinstance(known, SchemaFormat):
            decode = registered_key_decoder(known, self._registry, spec, schema.key)
        else:
            decode = known.key_decoder(spec, schema.key)
        if schema.window is None:
            return decode
        return windowed_key_decoder(decode, schema.window, window_size_ms)

    def raw_key_decoder(
        self, spec: FormatSpec, schema: Schema, window_size_ms: int | None = None
    ) -> Callable[[bytes], Key]:
        """As :meth:`key_decoder`, without a wrapper around it where there is none needed.

        It raises anything for bytes that do not fit: for callers that catch everything anyhow.
        """
        if spec.name == KafkaFormat.name and schema.window is None and schema.key:
            return kafka_raw_key_decoder(schema.key)
        return self.key_decoder(spec, schema, window_size_ms)

    def key_encoder(self, spec: FormatSpec, schema: Schema, topic: str) -> Callable[[Key], bytes]:
        """Return a function from keys in flight, never ``None``, to the topic's key bytes.

        Without key columns every key is ``None``, and the function refuses any other.
        """
        if not schema.key:
            return refuse_key
        known = lookup(spec.name)
        if isinstance(known, SchemaFormat):
            encode = registered_key_encoder(known, self._registry, topic, spec, schema.key)
        else:
            encode = known.key_encoder(spec, schema.key)
        if schema.window is None:
            return encode
        return windowed_key_encoder(encode, schema.window)
