"""``streamsql run`` on real Kafka while its workers are killed: exactly once, all the same."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

from streamsql.broker.kafka import consumer as kafka_consumer
from streamsql.broker.kafka.broker import KafkaBroker
from streamsql.broker.kafka.settings import KafkaSettings
from streamsql.broker.ports import TopicPartition
from streamsql.engine.configuration.address import find_broker
from streamsql.engine.program_run import open_program
from streamsql.runtime.failpoints import STEPS
from tests.storm.load import PARTITIONS, SQL, Gaps, Load, pause, topics

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
_WORKERS = 2
_SECONDS = float(os.environ.get("STREAMSQL_STORM_SECONDS", "10"))


class _Run:
    """One ``streamsql run`` and its workers."""

    def __init__(
        self, servers: str, directory: Path, prefix: str, environment: dict[str, str] | None = None
    ) -> None:
        self.directory = directory / prefix
        self.application = f"{prefix}app"
        file = directory / "storm.sql"
        file.write_text(SQL, encoding="utf-8")
        command = [sys.executable, "-m", "streamsql", "run", str(file)]
        command += ["--workers", str(_WORKERS), "--bootstrap-servers", servers]
        command += ["--application", self.application, "--directory", str(self.directory)]
        command += ["-D", f"prefix={prefix}"]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, env={**os.environ, **(environment or {})}
        )

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        assert self.process.poll() is None, f"it ended by itself: {self.process.returncode}"
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(child) for child in children.split()]

    def identities(self) -> dict[str, str]:
        """Return what tells whether a task's state is the one it was, by task."""
        return {
            file.parent.name: file.read_text(encoding="ascii")
            for file in self.directory.rglob("IDENTITY")
        }

    def end(self) -> None:
        """Let it commit and leave."""
        self.process.terminate()
        assert self.process.wait(60) == 0

    def kill(self) -> None:
        """End it for certain; its workers end with it."""
        self.process.kill()
        self.process.wait()


def _await_committed(broker: KafkaBroker, prefix: str) -> None:
    """Wait until everything that went in is processed and committed."""
    partitions = [TopicPartition(f"{prefix}events", number) for number in range(PARTITIONS)]
    ends = broker.ends(partitions, committed=True)
    deadline = time.monotonic() + 90
    while True:
        at = broker.group_offsets(f"{prefix}app", partitions)
        if all(p in at and at[p].offset >= end for p, end in ends.items()):
            return
        assert time.monotonic() < deadline, f"stuck at {at} of {ends}"
        time.sleep(0.2)


class _Killer:
    """Kills a random worker some time after all are there, none more than twice in a row."""

    def __init__(self, run: _Run, choose: random.Random) -> None:
        self._run = run
        self._choose = choose
        self._next: float | None = None
        self._last: list[int] = []
        self.kills = 0

    def look(self) -> None:
        """Kill, if it is time to."""
        workers = self._run.workers()
        if len(workers) < _WORKERS:
            return
        if self._next is None:
            self._next = time.monotonic() + pause(self._choose)
        if time.monotonic() < self._next:
            return
        self._next = None
        index = self._choose.randrange(len(workers))
        if self._last[-2:] == [index, index]:
            index = (index + 1) % len(workers)
        self._last.append(index)
        os.kill(workers[index], signal.SIGKILL)
        self.kills += 1


