"""Aggregates by key and time window, tumbling or hopping.

Stream time is advanced by each record first; then a window takes the record when its end plus the
grace is still after stream time, else the record is late for that window and counted.
"""

from collections.abc import Hashable, ValuesView
from typing import Any

from streamsql.codegen.aggregates import Fold
from streamsql.codegen.stretch import WindowGroups
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.aggregate import Held
from streamsql.runtime.processors.stream_time import StreamTime
from streamsql.state.windowed import WindowStore
from streamsql.types.record import Key, Row, TableForward
from streamsql.types.windows import TimeWindows


class WindowedFold:
    """What the kinds of windowed aggregation share: their parts, and moving time on."""

    __slots__ = ("_closing", "_due", "_fold", "_forward", "_metrics", "_store", "_time", "_windows")

    def __init__(
        self,
        fold: Fold,
        store: WindowStore,
        windows: TimeWindows,
        forward: TableForward,
        context: tuple[StreamTime, Metrics],
    ) -> None:
        self._fold = fold
        self._store = store
        self._windows = windows
        self._closing = windows.grace_ms + windows.size_ms
        self._forward = forward
        self._time, self._metrics = context
        self._due = 0
        if self._time.now >= 0:
            self._expire(self._time.now)

    def _expire(self, now: int) -> None:
        """Drop what is beyond retention at the stream time; note when to look again."""
        self._store.expire(now - self._windows.retention_ms)
        self._due = now + self._windows.advance_ms

    def _late(self, start: int) -> None:
        """Count a record that comes after its window is closed."""
        detail = f"window {start} is closed at stream time {self._time.now}"
        self._metrics.drop("late", detail)

    def _belongs_nowhere(self) -> None:
        """Count a record without a key or a value."""
        self._metrics.drop("null-key", "a record without key or value belongs to no group")


