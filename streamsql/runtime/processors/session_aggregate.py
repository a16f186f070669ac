"""Aggregates by key and session: periods of activity separated by a gap."""

from streamsql.codegen.aggregates import Fold
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.emit import Emitter
from streamsql.runtime.processors.stream_time import StreamTime
from streamsql.state.sessions import Session, SessionStore
from streamsql.types.record import Key, Row
from streamsql.types.windows import SessionWindows


class SessionAggregate:
    """Merges each record with the sessions of its key that it touches.

    A session that grows or merges is taken back (its bounds are part of its key) and forwarded
    anew. A record is late when the session it would belong to ended before stream time minus grace
    and gap.
    """

    __slots__ = (
        "_emitter",
        "_expired",
        "_fold",
        "_join",
        "_metrics",
        "_store",
        "_time",
        "_windows",
    )

    def __init__(
        self,
        fold: Fold,
        store: SessionStore,
        windows: SessionWindows,
        emitter: Emitter,
        context: tuple[StreamTime, Metrics],
    ) -> None:
        self._fold = fold
        self._store = store
        self._windows = windows
        self._emitter = emitter
        self._time, self._metrics = context
        self._expired = 0
        assert fold.merge is not None, "the binder allows only aggregates that can merge"
        self._join = fold.merge
        if self._time.now >= 0:
            store.expire(self._time.now - windows.retention_ms)

    def process(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Extend, merge or open a session."""
        if key is None or value is None:
            self._metrics.drop("null-key", "a record without key or value belongs to no group")
            return
        time, windows = self._time, self._windows
        if timestamp > time.now:
            self._advance(timestamp)
        gap = windows.gap_ms
        found = list(self._store.find(key, timestamp - gap, timestamp + gap))
        start = min((session[0] for session in found), default=timestamp)
        end = max((session[1] for session in found), default=timestamp)
        start, end = min(start, timestamp), max(end, timestamp)
        if end < time.now - windows.grace_ms - gap:
            self._metrics.drop("late", f"session ended {end}, stream time is {time.now}")
            return
        self._merge(key, value, timestamp, (start, end), found)

    def _merge(
        self,
        key: Key,
        value: Row,
        timestamp: int,
        bounds: tuple[int, int],
        found: list[Session],
    ) -> None:
        """Replace the sessions found by one with the bounds that holds them and the record."""
        fold, store, emit = self._fold, self._store, self._emitter.emit
        state, newest = fold.initial(), timestamp
        old = None
        for start, end, part, latest in found:
            row = fold.result(list(part))
            if (start, end) == bounds:
                old = row
            else:
                store.remove(key, start, end)
                emit((key, start, end), None, row, latest)
            state = self._join(state, list(part))
            newest = max(newest, latest)
        fold.add(state, key, value, timestamp)
        start, end = bounds
        store.put(key, start, end, state, newest)
        emit((key, start, end), fold.result(state), old, newest)

    def _advance(self, timestamp: int) -> None:
        self._time.now = timestamp
        limit = timestamp - self._windows.retention_ms
        if limit > self._expired:
            self._expired = limit + self._windows.gap_ms
            self._store.expire(limit)

    def flush(self) -> None:
        """Forward what the emitter holds back."""
        self._emitter.flush()


class FinalSessionAggregate(SessionAggregate):
    """Forwards each session once, when stream time passes its end plus gap and grace."""

    __slots__ = ()

    def _merge(
        self,
        key: Key,
        value: Row,
        timestamp: int,
        bounds: tuple[int, int],
        found: list[Session],
    ) -> None:
        fold, store = self._fold, self._store
        state, newest = fold.initial(), timestamp
        for start, end, part, latest in found:
            store.remove(key, start, end)
            state = self._join(state, list(part))
            newest = max(newest, latest)
        fold.add(state, key, value, timestamp)
        store.put(key, *bounds, state, newest)

    def _advance(self, timestamp: int) -> None:
        """Forward the sessions that the new stream time closes, by their end, then move it on."""
        distance = self._windows.grace_ms + self._windows.gap_ms
        closed, before = timestamp - distance, self._time.now - distance
        earliest = self._store.earliest_ms()
        if earliest is not None and earliest < closed:
            ready = self._store.fetch_all(max(before, 0), closed - 1)
            for key, start, end, state, latest in ready:
                row = self._fold.result(list(state))
                self._emitter.emit((key, start, end), row, None, latest)
        super()._advance(timestamp)
