"""When a task believes that an input is idle, and when no more."""

from streamsql.broker.message import StoredMessage
from streamsql.broker.ports import Message, TopicPartition
from streamsql.runtime.event_time import transport_time
from streamsql.runtime.inputs import Inputs, TaskReading, Watermark
from streamsql.runtime.partition_group import NEVER
from streamsql.runtime.processors.context import StreamTime

STREAM, TABLE = TopicPartition("s", 0), TopicPartition("t", 0)


def messages(partition: TopicPartition, *times: int, first: int = 0) -> list[Message]:
    return [
        StoredMessage((*partition, first + number, None, None, time, None))
        for number, time in enumerate(times)
    ]


def inputs() -> Inputs:
    """Return a table that another task writes, and a stream from outside."""
    both = frozenset((STREAM, TABLE))
    timestamps = dict.fromkeys((TABLE, STREAM), transport_time)
    reading = TaskReading(dict.fromkeys(both, 0), timestamps, both, frozenset((TABLE,)))
    return Inputs(reading, StreamTime())


def handed_out(made: Inputs) -> list[tuple[str, int]]:
    found = []
    while (run := made.next_run()) is not None:
        found += [(run.partition.topic, message.timestamp()[1]) for message in run.messages]
        made.done(run)
    return found


def test_an_idle_writer_holds_nobody_up() -> None:
    made = inputs()
    made.add(STREAM, messages(STREAM, 5))
    made.reached_end(TABLE, 0)
    assert handed_out(made) == []
    assert set(made.awaited()) == {STREAM, TABLE}
    made.advance(TABLE, Watermark(NEVER, 0))
    assert handed_out(made) == [("s", 5)]


def test_what_comes_later_is_not_covered_by_an_earlier_look() -> None:
    made = inputs()
    for partition in (STREAM, TABLE):
        made.advance(partition, Watermark(NEVER, 0))
    made.add(STREAM, messages(STREAM, 5))
    assert handed_out(made) == []


def test_what_was_there_at_the_look_is_covered_by_it() -> None:
    made = inputs()
    made.advance(STREAM, Watermark(NEVER, 2))
    made.advance(TABLE, Watermark(NEVER, 0))
    made.add(STREAM, messages(STREAM, 5, 6))
    assert handed_out(made) == [("s", 5), ("s", 6)]


def test_a_later_look_may_find_a_writer_busy_again() -> None:
    made = inputs()
    made.advance(TABLE, Watermark(NEVER, 0))
    made.advance(STREAM, Watermark(NEVER, 1))
    made.advance(TABLE, Watermark(3, 0))
    made.add(STREAM, messages(STREAM, 5))
    assert handed_out(made) == []
    made.add(TABLE, messages(TABLE, 4))
    made.advance(TABLE, Watermark(6, 1))
    assert handed_out(made) == [("t", 4), ("s", 5)]


def test_a_watermark_holds_from_its_position_on() -> None:
    made = inputs()
    made.add(STREAM, messages(STREAM, 5))
    made.advance(TABLE, Watermark(NEVER, 1))
    assert handed_out(made) == []
    made.add(TABLE, messages(TABLE, 4))
    assert handed_out(made) == [("t", 4), ("s", 5)]
