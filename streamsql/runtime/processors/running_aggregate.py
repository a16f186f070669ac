"""Running aggregates: of a stream's records by key, and of a table's changes by group.

The state of a group is one list (the newest row's columns, then a state for each aggregate) that
the generated fold changes in place.
"""

from collections.abc import Hashable

from streamsql.codegen.aggregates.fold import Fold
from streamsql.codegen.supplies import RunningGroups
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.context import drop_without_group
from streamsql.runtime.processors.emission import Emission, TouchedGroup
from streamsql.state.key_value import KeyValueStore
from streamsql.types.record import Key, Row, TableForward


class RunningAggregateProcessor:
    """Folds each record of a stream, or each change of a table, into the aggregate of its key.

    The timestamp of a change is the largest of the group. Held groups are outside the store, so
    that a record of a hot key costs one look-up. Unless each change is forwarded, most records
    never get here: the source's loop folds them into the groups that it finds in ``groups``
    (:class:`streamsql.codegen.supplies.RunningGroups`).
    """

    __slots__ = ("_each", "_fold", "_forward", "_held", "_metrics", "_store", "groups")

    def __init__(
        self,
        fold: Fold,
        store: KeyValueStore,
        emission: Emission,
        forward: TableForward,
        metrics: Metrics,
    ) -> None:
        assert emission is not Emission.CLOSE, "a group without a window is never closed"
        self._fold = fold
        self._store = store
        self._each = emission is Emission.EACH
        self._forward = forward
        self._metrics = metrics
        self._held: dict[Hashable, TouchedGroup] = {}
        self.groups = RunningGroups(self._held, {}, self._hold, self._hold_by_bytes)

    def process(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Fold a record in; one without a key or a value belongs to no group."""
        if key is None or value is None:
            drop_without_group(self._metrics)
            return
        group = self._load(key) if self._each else self._hold(key)
        if timestamp_ms > group[1]:
            group[1] = timestamp_ms
        self._fold.add(group[0], key, value, timestamp_ms)
        if self._each:
            self._let_go(group)

    def change(self, key: Key, new: Row | None, old: Row | None, timestamp_ms: int) -> None:
        """Take the old row of a table back, then fold the new one in, and forward the change.

        A group whose last row leaves keeps its row. A change of a row within its group is one
        change of the aggregate (KIP-904).
        """
        if key is None:
            return
        group, fold = self._load(key), self._fold
        if old is not None and group[1] < 0:
            return  # the row was never added here: nothing to take back
        group[1] = max(timestamp_ms, group[1])
        if old is not None:
            assert fold.undo is not None, "the binder allows only aggregates that can undo"
            fold.undo(group[0], key, old, group[1])
        if new is not None:
            fold.add(group[0], key, new, group[1])
        self._let_go(group)

    def held(self) -> tuple[dict[Hashable, TouchedGroup]]:
        """Return the held groups."""
        return (self._held,)

    def flush(self) -> None:
        """Let go of the held groups."""
        if not self._held:
            return
        touched = tuple(self._held.values())
        self._held.clear()
        self.groups.by_bytes.clear()
        put, flush = self._store.put, self._fold.flush
        assert flush is not None, "groups are held"
        for state, timestamp_ms, _, key in touched:
            put(key, state, timestamp_ms)
        flush(touched, self._forward)

    def _load(self, key: Key) -> TouchedGroup:
        """Return the group of the key, and its row as of now."""
        entry = self._store.get_mutable(key)
        if entry is None:
            return [self._fold.initial(), -1, None, key]
        state, timestamp_ms = entry
        return [state, timestamp_ms, self._fold.result(state), key]

    def _hold(self, key: Key) -> TouchedGroup:
        slot = self._store.slot(key)
        group = self._held.get(slot)
        if group is None:
            group = self._held[slot] = self._load(key)
        return group

    def _hold_by_bytes(self, raw_key: bytes, key: Key) -> TouchedGroup:
        """Hold the group of the key, to be found by its bytes."""
        group = self.groups.by_bytes[raw_key] = self._hold(key)
        return group

    def _let_go(self, group: TouchedGroup) -> None:
        state, timestamp_ms, old, key = group
        self._store.put(key, state, timestamp_ms)
        self._forward(key, self._fold.result(state), old, timestamp_ms)