def test_killed_workers_lose_and_double_nothing(
    kafka: str, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    choose = random.Random(seed)
    prefix = f"storm{uuid.uuid4().hex[:8]}-"
    broker = KafkaBroker(KafkaSettings(kafka))
    broker.create(topics(prefix))
    load = Load(prefix, choose)
    run = _Run(kafka, tmp_path, prefix)
    try:
        _await_topic(broker, f"{prefix}kept")
        gaps = Gaps(broker, f"{prefix}kept")
        deadline = time.monotonic() + 60
        while len(run.identities()) < PARTITIONS and time.monotonic() < deadline:
            assert run.workers()
            load.feed(broker.append, 0.5, gaps.look)
        before = run.identities()
        killer = _Killer(run, choose)

        def meanwhile() -> None:
            killer.look()
            gaps.look()

        load.feed(broker.append, _SECONDS, meanwhile)
        begin = time.monotonic()
        _await_committed(broker, prefix)
        caught_up = time.monotonic() - begin
        after = run.identities()
        run.end()
    finally:
        run.kill()
    counts = load.check(broker)
    silence = gaps.close()
    broker.close()
    assert len(before) == PARTITIONS
    assert {task: after[task] for task in before} == before, "a state directory was wiped"
    with capsys.disabled():
        print(
            f"\nKafka storm: {counts}; {killer.kills} kills; {silence}; quiet in {caught_up:.1f} s"
        )


def _await_topic(broker: KafkaBroker, name: str) -> None:
    deadline = time.monotonic() + 60
    while name not in broker.topics():
        assert time.monotonic() < deadline, f"{name} does not appear"
        time.sleep(0.2)


@pytest.mark.parametrize("step", [step for step in STEPS if step != "restore-written"])
def test_crash_at_a_step(kafka: str, tmp_path: Path, step: str) -> None:
    """Each worker dies once at its third arrival at the step."""
    prefix = f"step{uuid.uuid4().hex[:8]}-"
    broker = KafkaBroker(KafkaSettings(kafka))
    broker.create(topics(prefix))
    load = Load(prefix, random.Random(1))
    run = _Run(kafka, tmp_path, prefix, {"STREAMSQL_CRASH_AT": f"{step}:3"})
    try:
        _await_topic(broker, f"{prefix}kept")
        first: set[int] = set()

        def meanwhile() -> None:
            if len(first) < _WORKERS:
                first.update(run.workers())
            time.sleep(0.01)

        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            load.feed(broker.append, 1, meanwhile)
            if len(first) == _WORKERS and first.isdisjoint(run.workers()):
                break
        _await_committed(broker, prefix)
        assert first.isdisjoint(run.workers()), "not every worker has crashed"
        run.end()
    finally:
        run.kill()
    load.check(broker)
    broker.close()


class _Restarting(Consumer):
    """A consumer whose fetchers now and then begin again at their start, within a block."""

    choose = random.Random()
    restarts = 0

    def __init__(self, *arguments: Any, **names: Any) -> None:
        super().__init__(*arguments, **names)
        self._first: dict[int, list[Any]] = {}

    def consume(self, *arguments: Any, **names: Any) -> list[Any]:
        batch: list[Any] = super().consume(*arguments, **names)
        if not batch or batch[-1].error() is not None:
            return batch
        partition = batch[-1].partition()
        block = [m for m in batch if m.error() is None and m.partition() == partition]
        first = self._first.setdefault(partition, block)
        if first is block or self.choose.random() < 0.8:
            return batch
        _Restarting.restarts += 1
        return batch + first

    def assign(self, partitions: Any) -> None:
        assert all(p.offset >= 0 for p in partitions), "assigned before its start is known"
        super().assign(partitions)


def test_fetchers_that_begin_again_double_nothing(
    kafka: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of librdkafka did: `[29872, the end, 0, 1, …]` was one block of a partition."""
    _Restarting.choose = choose = random.Random(seed)
    prefix = f"again{uuid.uuid4().hex[:8]}-"
    address = find_broker(kafka, directory=tmp_path, settings={"commit.interval.ms": 20})
    broker = KafkaBroker(KafkaSettings(kafka))
    broker.create(topics(prefix))
    load = Load(prefix, choose)
    broker.append(f"{prefix}events", load.make(20_000))
    monkeypatch.setattr(kafka_consumer, "Consumer", _Restarting)
    variables = {"prefix": prefix}
    with open_program([SQL], address, name=prefix, variables=variables, until_end=True) as run:
        assert list(run.run()) == []
    monkeypatch.undo()
    load.check(broker)
    broker.close()
    assert _Restarting.restarts > 0
