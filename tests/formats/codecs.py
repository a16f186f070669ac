"""Decoders and encoders of formats that need no registry."""

from collections.abc import Callable

from streamsql.formats.format import Encoder, FormatSpec
from streamsql.formats.registry import NO_REGISTRY
from streamsql.formats.serdes import Serdes
from streamsql.types.record import Key
from streamsql.types.schema import Schema

SERDES = Serdes(NO_REGISTRY)
key_decoder = SERDES.key_decoder
value_decoder = SERDES.value_decoder


def key_encoder(spec: FormatSpec, schema: Schema) -> Callable[[Key], bytes]:
    """Return the encoder of a topic's keys."""
    return SERDES.key_encoder(spec, schema, "topic")


def value_encoder(spec: FormatSpec, schema: Schema) -> Encoder:
    """Return the encoder of a topic's values."""
    return SERDES.value_encoder(spec, schema, "topic")
