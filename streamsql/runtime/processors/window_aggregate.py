"""Aggregates by key and time window, tumbling or hopping."""

from streamsql.expr.codegen.aggregates import Fold
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.stream_time import StreamTime
from streamsql.state.windowed import WindowStore
from streamsql.types.record import Key, Row, TableForward
from streamsql.types.windows import TimeWindows


class WindowAggregate:
    """Folds each record into the aggregates of its windows and forwards each change at once.

    Stream time is advanced by the record first; then a window takes the record when its end plus
    the grace is still after stream time, else the record is late for that window and counted.
    """

    __slots__ = ("_expired", "_fold", "_forward", "_metrics", "_store", "_time", "_windows")

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
        self._expired = 0
        if self._time.now >= 0:
            store.expire(self._time.now - windows.retention_ms)

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Update the aggregate of the key in every window of the timestamp."""
        if key is None or value is None:
            self._metrics.drop("null-key", "a record without key or value belongs to no group")
            return
        time, windows = self._time, self._windows
        if timestamp > time.now:
            self._advance(timestamp)
        size = windows.size_ms
        open_after = time.now - windows.grace_ms - size
        for start in windows.starts(timestamp):
            if start > open_after:
                self._update(key, value, timestamp, start)
            else:
                self._metrics.drop("late", f"window {start} is closed at stream time {time.now}")

    def _advance(self, timestamp: int) -> None:
        """Move stream time on; what is beyond retention goes."""
        self._time.now = timestamp
        limit = timestamp - self._windows.retention_ms
        if limit > self._expired:
            self._expired = limit + self._windows.advance_ms
            self._store.expire(limit)

    def _update(self, key: Key, value: Row, timestamp: int, start: int) -> None:
        fold = self._fold
        entry = self._store.get_mutable(key, start)
        if entry is None:
            state, old = fold.initial(), None
        else:
            state, before = entry
            old = fold.result(state)
            timestamp = max(timestamp, before)
        fold.add(state, key, value, timestamp)
        self._store.put(key, start, state, timestamp)
        window = (key, start, start + self._windows.size_ms)
        self._forward(window, fold.result(state), old, timestamp)

    def flush(self) -> None:
        """Forward what is held back: nothing."""


class CachedWindowAggregate(WindowAggregate):
    """As :class:`WindowAggregate`, forwarding one change for each key, window and commit."""

    __slots__ = ("_old",)

    def __init__(
        self,
        fold: Fold,
        store: WindowStore,
        windows: TimeWindows,
        forward: TableForward,
        context: tuple[StreamTime, Metrics],
    ) -> None:
        super().__init__(fold, store, windows, forward, context)
        self._old: dict[tuple[Key, int], tuple[Row | None, list[object], int]] = {}

    def _update(self, key: Key, value: Row, timestamp: int, start: int) -> None:
        held = self._old.get((key, start))
        if held is not None:
            old, state, before = held
        else:
            entry = self._store.get_mutable(key, start)
            if entry is None:
                old, state, before = None, self._fold.initial(), timestamp
            else:
                state, before = entry
                old = self._fold.result(state)
        if before > timestamp:
            timestamp = before
        self._fold.add(state, key, value, timestamp)
        self._old[key, start] = (old, state, timestamp)

    def _advance(self, timestamp: int) -> None:
        """Move stream time on; what is held back reaches the store before it can expire."""
        if timestamp - self._windows.retention_ms > self._expired:
            self.flush()
        super()._advance(timestamp)

    def flush(self) -> None:
        """Store and forward each window touched since the last flush, in order of first touch."""
        touched, self._old = self._old, {}
        result, put, forward = self._fold.result, self._store.put, self._forward
        size = self._windows.size_ms
        for (key, start), (old, state, timestamp) in touched.items():
            put(key, start, state, timestamp)
            forward((key, start, start + size), result(state), old, timestamp)


class FinalWindowAggregate(WindowAggregate):
    """Forwards each window once, when stream time passes its end plus the grace (EMIT FINAL).

    Windows leave in order of their end, before anything expires.
    """

    __slots__ = ()

    def _update(self, key: Key, value: Row, timestamp: int, start: int) -> None:
        fold = self._fold
        entry = self._store.get_mutable(key, start)
        state, before = (fold.initial(), timestamp) if entry is None else entry
        timestamp = max(timestamp, before)
        fold.add(state, key, value, timestamp)
        self._store.put(key, start, state, timestamp)

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
