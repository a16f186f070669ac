"""The embedded broker: one directory, one owner, everything in one atomic step."""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.broker.embedded.batches import appended_ms, decode_batch, encode_batch
from streamsql.broker.embedded.broker import EmbeddedBroker, EmbeddedSettings
from streamsql.broker.embedded.database import log_prefix
from streamsql.broker.embedded.inbox import DIRECTORY, GroupPosition, InboxWriter, left_position
from streamsql.broker.open import is_kafka, open_broker
from streamsql.broker.ports import Committed, StateChanges, TopicConfig, TopicPartition
from streamsql.errors import EngineError
from tests.broker.worker import CopyWorker, read_all

IN0 = TopicPartition("in", 0)
REPOSITORY = Path(__file__).parents[2]

optional_bytes = st.none() | st.binary(max_size=12)
headers = st.lists(st.tuples(st.text(max_size=3), optional_bytes), max_size=2)
sent = st.tuples(optional_bytes, optional_bytes, st.integers(-(2**40), 2**40), headers)


@given(st.lists(sent, min_size=1, max_size=20), st.booleans())
def test_a_batch_is_read_back_as_it_was_written(records: list[Any], gaps: bool) -> None:
    offsets = [3 * number for number in range(len(records))] if gaps else None
    has_headers = any(record[3] for record in records)
    data = encode_batch(
        [record[:3] for record in records],
        77,
        headers=[record[3] for record in records] if has_headers else None,
        offsets=offsets,
    )
    found = decode_batch("t", 3, 1000, data)

    assert appended_ms(data) == 77
    assert [(m.key(), m.value(), m.timestamp()[1], m.headers() or []) for m in found] == records
    expected = range(len(records)) if offsets is None else offsets
    assert [m.offset() for m in found] == [1000 + offset for offset in expected]


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    broker = open_broker(tmp_path / "b")
    broker.create([TopicConfig("in", 2), TopicConfig("out", 2)])
    broker.append("in", [(b"k%d" % i, b"%d" % i, i, ()) for i in range(2500)])
    worker = CopyWorker(broker, "a", "in", "out")
    while worker.read < 2500:
        worker.poll(300)
    worker.commit()
    broker.close()

    again = open_broker(tmp_path / "b")
    assert again.topics() == {"in": TopicConfig("in", 2), "out": TopicConfig("out", 2)}
    assert (
        sum(
            at.offset for at in again.group_offsets("copy", [IN0, TopicPartition("in", 1)]).values()
        )
        == 2500
    )
    assert read_all(again, "out") == read_all(again, "in")
    assert again.keeper is not None
    counts = again.keeper.state("0_1").scan("counts")
    assert sum(int(count) for _, count in counts) == len(read_all(again, "in")[1])
    again.close()


def test_a_second_owner_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    first = open_broker(tmp_path)
    with pytest.raises(EngineError, match=f"is in use by process {os.getpid()}"):
        open_broker(tmp_path)
    program = "import sys; from streamsql.broker.open import open_broker; open_broker(sys.argv[1])"
    other = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"is in use by process {os.getpid()}" in other.stderr
    first.close()
    open_broker(tmp_path).close()


def test_a_target_is_kafka_or_a_directory() -> None:
    assert is_kafka("localhost:9092")
    assert is_kafka("a.b-c:1, [::1]:2")
    assert not is_kafka("data")
    assert not is_kafka(Path("localhost:9092"))


