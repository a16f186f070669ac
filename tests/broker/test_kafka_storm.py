"""Exactly-once on real Kafka while workers are killed and stopped at random moments."""

import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from streamsql.broker.kafka.broker import KafkaBroker
from streamsql.broker.kafka.settings import KafkaSettings
from streamsql.broker.ports import TopicConfig, TopicPartition
from tests.broker.worker import read_all

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
PARTITIONS = 4

WORKER = """
import sys
from pathlib import Path
from streamsql.broker.open import open_broker
from streamsql.errors import TaskFenced, TransactionAborted
from tests.broker.worker import CopyWorker

servers, directory, prefix, name = sys.argv[1:]
broker = open_broker(
    servers, state_directory=Path(directory), session_timeout_ms=3000, transaction_timeout_ms=4000
)
while True:
    worker = CopyWorker(broker, f"{prefix}-{name}", f"in-{prefix}", f"out-{prefix}", prefix)
    try:
        while True:
            try:
                worker.poll(200, 50)
                worker.commit()
            except TransactionAborted as error:
                print("aborted:", error, file=sys.stderr, flush=True)
                worker.rollback()
    except TaskFenced as error:
        print("fenced:", error, file=sys.stderr, flush=True)
        worker.close()
"""


def _start(*arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, *map(str, arguments)], cwd=REPOSITORY, text=True
    )


def test_killed_and_stopped_workers_lose_and_double_nothing(
    kafka: str, tmp_path: Path, seed: int
) -> None:
    choose = random.Random(seed)
    prefix = uuid.uuid4().hex[:8]
    broker = KafkaBroker(KafkaSettings(kafka))
    source, sink = f"in-{prefix}", f"out-{prefix}"
    broker.create([TopicConfig(source, PARTITIONS), TopicConfig(sink, PARTITIONS)])
    workers = {name: _start(kafka, tmp_path, prefix, name) for name in "ab"}
    fed = 0
    events = ["kill"] * 6 + ["stop"] + ["nothing"] * 21
    choose.shuffle(events)
    try:
        for event in events:
            broker.append(
                source, [(b"k%d" % (i % 50), b"%d" % i, i, ()) for i in range(fed, fed + 300)]
            )
            fed += 300
            time.sleep(choose.uniform(0.1, 0.5))
            name = choose.choice("ab")
            if event == "kill":
                workers[name].kill()
                workers[name].wait()
                workers[name] = _start(kafka, tmp_path, prefix, name)
            elif event == "stop":
                workers[name].send_signal(signal.SIGSTOP)
                time.sleep(choose.uniform(3.0, 6.0))
                workers[name].send_signal(signal.SIGCONT)
        _await_committed(broker, source, prefix)
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
    found = read_all(broker, sink, timeout_ms=200)
    broker.close()

    values = [int(value or b"") for records in found.values() for _, value in records]
    assert sorted(values) == list(range(fed))
    for records in found.values():
        of_partition = [int(value or b"") for _, value in records]
        assert of_partition == sorted(of_partition)


def _await_committed(broker: KafkaBroker, source: str, group: str) -> None:
    """Wait until the group has committed everything there is."""
    partitions = [TopicPartition(source, number) for number in range(PARTITIONS)]
    ends = broker.ends(partitions, committed=True)
    deadline = time.monotonic() + 60
    while True:
        at = broker.group_offsets(group, partitions)
        if all(p in at and at[p].offset >= end for p, end in ends.items()):
            return
        assert time.monotonic() < deadline, f"stuck at {at} of {ends}"
        time.sleep(0.2)
