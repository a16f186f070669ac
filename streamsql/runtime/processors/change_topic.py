"""Changes of a table through a repartition topic: both rows travel in one record."""

from collections.abc import Callable, Sequence

from streamsql.broker.ports import Message, Send
from streamsql.errors import DecodeError
from streamsql.formats.row import ChangeCodec
from streamsql.runtime.metrics import Metrics
from streamsql.types.record import Key, Row, TableForward


class ChangeSender:
    """Writes changes to the topic by their new key."""

    __slots__ = ("_codec", "_encode_key", "_send")

    def __init__(self, encode_key: Callable[[Key], bytes], codec: ChangeCodec, send: Send) -> None:
        self._encode_key = encode_key
        self._codec = codec
        self._send = send

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp: int) -> None:
        """Send one change."""
        self._send(self._encode_key(key), self._codec.encode(new, old), timestamp)


class ChangeReceiver:
    """Reads them back."""

    __slots__ = ("_codec", "_decode_key", "_forward", "_metrics")

    def __init__(
        self,
        decode_key: Callable[[bytes], Key],
        codec: ChangeCodec,
        forward: TableForward,
        metrics: Metrics,
    ) -> None:
        self._decode_key = decode_key
        self._codec = codec
        self._forward = forward
        self._metrics = metrics

    def process(self, messages: Sequence[Message]) -> None:
        """Forward the change of each message."""
        for message in messages:
            key, value = message.key(), message.value()
            try:
                assert key is not None
                assert value is not None
                new, old = self._codec.decode(value)
                group = self._decode_key(key)
            except DecodeError as error:
                self._metrics.drop("decode", str(error), message)
                continue
            self._forward(group, new, old, message.timestamp()[1])
