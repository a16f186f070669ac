"""Aggregates by key and time window, tumbling or hopping.

Stream time is advanced by each record first; then a window takes the record when its end plus the
grace is still after stream time, else the record is late for that window and counted.
"""

from streamsql.expr.codegen.aggregates import Fold
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.aggregate import Held
from streamsql.runtime.processors.stream_time import StreamTime
from streamsql.state.windowed import WindowStore
from streamsql.types.record import Key, Row, StreamForward, TableForward
from streamsql.types.windows import TimeWindows


class WindowedFold:
    """What the kinds of windowed aggregation share: their parts, and moving time on."""

    __slots__ = ("_due", "_fold", "_forward", "_metrics", "_store", "_time", "_windows")

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

    Windows touched since the last flush are held outside the store, by start and then key.
    ``process`` is a closure: it runs for every record.
    """

    __slots__ = ("_held", "process")

    def __init__(
        self,
        fold: Fold,
        store: WindowStore,
        windows: TimeWindows,
        forward: TableForward,
        context: tuple[StreamTime, Metrics],
    ) -> None:
        super().__init__(fold, store, windows, forward, context)
        self._held: dict[int, dict[Key, Held]] = {}
        tumbling = windows.advance_ms == windows.size_ms
        self.process = self._make_tumbling() if tumbling else self._make_hopping()

    def _make_tumbling(self) -> StreamForward:
        held, touch, add, time = self._held, self._touch, self._fold.add, self._time
        size = self._windows.size_ms
        closing = self._windows.grace_ms + size

        def process(key: Key, value: Row | None, timestamp: int) -> None:
            if key is None or value is None:
                self._belongs_nowhere()
                return
            start = timestamp - timestamp % size
            if timestamp > time.now:
                if timestamp >= self._due:
                    self._flush_and_expire(timestamp)
                time.now = timestamp
            elif start <= time.now - closing:
                self._late(start)
                return
            window = held.get(start)
            if window is None:
                window = held[start] = {}
            group = window.get(key)
            if group is None:
                group = window[key] = touch(key, start)
            if timestamp > group[1]:
                group[1] = timestamp
            add(group[0], key, value, timestamp)

        return process

    def _make_hopping(self) -> StreamForward:
        held, touch, add, time = self._held, self._touch, self._fold.add, self._time
        size, advance = self._windows.size_ms, self._windows.advance_ms
        closing = self._windows.grace_ms + size

        def process(key: Key, value: Row | None, timestamp: int) -> None:
            if key is None or value is None:
                self._belongs_nowhere()
                return
            if timestamp > time.now:
                if timestamp >= self._due:
                    self._flush_and_expire(timestamp)
                time.now = timestamp
            open_after = time.now - closing
            start = timestamp - timestamp % advance
            while start > timestamp - size and start >= 0:
                if start > open_after:
                    window = held.get(start)
                    if window is None:
                        window = held[start] = {}
                    group = window.get(key)
                    if group is None:
                        group = window[key] = touch(key, start)
                    if timestamp > group[1]:
                        group[1] = timestamp
                    add(group[0], key, value, timestamp)
                else:
                    self._late(start)
                start -= advance

        return process

    def _touch(self, key: Key, start: int) -> Held:
        """Return the group of the key's window, and its row as of now."""
        entry = self._store.get_mutable(key, start)
        if entry is None:
            return [self._fold.initial(), -1, None]
        state, timestamp = entry
        return [state, timestamp, self._fold.result(state)]

    def _flush_and_expire(self, timestamp: int) -> None:
        """Drop what is beyond retention, after what is held back has left."""
        if min(self._held, default=timestamp) < timestamp - self._windows.retention_ms:
            self.flush()
        self._expire(timestamp)

    def flush(self) -> None:
        """Store and forward what is held back, window by window."""
        touched = sorted(self._held.items())
        self._held.clear()
        result, put, forward = self._fold.result, self._store.put, self._forward
        size = self._windows.size_ms
        for start, groups in touched:
            end = start + size
            for key, (state, timestamp, old) in groups.items():
                put(key, start, state, timestamp)
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
