"""What a worker does when something goes wrong, one thing at a time."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamsql.broker.ports import Committed, TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.clients import SimulatedConsumer
from streamsql.broker.simulated.cluster import Timeouts
from streamsql.broker.simulated.faults import FetcherRestarted, Killed
from streamsql.broker.simulated.log import Transaction, TransactionStatus
from streamsql.broker.simulated.mishaps import kill, stop
from streamsql.errors import EngineError, TaskCorrupted, TransactionAborted
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.inputs import Inputs
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker
from streamsql.state.directory import StateDirectory
from streamsql.state.rocksdb import RocksStorage
from tests.runtime.scenarios import SCENARIOS

FIRST = "0_0"


class Running:
    """The scenario "count" on two partitions; keys a and b are on different ones."""

    def __init__(
        self, *, keeps_state: bool = False, state: Path | None = None, name: str = "count"
    ) -> None:
        self.broker = SimulatedBroker(keeps_state=keeps_state, timeouts=Timeouts(600, 1000))
        scenario = SCENARIOS[name]
        self.broker.create([TopicConfig(topic, 2) for topic in scenario.topics])
        self.config = RuntimeConfig("app", 10, 0, state)
        topics, topology = self.broker.topics(), scenario.topology(2)
        self.layout = lay_out("app", topology, topics, state_topics(self.broker))
        self.broker.create(self.layout.create)
        self.worker = self.start("w")

    def start(self, name: str) -> Worker:
        worker = Worker(self.layout, self.broker, self.config, name, self.broker.clock)
        worker.start()
        return worker

    def feed(self, number: int = 4) -> None:
        value = b'{"V":1,"G":"g"}'
        for partition in (0, 1):
            records = [(b"k%d" % partition, value, n, ()) for n in range(number)]
            self.broker.append("s", records, partition)

    def run(self, *workers: Worker) -> None:
        for _ in range(40):
            for worker in workers or (self.worker,):
                worker.step(0)
            self.broker.clock.advance(10)

    def counts(self) -> dict[bytes | None, list[int]]:
        reader = self.broker.reader()
        reader.assign({TopicPartition("O", 0): 0, TopicPartition("O", 1): 0})
        found: dict[bytes | None, list[int]] = {}
        while messages := reader.poll(1000, 0).messages:
            for batch in messages.values():
                for message in batch:
                    value = message.value() or b""
                    found.setdefault(message.key(), []).append(int(value[5 : value.index(b",")]))
        return found

    def committed(self) -> dict[TopicPartition, Committed]:
        partitions = [TopicPartition("s", number) for number in (0, 1)]
        return dict(self.broker.group_offsets("app", partitions))

    def assert_counted(self, number: int) -> None:
        every = list(range(1, number + 1))
        assert self.counts() == {b"k0": every, b"k1": every}


def test_a_damaged_storage_is_wiped_and_restored_while_running(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running = Running(state=tmp_path)
    running.feed()
    running.run()
    damaged = [FIRST]
    write = RocksStorage.write

    def broken_write(storage: RocksStorage, changes: Any, meta: Any) -> None:
        if storage._directory.name in damaged:
            raise TaskCorrupted("a block is damaged", damaged.pop())
        write(storage, changes, meta)

    monkeypatch.setattr(RocksStorage, "write", broken_write)
    running.feed()
    running.run()
    assert not damaged
    assert running.worker.metrics.restored == 3, "both changes of its key, and the other's tail"
    running.assert_counted(8)


def test_a_damaged_storage_that_breaks_a_look_up_is_wiped_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running = Running(state=tmp_path)
    running.feed()
    running.run()
    running.worker.close()
    running.worker = running.start("w")
    running.run()
    wiped: list[str] = []
    wipe = StateDirectory.wipe

    def broken_get(storage: RocksStorage, _store: str, _key: bytes) -> bytes | None:
        raise TaskCorrupted("a block is damaged", storage._directory.name)

    def noting_wipe(directory: StateDirectory, task: str) -> None:
        wiped.append(task)
        monkeypatch.undo()
        wipe(directory, task)

    monkeypatch.setattr(RocksStorage, "get", broken_get)
    monkeypatch.setattr(StateDirectory, "wipe", noting_wipe)
    running.feed()
    running.run()
    assert wiped[0] in {"0_0", "0_1"}
    running.assert_counted(8)


def test_a_checkpoint_outside_its_changelog_is_wiped(tmp_path: Path) -> None:
    running = Running(state=tmp_path)
    running.feed()
    running.run()
    running.worker.close()
    storage = RocksStorage(tmp_path / "app" / FIRST, ["O-aggregate"])
    storage.write({}, {"checkpoint/app-O-aggregate-changelog": b"9999"})
    storage.close()
    running.worker = running.start("w")
    running.run()
    running.feed()
    running.run()
    running.assert_counted(8)


def test_state_that_a_worker_of_this_host_still_holds_is_waited_for(tmp_path: Path) -> None:
    running = Running(state=tmp_path)
    running.feed()
    running.run()
    zombie = running.worker
    stop(running.broker, "w", "app-w")
    running.broker.clock.advance(600)
    successor = running.start("v")
    running.run(successor)
    assert not successor.is_open, "the zombie has the directories"
    running.feed()
    running.run(zombie, successor)
    assert len(zombie.tasks) + len(successor.tasks) == 2
    running.assert_counted(8)


def test_waiting_for_state_ends_with_an_error(tmp_path: Path) -> None:
    running = Running(state=tmp_path)
    running.run()
    stop(running.broker, "w", "app-w")
    running.broker.clock.advance(600)
    successor = running.start("v")
    successor.step(0)
    successor.step(0)
    running.broker.clock.advance(60_000)
    with pytest.raises(EngineError, match="in use"):
        successor.step(0)
    with pytest.raises(EngineError, match=r"0_1.* in use"):
        successor.step(0)  # the other task's, too
    successor.step(0)  # both begin anew
    assert not successor.is_open


def test_what_an_earlier_life_has_left_in_the_broker_does_not_count() -> None:
    running = Running(keeps_state=True)
    running.feed()
    running.run()
    running.worker.close()
    running.broker.cluster.forget_group("app")
    running.worker = running.start("w")
    running.run()
    assert running.counts()[b"k0"] == [1, 2, 3, 4, 1, 2, 3, 4], "counted anew from the start"


def test_a_broker_keeps_state_by_store_and_partition() -> None:
    """The number of a sub-topology may change when another query is added."""
    running = Running(keeps_state=True)
    running.feed()
    running.run()
    for partition in (0, 1):
        assert running.broker.keeper is not None
        state = running.broker.keeper.state(f"app-{partition}")
        assert len(list(state.scan("O-aggregate"))) == 1


def test_revoked_partitions_go_even_when_the_commit_before_fails() -> None:
    running = Running()
    running.feed()
    for _ in range(3):
        running.worker.step(0)
    assert running.worker.tasks
    running.broker.faults.fail("commit", 1, TransactionAborted("planned"))
    other = running.start("x")
    running.run(running.worker, other)
    assert len(running.worker.tasks) == len(other.tasks) == 1
    running.assert_counted(4)


@pytest.mark.parametrize("operation", ["flush", "commit", "send", "committed"])
def test_after_an_abort_everything_is_done_again(operation: str) -> None:
    running = Running()
    running.feed()
    running.broker.faults.fail(operation, 1, TransactionAborted("planned"))
    running.run()
    running.assert_counted(4)


def test_an_abort_that_fails_makes_the_worker_join_again() -> None:
    running = Running()
    running.feed()
    running.broker.faults.fail("flush", 1, TransactionAborted("planned"))
    running.broker.faults.fail("abort", 1, TransactionAborted("planned as well"))
    running.run()
    running.assert_counted(4)


def test_records_fetched_before_a_rewind_are_not_processed_after_it() -> None:
    running = Running()
    running.feed(50)
    for call in (1, 2, 3):
        running.broker.faults.fail("commit", call, TransactionAborted("planned"), applied=True)
    running.run()
    running.assert_counted(50)


def test_an_opening_that_fails_is_begun_again() -> None:
    running = Running()
    running.feed()
    failed = []

    def fail() -> None:
        failed.append(1)
        raise EngineError("coordinator load in progress")

    running.broker.faults.at("committed", 1, fail)
    with pytest.raises(EngineError):
        running.run()
    running.run()
    assert failed
    running.assert_counted(4)


def test_a_purge_that_fails_is_put_off() -> None:
    running = Running(name="repartition")
    running.feed()
    running.broker.faults.fail("purge", 1, EngineError("planned"))
    running.broker.clock.advance(20_000)
    running.run()
    starts = running.broker.starts([TopicPartition("app-O-repartition", n) for n in (0, 1)])
    assert set(starts.values()) == {0}
    running.feed()
    running.broker.clock.advance(20_000)
    running.run()
    starts = running.broker.starts(sorted(starts))
    assert sum(starts.values()) > 0


def test_closing_commits_and_a_killed_worker_does_not() -> None:
    running = Running()
    running.run()
    running.feed()
    running.worker.step(0)
    running.worker.step(0)
    running.worker.close()
    running.assert_counted(4)
    running.worker = running.start("w")
    running.run()
    running.feed()
    running.worker.step(0)
    kill(running.broker, "w", "app-w")
    with pytest.raises(Killed):
        running.worker.step(0)
    running.worker = running.start("w")
    running.run()
    running.assert_counted(8)


def test_a_fetcher_that_begins_anew_doubles_nothing() -> None:
    """As librdkafka's did when it learnt a partition's first offset after a seek."""
    running = Running()
    running.feed()
    running.run()
    for moment in (0, 2, 4):
        consumer = running.worker._consumer
        assert isinstance(consumer, SimulatedConsumer)
        running.feed()
        for partition in (0, 1):
            consumer._positions.seek(TopicPartition("s", partition), moment)
        running.run()
    running.assert_counted(16)
    assert {at.offset for at in running.committed().values()} == {16}


@pytest.mark.parametrize("read", [4, 1])
def test_a_fetcher_that_begins_anew_within_a_block_doubles_nothing(read: int) -> None:
    """Also where the offsets of the block have so many gaps that its length says nothing."""
    running = Running()
    running.feed(read)
    running.run()
    for log in running.broker.cluster.topic("s").partitions:
        gap = Transaction()
        for _ in range(20):
            log.append((None, None, 0), (), gap)
        gap.end(TransactionStatus.ABORTED)
    running.feed()
    running.broker.faults.fail("block", 1, FetcherRestarted())
    running.run()
    running.assert_counted(read + 4)
    assert {at.offset for at in running.committed().values()} == {read + 25}


def test_a_commit_before_the_last_one_stops_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running()
    running.feed()
    running.run()
    running.worker.close()
    running.config = replace(running.config, poll_records=2)
    running.worker = running.start("w")
    running.run()
    monkeypatch.setattr(Inputs, "goes_on_with", lambda *_: True)
    running.feed(1)
    running.broker.faults.fail("block", 1, FetcherRestarted())
    with pytest.raises(EngineError, match=r'offset \d+ of topic "s" .* last commit at 5'):
        running.run()
    assert {at.offset for at in running.committed().values()} == {5}
