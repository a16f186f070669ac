"""A table joined with the rows of another that it refers to (KIP-213), in three steps.

::

    left table ── subscription ──►  by foreign key   ── response ──►  by the left's key ── result
        │                              │
        └ by its own key               └ right table, subscriptions

A subscription is kept beside the row it asks for, so that a change of this row answers everybody
who refers to it. Answers come back by the key of the left row, some of them to what the row
referred to before: an answer tells which foreign key it is about, and is dropped unless the row
still has it. KIP-213 compares a hash of the whole row instead; the foreign key is enough, since
whatever else the row holds is taken from its own table, as it is by now.
"""

from typing import Any

from streamsql.state.key_value import KeyValueStore
from streamsql.state.keys import KeyCodec
from streamsql.topology.nodes import JoinKind
from streamsql.types.record import Key, Row, StreamForward, TableForward


class ForeignKeySubscriptionProcessor:
    """Forwards what rows refer to, or no more, by foreign key."""

    __slots__ = ("_composite", "_encode", "_forward", "_kind")

    def __init__(
        self, kind: JoinKind, codec: KeyCodec, forward: StreamForward, *, composite: bool
    ) -> None:
        """Tell foreign keys apart by ``codec``; ``composite``: the own key has several columns."""
        self._kind = kind
        self._encode = codec.encode
        self._forward = forward
        self._composite = composite

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the left table."""
        before = None if old is None else old[-1]
        after = None if new is None else new[-1]
        own_key = key if self._composite else (key,)
        if before is not None and (after is None or self._encode(before) != self._encode(after)):
            self._forward(before, (*own_key, False, False), timestamp_ms)
        if after is not None:
            even_absent = self._kind is JoinKind.LEFT or before is not None
            self._forward(after, (*own_key, True, even_absent), timestamp_ms)


class ForeignKeyResponseProcessor:
    """Answers with the row that a foreign key refers to, whenever it or the question changes."""

    __slots__ = ("_absent", "_forward", "_right", "_subscriptions")

    def __init__(
        self,
        subscriptions: KeyValueStore,
        right: KeyValueStore,
        absent: Row,
        forward: StreamForward,
    ) -> None:
        """Answer from the table kept in ``right``; ``absent`` stands for a row not there."""
        self._subscriptions = subscriptions
        self._right = right
        self._absent = absent
        self._forward = forward

    def left(self, foreign_key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Take a subscription, or the end of one."""
        assert value is not None
        *own_key, refers, even_absent = value
        subscription = (foreign_key, *own_key)
        if not refers:
            self._subscriptions.delete(subscription)
            return
        self._subscriptions.put(subscription, (), timestamp_ms)
        row, latest = self._right.get(foreign_key) or (None, timestamp_ms)
        if row is not None or even_absent:
            self._answer(subscription, row, max(timestamp_ms, latest))

    def right(self, key: Key, new: Row | None, _old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the right table."""
        for subscription, _, asked_ms in list(self._subscriptions.scan_prefix(key)):
            self._answer(subscription, new, max(timestamp_ms, asked_ms))

    def _answer(self, subscription: Key, row: Row | None, timestamp_ms: int) -> None:
        foreign_key, *own_key = subscription
        key = own_key[0] if len(own_key) == 1 else tuple(own_key)
        values = self._absent if row is None else row
        self._forward(key, (foreign_key, row is not None, *values), timestamp_ms)


class ForeignKeyJoinProcessor:
    """Forwards the joined row when an answer comes to what a row refers to now."""

    __slots__ = ("_absent", "_encode", "_forward", "_left")

    def __init__(
        self,
        left: KeyValueStore,
        codec: KeyCodec,
        absent: Row | None,
        forward: TableForward,
    ) -> None:
        """Join with the table kept in ``left``, whose foreign keys ``codec`` tells apart.

        ``absent``: the right row of a row that refers to nothing; ``None``: an inner join has none.
        """
        self._left = left
        self._encode = codec.encode
        self._absent = absent
        self._forward = forward

    def left(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the left table; rows that refer to something wait for the answer."""
        if new is not None and new[-1] is not None:
            return
        joined = None if new is None else self._joined(new, self._absent)
        had_joined = old is not None and (old[-1] is not None or self._absent is not None)
        if joined is not None or had_joined:
            self._forward(key, joined, None, timestamp_ms)

    def right(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Take an answer."""
        assert value is not None
        foreign_key, found, *row = value
        entry = self._left.get(key)
        if entry is None or entry[0][-1] is None:
            return
        left, latest = entry
        if self._encode(left[-1]) == self._encode(foreign_key):
            joined = self._joined(left, row if found else self._absent)
            self._forward(key, joined, None, max(timestamp_ms, latest))

    def _joined(self, left: Row, right: Row | list[Any] | None) -> Row | None:
        return None if right is None else (*left[:-1], *right)
