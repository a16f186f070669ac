"""Aggregates by key and time window, tumbling or hopping.

Stream time is advanced by each record first; then the windows that are still open take it
(:class:`streamsql.types.windows.TimeWindows`), and for the others it is late and counted.
"""

from collections.abc import Hashable, ValuesView
from typing import Any

from streamsql.codegen.aggregates.fold import Fold
from streamsql.codegen.supplies import WindowGroups
from streamsql.runtime.processors.context import ProcessorContext, drop_without_group
from streamsql.runtime.processors.emission import Emission, TouchedGroup
from streamsql.state.windowed import WindowStore
from streamsql.types.record import Key, Row, TableForward
from streamsql.types.windows import TimeWindows


class WindowAggregateProcessor:
    """Folds each record into the groups of its key in the windows of its time.

    Held groups are outside the store, by start and then key. Unless each change is forwarded, most
    records never get here: the source's loop folds them into the groups that it finds in the dict
    of their slot, which ``groups.touch`` fills
    (:class:`streamsql.codegen.supplies.WindowGroups`).
    No window closes or expires within a slot, so the loop need not ask for either.
    """

    __slots__ = (
        "_context",
        "_due_ms",
        "_each",
        "_emission",
        "_fold",
        "_forward",
        "_held",
        "_slots",
        "_store",
        "_time",
        "_windows",
        "groups",
    )

    def __init__(
        self,
        fold: Fold,
        store: WindowStore,
        windows: TimeWindows,
        emission: Emission,
        forward: TableForward,
        context: ProcessorContext,
    ) -> None:
        self._fold = fold
        self._store = store
        self._windows = windows
        self._emission = emission
        self._each = emission is Emission.EACH
        self._forward = forward
        self._context = context
        self._time = context.time
        self._due_ms = 0  # the stream time at which a window closes, and others are let go
        self._held: dict[int, dict[Hashable, TouchedGroup]] = {}
        self._slots: dict[int, dict[Any, Any]] = {}
        hopping = windows.advance_ms < windows.size_ms
        touch = self._touch_windows if hopping else self._touch_window
        self.groups = WindowGroups(self._time, touch)
        if self._time.now >= 0:
            store.expire(windows.expired_before(self._time.now))

    def process(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Fold a record in; one without a key or a value belongs to no group."""
        if key is None or value is None:
            drop_without_group(self._context.metrics)
            return
        if timestamp_ms > self._time.now:
            self._forget_slots()  # this may close windows that the source's loop takes for open
        each, add, slot = self._each, self._fold.add, self._store.slot(key)
        for start in self._open_starts(timestamp_ms):
            group = self._load(key, start) if each else self._hold(slot, key, start)
            if timestamp_ms > group[1]:
                group[1] = timestamp_ms
            add(group[0], key, value, timestamp_ms)
            if each:
                state, latest_ms, old, _ = group
                self._store.put(key, start, state, latest_ms)
                window = (key, start, start + self._windows.size_ms)
                self._forward(window, self._fold.result(state), old, latest_ms)

    def held(self) -> ValuesView[dict[Hashable, TouchedGroup]]:
        """Return the held groups, by window."""
        return self._held.values()

    def flush(self) -> None:
        """Let go of the held groups."""
        self._let_go()
        self._slots.clear()

    # Slots: times that lie in the same windows

    def _touch_window(
        self, identity: Any, key: Key, timestamp_ms: int
    ) -> tuple[int, int, dict[Any, Any], TouchedGroup]:
        """Hold the group of the key in the one window of the time."""
        starts = self._open_starts(timestamp_ms)
        if not starts:
            return 0, 0, {}, [self._fold.initial(), timestamp_ms, None, key]  # seen by nobody
        low, high, held = self._slot(timestamp_ms)
        group = held[identity] = self._hold(self._store.slot(key), key, starts[0])
        return low, high, held, group

    def _touch_windows(
        self, identity: Any, key: Key, timestamp_ms: int
    ) -> tuple[int, int, dict[Any, Any], tuple[TouchedGroup, ...]]:
        """Hold the groups of the key in all windows of the time."""
        starts = self._open_starts(timestamp_ms)
        slot, hold = self._store.slot(key), self._hold
        groups = tuple([hold(slot, key, start) for start in starts])
        if len(starts) < len(self._windows.starts(timestamp_ms)):
            return 0, 0, {}, groups  # a window is closed: each record is to be looked at
        low, high, held = self._slot(timestamp_ms)
        held[identity] = groups
        return low, high, held, groups

    def _slot(self, timestamp_ms: int) -> tuple[int, int, dict[Any, Any]]:
        """Return the bounds and the groups of the slot; it ends before something is due."""
        low, high = self._windows.slot(timestamp_ms)
        return low, min(high, self._due_ms), self._slots.setdefault(low, {})

    def _forget_slots(self) -> None:
        """Empty the dicts of all slots, which stay: the source's loop may have one of them."""
        for held in self._slots.values():
            held.clear()

    # Groups

    def _open_starts(self, timestamp_ms: int) -> range:
        """Move stream time on; return the windows of the time that are open, count the others."""
        time, windows = self._time, self._windows
        if timestamp_ms > time.now:
            if timestamp_ms >= self._due_ms:
                self._close_and_expire(timestamp_ms)
            time.now = timestamp_ms
        starts, closed_before = windows.starts(timestamp_ms), windows.closed_before(time.now)
        if starts.start >= closed_before:
            return starts
        late = 0
        for start in starts:
            if start < closed_before:
                late += 1
                detail = f"window {start} is closed at stream time {time.now}"
                self._context.metrics.drop("late", detail)
        return starts[late:]

    def _load(self, key: Key, start_ms: int) -> TouchedGroup:
        """Return the group of the key's window, and its row as of now."""
        entry = self._store.get_mutable(key, start_ms)
        if entry is None:
            return [self._fold.initial(), -1, None, key]
        state, timestamp_ms = entry
        return [state, timestamp_ms, self._fold.result(state), key]

    def _hold(self, slot: Hashable, key: Key, start_ms: int) -> TouchedGroup:
        held = self._held.get(start_ms)
        if held is None:
            held = self._held[start_ms] = {}
        group = held.get(slot)
        if group is None:
            group = held[slot] = self._load(key, start_ms)
        return group

    def _let_go(self) -> None:
        """Store the held groups and forward their changes, window by window."""
        self._forget_slots()
        touched = sorted(self._held.items())
        self._held.clear()
        flush, size_ms = self._fold.flush, self._windows.size_ms
        for start, held in touched:
            self._store.put_all(start, ((slot, row, at) for slot, (row, at, *_) in held.items()))
            if flush is not None:
                flush(held.values(), start, start + size_ms, self._forward)

    def _close_and_expire(self, timestamp_ms: int) -> None:
        """Do what is due at the new stream time; what is to be seen leaves before it expires."""
        windows = self._windows
        expired_before = windows.expired_before(timestamp_ms)
        if self._emission is Emission.CLOSE:
            self._let_go()
            self._forward_closed(windows.closing(self._time.now, timestamp_ms))
        elif min(self._held, default=timestamp_ms) < expired_before:
            self._let_go()
        self._store.expire(expired_before)
        self._due_ms = windows.next_close_ms(timestamp_ms)

    def _forward_closed(self, starts: range) -> None:
        """Forward the windows once, in order of their end."""
        if not starts:
            return
        assert self._fold.close is not None, "windows are forwarded as they close"
        self._fold.close(self._store.fetch_all(starts[0], starts[-1]), self._forward)
