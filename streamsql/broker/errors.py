"""Errors that our own brokers and Kafka word alike."""

from collections.abc import Iterable

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.errors import EngineError
from streamsql.topology.topics import TOPIC_NAMES, is_legal_topic


def no_topic(name: str) -> EngineError:
    """Return the error of a topic that does not exist."""
    return EngineError(f'topic "{name}" does not exist')


def no_partition(partition: TopicPartition) -> EngineError:
    """Return the error of a partition that does not exist."""
    return EngineError(f'topic "{partition.topic}" has no partition {partition.partition}')


def out_of_range(partition: TopicPartition, offset: int, start: int, end: int) -> EngineError:
    """Return the error of a position that a log does not have."""
    return EngineError(
        f'offset {offset} of topic "{partition.topic}" partition {partition.partition} '
        f"is not in the log, which holds {start} to {end}"
    )


def group_in_use(name: str, members: Iterable[str]) -> EngineError:
    """Return the error of an application that cannot be forgotten yet."""
    names = ", ".join(sorted(members))
    return EngineError(f'group "{name}" still has members ({names}): stop its workers first')


def check_name(wanted: TopicConfig) -> None:
    """Raise EngineError unless a topic can have the name wanted."""
    if not is_legal_topic(wanted.name):
        raise EngineError(f'no topic can be called "{wanted.name}": a name is {TOPIC_NAMES}')


def check_partitions(wanted: TopicConfig, there: TopicConfig) -> None:
    """Raise EngineError unless a topic that exists has the partitions wanted of it."""
    if wanted.partitions != there.partitions:
        raise EngineError(
            f'topic "{wanted.name}" has {there.partitions} partitions, '
            f"but {wanted.partitions} are needed"
        )
