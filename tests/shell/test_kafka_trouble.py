"""The program while its Kafka is gone."""

import os
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamsql.broker.kafka.broker import KafkaBroker
from streamsql.broker.kafka.settings import KafkaSettings
from streamsql.broker.ports import TopicPartition
from streamsql.errors import BrokerUnreachable
from tests.kafka import KafkaUnavailable, RunningBroker, start_broker, stop_broker
from tests.shell.place import TIMEOUT_SECONDS, Place
from tests.storm.load import SQL, Load, topics

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.xdist_group("own-kafka")]


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """A broker that no other test uses."""
    try:
        broker = start_broker(tmp_path_factory.mktemp("kafka") / "broker")
    except KafkaUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI runs the tests on real Kafka, but: {error}")
        pytest.skip(f"no real Kafka here: {error}")
    yield broker
    stop_broker(broker)


@contextmanager
def frozen(broker: RunningBroker) -> Iterator[None]:
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.pid, signal.SIGCONT)


@dataclass
class Running:
    """The storm's queries, run by the program on Kafka."""

    broker: KafkaBroker
    process: "subprocess.Popen[str]"
    load: Load

    def feed(self, count: int) -> None:
        self.broker.append(f"{self.load.prefix}events", self.load.make(count))

    def done(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()[1]
        partitions = [TopicPartition(f"{self.load.prefix}events", number) for number in range(4)]
        try:
            ends = self.broker.ends(partitions, committed=True)
            at = self.broker.group_offsets(self.load.prefix, partitions)
        except BrokerUnreachable:
            return False
        return all(p in at and at[p].offset >= end for p, end in ends.items())

    def wait_done(self, seconds: float = TIMEOUT_SECONDS) -> None:
        """Wait until everything that was fed is committed."""
        deadline = time.monotonic() + seconds
        while not self.done():
            if time.monotonic() > deadline:
                self.process.kill()
                pytest.fail(f"stuck; it said: {self.process.communicate()[1]}")
            time.sleep(0.1)

    def end(self) -> tuple[int, str]:
        """Let it end, and return its status and what it said."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=TIMEOUT_SECONDS)
        return self.process.returncode, said


@contextmanager
def running(own_kafka: RunningBroker, place: Place, *options: str) -> Iterator[Running]:
    prefix = f"trouble{uuid.uuid4().hex[:8]}-"
    place.write("storm.sql", SQL)
    servers = own_kafka.bootstrap_servers
    with closing(KafkaBroker(KafkaSettings(servers))) as broker:
        broker.create(topics(prefix))
        arguments = ("--bootstrap-servers", servers, "--application", prefix, *options)
        with place.running("run", "storm.sql", "-D", f"prefix={prefix}", *arguments) as process:
            yield Running(broker, process, Load(prefix, random.Random(1)))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_does_not_wait_for_a_kafka_that_is_gone(
    own_kafka: RunningBroker, tmp_path: Path, workers: str
) -> None:
    with running(own_kafka, Place(tmp_path), "--workers", workers) as run:
        run.feed(3_000)
        run.wait_done()
        run.feed(3_000)
        with frozen(own_kafka):
            begin = time.monotonic()
            status, said = run.end()
            assert time.monotonic() - begin < 6
        assert status == 128 + signal.SIGTERM
        assert said.splitlines()[-1].startswith("Error: the broker does not answer: ended without")
        assert "Traceback" not in said
