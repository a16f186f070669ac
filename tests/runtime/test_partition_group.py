"""The order in which a task's records are handed out."""

import random
from collections.abc import Sequence

import pytest

from streamsql.broker.message import StoredMessage
from streamsql.broker.ports import Message, TopicPartition
from streamsql.runtime.event_time import TIME_HEADER, message_timestamp, transport_time
from streamsql.runtime.partition_group import NEVER, UNKNOWN, PartitionGroup, Taken

A, B, C = (TopicPartition(topic, 0) for topic in "abc")


def messages(partition: TopicPartition, *times: int, first: int = 0) -> list[Message]:
    return [
        StoredMessage((*partition, first + number, None, None, time, None))
        for number, time in enumerate(times)
    ]


def group(*partitions: TopicPartition) -> PartitionGroup:
    return PartitionGroup(dict.fromkeys(partitions, message_timestamp), {})


def drain(waiting: PartitionGroup) -> list[tuple[str, list[int]]]:
    runs = []
    while (run := waiting.next_run()) is not None:
        partition, found, _ = run
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
    waiting.open_until(A, NEVER)
    waiting.open_until(B, NEVER)
    assert drain(waiting) == [("a", [1]), ("b", [2, 3]), ("a", [4]), ("b", [5]), ("a", [9])]


def test_within_a_partition_offsets_rule() -> None:
    waiting = group(A, B)
    waiting.add(A, messages(A, 7, 1, 2))
    waiting.add(B, messages(B, 5))
    waiting.open_until(A, NEVER)
    waiting.open_until(B, NEVER)
    assert drain(waiting) == [("b", [5]), ("a", [7, 1, 2])]


def test_an_empty_partition_is_waited_for_until_its_end_is_known() -> None:
    waiting = group(A, B)
    waiting.add(A, messages(A, 1))
    assert waiting.next_run() is None
    waiting.open_until(B, NEVER)
    assert drain(waiting) == [("a", [1])]
    waiting.add(B, messages(B, 2))
    waiting.open_until(A, UNKNOWN)
    assert waiting.next_run() is None, "A may have more"
    waiting.open_until(A, NEVER)
    assert drain(waiting) == [("b", [2])]
    waiting.add(A, messages(A, 3, first=1))
    waiting.add(B, messages(B, 4, first=1))
    waiting.open_until(A, UNKNOWN)
    assert drain(waiting) == [("a", [3])], "the end that was known is not the end any more"


@pytest.mark.parametrize("seed", range(20))
def test_batches_do_not_change_the_order(seed: int) -> None:
    choose = random.Random(seed)
    times = {p: [choose.randrange(6) for _ in range(12)] for p in (A, B, C)}
    whole = group(A, B, C)
    for partition, of in times.items():
        whole.add(partition, messages(partition, *of))
        whole.open_until(partition, NEVER)
    expected = _records(drain(whole))

    waiting, left = group(A, B, C), {p: messages(p, *of) for p, of in times.items()}
    found: list[tuple[str, list[int]]] = []
    while left:
        partition = choose.choice(sorted(left))
        size = choose.randrange(1, 5)
        waiting.add(partition, left[partition][:size])
        left[partition] = left[partition][size:]
        if not left[partition]:
            waiting.open_until(partition, NEVER)
            del left[partition]
        found += drain(waiting)
    assert _records(found) == expected


def _records(runs: Sequence[tuple[str, list[int]]]) -> list[tuple[str, int]]:
    return [(topic, time) for topic, times in runs for time in times]


def in_time_order(taken: Taken | None = None) -> PartitionGroup:
    return PartitionGroup({A: transport_time}, {A: taken})


def test_what_several_tasks_write_is_sorted_as_far_as_the_watermark() -> None:
    waiting = in_time_order()
    waiting.add(A, messages(A, 1, 7, 9, 2, 3))
    assert waiting.next_run() is None, "nothing is known of the writers"
    waiting.open_until(A, 7)
    assert drain(waiting) == [("a", [1, 2, 3, 7])]
    assert waiting.held() == 1
    waiting.add(A, messages(A, 8, 10, first=5))
    waiting.open_until(A, 9)
    assert drain(waiting) == [("a", [8, 9])]
    waiting.open_until(A, NEVER)
    assert drain(waiting) == [("a", [10])]


def test_a_late_record_goes_where_its_writer_sent_it() -> None:
    waiting = in_time_order()
    late = StoredMessage((*A, 2, None, None, 1, [(TIME_HEADER, (7).to_bytes(8, "big"))]))
    waiting.add(A, [*messages(A, 7, 5), late, *messages(A, 8, first=3)])
    waiting.open_until(A, 8)
    assert drain(waiting) == [("a", [5, 7, 1, 8])]


def test_what_is_older_than_what_was_handed_out_waits_for_nothing() -> None:
    waiting = PartitionGroup({A: transport_time, B: message_timestamp}, {A: None})
    waiting.add(A, messages(A, 5))
    waiting.open_until(A, 6)
    waiting.open_until(B, NEVER)
    assert drain(waiting) == [("a", [5])]
    waiting.open_until(B, UNKNOWN)
    waiting.add(A, messages(A, 4, 6, first=1))
    assert drain(waiting) == [("a", [4])]


def test_others_go_as_far_as_the_watermark_of_an_empty_partition() -> None:
    waiting = PartitionGroup({A: transport_time, B: message_timestamp}, {A: None})
    waiting.add(B, messages(B, 3, 5, 6))
    waiting.open_until(A, 5)
    assert drain(waiting) == [("b", [3])], "at equal times A goes first"


@pytest.mark.parametrize("seed", range(20))
def test_what_was_taken_is_not_taken_again(seed: int) -> None:
    choose = random.Random(seed)
    times = [max(0, n - choose.randrange(8)) for n in range(60)]
    log = messages(A, *times)
    taken: Taken | None = None
    first, found = 0, list[int]()
    while first < len(log):
        waiting, read = in_time_order(taken), first
        for _ in range(choose.randrange(1, 5)):
            behind = min(len(log), read + choose.randrange(1, 20))
            if behind > read:
                waiting.add(A, log[read:behind])
            read = max(read, behind)
            if read >= (taken.read if taken else 0):
                # The watermark holds for what was read: nothing unread is older.
                least = min((time for time in times[read:]), default=NEVER)
                waiting.open_until(A, least if read < len(log) else NEVER)
            while (run := waiting.next_run()) is not None:
                found += [message.offset() for message in run.messages]
            progress = waiting.progress(A)
            first, taken = (read, None) if progress is None else progress
    assert found == sorted(range(60), key=lambda offset: (times[offset], offset))
