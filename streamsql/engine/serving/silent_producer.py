"""A producer that stands where an interface wants one and nothing may happen."""

from collections.abc import Mapping

from streamsql.broker.ports import Committed, Consumer, Send, TopicPartition


class SilentProducer:
    """Takes records and writes nothing: for topologies only looked at, or without sinks."""

    def wait_fenced(self) -> None:
        """Have no rival."""

    def sender(self, _topic: str, _window_bytes: int = 0) -> Send:
        """Return a function that writes nothing."""
        return lambda _key, _value, _timestamp_ms, _headers=None: None

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
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        """Have nothing to commit."""

    def abort(self) -> None:
        """Have nothing to undo."""

    def close(self) -> None:
        """Hold nothing."""
