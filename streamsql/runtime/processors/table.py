"""Tables read from topics or made from other operators, kept in stores, regrouped, sent on."""

from collections.abc import Callable, Sequence

from streamsql.broker.ports import Message, Send
from streamsql.errors import DecodeError
from streamsql.formats.row import ChangeCodec
from streamsql.runtime.metrics import Metrics
from streamsql.state.key_value import KeyValueStore
from streamsql.types.record import Key, Row, TableForward

GroupOf = Callable[[Key, Row, int], Key]
"""Computes the group of a row (from its key, value and timestamp), ``None`` where it has none."""


class TableSourceProcessor:
    """Turns the records of a topic into changes of a table: the last one of a key wins, by offset.

    Records without a key are ignored.
    """

    __slots__ = ("_forward", "_store")

    def __init__(self, store: KeyValueStore, forward: TableForward) -> None:
        self._store = store
        self._forward = forward

    def process(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Keep the row and forward the change."""
        if key is None:
            return
        old = _replace(self._store, key, value, timestamp_ms)
        self._forward(key, value, old, timestamp_ms)


class UnkeptTableSourceProcessor:
    """The same without a store: the old row is unknown."""

    __slots__ = ("_forward",)

    def __init__(self, forward: TableForward) -> None:
        self._forward = forward

    def process(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Forward the change."""
        if key is not None:
            self._forward(key, value, None, timestamp_ms)


class MaterializeProcessor:
    """Keeps the rows of a table and forwards every change with the old row as kept here."""

    __slots__ = ("_forward", "_store")

    def __init__(self, store: KeyValueStore, forward: TableForward) -> None:
        self._store = store
        self._forward = forward

    def process(self, key: Key, new: Row | None, _old: Row | None, timestamp_ms: int) -> None:
        """Keep the new row and forward the change; a delete of what is not there is nothing."""
        if key is None:
            return
        old = _replace(self._store, key, new, timestamp_ms)
        if new is not None or old is not None:
            self._forward(key, new, old, timestamp_ms)


class TableRegroupProcessor:
    """Forwards one change when the group of a row stays the same, else a leave and then a join."""

    __slots__ = ("_forward", "_group_of")

    def __init__(self, group_of: GroupOf, forward: TableForward) -> None:
        self._group_of = group_of
        self._forward = forward

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Regroup one change; rows without a group are dropped on both sides."""
        before = None if old is None else self._group_of(key, old, timestamp_ms)
        after = None if new is None else self._group_of(key, new, timestamp_ms)
        if before is not None and before == after:
            self._forward(before, new, old, timestamp_ms)
            return
        if before is not None:
            self._forward(before, None, old, timestamp_ms)
        if after is not None:
            self._forward(after, new, None, timestamp_ms)


class ChangeSender:
    """Writes changes to a repartition topic by their new key: both rows travel in one record."""

    __slots__ = ("_codec", "_encode_key", "_send")

    def __init__(self, encode_key: Callable[[Key], bytes], codec: ChangeCodec, send: Send) -> None:
        self._encode_key = encode_key
        self._codec = codec
        self._send = send

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Send one change."""
        self._send(self._encode_key(key), self._codec.encode(new, old), timestamp_ms)


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


def _replace(store: KeyValueStore, key: Key, row: Row | None, timestamp_ms: int) -> Row | None:
    """Keep the row, remove the key for ``None``; return the row before."""
    entry = store.get(key)
    if row is not None:
        store.put(key, row, timestamp_ms)
    elif entry is not None:
        store.delete(key)
    return None if entry is None else entry[0]
