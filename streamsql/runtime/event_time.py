"""The event time of a message that has not been processed, by which messages are ordered."""

from collections.abc import Callable
from functools import partial
from typing import Any

from streamsql.broker.ports import Message
from streamsql.expr.dates.javatime import parse_timestamp
from streamsql.formats.format import attribute_names
from streamsql.formats.serdes import Serdes
from streamsql.topology.nodes import StreamSource, TableSource


def timestamp_reader(
    source: StreamSource | TableSource, serdes: Serdes
) -> Callable[[Message], int]:
    """Return a function that tells the event time of a message before it is processed.

    Messages whose time cannot be read have their own timestamp; the source drops them later.
    """
    spec = source.timestamp
    if spec is None:
        return message_timestamp
    column = source.schema.find(spec.column)
    assert column is not None
    convert: Callable[[Any], int] = int
    if spec.pattern is not None:
        convert = partial(parse_timestamp, pattern=spec.pattern)
    if source.schema.is_key(spec.column):
        decode_key = serdes.key_decoder(
            source.format.key, source.schema, source.format.window_size_ms
        )
        return _reader(lambda message: decode_key(message.key() or b""), convert)
    decoder = serdes.value_decoder(source.format.value, source.format.schema, [column])
    attribute = attribute_names([column])[0]

    def read(message: Message) -> Any:
        payload = message.value() or b""
        try:
            row = decoder.decode(payload)
        except decoder.errors:
            row = decoder.repair(payload)
        return getattr(row, attribute)

    return _reader(read, convert)


def message_timestamp(message: Message) -> int:
    """Return the message's own timestamp."""
    return message.timestamp()[1]


def _reader(
    read: Callable[[Message], Any], convert: Callable[[Any], int]
) -> Callable[[Message], int]:
    """Return ``read`` then ``convert``, falling back to the message's timestamp."""

    def timestamp_of(message: Message) -> int:
        try:
            return convert(read(message))
        except Exception:  # noqa: BLE001 - whatever the value is, the source will report it
            return message.timestamp()[1]

    return timestamp_of
