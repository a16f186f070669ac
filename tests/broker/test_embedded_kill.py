"""The embedded broker while its owner is killed and others write to its inbox."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.ports import TopicConfig
from tests.broker.worker import CopyWorker, read_all

REPOSITORY = Path(__file__).parents[2]

WORKER = """
import sys
from pathlib import Path
from typing import Any
from streamsql.broker.open import open_broker
from tests.broker.worker import CopyWorker

broker = open_broker(Path(sys.argv[1]))
worker = CopyWorker(broker, "w", "in", "out")
print("ready", flush=True)
while True:
    worker.poll(37, 100)
    worker.commit()
"""

WRITER = """
import sys
import time
from pathlib import Path
from typing import Any
from streamsql.broker.embedded.inbox import InboxWriter

writer = InboxWriter(Path(sys.argv[1]))
first = int(sys.argv[2])
for start in range(first, first + 1_000_000, 10):
    writer.append("in", [(b"k%d" % (i % 50), b"%d" % i, i, ()) for i in range(start, start + 10)])
    print(start + 10, flush=True)
    time.sleep(0.001)
"""


@pytest.mark.slow
def test_kill_9_at_random_moments_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    directory = tmp_path / "b"
    broker = EmbeddedBroker(directory)
    broker.create([TopicConfig("in", 2), TopicConfig("out", 2)])
    broker.close()
    acknowledged: set[int] = set()
    for first in range(0, 6_000_000, 1_000_000):
        worker = _start(WORKER, directory)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        writer = _start(WRITER, directory, first)
        assert writer.stdout is not None
        began = writer.stdout.readline()
        time.sleep(choose.uniform(0, 0.4))
        for process in choose.sample([worker, writer], 2):
            process.kill()
            time.sleep(choose.uniform(0, 0.02))
        worker.communicate()
        lines = [began, *writer.communicate()[0].splitlines(keepends=True)]
        whole = [int(line) for line in lines if line.endswith("\n")]
        acknowledged.update(range(first, whole[-1]))

    broker = EmbeddedBroker(directory)
    again = CopyWorker(broker, "w", "in", "out")
    while again.poll():
        again.commit()
    check(broker, acknowledged)
    broker.close()


def check(broker: EmbeddedBroker, acknowledged: set[int]) -> None:
    source = read_all(broker, "in")
    assert source == read_all(broker, "out")
    values = [int(value or b"") for records in source.values() for _, value in records]
    assert len(values) == len(set(values))
    assert acknowledged <= set(values)
    for partition, records in source.items():
        of_key: dict[bytes | None, list[int]] = {}
        for key, value in records:
            of_key.setdefault(key, []).append(int(value or b""))
        assert all(found == sorted(found) for found in of_key.values())
        counts = broker.keeper.state(f"0_{partition}").scan("counts")
        assert {key: int(count) for key, count in counts} == {
            key: len(found) for key, found in of_key.items()
        }


def _start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
