"""Clients that stand where an interface wants one and nothing may happen."""

from collections.abc import Iterable, Mapping, Sequence

from streamsql.broker.ports import (
    Assignment,
    Committed,
    Consumer,
    Polled,
    Send,
    StateChanges,
    TopicPartition,
)


class SilentProducer:
    """Takes records and writes nothing: for topologies only looked at, or without sinks."""

    def wait_fenced(self) -> None:
        """Have no rival."""

    def sender(self, _topic: str, _window_bytes: int = 0) -> Send:
        """Return a function that writes nothing."""
        return lambda _key, _value, _timestamp_ms: None

    def send_to(
        self, target: TopicPartition, key: bytes | None, value: bytes | None, timestamp_ms: int
    ) -> None:
        """Write nothing."""

    def flush(self) -> None:
        """Have nothing to wait for."""

    def ends(self) -> Mapping[TopicPartition, int]:
        """Return nothing."""
        return {}

    def commit(
        self,
        offsets: Mapping[TopicPartition, Committed],
        consumer: Consumer,
        state: Sequence[StateChanges] = (),
    ) -> None:
        """Have nothing to commit."""

    def abort(self) -> None:
        """Have nothing to undo."""

    def close(self) -> None:
        """Hold nothing."""


class NoConsumer:
    """Stands beside a producer that commits without offsets; nobody reads with it."""

    def subscribe(self, topics: Sequence[str], assignment: Assignment) -> None:
        """Never called."""
        raise AssertionError(f"nothing is read here, neither {topics} for {assignment}")

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Never called."""
        raise AssertionError(f"nothing is read here ({max_records}, {timeout_ms})")

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Never called."""
        raise AssertionError(f"nothing is read here, neither {partition} at {offset}")

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Read nothing."""

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Read nothing."""

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Committed]:
        """Never called."""
        raise AssertionError(f"nothing is read here, neither {partitions}")

    def close(self) -> None:
        """Hold nothing."""