def test_state_is_scanned_in_order_within_its_store(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    producer = broker.producer("p")

    def commit(changes: StateChanges) -> None:
        broker.keeper.keep(changes, producer)
        producer.commit({}, None)

    entries = {bytes([a, b]): bytes([b]) for a in (0, 1, 255) for b in (0, 7, 255)}
    broker.keeper.keep(StateChanges("a-1", {"s": {b"z": b""}}), producer)
    commit(StateChanges("a-0", {"s": entries, "s2": {b"x": b"y"}}))
    state = broker.keeper.state("a-0")
    assert list(state.scan("s")) == sorted(entries.items())
    assert list(state.scan("s", b"\x00\x07", b"\x01\x07")) == [
        item for item in sorted(entries.items()) if b"\x00\x07" <= item[0] < b"\x01\x07"
    ]
    assert list(state.scan("none")) == []
    assert state.get("s2", b"x") == b"y"
    many = {number.to_bytes(4, "big"): b"" for number in range(1000)}
    commit(StateChanges("a-0", {"s": many}))
    before = state.scan("s")
    commit(StateChanges("a-0", {"s": dict.fromkeys(many)}))
    assert len(list(before)) == 1000 + len(entries)
    state.delete_range("s", b"\x01", b"\xff")
    assert {key[0] for key, _ in state.scan("s")} == {0, 255}
    assert broker.keeper.state("a-1").get("s", b"z") == b""
    broker.close()


def test_small_polls_see_every_record_once(tmp_path: Path) -> None:
    choose = random.Random(3)
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    total = 0
    while total < 5000:
        count = choose.choice([1, 2, 7, 1500])
        broker.append("in", [(None, b"%d" % (total + i), 0, ()) for i in range(count)])
        total += count
    reader = broker.reader()
    reader.assign({IN0: 0})
    found: list[bytes | None] = []
    while len(found) < total:
        for messages in reader.poll(choose.randrange(1, 900), 0).messages.values():
            assert [m.offset() for m in messages] == list(
                range(len(found), len(found) + len(messages))
            )
            found += [m.value() for m in messages]
    assert found == [b"%d" % number for number in range(total)]
    broker.close()


def test_large_records_make_small_batches(tmp_path: Path) -> None:
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    values = [bytes([number]) * 700_000 for number in range(9)]
    broker.append("in", [(None, value, 0, ()) for value in values])
    assert [value for _, value in read_all(broker, "in")[0]] == values
    broker.close()


def test_a_waiting_poll_wakes_up_for_a_commit(tmp_path: Path) -> None:
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    reader = broker.reader()
    reader.assign({IN0: 0})
    assert reader.poll(10, 0).ends == {IN0: 0}
    timer = threading.Timer(0.1, broker.append, ("in", [(b"k", b"v", 1, ())]))
    timer.start()
    began = time.monotonic()
    polled = reader.poll(10, 10_000)
    assert [m.value() for m in polled.messages[IN0]] == [b"v"]
    assert time.monotonic() - began < 5
    timer.join()
    broker.close()


def compact(broker: EmbeddedBroker, topic: str) -> None:
    """Run the cleaner on a topic of one partition, now."""
    with broker._core.changed:
        broker._cleaner.compact(TopicPartition(topic, 0))


def test_compaction_keeps_the_last_record_of_each_key_and_its_offset(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.create([TopicConfig("in", 1, compacted=True)])
    broker.append("in", [(b"k%d" % (i % 700), b"%d" % i, i, ()) for i in range(10_001)])
    assert len(read_all(broker, "in")[0]) == 700
    assert broker.ends([IN0], committed=True) == {IN0: 10_001}
    broker.append("in", [(b"k1", None, 1, (("h", b"x"),)), (b"k2", b"new", 1, ())])
    compact(broker, "in")
    found = dict(read_all(broker, "in")[0])
    assert len(found) == 700
    assert found[b"k1"] is None
    assert found[b"k2"] == b"new"
    compact(broker, "in")
    assert b"k1" not in dict(read_all(broker, "in")[0])

    reader = broker.reader()
    reader.assign({IN0: 5_000})
    offsets = [m.offset() for m in reader.poll(10_000, 0).messages[IN0]]
    assert offsets[-1] == 10_002
    assert offsets == sorted(offsets)
    broker.close()


def test_a_tombstone_stays_until_every_group_has_read_it(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.create([TopicConfig("in", 1, compacted=True), TopicConfig("out", 1)])
    broker.append("in", [(b"a", b"1", 0, ()), (b"b", b"2", 0, ())])
    worker = CopyWorker(broker, "w", "in", "out")
    worker.poll()
    worker.commit()
    broker.append("in", [(b"a", None, 0, ())])
    for _ in range(3):
        compact(broker, "in")
    assert dict(read_all(broker, "in")[0]) == {b"b": b"2", b"a": None}
    worker.poll()
    worker.commit()
    compact(broker, "in")
    assert dict(read_all(broker, "in")[0]) == {b"b": b"2"}
    broker.close()


def test_retention_counts_from_the_append(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, EmbeddedSettings(retention_check_ms=0))
    broker.create([TopicConfig("in", 1, retention_ms=400)])
    broker.append("in", [(None, b"old", 0, ())] * 3)
    broker.append("in", [(None, b"older timestamp", -5, ())])
    assert broker.starts([IN0]) == {IN0: 0}
    time.sleep(0.5)
    broker.append("in", [(None, b"new", 0, ())])
    assert broker.starts([IN0]) == {IN0: 4}
    assert read_all(broker, "in") == {0: [(None, b"new")]}
    broker.close()


def test_a_topic_deleted_and_created_again_is_empty(tmp_path: Path) -> None:
    broker = open_broker(tmp_path)
    for _ in range(2):
        broker.create([TopicConfig("in", 1)])
        assert broker.ends([IN0], committed=True) == {IN0: 0}
        broker.append("in", [(None, b"1", 0, ())] * 5)
        broker.delete(["in"])
    broker.close()


def test_another_process_writes_through_the_inbox(tmp_path: Path) -> None:
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 4)])
    records = [(b"k%d" % i, b"%d" % i, i, (("h", b"x"),) if i % 2 else ()) for i in range(2500)]
    writer = InboxWriter(tmp_path)
    writer.append("in", records)
    assert not writer.is_taken()
    reader = broker.reader()
    reader.assign({TopicPartition("in", n): 0 for n in range(4)})
    assert sum(map(len, reader.poll(10_000, 1000).messages.values())) == 2500
    writer.append("in", [(None, b"x", 0, ())], partition=3)
    writer.close()
    broker.ends([IN0], committed=True)
    assert writer.is_taken()
    assert list((tmp_path / DIRECTORY).iterdir()) == []
    broker.append("in", records)
    by_partition = read_all(broker, "in")
    for number in range(3):
        half = len(by_partition[number]) // 2
        assert by_partition[number][:half] == by_partition[number][half:]
    broker.close()


