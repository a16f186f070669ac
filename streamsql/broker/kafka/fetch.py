"""From librdkafka's batches of messages to what a poll returns."""

import logging
from collections.abc import Callable
from itertools import groupby
from typing import Protocol, cast

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage

from streamsql.broker.kafka.errors import (
    error_of,
    is_end,
    is_fatal,
    is_out_of_range,
    is_passing,
    map_error,
)
from streamsql.broker.ports import Message, Polled, TopicPartition
from streamsql.errors import EngineError, TaskFenced

BATCH_RECORDS = 500
"""Records fetched at once: larger batches fall out of the processor's cache, at twice the cost."""

_log = logging.getLogger(__name__)


class Event(Message, Protocol):
    """What librdkafka hands out: a record, an error, or the end of a partition."""

    def error(self) -> KafkaError | None:
        """Return the error, when it is one."""


# Methods of the library's C type, called without Python in between: 0.05 µs per record.
_error = cast("Callable[[Event], KafkaError | None]", KafkaMessage.error)
_topic = cast("Callable[[Event], str]", KafkaMessage.topic)
_partition = cast("Callable[[Event], int]", KafkaMessage.partition)


class Fetching:
    """A consumer's polls.

    Attributes:
        only: The one partition assigned to the client, ``None`` for another number of them.
        generation: Counts changes of the assignment, which happen inside the client's calls.
    """

    __slots__ = ("_client", "_doing", "generation", "only")

    def __init__(self, client: Consumer, doing: str) -> None:
        self._client = client
        self._doing = doing
        self.only: TopicPartition | None = None
        self.generation = 0

    def fetch(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records.

        ``consume(n, timeout)`` waits for *n* messages or the whole timeout. So what is there
        already is taken without waiting, and only when nothing is, the first one is waited for.
        """
        generation = self.generation
        try:
            batch = self._consume(min(max_records, BATCH_RECORDS), timeout_ms)
        except KafkaException as exception:
            raise map_error(error_of(exception), self._doing) from exception
        only = self.only if generation == self.generation else None
        if only is not None and batch and not any(map(_error, batch)):
            return Polled({only: batch}, {})
        return sort(batch, self._doing)

    def _consume(self, count: int, timeout_ms: int) -> list[Event]:
        batch = self._client.consume(count, 0)
        if not batch and timeout_ms > 0:
            batch = self._client.consume(1, timeout_ms / 1000)
            if batch and count > 1:
                generation = self.generation
                more = self._client.consume(count - 1, 0)
                # What came before a rebalance, an end of a partition as well, means nothing any
                # more: the partitions are read on from what is committed.
                batch = batch + more if generation == self.generation else more
        return cast("list[Event]", batch)


def sort(batch: list[Event], doing: str) -> Polled:
    """Divide messages by partition, and take the ends and errors out from among them."""
    ends: dict[TopicPartition, int] = {}
    if any(map(_error, batch)):
        batch = _without_events(batch, ends, doing)
    messages: dict[TopicPartition, list[Event]] = {}
    for topic, of_topic in groupby(batch, _topic):
        for number, of_partition in groupby(of_topic, _partition):
            partition = TopicPartition(topic, number)
            found = messages.get(partition)
            if found is None:
                messages[partition] = list(of_partition)
            else:
                found.extend(of_partition)
    if ends:
        # An end that more records came after is not one any more.
        for partition in ends.keys() & messages.keys():
            if messages[partition][-1].offset() >= ends[partition]:
                del ends[partition]
    return Polled(messages, ends)


def _without_events(batch: list[Event], ends: dict[TopicPartition, int], doing: str) -> list[Event]:
    messages = []
    for message in batch:
        error = message.error()
        if error is None:
            messages.append(message)
        elif is_end(error):
            ends[TopicPartition(message.topic(), message.partition())] = message.offset()
        else:
            _raise_unless_passing(message, error, doing)
    return messages


def _raise_unless_passing(message: Event, error: KafkaError, doing: str) -> None:
    if is_fatal(error):
        raise TaskFenced(f"cannot {doing}: the Kafka consumer is dead ({error.str()})")
    if is_passing(error):
        _log.warning("consumer trouble, goes on: %s", error.str())
        return
    if is_out_of_range(error):
        raise EngineError(
            f'offset {message.offset()} of topic "{message.topic()}" partition '
            f"{message.partition()} is not in the log ({error.str()})"
        )
    raise map_error(error, doing)
