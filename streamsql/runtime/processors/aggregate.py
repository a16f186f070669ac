"""Running aggregates: of a stream's records by key, and of a table's changes by group.

The state of a group is one list (the newest row's columns, then a state for each aggregate) that
the generated fold changes in place; after an abort the list goes with its task.
"""

from collections.abc import Hashable
from typing import Any

from streamsql.codegen.aggregates import Fold
from streamsql.codegen.stretch import RunningGroups
from streamsql.runtime.metrics import Metrics
from streamsql.state.key_value import KeyValueStore
from streamsql.types.record import Key, Row, TableForward

Held = list[Any]
"""``[state, timestamp_ms, old row, key]`` of a group touched since the last flush."""


class StreamAggregate:
    """Folds each record into the aggregate of its key and forwards the change at once.

    Records without a key or a value are skipped: they belong to no group. The timestamp of a change
    is the largest of the group.
    """

    __slots__ = ("_fold", "_forward", "_metrics", "_store")

    def __init__(
        self, fold: Fold, store: KeyValueStore, forward: TableForward, metrics: Metrics
    ) -> None:
        self._fold = fold
        self._store = store
        self._forward = forward
        self._metrics = metrics

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Update the aggregate of the key and forward the change."""
        if key is None or value is None:
            self._metrics.drop("null-key", "a record without key or value belongs to no group")
            return
        fold = self._fold
        entry = self._store.get_mutable(key)
        if entry is None:
            state, old, latest = fold.initial(), None, timestamp
        else:
            state, before = entry
            old, latest = fold.result(state), max(timestamp, before)
        fold.add(state, key, value, timestamp)
        self._store.put(key, state, latest)
        self._forward(key, fold.result(state), old, latest)

    def flush(self) -> None:
        """Forward what is held back: nothing."""


class CachedStreamAggregate:
    """As :class:`StreamAggregate`, forwarding one change for each key and commit.

    Groups touched since the last flush are held outside the store, so that a record of a hot key
    costs one look-up. Most records never get here: the source's loop folds them into the groups
    that it finds in ``groups`` (see :class:`streamsql.codegen.stretch.FoldStep`). ``process`` takes
    the others.
    """

    __slots__ = ("_fold", "_forward", "_held", "_metrics", "_store", "groups")

    def __init__(
        self, fold: Fold, store: KeyValueStore, forward: TableForward, metrics: Metrics
    ) -> None:
        self._fold = fold
        self._store = store
        self._forward = forward
        self._metrics = metrics
        self._held: dict[Hashable, Held] = {}
        self.groups = RunningGroups(self._held, {}, self._group, self._group_by_bytes)

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Fold the record into the group of its key."""
        if key is None or value is None:
            self._metrics.drop("null-key", "a record without key or value belongs to no group")
            return
        group = self._group(key)
        if timestamp > group[1]:
            group[1] = timestamp
        self._fold.add(group[0], key, value, timestamp)

    def _group(self, key: Key) -> Held:
        """Hold the group of the key, and its row as of now."""
        slot = self._store.slot(key)
        group = self._held.get(slot)
        if group is None:
            entry = self._store.get_mutable(key)
            if entry is None:
                group = [self._fold.initial(), -1, None, key]
            else:
                state, timestamp = entry
                group = [state, timestamp, self._fold.result(state), key]
            self._held[slot] = group
        return group

    def _group_by_bytes(self, raw_key: bytes, key: Key) -> Held:
        """Hold the group of the key, to be found by its bytes."""
        group = self.groups.by_bytes[raw_key] = self._group(key)
        return group

    def held(self) -> tuple[dict[Hashable, Held]]:
        """Return what is held back."""
        return (self._held,)

    def flush(self) -> None:
        """Store and forward each group touched since the last flush, in order of first touch."""
        touched = tuple(self._held.values())
        self._held.clear()
        self.groups.by_bytes.clear()
        result, put, forward = self._fold.result, self._store.put, self._forward
        for state, timestamp, old, key in touched:
            put(key, state, timestamp)
            forward(key, result(state), old, timestamp)


class TableAggregate:
    """Folds the changes of regrouped rows: takes the old row back, then adds the new one.

    A group whose last row leaves keeps its row. A change of a row within its group is one change of
    the aggregate (KIP-904).
    """

    __slots__ = ("_fold", "_forward", "_store")

    def __init__(self, fold: Fold, store: KeyValueStore, forward: TableForward) -> None:
        self._fold = fold
        self._store = store
        self._forward = forward

    def process(self, key: Key, new: Row | None, old: Row | None, timestamp: int) -> None:
        """Update the aggregate of the group and forward the change."""
        if key is None:
            return
        fold = self._fold
        entry = self._store.get_mutable(key)
        if entry is None:
            state, before = fold.initial(), None
        else:
            state, latest = entry
            before = fold.result(state)
            timestamp = max(timestamp, latest)
        if old is not None:
            if entry is None:
                return  # the row was never added here: nothing to take back
            assert fold.undo is not None, "the binder allows only aggregates that can undo"
            fold.undo(state, key, old, timestamp)
        if new is not None:
            fold.add(state, key, new, timestamp)
        self._store.put(key, state, timestamp)
        self._forward(key, fold.result(state), before, timestamp)
