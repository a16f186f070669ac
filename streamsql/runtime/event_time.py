"""The event time of a message that has not been processed, by which messages are ordered.

A task writes its results in the order of its time. A result that is older than that (its record
was late) tells the time of the writer in a header, so that readers keep it in its place.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from streamsql.broker.ports import Message, Send
from streamsql.expr.dates.javatime import parse_timestamp
from streamsql.formats.format import attribute_names
from streamsql.formats.serdes import Serdes
from streamsql.runtime.processors.context import StreamTime
from streamsql.topology.nodes import StreamSource, TableSource
from streamsql.types.record import Header

TimestampOf = Callable[[Message], int]

TIME_HEADER = "streamsql.time"
"""Holds the time of the writer (8 bytes, big-endian, ms) where the record is older."""


def timestamp_reader(source: StreamSource | TableSource, serdes: Serdes) -> TimestampOf:
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


def transport_time(message: Message) -> int:
    """Return the time of the task that wrote the message, which is its own unless it was late."""
    headers = message.headers()
    if headers:
        for name, value in headers:
            if name == TIME_HEADER and value is not None:
                return int.from_bytes(value, "big")
    return message.timestamp()[1]


def sent_in_order(send: Send, time: StreamTime) -> Send:
    """Return ``send`` with the time of the task in the headers of late records; moves the time."""

    def send_timed(
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[Header] | None = None,
    ) -> None:
        if timestamp_ms >= time.now:
            time.now = timestamp_ms
            send(key, value, timestamp_ms, headers)
        else:
            late = (TIME_HEADER, time.now.to_bytes(8, "big"))
            send(key, value, timestamp_ms, [*(headers or ()), late])

    return send_timed


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
