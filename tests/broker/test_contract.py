"""What every broker promises, on all of them."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamsql.broker.open import open_broker, open_or_follow
from streamsql.broker.partitioner import partition_of
from streamsql.broker.ports import (
    Broker,
    Committed,
    Message,
    StateChanges,
    TopicConfig,
    TopicPartition,
)
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.errors import EngineError, TaskFenced, TransactionAborted
from streamsql.topology.naming import (
    changelog_topic,
    repartition_topic,
    statements_topic,
    task_state,
)
from tests.broker.worker import CopyWorker, read_all, read_messages

DEADLINE_SECONDS = 90.0


@dataclass
class Subject:
    """A broker under test, and how patient one must be with it."""

    broker: Broker
    timeout_ms: int
    reading: Broker
    prefix: str

    def name(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def worker(self, name: str) -> CopyWorker:
        return CopyWorker(
            self.broker, self.name(name), self.name("in"), self.name("out"), self.name("copy")
        )

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not reached():
            assert time.monotonic() < deadline, "not reached in time"

    def run(self, worker: CopyWorker, end: int) -> None:
        """Poll until the worker has read so many records in all."""
        self.until(lambda: worker.poll(timeout_ms=self.timeout_ms) >= 0 and worker.read >= end)

    def values(self, topic: str) -> list[int]:
        found = read_all(self.reading, self.name(topic), timeout_ms=self.timeout_ms)
        return sorted(int(value or b"") for records in found.values() for _, value in records)

    def sees(self, topic: str, values: list[int]) -> None:
        """Wait until the topic holds the values; Kafka shows a commit a moment after it is made."""
        self.until(lambda: len(self.values(topic)) >= len(values))
        assert self.values(topic) == values

    def committed(self, group: str) -> dict[TopicPartition, Committed]:
        """Return what the group has committed in the topics of the test."""
        numbers = (0, 1)
        partitions = [TopicPartition(self.name(t), n) for t in ("in", "out") for n in numbers]
        return dict(self.reading.group_offsets(group, partitions))

    def topic(self, name: str, partitions: int, records: int = 0) -> str:
        topic = self.name(name)
        self.broker.create([TopicConfig(topic, partitions)])
        if records:
            self.broker.append(
                topic, [(b"k%d" % (i % 10), b"%d" % i, 1000 + i, ()) for i in range(records)]
            )
        return topic


@pytest.fixture(
    params=[
        "simulated",
        "simulated with state",
        "embedded",
        "followed",
        "following",
        pytest.param("kafka", marks=pytest.mark.kafka),
    ]
)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    with ExitStack() as held:

        def opened(broker: Broker) -> Broker:
            return held.enter_context(closing(broker))

        timeout_ms, prefix = 0, uuid.uuid4().hex[:8]
        match request.param:
            case "simulated":
                broker = reading = opened(SimulatedBroker())
            case "simulated with state":
                broker = reading = opened(SimulatedBroker(keeps_state=True))
            case "embedded":
                broker = reading = opened(open_broker(tmp_path))
            case "followed":
                broker = opened(open_broker(tmp_path))
                reading = opened(open_or_follow(tmp_path))
            case "following":
                opened(open_broker(tmp_path))
                broker = reading = opened(open_or_follow(tmp_path))
                prefix = f"test-transient-{prefix}-1"  # a push query's: those are its own
            case _:
                servers = request.getfixturevalue("kafka")
                options = {"session_timeout_ms": 2_000, "state_directory": tmp_path}
                broker = reading = opened(open_broker(servers, **options))
                timeout_ms = 100
        yield Subject(broker, timeout_ms, reading, prefix)


def test_topics_are_created_once_listed_and_deleted(subject: Subject) -> None:
    broker = subject.broker
    plain, compacted = subject.name("plain"), subject.name("compacted")
    configs = [
        TopicConfig(plain, 3, retention_ms=3_600_000),
        TopicConfig(compacted, 1, compacted=True),
    ]
    broker.create(configs)
    broker.create(configs[:1])

    topics = broker.topics()
    assert topics[plain].partitions == 3
    assert topics[plain].retention_ms == 3_600_000
    assert topics[compacted].compacted
    with pytest.raises(EngineError, match=f'topic "{plain}" has 3 partitions, but 4 are needed'):
        broker.create([TopicConfig(plain, 4)])

    broker.delete([plain, subject.name("never was")])
    assert plain not in broker.topics()
    with pytest.raises(EngineError, match=f'topic "{plain}" does not exist'):
        broker.ends([TopicPartition(plain, 0)], committed=True)


@pytest.mark.parametrize("name", ["", ".", "..", "../../x", "a b", "ä", "x" * 250])
def test_names_that_no_topic_can_have(subject: Subject, name: str) -> None:
    with pytest.raises(EngineError):
        subject.broker.create([TopicConfig(name, 1)])
    assert name not in subject.broker.topics()


def test_records_are_read_back_as_they_were_written(subject: Subject) -> None:
    topic = subject.topic("records", 3)
    records = [
        (b"a", b"1", 1_000, (("trace", b"x"), ("trace", b"y"), ("none", None))),
        (b"b", None, 2_000, ()),
        (None, b"3", 3_000, ()),
        (b"", b"", 4_000, ()),
    ]
    subject.broker.append(topic, records)
    subject.broker.append(topic, [(b"a", b"5", 5_000, ())], partition=2)

    reader = subject.reading.reader()
    reader.assign({TopicPartition(topic, n): 0 for n in range(3)})
    found: list[Message] = []
    ends: dict[TopicPartition, int] = {}
    while len(ends) < 3:
        polled = reader.poll(10, subject.timeout_ms)
        ends.update(polled.ends)
        for partition, messages in polled.messages.items():
            assert all((m.topic(), m.partition()) == partition for m in messages)
            found += messages
    reader.close()

    found.sort(key=lambda m: m.timestamp()[1])
    got = [(m.key(), m.value(), m.timestamp()[1], tuple(m.headers() or ())) for m in found]
    assert got == [*records, (b"a", b"5", 5_000, ())]
    assert found[0].partition() == partition_of(b"a", 3)
    assert found[4].partition() == 2
    assert found[0].timestamp()[0] == 1


def test_a_worker_copies_exactly_once_and_goes_on_where_it_was(subject: Subject) -> None:
    subject.topic("in", 2, 25)
    subject.topic("out", 2)
    worker = subject.worker("a")
    subject.run(worker, 25)
    subject.sees("out", [])
    worker.commit()
    subject.sees("out", list(range(25)))
    worker.close()

    group = subject.name("copy")
    subject.until(lambda: bool(subject.committed(group)))
    committed = subject.committed(group)
    assert sum(at.offset for at in committed.values()) == 25
    assert {at.metadata for at in committed.values()} == {"noted"}

    subject.broker.append(subject.name("in"), [(b"k1", b"25", 1, ())])
    again = subject.worker("a")
    subject.run(again, 1)
    again.commit()
    again.close()
    assert again.read == 1
    subject.sees("out", list(range(26)))


def test_an_abort_undoes_and_rewinds(subject: Subject) -> None:
    subject.topic("in", 2, 10)
    subject.topic("out", 2)
    worker = subject.worker("a")
    subject.run(worker, 10)
    worker.rollback()
    subject.run(worker, 20)
    worker.commit()
    worker.rollback()
    worker.close()
    subject.sees("out", list(range(10)))
    ends = subject.reading.ends(
        [TopicPartition(subject.name("out"), n) for n in range(2)], committed=True
    )
    reader = subject.reading.reader()
    reader.assign(dict.fromkeys(ends, 0))
    reached: dict[TopicPartition, int] = {}
    while len(reached) < 2:
        reached.update(reader.poll(100, subject.timeout_ms).ends)
    reader.close()
    assert reached == ends


def test_an_end_is_reported_at_an_empty_partition_and_after_new_records(subject: Subject) -> None:
    topic = subject.topic("in", 1)
    subject.topic("out", 1)
    partition = TopicPartition(topic, 0)
    worker = subject.worker("a")
    subject.until(
        lambda: worker.poll(timeout_ms=subject.timeout_ms) == 0 and partition in worker.ends
    )
    assert worker.ends[partition] == 0
    subject.broker.append(topic, [(b"k", b"1", 1, ())])
    subject.until(
        lambda: worker.poll(timeout_ms=subject.timeout_ms) >= 0 and worker.ends[partition] == 1
    )
    worker.close()


def test_paused_partitions_bring_nothing_until_resumed(subject: Subject) -> None:
    topic = subject.topic("in", 2, 20)
    subject.topic("out", 2)
    worker = subject.worker("a")
    subject.until(lambda: worker.poll(1, timeout_ms=subject.timeout_ms) > 0)
    paused = TopicPartition(topic, 0)
    worker.consumer.pause([paused])
    before = worker.processed.get(paused, 0)
    for _ in range(5):
        worker.poll(timeout_ms=subject.timeout_ms)
        assert worker.processed.get(paused, 0) == before
    worker.consumer.resume([paused])
    subject.run(worker, 20)
    worker.commit()
    worker.close()
    subject.sees("out", list(range(20)))


def test_changelog_records_tell_the_offset_behind_them(subject: Subject) -> None:
    topic = subject.topic("changelog", 2)
    subject.topic("in", 1)
    subject.topic("out", 1)
    producer = subject.broker.producer(subject.name("writer"))
    first, second = TopicPartition(topic, 0), TopicPartition(topic, 1)
    consumer = subject.broker.consumer(subject.name("nobody"), "m")
    for number in range(5):
        producer.send_to(first, b"k", b"%d" % number, 7)
    producer.send_to(second, b"k", None, 8)
    producer.flush()
    ends = dict(producer.ends())
    producer.commit({}, consumer)

    assert producer.ends() == {}
    found = read_all(subject.reading, topic, timeout_ms=subject.timeout_ms)
    assert [value for _, value in found[0]] == [b"0", b"1", b"2", b"3", b"4"]
    assert found[1] == [(b"k", None)]
    if subject.broker.keeper is not None:
        assert set(ends) in ({first, second}, set())
    else:
        assert ends == {first: 5, second: 1}
    producer.close()
    consumer.close()


def test_two_members_share_the_partitions_and_hand_over(subject: Subject) -> None:
    subject.topic("in", 4, 40)
    subject.topic("out", 4)
    first, second = subject.worker("a"), subject.worker("b")
    workers = (first, second)

    def balanced() -> bool:
        for worker in workers:
            worker.poll(5, timeout_ms=subject.timeout_ms)
        return [len(worker.owned) for worker in workers] == [2, 2]

    subject.until(balanced)
    assert {p.partition for p in first.owned} == {0, 1}

    def done() -> bool:
        for worker in workers:
            worker.poll(timeout_ms=subject.timeout_ms)
            worker.commit()
        return len(subject.values("out")) >= 40

    subject.until(done)
    subject.sees("out", list(range(40)))
    second.close()
    subject.broker.append(subject.name("in"), [(None, b"40", 1, ())], partition=3)

    def taken_over() -> bool:
        first.poll(timeout_ms=subject.timeout_ms)
        first.commit()
        return len(first.owned) == 4 and len(subject.values("out")) == 41

    subject.until(taken_over)
    first.close()


def test_a_second_consumer_of_a_name_takes_its_place(subject: Subject) -> None:
    subject.topic("in", 1, 5)
    subject.topic("out", 1)
    old = subject.worker("a")
    subject.run(old, 5)
    new = subject.worker("a")
    subject.run(new, 5)
    new.commit()

    with pytest.raises((TaskFenced, TransactionAborted)):
        old.commit()

    def fenced() -> bool:
        try:
            old.poll(timeout_ms=subject.timeout_ms)
        except TaskFenced:
            return True
        return False

    subject.until(fenced)
    new.close()
    subject.sees("out", list(range(5)))


def test_a_producer_goes_on_after_an_abort(subject: Subject) -> None:
    subject.topic("in", 1)
    subject.topic("out", 2)
    consumer = subject.broker.consumer(subject.name("nobody"), "m")
    producer = subject.broker.producer(subject.name("writer"))
    send = producer.sender(subject.name("out"))
    producer.abort()
    for value, keep in ((b"1", True), (b"2", False), (b"3", True)):
        send(b"k", value, 5)
        producer.flush()
        if keep:
            producer.commit({}, consumer)
        else:
            producer.abort()
    send(b"k", b"4", 5)
    producer.close()
    consumer.close()
    subject.sees("out", [1, 3])


def test_records_may_be_purged_and_positions_before_them_are_refused(subject: Subject) -> None:
    topic = subject.topic("in", 1, 10)
    partition = TopicPartition(topic, 0)
    subject.broker.purge({partition: 4})
    assert subject.reading.starts([partition]) == {partition: 4}
    assert subject.reading.ends([partition], committed=False) == {partition: 10}
    reader = subject.reading.reader()
    reader.assign({partition: 4})
    found: list[int] = []
    while len(found) < 6:
        for messages in reader.poll(10, subject.timeout_ms).messages.values():
            found += [message.offset() for message in messages]
    assert found == list(range(4, 10))
    reader.assign({partition: 2})
    with pytest.raises(EngineError, match=f'offset 2 of topic "{topic}" partition 0'):
        subject.until(lambda: bool(reader.poll(10, subject.timeout_ms).messages))
    reader.close()


def test_a_topic_that_is_missing_is_named(subject: Subject) -> None:
    broker, missing = subject.broker, subject.name("missing")
    for use in (
        lambda: broker.starts([TopicPartition(missing, 0)]),
        lambda: broker.append(missing, [(b"k", b"v", 1, ())]),
        lambda: broker.consumer(subject.name("g"), "m").subscribe([missing], _Nobody()),
    ):
        with pytest.raises(EngineError, match=f'topic "{missing}" does not exist'):
            use()


def test_a_group_may_be_forgotten(subject: Subject) -> None:
    subject.topic("in", 1, 3)
    subject.topic("out", 1)
    worker = subject.worker("a")
    subject.run(worker, 3)
    worker.commit()
    group = subject.name("copy")
    at = {TopicPartition(subject.name("in"), 0): Committed(3, "noted")}
    subject.until(lambda: subject.committed(group) == at)
    worker.close()
    subject.broker.forget(group)
    assert subject.committed(group) == {}
    subject.broker.forget(group)


def test_a_group_without_members_has_positions_too(subject: Subject) -> None:
    """As a file that is loaded has: its reader never joins."""
    topic = subject.topic("out", 1)
    group, at = subject.name("file"), TopicPartition(topic, 0)
    for number in range(1, 3):
        consumer = subject.broker.consumer(group, "m")
        producer = subject.broker.producer(group)
        producer.wait_fenced()
        before = consumer.committed([at]).get(at, Committed(0))
        assert before.offset == number - 1
        producer.sender(topic)(b"k", b"%d" % number, 5)
        producer.commit({at: Committed(number, "noted")}, consumer)
        assert consumer.committed([at]) == {at: Committed(number, "noted")}
        producer.close()
        consumer.close()
    subject.sees("out", [1, 2])
    subject.broker.delete([topic])
    subject.until(lambda: subject.committed(group) == {})


def test_who_is_no_member_commits_nothing_for_a_group_that_has_some(subject: Subject) -> None:
    subject.topic("in", 1, 3)
    subject.topic("out", 1)
    worker = subject.worker("a")
    subject.run(worker, 3)
    stranger = subject.broker.consumer(subject.name("copy"), "stranger")
    producer = subject.broker.producer(subject.name("stranger"))
    with pytest.raises(TransactionAborted):
        producer.commit({TopicPartition(subject.name("in"), 0): Committed(1)}, stranger)
    producer.close()
    stranger.close()
    worker.close()


def test_forgetting_an_application_leaves_nothing_of_it_and_all_of_others(subject: Subject) -> None:
    """Another application may have a name that begins with this one's."""
    broker, application = subject.broker, subject.name("app")
    other = f"{application}-b"
    subject.topic("in", 1, 3)
    subject.topic("out", 1)
    kept = [f"{application}-changelog", changelog_topic(other, "S"), statements_topic(other)]
    own = [
        changelog_topic(application, "S"),
        repartition_topic(application, "O-repartition-2"),
        statements_topic(application),
    ]
    broker.create([TopicConfig(topic, 1) for topic in kept + own])
    for group in (application, other):
        worker = CopyWorker(broker, f"{group}-m", subject.name("in"), subject.name("out"), group)
        subject.run(worker, 3)
        worker.commit()
        if broker.keeper is not None:
            changes = StateChanges(task_state(group, 0), {"S": {b"k": b"v"}})
            broker.keeper.keep(changes, worker.producer)
            worker.producer.commit({}, None)
        worker.consumer.leave()
        worker.producer.close()

    broker.forget(application)
    assert set(kept) <= broker.topics().keys()
    assert broker.topics().keys().isdisjoint(own)
    assert application not in broker.groups()
    assert other in broker.groups()
    assert subject.committed(application) == {}
    assert subject.committed(other)
    if broker.keeper is not None:
        assert not list(broker.keeper.state(task_state(application, 0)).scan("S"))
        assert list(broker.keeper.state(task_state(other, 0)).scan("S")) == [(b"k", b"v")]
    broker.forget(application)


