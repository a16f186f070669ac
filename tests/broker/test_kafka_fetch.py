"""Polls of a Kafka consumer whose assignment changes in the middle of one."""

from collections.abc import Callable
from typing import Any, cast

from confluent_kafka import Consumer

from streamsql.broker.kafka.fetch import Fetching
from streamsql.broker.ports import TopicPartition


class Client:
    """Answers the calls of ``consume`` one after the other."""

    def __init__(self, *answers: Callable[[], list[Any]]) -> None:
        self._answers = list(answers)

    def consume(self, _count: int, _seconds: float) -> list[Any]:
        return self._answers.pop(0)()


class Record:
    """A message; compares by identity."""


def test_what_was_fetched_before_a_rebalance_is_forgotten() -> None:
    before = Record()

    def rebalance() -> list[Any]:
        fetching.generation += 1
        return []

    client = Client(list, lambda: [before], rebalance)
    fetching = Fetching(cast("Consumer", client), "read")
    fetching.only = TopicPartition("t", 0)
    polled = fetching.fetch(500, 10)
    assert polled.messages == {}
    assert polled.ends == {}
