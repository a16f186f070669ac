"""Changes of a table regrouped: each row leaves its old group and joins its new one."""

from collections.abc import Callable

from streamsql.types.record import Key, Row, TableForward

GroupOf = Callable[[Key, Row, int], Key]
"""Computes the group of a row (from its key, value and timestamp), ``None`` where it has none."""


class TableRegroup:
    """Forwards one change when the group stays the same, else a leave and then a join."""

    __slots__ = ("_forward", "_group_of")

    def __init__(self, group_of: GroupOf, forward: TableForward) -> None:
        self._group_of = group_of
        self._forward = forward

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp: int) -> None:
        """Regroup one change; rows without a group are dropped on both sides."""
        before = None if old is None else self._group_of(key, old, timestamp)
        after = None if new is None else self._group_of(key, new, timestamp)
        if before is not None and before == after:
            self._forward(before, new, old, timestamp)
            return
        if before is not None:
            self._forward(before, None, old, timestamp)
        if after is not None:
            self._forward(after, new, None, timestamp)
