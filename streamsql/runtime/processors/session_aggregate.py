"""Aggregates by key and session: periods of activity separated by a gap.

When sessions merge, grow and are late is said by :class:`streamsql.types.windows.SessionWindows`.
"""

from collections.abc import Hashable
from typing import Any

from streamsql.codegen.aggregates.fold import Fold
from streamsql.runtime.processors.context import ProcessorContext, drop_without_group
from streamsql.runtime.processors.emission import Emission, TouchedGroup
from streamsql.state.sessions import Session, SessionStore
from streamsql.types.record import Key, Row, TableForward, Windowed
from streamsql.types.windows import SessionWindows


class SessionAggregateProcessor:
    """Merges each record with the sessions of its key that it touches.

    A session that grows or merges is taken back (its bounds are part of its key) and forwarded
    anew. The store is changed at once, since sessions are found there by time; what is held is what
    became of them since they were last forwarded.
    """

    __slots__ = (
        "_context",
        "_due_ms",
        "_emission",
        "_fold",
        "_forward",
        "_held",
        "_merge",
        "_store",
        "_time",
        "_windows",
    )

    def __init__(
        self,
        fold: Fold,
        store: SessionStore,
        windows: SessionWindows,
        emission: Emission,
        forward: TableForward,
        context: ProcessorContext,
    ) -> None:
        assert fold.merge is not None, "the binder allows only aggregates that can merge"
        self._fold = fold
        self._merge = fold.merge
        self._store = store
        self._windows = windows
        self._emission = emission
        self._forward = forward
        self._context = context
        self._time = context.time
        self._due_ms = 0  # the stream time at which sessions are next let go
        self._held: dict[tuple[Hashable, int, int], TouchedGroup] = {}
        if self._time.now >= 0:
            store.expire(windows.expired_before(self._time.now))

    def process(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Extend, merge or open a session; a record without a key or a value belongs to none."""
        if key is None or value is None:
            drop_without_group(self._context.metrics)
            return
        time, windows = self._time, self._windows
        if timestamp_ms > time.now:
            self._advance(timestamp_ms)
        touched = self._store.find(key, *windows.reach(timestamp_ms))
        start, end = windows.merged(timestamp_ms, [session[:2] for session in touched])
        if end < windows.closed_before(time.now):
            detail = f"session ended {end}, stream time is {time.now}"
            self._context.metrics.drop("late", detail)
            return
        self._become((key, start, end), touched, value, timestamp_ms)
        if self._emission is Emission.EACH:
            self.flush()

    def held(self) -> tuple[dict[tuple[Hashable, int, int], TouchedGroup]]:
        """Return what is held of sessions."""
        return (self._held,)

    def flush(self) -> None:
        """Forward the changes of the held sessions; those that came and went are not seen."""
        held, self._held = self._held, {}
        if held:
            assert self._fold.flush is not None, "sessions are held"
            self._fold.flush(held.values(), self._forward)

    def _become(
        self, session: Windowed, touched: list[Session], value: Row, timestamp_ms: int
    ) -> None:
        """Replace the sessions touched by the one that holds them and the record."""
        fold, store = self._fold, self._store
        key, start, end = session
        state, latest = fold.initial(), timestamp_ms
        for old_start, old_end, part, part_ms in touched:
            old = (key, old_start, old_end)
            self._hold(old, part, None, part_ms)
            if old != session:
                store.remove(*old)
            state = self._merge(state, list(part))
            latest = max(latest, part_ms)
        fold.add(state, key, value, timestamp_ms)
        store.put(key, start, end, state, latest)
        self._hold(session, None, state, latest)

    def _hold(
        self, session: Windowed, before: Any, after: list[Any] | None, timestamp_ms: int
    ) -> None:
        """Hold the state that a session has now, ``None`` for a removed one, and its row before."""
        if self._emission is Emission.CLOSE:
            return
        key, start, end = session
        slot = (self._store.slot(key), start, end)
        group = self._held.get(slot)
        if group is None:
            row = None if before is None else self._fold.result(list(before))
            self._held[slot] = [after, timestamp_ms, row, session]
        else:
            group[:2] = after, timestamp_ms

    def _advance(self, timestamp_ms: int) -> None:
        """Move stream time on; sessions that it closes are forwarded before any expires."""
        windows = self._windows
        if self._emission is Emission.CLOSE:
            self._forward_closed(windows.closed_before(timestamp_ms))
        self._time.now = timestamp_ms
        if timestamp_ms > self._due_ms:
            self._store.expire(windows.expired_before(timestamp_ms))
            self._due_ms = timestamp_ms + windows.gap_ms

    def _forward_closed(self, closed_before_ms: int) -> None:
        """Forward the sessions once, by their end."""
        earliest = self._store.earliest_ms()
        if earliest is None or earliest >= closed_before_ms:
            return
        open_from = max(self._windows.closed_before(self._time.now), 0)
        assert self._fold.close is not None, "sessions are forwarded as they close"
        self._fold.close(self._store.fetch_all(open_from, closed_before_ms - 1), self._forward)
