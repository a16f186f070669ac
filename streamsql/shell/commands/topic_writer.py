"""A topic to be filled from outside any query, wherever it is.

On an embedded broker that another process owns the records go through its inbox: the owner takes
them in, at once when it is at work.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

from streamsql.broker.embedded.inbox import InboxWriter
from streamsql.broker.embedded.reader import EmbeddedReader
from streamsql.broker.open import is_kafka
from streamsql.broker.ports import Broker, TopicConfig
from streamsql.engine.configuration.place import Place
from streamsql.errors import EngineError
from streamsql.types.record import Header

Record: TypeAlias = tuple[bytes | None, bytes | None, int, Sequence[Header]]

_TAKEN_MS = 10_000


class TopicWriter(Protocol):
    """Writes records to one topic."""

    def write(self, records: Iterable[Record]) -> str:
        """Write them all durably; return what else there is to say, or an empty text."""


@contextmanager
def open_topic(place: Place, name: str, partitions: int | None) -> Iterator[TopicWriter]:
    """Open a topic, made if it does not exist.

    Args:
        partitions: It must have; of a new one. ``None``: as it is, or one.

    Raises:
        EngineError: The broker cannot be reached, or the topic has other partitions.
    """
    try:
        broker = place.open()
    except EngineError as error:
        # The directory's lock is held: its owner takes records in through the inbox.
        if is_kafka(place.target) or not isinstance(error.__cause__, BlockingIOError):
            raise
        yield _inbox(Path(place.target), name, partitions)
        return
    with closing(broker):
        there = broker.topics().get(name)
        if there is None or partitions is not None:
            wanted = TopicConfig(name, partitions or 1, place.config.replicas)
            broker.create([wanted])
        yield _BrokerTopic(broker, name)


class _BrokerTopic:
    """A topic of a broker that is open."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker = broker
        self._name = name

    def write(self, records: Iterable[Record]) -> str:
        """Write them all durably."""
        self._broker.append(self._name, records)
        return ""


class _InboxTopic:
    """A topic of an embedded broker that another process owns."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name

    def write(self, records: Iterable[Record]) -> str:
        """Leave them for the owner, and wait a little until it has taken them."""
        writer = InboxWriter(self._directory)
        with closing(writer):
            writer.append(self._name, records)
        if writer.taken(_TAKEN_MS):
            return ""
        return f': the process that owns "{self._directory}" will take them in'


def _inbox(directory: Path, name: str, partitions: int | None) -> _InboxTopic:
    """Return the topic of another process's broker, which must exist."""
    with closing(EmbeddedReader(directory)) as reader:
        topic = reader.topics().get(name)
    if topic is None:
        raise EngineError(
            f'topic "{name}" does not exist, and the process that owns directory "{directory}" '
            "must create it: CREATE STREAM … WITH (PARTITIONS = n)"
        )
    if partitions not in {None, topic.partitions}:
        raise EngineError(f'topic "{name}" has {topic.partitions} partitions, not {partitions}')
    return _InboxTopic(directory, name)
