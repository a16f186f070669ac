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

from streamsql.state.key_value import KeyValueStore
from streamsql.state.keys import KeyCodec
from streamsql.types.record import Key, Row, StreamForward, TableForward


class ForeignKeySubscriptionProcessor:
    """Forwards what rows refer to, or no more, by foreign key."""

    __slots__ = ("_composite", "_encode", "_forward")

    def __init__(self, codec: KeyCodec, forward: StreamForward, *, composite: bool) -> None:
        """Tell foreign keys apart by ``codec``; ``composite``: the own key has several columns."""
        self._encode = codec.encode
        self._forward = forward
        self._composite = composite

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the left table."""
        before = None if old is None else old[-1]
        after = None if new is None else new[-1]
        own_key = key if self._composite else (key,)
        if before is not None and (after is None or self._encode(before) != self._encode(after)):
            self._forward(before, (*own_key, False), timestamp_ms)
        if after is not None:
            self._forward(after, (*own_key, True), timestamp_ms)


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
        *own_key, refers = value
        subscription = (foreign_key, *own_key)
        if not refers:
            self._subscriptions.delete(subscription)
            return
        self._subscriptions.put(subscription, (), timestamp_ms)
        row, latest = self._right.get(foreign_key) or (None, timestamp_ms)
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


class InnerResult:
    """The rows that have a partner. What is not in the result is not deleted from it."""

    __slots__ = ("_forward", "_matched")

    def __init__(self, matched: KeyValueStore, forward: TableForward) -> None:
        """Keep the keys of the result in ``matched``."""
        self._matched = matched
        self._forward = forward

    def join(self, key: Key, left: Row, right: Row, timestamp_ms: int) -> None:
        """Take a row with its partner."""
        self._matched.put(key, (), timestamp_ms)
        self._forward(key, left + right, None, timestamp_ms)

    def lack(self, key: Key, _left: Row, timestamp_ms: int) -> None:
        """Take a row that refers to nothing that is there."""
        if self._matched.get(key) is not None:
            self._delete(key, timestamp_ms)

    def leave(self, key: Key, old: Row, timestamp_ms: int) -> None:
        """Delete a row that is gone; as Kafka Streams does, even if it lacked a partner."""
        if old[-1] is not None:
            self._delete(key, timestamp_ms)

    def _delete(self, key: Key, timestamp_ms: int) -> None:
        self._matched.delete(key)
        self._forward(key, None, None, timestamp_ms)


class LeftResult:
    """All left rows."""

    __slots__ = ("_absent", "_forward")

    def __init__(self, absent: Row, forward: TableForward) -> None:
        """Join rows that lack a partner with ``absent``."""
        self._absent = absent
        self._forward = forward

    def join(self, key: Key, left: Row, right: Row, timestamp_ms: int) -> None:
        """Take a row with its partner."""
        self._forward(key, left + right, None, timestamp_ms)

    def lack(self, key: Key, left: Row, timestamp_ms: int) -> None:
        """Take a row that refers to nothing that is there."""
        self._forward(key, left + self._absent, None, timestamp_ms)

    def leave(self, key: Key, _old: Row, timestamp_ms: int) -> None:
        """Delete a row that is gone."""
        self._forward(key, None, None, timestamp_ms)


class ForeignKeyJoinProcessor:
    """Hands a row to the result when an answer comes about what it refers to now.

    A row may be deleted and come again before the answer to the first one is there. That answer is
    taken then, and the one to the second, which is behind it, puts it right.
    """

    __slots__ = ("_encode", "_left", "_result")

    def __init__(
        self, left: KeyValueStore, codec: KeyCodec, result: InnerResult | LeftResult
    ) -> None:
        """Join with the table kept in ``left``, whose foreign keys ``codec`` tells apart."""
        self._left = left
        self._encode = codec.encode
        self._result = result

    def left(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the left table; rows that refer to something wait for the answer."""
        if new is None:
            assert old is not None
            self._result.leave(key, old, timestamp_ms)
        elif new[-1] is None:
            self._result.lack(key, new[:-1], timestamp_ms)

    def right(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Take an answer."""
        assert value is not None
        foreign_key, found, *row = value
        entry = self._left.get(key)
        if entry is None or entry[0][-1] is None:
            return
        (*left, current), latest = entry
        if self._encode(current) != self._encode(foreign_key):
            return
        time = max(timestamp_ms, latest)
        if found:
            self._result.join(key, tuple(left), tuple(row), time)
        else:
            self._result.lack(key, tuple(left), time)