def test_the_position_of_a_group_comes_in_with_the_records(tmp_path: Path) -> None:
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    first = InboxWriter(tmp_path)
    first.commit("in", [(b"k", b"1", 5)], GroupPosition("file", Committed(1, "a")))
    first.commit("in", [(b"k", b"2", 5)], GroupPosition("file", Committed(2, "b")))
    first.commit("in", [(b"k", b"torn", 5)], GroupPosition("file", Committed(3, "c")))
    first._file.truncate(first.path.stat().st_size - 3)
    first._file.close()

    left = GroupPosition("file", Committed(2, "b"))
    assert left_position(tmp_path, "in", "file") == left
    assert left_position(tmp_path, "in", "another") is None
    consumer = broker.consumer("file", "m")
    assert consumer.committed([IN0]) == {IN0: left.at}
    assert read_all(broker, "in") == {0: [(b"k", b"1"), (b"k", b"2")]}
    assert left_position(tmp_path, "in", "file") is None

    second = InboxWriter(tmp_path)
    second.commit("in", [], GroupPosition("file", None))
    second.close()
    assert left_position(tmp_path, "in", "file") == GroupPosition("file", None)
    broker.ends([IN0], committed=True)
    assert broker.group_offsets("file", [IN0]) == {}
    broker.close()


def test_a_torn_or_dead_writers_file_is_taken_as_far_as_it_is_whole(tmp_path: Path) -> None:
    writer = InboxWriter(tmp_path)
    writer.append("in", [(None, b"whole", 0, ())])
    writer.append("in", [(None, b"torn", 0, ())])
    writer._file.truncate(writer.path.stat().st_size - 3)
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    assert broker.ends([IN0], committed=True) == {IN0: 1}
    assert writer.path.exists()
    writer._file.close()
    assert broker.ends([IN0], committed=True) == {IN0: 1}
    assert not writer.path.exists()
    broker.close()


def test_records_for_a_missing_topic_are_kept_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = InboxWriter(tmp_path)
    writer.append("nowhere", [(None, b"v", 0, ())])
    writer.close()
    broker = open_broker(tmp_path)
    broker.create([TopicConfig("in", 1)])
    broker.ends([IN0], committed=True)
    assert 'topic "nowhere" does not exist' in caplog.text
    assert [path.suffix for path in (tmp_path / DIRECTORY).iterdir()] == [".rejected"]
    broker.close()


def test_a_topic_without_batches_shows_none_of_its_neighbours(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.create([TopicConfig("bid", 1), TopicConfig("out-count", 1)])
    broker.append("bid", [(b"k", b"%d" % i, i, ()) for i in range(3_000)])
    database = broker._database
    for offset in (0, 3):
        assert list(database.batches(log_prefix(TopicPartition("out-count", 0)), offset, 5)) == []
    broker.close()
