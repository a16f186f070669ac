"""The simulated broker: virtual time, deaths, zombies, faults on purpose."""

import random

import pytest

from streamsql.broker.ports import Committed, StateChanges, TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.faults import Killed
from streamsql.broker.simulated.mishaps import compact, kill, stop
from streamsql.errors import EngineError, TaskFenced, TransactionAborted
from tests.broker.worker import CopyWorker, read_all

IN0, IN1 = TopicPartition("in", 0), TopicPartition("in", 1)


def broker_with(records: int, *, partitions: int = 2, keeps_state: bool = False) -> SimulatedBroker:
    broker = SimulatedBroker(keeps_state=keeps_state)
    broker.create([TopicConfig("in", partitions), TopicConfig("out", partitions)])
    broker.append("in", [(b"k%d" % (i % 10), b"%d" % i, i, ()) for i in range(records)])
    return broker


def values(broker: SimulatedBroker, topic: str) -> list[int]:
    return sorted(
        int(value or b"") for records in read_all(broker, topic).values() for _, value in records
    )


def test_a_dead_workers_transaction_blocks_readers_until_its_timeout() -> None:
    broker = broker_with(4, partitions=1)
    worker = CopyWorker(broker, "a", "in", "out")
    worker.poll()
    broker.append("out", [(None, b"99", 0, ())])
    kill(broker, "a")
    out = TopicPartition("out", 0)

    assert broker.ends([out], committed=True)[out] == 0
    assert broker.ends([out], committed=False)[out] == 5
    broker.clock.advance(broker.timeouts.transaction_ms)
    assert broker.ends([out], committed=True)[out] == 6
    assert values(broker, "out") == [99]
    with pytest.raises(Killed):
        worker.poll()


def test_a_successor_of_the_same_name_takes_over_at_once() -> None:
    broker = broker_with(20)
    first = CopyWorker(broker, "a", "in", "out")
    first.poll(5)
    first.commit()
    first.poll(5)
    kill(broker, "a")

    second = CopyWorker(broker, "a", "in", "out")
    while second.poll():
        pass
    second.commit()

    assert second.events == [("assigned", (0, 1))]
    assert values(broker, "out") == list(range(20))


def test_a_silent_member_loses_its_partitions_after_the_session_timeout() -> None:
    broker = broker_with(20)
    first, second = (CopyWorker(broker, name, "in", "out") for name in "ab")
    for _ in range(3):
        first.poll(1)
        second.poll(1)
    assert first.owned == {IN0}
    assert second.owned == {IN1}
    kill(broker, "a")
    second.poll()
    assert second.owned == {IN1}

    broker.clock.advance(broker.timeouts.session_ms)
    while second.poll():
        pass
    second.commit()

    assert second.owned == {IN0, IN1}
    broker.clock.advance(broker.timeouts.transaction_ms)
    assert values(broker, "out") == list(range(20))


def test_a_zombie_between_offsets_and_decision_makes_the_successor_wait() -> None:
    broker = broker_with(6, partitions=1)
    first = CopyWorker(broker, "a", "in", "out")
    first.poll()
    successors = []

    def take_over() -> None:
        stop(broker, "a")
        successor = CopyWorker(broker, "b", "in", "out")
        broker.clock.advance(broker.timeouts.session_ms)
        successor.poll()  # asks for committed offsets: they are pending
        successors.append(successor)

    broker.faults.at("commit.decide", 1, take_over)
    with pytest.raises(TaskFenced):
        first.commit()
    successors[0].commit()

    assert broker.clock() == broker.timeouts.transaction_ms
    assert values(broker, "out") == list(range(6))


def test_a_zombie_that_lost_its_partitions_cannot_commit() -> None:
    broker = broker_with(6, partitions=1)
    first = CopyWorker(broker, "a", "in", "out")
    first.poll()
    stop(broker, "a")
    second = CopyWorker(broker, "b", "in", "out")
    broker.clock.advance(broker.timeouts.session_ms)
    second.poll()
    second.commit()

    with pytest.raises(TransactionAborted, match="generation"):
        first.commit()
    first.rollback()
    assert first.poll() == 0
    assert first.events[-1] == ("lost", (0,))
    assert values(broker, "out") == list(range(6))


@pytest.mark.parametrize("applied", [False, True])
def test_a_commit_of_unknown_outcome_is_void_until_the_abort_tells(applied: bool) -> None:
    broker = broker_with(6)
    worker = CopyWorker(broker, "a", "in", "out")
    worker.poll()
    broker.faults.fail("commit", 1, TransactionAborted("no answer"), applied=applied)

    with pytest.raises(TransactionAborted, match="no answer"):
        worker.commit()
    with pytest.raises(TransactionAborted, match="aborted first"):
        worker.send(b"k", b"v", 0)
    worker.rollback()
    while worker.poll():
        pass
    worker.commit()

    assert values(broker, "out") == list(range(6))


