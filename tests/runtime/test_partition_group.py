"""The order in which a task's records are handed out."""

import random
from collections.abc import Sequence

import pytest

from streamsql.broker.message import StoredMessage
from streamsql.broker.ports import Message, TopicPartition
from streamsql.runtime.event_time import message_timestamp
from streamsql.runtime.partition_group import PartitionGroup

A, B, C = (TopicPartition(topic, 0) for topic in "abc")


def messages(partition: TopicPartition, *times: int, first: int = 0) -> list[Message]:
    return [
        StoredMessage((*partition, first + number, None, None, time, None))
        for number, time in enumerate(times)
    ]


def group(*partitions: TopicPartition) -> PartitionGroup:
    return PartitionGroup(dict.fromkeys(partitions, message_timestamp))


def drain(waiting: PartitionGroup) -> list[tuple[str, list[int]]]:
    runs = []
    while (run := waiting.next_run()) is not None:
        partition, found = run
        runs.append((partition.topic, [message.timestamp()[1] for message in found]))
    return runs


def test_the_only_partition_waits_for_nothing() -> None:
    waiting = group(A)
    assert waiting.next_run() is None
    waiting.add(A, messages(A, 5, 3, 9))
    assert waiting.waiting(A) == 3
    assert drain(waiting) == [("a", [5, 3, 9])]
    assert waiting.waiting(A) == 0


def test_runs_are_as_long_as_the_other_partition_is_younger() -> None:
    waiting = group(A, B)
    waiting.add(A, messages(A, 1, 4, 9))
    waiting.add(B, messages(B, 2, 3, 5))
    waiting.reached_end(A)
    waiting.reached_end(B)
    assert drain(waiting) == [("a", [1]), ("b", [2, 3]), ("a", [4]), ("b", [5]), ("a", [9])]


def test_within_a_partition_offsets_rule() -> None:
    waiting = group(A, B)
    waiting.add(A, messages(A, 7, 1, 2))
    waiting.add(B, messages(B, 5))
    waiting.reached_end(A)
    waiting.reached_end(B)
    assert drain(waiting) == [("b", [5]), ("a", [7, 1, 2])]


def test_an_empty_partition_is_waited_for_until_its_end_is_known() -> None:
    waiting = group(A, B)
    waiting.add(A, messages(A, 1))
    assert waiting.next_run() is None
    waiting.reached_end(B)
    assert drain(waiting) == [("a", [1])]
    waiting.add(B, messages(B, 2))
    assert waiting.next_run() is None, "A may have more"
    waiting.reached_end(A)
    assert drain(waiting) == [("b", [2])]
    waiting.add(A, messages(A, 3, first=1))
    waiting.add(B, messages(B, 4, first=1))
    assert drain(waiting) == [("a", [3])], "the end that was known is not the end any more"


@pytest.mark.parametrize("seed", range(20))
def test_batches_do_not_change_the_order(seed: int) -> None:
    choose = random.Random(seed)
    times = {p: [choose.randrange(6) for _ in range(12)] for p in (A, B, C)}
    whole = group(A, B, C)
    for partition, of in times.items():
        whole.add(partition, messages(partition, *of))
        whole.reached_end(partition)
    expected = _records(drain(whole))

    waiting, left = group(A, B, C), {p: messages(p, *of) for p, of in times.items()}
    found: list[tuple[str, list[int]]] = []
    while left:
        partition = choose.choice(sorted(left))
        size = choose.randrange(1, 5)
        waiting.add(partition, left[partition][:size])
        left[partition] = left[partition][size:]
        if not left[partition]:
            waiting.reached_end(partition)
            del left[partition]
        found += drain(waiting)
    assert _records(found) == expected


def _records(runs: Sequence[tuple[str, list[int]]]) -> list[tuple[str, int]]:
    return [(topic, time) for topic, times in runs for time in times]