def test_headers_travel_with_the_records_that_have_some(subject: Subject) -> None:
    topic = subject.topic("headed", 2)
    consumer = subject.broker.consumer(subject.name("nobody"), "m")
    producer = subject.broker.producer(subject.name("writer"))
    some = [("a", b"1"), ("a", None)]
    for window_bytes in (0, 8):
        send = producer.sender(topic, window_bytes=window_bytes)
        for number in range(4):
            key = b"k%d" % number + bytes(8)
            send(key, b"plain", 5)
            send(key, b"headed", 5, some)
    producer.flush()
    producer.commit({}, consumer)
    found = read_messages(subject.broker, topic, timeout_ms=subject.timeout_ms)
    producer.close()
    consumer.close()
    records = [record for partition in found.values() for record in partition]
    assert len(records) == 16
    for record in records:
        assert record.headers() == (some if record.value() == b"headed" else None)


class _Nobody:
    def assigned(self, partitions: object) -> None: ...
    def revoked(self, partitions: object) -> None: ...
    def lost(self, partitions: object) -> None: ...


def test_all_windows_of_a_key_are_in_its_partition(subject: Subject) -> None:
    topic = subject.topic("windows", 4)
    consumer = subject.broker.consumer(subject.name("nobody"), "m")
    producer = subject.broker.producer(subject.name("writer"))
    send = producer.sender(topic, window_bytes=8)
    for start in range(20):
        send(b"key" + start.to_bytes(8, "big"), b"", 5)
    producer.flush()
    producer.commit({}, consumer)
    found = read_all(subject.reading, topic, timeout_ms=subject.timeout_ms)
    producer.close()
    consumer.close()
    assert {partition: len(records) for partition, records in found.items() if records} == {
        partition_of(b"key", 4): 20
    }
