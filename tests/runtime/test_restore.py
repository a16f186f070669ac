"""Bringing a storage up to the end of its changelogs."""

import pytest

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import compact
from streamsql.errors import TaskCorrupted
from streamsql.runtime.keeping.restore import CHECKPOINT, restore
from streamsql.runtime.metrics import Metrics
from streamsql.state.memory import MemoryStorage

LOG = TopicPartition("log", 0)
OTHER = TopicPartition("other", 0)


class _Changelog:
    def __init__(self) -> None:
        self.broker = SimulatedBroker()
        self.broker.create([TopicConfig("log", 1, compacted=True), TopicConfig("other", 1)])
        self.producer = self.broker.producer("p")
        self.consumer = self.broker.consumer("g", "m")
        self.consumer.subscribe(["other"], _Nobody())
        self.consumer.poll(1, 0)
        self.storage = MemoryStorage()
        self.metrics = Metrics()

    def write(self, changes: dict[bytes, bytes | None]) -> None:
        for key, value in changes.items():
            self.producer.send_to(LOG, key, value, 0)

    def commit(self) -> None:
        self.producer.flush()
        self.producer.commit({}, self.consumer)

    def restore(self, most: int = 1000) -> bool:
        """Restore; return whether it came to its end within so many slices."""
        slices = restore(self.broker, self.storage, {LOG: "s"}, self.metrics, "0_0")
        return all(number < most for number, _ in enumerate(slices))

    @property
    def state(self) -> dict[bytes, bytes]:
        return dict(self.storage.scan("s"))

    @property
    def checkpoint(self) -> bytes | None:
        return self.storage.meta(CHECKPOINT + "log")


class _Nobody:
    def assigned(self, partitions: object) -> None: ...

    def revoked(self, partitions: object) -> None: ...

    def lost(self, partitions: object) -> None: ...


def test_everything_is_replayed_where_there_is_no_checkpoint() -> None:
    log = _Changelog()
    log.write({b"a": b"1", b"b": b"2"})
    log.commit()
    log.write({b"a": b"3", b"b": None, b"c": b"4"})
    log.commit()
    assert log.restore()
    assert log.state == {b"a": b"3", b"c": b"4"}
    assert log.metrics.restored == 5
    assert log.checkpoint == b"7", "behind the last control record"


def test_only_the_tail_is_replayed_behind_a_checkpoint() -> None:
    log = _Changelog()
    log.write({b"a": b"1"})
    log.commit()
    assert log.restore()
    log.write({b"b": b"2"})
    log.commit()
    assert log.restore()
    assert log.metrics.restored == 2
    assert log.state == {b"a": b"1", b"b": b"2"}
    assert log.restore()
    assert log.metrics.restored == 2, "nothing is left to do"


def test_aborted_changes_are_left_out() -> None:
    log = _Changelog()
    log.write({b"a": b"1"})
    log.commit()
    log.write({b"a": b"2", b"b": b"2"})
    log.producer.abort()
    assert log.restore()
    assert log.state == {b"a": b"1"}
    assert log.checkpoint == b"5"


def test_changes_that_are_being_decided_are_waited_for() -> None:
    log = _Changelog()
    log.write({b"a": b"1"})
    assert not log.restore(most=20), "their transaction may still become part of the state"
    assert log.state == {}
    log.commit()
    assert log.restore()
    assert log.state == {b"a": b"1"}


def test_a_compacted_changelog_is_restored_over_its_gaps() -> None:
    log = _Changelog()
    for number in range(5):
        log.write({b"a": b"%d" % number, b"b": None})
        log.commit()
    compact(log.broker, "log")
    assert log.restore()
    assert log.state == {b"a": b"4"}


@pytest.mark.parametrize("checkpoint", [b"0", b"99"])
def test_a_checkpoint_outside_the_log_is_not_trusted(checkpoint: bytes) -> None:
    log = _Changelog()
    log.write({b"a": b"1", b"b": b"1"})
    log.commit()
    log.broker.purge({LOG: 1})
    log.storage.write({}, {CHECKPOINT + "log": checkpoint})
    with pytest.raises(TaskCorrupted, match=r"checkpoint \d+ of changelog \"log\" is outside 1..3"):
        log.restore()


def test_an_interrupted_restore_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamsql.runtime.keeping.restore._SLICE", 2)
    log = _Changelog()
    log.write({b"%d" % number: b"x" for number in range(10)})
    log.commit()
    slices = restore(log.broker, log.storage, {LOG: "s"}, log.metrics, "0_0")
    next(slices)
    next(slices)
    del slices
    assert len(log.state) == 4
    assert log.restore()
    assert len(log.state) == 10
    assert log.metrics.restored == 10
