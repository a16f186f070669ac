"""How a worker runs, apart from what it runs."""

from dataclasses import dataclass
from pathlib import Path

from streamsql.types.windows import DAY_MS

DEFAULT_CACHE_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """Settings of the workers of one application, named after Kafka Streams' where it has them.

    Attributes:
        application: Names the consumer group, the internal topics and the state directory.
        commit_interval_ms: Time between commits (``commit.interval.ms``).
        cache_bytes: ``statestore.cache.max.bytes``, of all tasks of a worker together; 0: every
            update of a table goes downstream, and stores keep to the default size.
        state_directory: Where task state lives; ``None``: in memory, restored from changelogs.
        poll_records: Records fetched at once; small blocks stay in the processor's cache.
        max_uncommitted: Records processed before a commit is forced.
        max_ahead_ms: How far a record's time may be ahead of the clock; one beyond is dropped,
            since it would close every window of its partition.
    """

    application: str
    commit_interval_ms: int = 100
    cache_bytes: int = DEFAULT_CACHE_BYTES
    state_directory: Path | None = None
    poll_records: int = 500
    max_uncommitted: int = 200_000
    max_ahead_ms: int = 366 * DAY_MS

    @property
    def is_cached(self) -> bool:
        """Whether aggregates hold their changes until the commit."""
        return self.cache_bytes > 0
