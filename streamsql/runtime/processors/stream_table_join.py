"""A stream enriched from a table: each record looks up the row of its key, as it is now."""

from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.context import drop_unjoinable
from streamsql.state.key_value import KeyValueStore
from streamsql.types.record import Key, Row, StreamForward


class StreamTableJoinProcessor:
    """Forwards the record's values followed by the row's.

    Only the stream's records trigger. Without a row an inner join forwards nothing, a left join
    NULLs. Records without a key (inner join) or value are dropped.
    """

    __slots__ = ("_absent", "_forward", "_metrics", "_store")

    def __init__(
        self, store: KeyValueStore, absent: Row | None, forward: StreamForward, metrics: Metrics
    ) -> None:
        """Join with the table kept in ``store``; ``absent`` is the row used when there is none."""
        self._store = store
        self._absent = absent
        self._forward = forward
        self._metrics = metrics

    def process(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Look the key up and forward the joined record."""
        if value is None or (key is None and self._absent is None):
            drop_unjoinable(self._metrics)
            return
        entry = None if key is None else self._store.get(key)
        row = self._absent if entry is None else entry[0]
        if row is not None:
            self._forward(key, value + tuple(row), timestamp_ms)