def test_a_fault_may_be_planned_for_any_operation() -> None:
    broker = broker_with(3)
    broker.faults.fail("send", 2, EngineError("disk full"))
    worker = CopyWorker(broker, "a", "in", "out")
    with pytest.raises(EngineError, match="disk full"):
        worker.poll()
    assert broker.faults.calls["send"] == 2
    assert not broker.faults.armed


def test_a_new_producer_fences_the_old_one() -> None:
    broker = broker_with(2)
    worker = CopyWorker(broker, "a", "in", "out")
    worker.poll()
    broker.producer("a")

    with pytest.raises(TaskFenced):
        worker.send(b"k", b"v", 0)
    with pytest.raises(TaskFenced):
        worker.commit()
    with pytest.raises(TaskFenced):
        worker.producer.abort()
    assert values(broker, "out") == []


def test_compaction_keeps_the_last_decided_record_of_each_key() -> None:
    broker = SimulatedBroker()
    broker.create([TopicConfig("log", 1, compacted=True)])
    broker.append("log", [(b"a", b"1", 0, ()), (b"b", b"2", 0, ()), (b"a", b"3", 0, ())])
    broker.append("log", [(b"b", None, 0, ())])
    compact(broker, "log")
    assert read_all(broker, "log") == {0: [(b"a", b"3")]}


def test_state_changes_with_the_commit_only() -> None:
    broker = broker_with(6, partitions=1, keeps_state=True)
    worker = CopyWorker(broker, "a", "in", "out")
    worker.poll()
    assert broker.keeper is not None
    state = broker.keeper.state("0_0")
    assert list(state.scan("counts")) == []
    worker.commit()
    assert list(state.scan("counts", b"k1", b"k3")) == [(b"k1", b"1"), (b"k2", b"1")]

    broker.keeper.keep(StateChanges("0_0", {"counts": {b"k1": None}}), worker.producer)
    worker.producer.abort()
    assert state.get("counts", b"k1") == b"1"
    broker.keeper.keep(StateChanges("0_0", {"counts": {b"k1": None}}), worker.producer)
    worker.producer.commit({IN0: Committed(6)}, worker.consumer)
    assert state.get("counts", b"k1") is None


@pytest.mark.parametrize("seed", range(60))
def test_any_schedule_of_deaths_and_faults_is_exactly_once(seed: int) -> None:
    print(f"seed {seed}")
    choose = random.Random(seed)
    broker = broker_with(0, partitions=4, keeps_state=seed % 2 == 0)
    workers = {name: CopyWorker(broker, name, "in", "out") for name in "ab"}
    fed = 0
    for _ in range(150):
        name = choose.choice("ab")
        try:
            match choose.randrange(12):
                case 0:
                    kill(broker, name)
                    workers[name] = CopyWorker(broker, name, "in", "out")
                case 1:
                    moment = choose.random() < 0.5
                    error = TransactionAborted("chance")
                    broker.faults.fail("commit", choose.randrange(1, 3), error, applied=moment)
                case 2:
                    stop(broker, name)
                    broker.clock.advance(choose.randrange(0, 12_000))
                case 3 | 4 | 5:
                    workers[name].commit()
                case 6:
                    broker.append(
                        "in", [(b"k%d" % (i % 10), b"%d" % i, i, ()) for i in range(fed, fed + 9)]
                    )
                    fed += 9
                case _:
                    workers[name].poll(choose.randrange(1, 20))
        except TransactionAborted:
            workers[name].rollback()
        except TaskFenced:
            kill(broker, name)
            workers[name] = CopyWorker(broker, name, "in", "out")
    broker.faults.clear()
    finish(broker, list(workers.values()), fed)


def finish(broker: SimulatedBroker, workers: list[CopyWorker], fed: int) -> None:
    for _ in range(30):
        for index, worker in enumerate(workers):
            try:
                worker.poll()
                worker.commit()
            except TransactionAborted:
                worker.rollback()
            except TaskFenced:
                kill(broker, worker.name)
                workers[index] = CopyWorker(broker, worker.name, "in", "out")
    broker.clock.advance(20_000)
    assert values(broker, "out") == list(range(fed))
    if broker.keeper is not None:
        counts = {
            key: int(count)
            for partition in range(4)
            for key, count in broker.keeper.state(f"0_{partition}").scan("counts")
        }
        assert sum(counts.values()) == fed
