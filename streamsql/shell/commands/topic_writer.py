"""A topic to be filled from a file, wherever it is, in steps that are whole.

A step is the records of some lines and how far the load is then: both are in, or neither. On a
broker that this process may open it is a transaction; on an embedded broker that another process
owns, a frame of its inbox: the owner takes it in, at once when it is at work.

One transaction for the whole file was the other way. It cannot be longer than the transaction's
timeout, it holds back every reader of committed records for as long as it takes and, after a kill,
until it times out, and the embedded broker keeps it in memory.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from streamsql.broker.embedded.batches import Sent
from streamsql.broker.embedded.follower import EmbeddedFollower
from streamsql.broker.embedded.inbox import GroupPosition, InboxWriter, left_position
from streamsql.broker.open import is_kafka
from streamsql.broker.ports import Broker, Committed, TopicConfig, TopicPartition
from streamsql.engine.configuration.address import BrokerAddress
from streamsql.errors import EngineError, StreamSQLError, TaskFenced, TransactionAborted

_ATTEMPTS = 3
"""Of a step, each of them as long as a transaction may take: a broker may restart."""


class InDoubt(EngineError):
    """Nobody knows whether the records of a step are in."""


class TopicWriter(Protocol):
    """Writes the records of one load to its topic.

    Attributes:
        where: Its records are once they are written.
    """

    where: str

    def position(self) -> Committed | None:
        """Return how far the load has come; ``None`` when it has not begun."""

    def write(self, records: Sequence[Sent], at: Committed) -> None:
        """Write records and the position behind them durably, together or not at all.

        Raises:
            InDoubt: One or the other.
            EngineError: Not at all.
        """

    def settle(self) -> str:
        """Return what there is to say of records that are written, or an empty text."""

    def forget(self) -> None:
        """Forget the position: the load has ended."""


@contextmanager
def open_topic(
    address: BrokerAddress, name: str, partitions: int | None, load: str
) -> Iterator[TopicWriter]:
    """Open a topic for a load, made if it does not exist.

    Args:
        partitions: It must have; of a new one. ``None``: as it is, or one.
        load: Its name, which no other load that is under way has.

    Raises:
        EngineError: The broker cannot be reached, the topic has other partitions, or somebody else
            is at this load.
    """
    kafka = is_kafka(address.target)
    # What a worker notes on its disk to be back sooner is of no use to a load.
    config = replace(address.config, state_directory=None) if kafka else address.config
    with closing(BrokerAddress(address.target, config).open_or_follow()) as broker:
        if isinstance(broker, EmbeddedFollower):
            with _only_one(broker.directory, load):
                yield _InboxTopic(broker, name, partitions, load)
            return
        if broker.topics().get(name) is None or partitions is not None:
            broker.create([TopicConfig(name, partitions or 1, address.config.replicas)])
        alone = nullcontext() if kafka else _only_one(Path(address.target), load)
        with alone, closing(_BrokerTopic(broker, name, load)) as topic:
            yield topic


class _BrokerTopic:
    """A topic of a broker that is open."""

    def __init__(self, broker: Broker, name: str, load: str) -> None:
        self.where = f'in topic "{name}"'
        self._broker = broker
        self._load = load
        self._partition = TopicPartition(name, 0)
        self._consumer = broker.consumer(load, "load")
        self._producer = broker.producer(load)
        self._producer.wait_fenced()
        self._send = self._producer.sender(name)

    def position(self) -> Committed | None:
        """Return what is committed."""
        return self._consumer.committed([self._partition]).get(self._partition)

    def write(self, records: Sequence[Sent], at: Committed) -> None:
        """Commit a transaction, again while it is aborted."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                for key, value, timestamp_ms in records:
                    self._send(key, value, timestamp_ms)
                self._producer.commit({self._partition: at}, self._consumer)
            except TransactionAborted as error:
                if self._undone() == at:
                    return  # its outcome was not known
                if attempt == _ATTEMPTS:
                    raise EngineError(str(error)) from error
            except TaskFenced as error:
                raise EngineError("another process is loading the same file") from error
            else:
                return

    def _undone(self) -> Committed | None:
        """Undo what is not committed, and return the position."""
        try:
            self._producer.abort()
            return self.position()
        except StreamSQLError as error:
            raise InDoubt(str(error)) from error

    def settle(self) -> str:
        """Have nothing to say."""
        return ""

    def forget(self) -> None:
        """Delete the group."""
        self._broker.forget(self._load)

    def close(self) -> None:
        """Abort what is open."""
        self._producer.close()
        self._consumer.close()


class _InboxTopic:
    """A topic of an embedded broker that another process owns."""

    def __init__(
        self, broker: EmbeddedFollower, name: str, partitions: int | None, load: str
    ) -> None:
        self.where = f'left for the process that owns "{broker.directory}"'
        self._broker = broker
        self._name = name
        self._load = load
        self._writer: InboxWriter | None = None
        topic = broker.topics().get(name)
        if topic is None:
            raise EngineError(
                f'topic "{name}" does not exist, and must be created by {broker.owner}: '
                "CREATE STREAM … WITH (PARTITIONS = n)"
            )
        if partitions not in {None, topic.partitions}:
            raise EngineError(f'topic "{name}" has {topic.partitions} partitions, not {partitions}')

    def position(self) -> Committed | None:
        """Return what is left for the owner, or what it has taken in."""
        left = left_position(self._broker.directory, self._name, self._load)
        if left is not None:
            return left.at
        at = TopicPartition(self._name, 0)
        return self._broker.group_offsets(self._load, [at]).get(at)

    def write(self, records: Sequence[Sent], at: Committed) -> None:
        """Append a frame."""
        if self._writer is None:
            self._writer = InboxWriter(self._broker.directory)
        self._writer.commit(self._name, records, GroupPosition(self._load, at))

    def settle(self) -> str:
        """Wait a little until the owner has taken everything in."""
        if self._writer is None:
            return ""
        self._writer.close()
        try:
            taken = self._broker.taken(self._writer)
        except KeyboardInterrupt:  # they are safe: nobody has to wait
            taken = False
        if taken:
            return ""
        return f': the process that owns "{self._broker.directory}" will take them in'

    def forget(self) -> None:
        """Let the owner forget the group, behind everything else."""
        with closing(InboxWriter(self._broker.directory)) as writer:
            writer.commit(self._name, [], GroupPosition(self._load, None))


@contextmanager
def _only_one(directory: Path, load: str) -> Iterator[None]:
    """Hold the place of a load in a directory; EngineError when another process holds it."""
    with (directory / "loads").open("a+") as file:
        # One byte of the file for each load, by the hash in its name: none need be written.
        byte = int(load.rpartition("-")[2][:15], 16)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError as error:
            raise EngineError("another process is loading the same file") from error
        yield
