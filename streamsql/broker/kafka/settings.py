"""What every Kafka client of ours is told, with the reasons; all of it was measured."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ClientConfig = dict[str, Any]
"""librdkafka's names and values."""

client_log = logging.getLogger("streamsql.broker.kafka.broker.client")
"""Where librdkafka's own log lines go."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How to reach a cluster, and how long to wait for it.

    Attributes:
        servers: ``host:port``, several separated by commas.
        connect_timeout_ms: After which an unreachable cluster is an error at the start.
        session_timeout_ms: After which a dead worker's partitions go to others. A worker that comes
            back under its name earlier goes on at once.
        transaction_timeout_ms: After which the broker aborts what a dead worker left open. Readers
            of committed records wait for it that long at most.
        linger_ms: How long a record waits for company.
        state_directory: Where the transactional slot used last is noted; without it, it is found
            by trying.
        registry: The schema registry, as confluent-kafka's client names its settings; without a
            ``url`` there is none.
        client: Further librdkafka properties for every client (security, compression).
    """

    servers: str
    connect_timeout_ms: int = 10_000
    session_timeout_ms: int = 10_000
    transaction_timeout_ms: int = 10_000
    linger_ms: int = 20
    state_directory: Path | None = None
    registry: Mapping[str, str] = field(default_factory=dict)
    client: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def shared(self) -> ClientConfig:
        """Return what all clients have in common."""
        return {
            "bootstrap.servers": self.servers,
            "client.id": "streamsql",
            # The default (rebootstrap) hangs transactions when the only broker restarts.
            "metadata.recovery.strategy": "none",
            # Of a transactional producer it may not exceed the transaction's.
            "socket.timeout.ms": min(10_000, self.transaction_timeout_ms),
            "socket.nagle.disable": True,
            **self.client,
        }

    def reading(self) -> ClientConfig:
        """Return what consumers and readers have in common."""
        return {
            **self.shared(),
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            # A position that retention has overtaken is an error, never a silent jump.
            "auto.offset.reset": "error",
            # The default of a second halves the throughput of a fast consumer.
            "fetch.queue.backoff.ms": 10,
            "fetch.wait.max.ms": 100,
        }

    def consumer(self, group: str, member: str) -> ClientConfig:
        """Return the configuration of a member of a group.

        The classic protocol: with KIP-848 the successor of a killed static member is refused until
        the dead session expires, 45 s on a stock broker.
        """
        return {
            **self.reading(),
            "group.id": group,
            "group.instance.id": member,
            "group.protocol": "classic",
            "partition.assignment.strategy": "range",
            "session.timeout.ms": self.session_timeout_ms,
            "heartbeat.interval.ms": max(100, self.session_timeout_ms // 4),
            "max.poll.interval.ms": max(300_000, self.session_timeout_ms),
        }

    def reader(self) -> ClientConfig:
        """Return the configuration of a reader; it never joins the group it has to name."""
        return {**self.reading(), "group.id": "streamsql-reader"}

    def offsets_reader(self, group: str) -> ClientConfig:
        """Return the configuration of a consumer that asks what a group has committed.

        A reader of committed records would wait for what is being decided.
        """
        return {**self.shared(), "group.id": group, "isolation.level": "read_uncommitted"}

    def writing(self) -> ClientConfig:
        """Return what all producers have in common."""
        return {
            **self.shared(),
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": self.linger_ms,
            # Large batches cost the client less; a commit sends what is there without waiting.
            "batch.size": 1 << 20,
            "batch.num.messages": 100_000,
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1 << 20,
        }

    def producer(self, transactional_id: str) -> ClientConfig:
        """Return the configuration of a transactional producer."""
        return {
            **self.writing(),
            "transactional.id": transactional_id,
            "transaction.timeout.ms": self.transaction_timeout_ms,
            "delivery.timeout.ms": self.transaction_timeout_ms,
        }