class WindowAggregate(WindowedFold):
    """Folds each record into the aggregates of its windows and forwards each change at once."""

    __slots__ = ()

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Update the aggregate of the key in every window of the timestamp."""
        if key is None or value is None:
            self._belongs_nowhere()
            return
        if timestamp > self._time.now:
            self._advance(timestamp)
        open_after = self._time.now - self._windows.grace_ms - self._windows.size_ms
        for start in self._windows.starts(timestamp):
            if start > open_after:
                self._update(key, value, timestamp, start)
            else:
                self._late(start)

    def flush(self) -> None:
        """Forward what is held back: nothing."""

    def _advance(self, timestamp: int) -> None:
        """Move stream time on; what is beyond retention goes."""
        self._time.now = timestamp
        if timestamp >= self._due:
            self._expire(timestamp)

    def _update(self, key: Key, value: Row, timestamp: int, start: int) -> None:
        """Fold the record into one window and forward the change."""
        fold = self._fold
        entry = self._store.get_mutable(key, start)
        if entry is None:
            state, old, latest = fold.initial(), None, timestamp
        else:
            state, before = entry
            old, latest = fold.result(state), max(timestamp, before)
        fold.add(state, key, value, timestamp)
        self._store.put(key, start, state, latest)
        window = (key, start, start + self._windows.size_ms)
        self._forward(window, fold.result(state), old, latest)


class CachedWindowAggregate(WindowedFold):
    """As :class:`WindowAggregate`, forwarding one change for each key, window and commit.

    Windows touched since the last flush are held outside the store, by start and then key. Most
    records never get here: the source's loop folds them into the groups that it finds in the dict
    of their slot, which ``groups.touch`` fills (see :class:`streamsql.codegen.stretch.FoldStep`).
    ``process`` takes the others.
    """

    __slots__ = ("_held", "_slots", "groups")

    def __init__(
        self,
        fold: Fold,
        store: WindowStore,
        windows: TimeWindows,
        forward: TableForward,
        context: tuple[StreamTime, Metrics],
    ) -> None:
        super().__init__(fold, store, windows, forward, context)
        self._held: dict[int, dict[Hashable, Held]] = {}
        self._slots: dict[int, dict[Any, Any]] = {}
        hopping = windows.advance_ms < windows.size_ms
        touch = self._touch_windows if hopping else self._touch_window
        self.groups = WindowGroups(self._time, hopping, touch)

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Fold the record into the groups of its windows."""
        if key is None or value is None:
            self._belongs_nowhere()
            return
        if timestamp > self._time.now:
            self._forget_slots()  # this may close windows that the source's loop takes for open
        add = self._fold.add
        for group in self._open_groups(key, timestamp):
            if timestamp > group[1]:
                group[1] = timestamp
            add(group[0], key, value, timestamp)

    def _touch_window(
        self, identity: Any, key: Key, timestamp: int
    ) -> tuple[int, int, dict[Any, Any], Held]:
        """Hold the group of the key in the one window of the time."""
        groups = self._open_groups(key, timestamp)
        if not groups:
            return 0, 0, {}, [self._fold.initial(), timestamp, None, key]  # seen by nobody
        low, high = self._slot(timestamp)
        held = self._slots.setdefault(low, {})
        held[identity] = groups[0]
        return low, high, held, groups[0]

    def _touch_windows(
        self, identity: Any, key: Key, timestamp: int
    ) -> tuple[int, int, dict[Any, Any], tuple[Held, ...]]:
        """Hold the groups of the key in all windows of the time."""
        groups = self._open_groups(key, timestamp)
        if len(groups) < len(self._windows.starts(timestamp)):
            return 0, 0, {}, groups  # a window is closed: each record is to be looked at
        low, high = self._slot(timestamp)
        held = self._slots.setdefault(low, {})
        held[identity] = groups
        return low, high, held, groups

    def _slot(self, timestamp: int) -> tuple[int, int]:
        """Return the range around the time in which all times have the same windows.

        It ends where something is to be expired.
        """
        size, advance = self._windows.size_ms, self._windows.advance_ms
        low = timestamp - timestamp % advance
        ends = low + size % advance  # where a window ends between two starts
        low, high = (low, ends) if timestamp < ends else (ends, low + advance)
        return low, min(high, self._due)

    def _open_groups(self, key: Key, timestamp: int) -> tuple[Held, ...]:
        """Move stream time on; return the groups of the key in the windows that are open."""
        if timestamp > self._time.now:
            if timestamp >= self._due:
                self._flush_and_expire(timestamp)
            self._time.now = timestamp
        open_after = self._time.now - self._closing
        slot = self._store.slot(key)
        groups = []
        for start in self._windows.starts(timestamp):
            if start > open_after:
                groups.append(self._group(slot, key, start))
            else:
                self._late(start)
        return tuple(groups)

    def _group(self, slot: Hashable, key: Key, start: int) -> Held:
        """Hold the group of the key's window, and its row as of now."""
        window = self._held.get(start)
        if window is None:
            window = self._held[start] = {}
        group = window.get(slot)
        if group is None:
            entry = self._store.get_mutable(key, start)
            if entry is None:
                group = [self._fold.initial(), -1, None, key]
            else:
                state, timestamp = entry
                group = [state, timestamp, self._fold.result(state), key]
            window[slot] = group
        return group

    def _flush_and_expire(self, timestamp: int) -> None:
        """Drop what is beyond retention, after what is held back has left."""
        if min(self._held, default=timestamp) < timestamp - self._windows.retention_ms:
            self._let_go()
        self._expire(timestamp)

    def held(self) -> ValuesView[dict[Hashable, Held]]:
        """Return what is held back, by window."""
        return self._held.values()

    def flush(self) -> None:
        """Store and forward what is held back, window by window."""
        self._let_go()
        self._slots.clear()

    def _forget_slots(self) -> None:
        """Empty the dicts of all slots, which stay: the source's loop may have one of them."""
        for held in self._slots.values():
            held.clear()

    def _let_go(self) -> None:
        """Forward what is held back."""
        self._forget_slots()
        touched = sorted(self._held.items())
        self._held.clear()
        result, forward, size = self._fold.result, self._forward, self._windows.size_ms
        for start, window in touched:
            end = start + size
            self._store.put_all(start, ((slot, row, at) for slot, (row, at, *_) in window.items()))
            for state, timestamp, old, key in window.values():
                forward((key, start, end), result(state), old, timestamp)


class FinalWindowAggregate(WindowAggregate):
    """Forwards each window once, when stream time passes its end plus the grace (EMIT FINAL).

    Windows leave in order of their end, before anything expires.
    """

    __slots__ = ()

    def _update(self, key: Key, value: Row, timestamp: int, start: int) -> None:
        """Fold the record into one window."""
        fold = self._fold
        entry = self._store.get_mutable(key, start)
        state, before = (fold.initial(), timestamp) if entry is None else entry
        fold.add(state, key, value, timestamp)
        self._store.put(key, start, state, max(timestamp, before))

    def _advance(self, timestamp: int) -> None:
        """Forward the windows that the new stream time closes, then move it on."""
        windows = self._windows
        closed = timestamp - windows.grace_ms - windows.size_ms
        before = self._time.now - windows.grace_ms - windows.size_ms
        if closed >= 0 and (closed - closed % windows.advance_ms) > before:
            size = windows.size_ms
            for key, start, state, latest in self._store.fetch_all(max(before + 1, 0), closed):
                row = self._fold.result(list(state))
                self._forward((key, start, start + size), row, None, latest)
        super()._advance(timestamp)
