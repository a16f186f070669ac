"""Two tables joined by their keys: any change of a side changes the result."""

from streamsql.state.key_value import KeyValueStore
from streamsql.topology.nodes import JoinKind
from streamsql.types.record import Key, Row, TableForward


class TableTableJoinProcessor:
    """Forwards the joined row before and after each change of a side.

    The stores hold both sides as kept upstream: when a change arrives, its own side's store has the
    new row already.
    """

    __slots__ = ("_absent", "_forward", "_kind", "_left", "_right")

    def __init__(
        self,
        kind: JoinKind,
        stores: tuple[KeyValueStore, KeyValueStore],
        absent: tuple[Row, Row],
        forward: TableForward,
    ) -> None:
        self._kind = kind
        self._left, self._right = stores
        self._absent = absent
        self._forward = forward

    def left(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the left table."""
        entry = self._right.get(key)
        other, latest = (None, timestamp_ms) if entry is None else entry
        self._change(
            key, (self._join(new, other), self._join(old, other)), max(timestamp_ms, latest)
        )

    def right(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take a change of the right table."""
        entry = self._left.get(key)
        other, latest = (None, timestamp_ms) if entry is None else entry
        self._change(
            key, (self._join(other, new), self._join(other, old)), max(timestamp_ms, latest)
        )

    def _change(self, key: Key, rows: tuple[Row | None, Row | None], timestamp_ms: int) -> None:
        new, old = rows
        if new is not None or old is not None:
            self._forward(key, new, old, timestamp_ms)

    def _join(self, left: Row | None, right: Row | None) -> Row | None:
        """Return the joined row, ``None`` when the kind of join has none."""
        if left is None and (right is None or self._kind in (JoinKind.INNER, JoinKind.LEFT)):
            return None
        if right is None and self._kind in (JoinKind.INNER, JoinKind.RIGHT):
            return None
        absent_left, absent_right = self._absent
        return tuple(absent_left if left is None else left) + tuple(
            absent_right if right is None else right
        )
