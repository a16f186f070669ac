"""A load that is interrupted or fails says what is in, and repeating it doubles nothing.

On an embedded broker that the load opens, on one that another process owns, and on real Kafka.
"""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.ports import TopicConfig, TopicPartition
from tests.broker.worker import read_all
from tests.kafka import create_topic, read_committed
from tests.shell.interrupted_load import STEP_RECORDS
from tests.shell.place import (
    ROOT,
    TIMEOUT_SECONDS,
    Completed,
    Place,
    command,
    environment,
    one_clear_line,
    succeeded,
)

pytestmark = pytest.mark.slow

RECORDS = 3_000
STEPS = RECORDS // STEP_RECORDS
GOES_ON = "the same command goes on behind them"


class Target(Protocol):
    """A topic to load, and what is in it."""

    topic: str
    options: tuple[str, ...]
    where: str

    def values(self) -> list[int]:
        """The values of the topic's one partition."""

    def close(self) -> None:
        """Let go of what is open."""


class Owned:
    """A topic of an embedded broker that nobody else has open."""

    def __init__(self, place: Place) -> None:
        self.topic = "t"
        self.options: tuple[str, ...] = ()
        self.where = 'in topic "t"'
        self.directory = place.path / ".streamsql"

    def values(self) -> list[int]:
        if not self.directory.exists():
            return []
        broker = EmbeddedBroker(self.directory)
        found = numbers(broker, self.topic)
        broker.close()
        return found

    def close(self) -> None:
        """Have nothing open."""


class Inbox:
    """A topic of an embedded broker that is open here, and takes in its inbox now and then.

    Or only when asked for the values.
    """

    def __init__(self, place: Place, *, takes_in: bool = True) -> None:
        self.topic = "t"
        self.options: tuple[str, ...] = ()
        self.where = 'left for the process that owns ".streamsql"'
        self.broker = EmbeddedBroker(place.path / ".streamsql")
        self.broker.create([TopicConfig("t", 1)])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._take_in)
        if takes_in:
            self._thread.start()

    def values(self) -> list[int]:
        self.broker.ends([TopicPartition("t", 0)], committed=True)
        return numbers(self.broker, self.topic)

    def close(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.broker.close()

    def _take_in(self) -> None:
        while not self._ended.wait(random.uniform(0, 0.05)):
            self.broker.ends([TopicPartition("t", 0)], committed=True)


class Kafka:
    """A topic on real Kafka."""

    def __init__(self, servers: str) -> None:
        self.topic = f"load-{uuid.uuid4().hex[:8]}"
        self.options: tuple[str, ...] = ("--bootstrap-servers", servers)
        self.where = f'in topic "{self.topic}"'
        self._servers = servers
        create_topic(servers, self.topic)

    def values(self) -> list[int]:
        found = read_committed(self._servers, self.topic)
        return [json.loads(record.value or b"")["n"] for record in found]

    def close(self) -> None:
        """Have nothing open."""


def numbers(broker: EmbeddedBroker, topic: str) -> list[int]:
    if topic not in broker.topics():
        return []
    return [json.loads(value or b"")["n"] for _, value in read_all(broker, topic)[0]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(params=["owned", "inbox", pytest.param("kafka", marks=pytest.mark.kafka)])
def target(request: pytest.FixtureRequest, place: Place) -> Iterator[Target]:
    match request.param:
        case "owned":
            yield Owned(place)
        case "inbox":
            inbox = Inbox(place)
            yield inbox
            inbox.close()
        case _:
            yield Kafka(request.getfixturevalue("kafka"))


@pytest.fixture
def file(place: Place) -> str:
    return place.write("a.jsonl", lines(RECORDS))


def lines(count: int, more: str = "") -> str:
    return "".join(f'{{"n":{n},"key":"k{n % 7}"{more}}}\n' for n in range(count))


def loading(target: Target, *more: str) -> tuple[str, ...]:
    return ("load", target.topic, "a.jsonl", "--key", "key", *target.options, *more)


def interrupted(
    place: Place, target: Target, number: signal.Signals, step: int, delay_ms: float = 0
) -> Completed:
    """Run a load that gets a signal in a step."""
    program = [sys.executable, "-m", "tests.shell.interrupted_load"]
    return subprocess.run(
        [*program, str(int(number)), str(step), str(delay_ms), *loading(target)],
        capture_output=True,
        text=True,
        check=False,
        cwd=place.path,
        env=environment(PYTHONPATH=str(ROOT)),
        timeout=TIMEOUT_SECONDS,
    )


@pytest.mark.usefixtures("file")
def test_kill_9_at_random_moments_loses_and_doubles_nothing(
    place: Place, target: Target, seed: int
) -> None:
    choose = random.Random(seed)
    for _ in range(4):
        killed = interrupted(
            place, target, signal.SIGKILL, choose.randint(1, STEPS // 4), choose.uniform(0, 15)
        )
        assert killed.returncode in {-signal.SIGKILL, 0}, killed.stderr
        if " records loaded into topic " in killed.stdout:
            break  # the steps were faster than the delay: all is in, and was said to be
        found = target.values()
        assert found == list(range(len(found)))
    else:
        done = place.run(*loading(target))
        assert " records loaded into topic " in succeeded(done)
    assert target.values() == list(range(RECORDS))


@pytest.mark.usefixtures("file")
def test_a_load_killed_before_it_said_so_is_not_repeated(place: Place, target: Target) -> None:
    assert interrupted(place, target, signal.SIGKILL, 0).returncode == -signal.SIGKILL
    again = f'0 records loaded into topic "{target.topic}" behind 3,000 of an earlier try\n'
    assert succeeded(place.run(*loading(target))) == again
    assert target.values() == list(range(RECORDS))


@pytest.mark.usefixtures("file")
def test_a_complete_file_loaded_again_is_appended(place: Place, target: Target) -> None:
    for _ in range(2):
        done = f'3,000 records loaded into topic "{target.topic}"\n'
        assert succeeded(place.run(*loading(target))) == done
    assert target.values() == 2 * list(range(RECORDS))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("file")
def test_a_signal_ends_the_step_and_says_what_is_in(
    place: Place, target: Target, number: signal.Signals
) -> None:
    stopped = interrupted(place, target, number, 7)
    assert stopped.returncode == 128 + number
    said = rf"stopped: ([0-9,]+) of 3,000 records are {re.escape(target.where)}; {GOES_ON}\n"
    found = re.fullmatch(said, stopped.stderr)
    assert found is not None, stopped.stderr
    count = int(found[1].replace(",", ""))
    assert count == 7 * STEP_RECORDS
    assert target.values() == list(range(count))

    goes_on = place.run(*loading(target))
    assert succeeded(goes_on) == (
        f'{RECORDS - count:,} records loaded into topic "{target.topic}" behind {count:,} of an '
        "earlier try\n"
    )
    assert goes_on.stderr == (
        f"going on behind {count:,} of 3,000 records, which are {target.where} already\n"
    )
    assert target.values() == list(range(RECORDS))


def test_a_signal_before_the_first_record(place: Place) -> None:
    with subprocess.Popen(
        command("load", "t", "-"),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place.path,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        process.stdin.write('{"n":1}\n' * 100_000)  # more than a pipe holds: it is being read
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, error) == (128 + signal.SIGTERM, "stopped: nothing was loaded\n")
    assert not (place.path / ".streamsql").exists()


def test_other_options_do_not_go_on_where_it_stopped(
    place: Place, target: Target, file: str
) -> None:
    assert interrupted(place, target, signal.SIGINT, 3).returncode == 130
    other = ("load", target.topic, file, *target.options)
    count = len(target.values())
    assert one_clear_line(place.run(*other)) == (
        f"Error: {count:,} of 3,000 records of this file are {target.where} by a load with other "
        'options ("--format json --key key --key-format KAFKA"): repeat it with those, or load the '
        "whole file again with --from-start"
    )
    assert succeeded(place.run(*other, "--from-start")) == (
        f'3,000 records loaded into topic "{target.topic}"\n'
    )
    assert target.values() == [*range(count), *range(RECORDS)]


def test_a_bad_line_in_the_middle_lets_nothing_in(place: Place, target: Target) -> None:
    place.write("a.jsonl", lines(2_000) + "oops\n" + lines(10))
    error = one_clear_line(place.run(*loading(target)))
    assert error.startswith("Error: line 2001: not a JSON object")
    assert error.endswith("; nothing was loaded")
    assert target.values() == []
    done = f'2,010 records loaded into topic "{target.topic}" (1 bad lines left out)\n'
    assert succeeded(place.run(*loading(target, "--skip-bad-lines"))) == done


@pytest.mark.parametrize("target", ["owned", "inbox"], indirect=True)
@pytest.mark.usefixtures("file")
def test_one_load_of_a_file_at_a_time(place: Place, target: Target) -> None:
    with stopped_in_a_step(place, target):
        error = one_clear_line(place.run(*loading(target)))
        assert error == "Error: another process is loading the same file"
    succeeded(place.run(*loading(target)))
    assert target.values() == list(range(RECORDS))


@pytest.mark.kafka
@pytest.mark.usefixtures("file")
def test_a_second_load_of_a_file_on_kafka_takes_over(place: Place, kafka: str) -> None:
    target = Kafka(kafka)
    with stopped_in_a_step(place, target) as first:
        succeeded(place.run(*loading(target)))
        first.send_signal(signal.SIGCONT)
        _, error = first.communicate(timeout=TIMEOUT_SECONDS)
        assert first.returncode == 2
        assert error.startswith("Error: another process is loading the same file; ")
    assert target.values() == list(range(RECORDS))


@contextmanager
def stopped_in_a_step(place: Place, target: Target) -> Iterator[subprocess.Popen[str]]:
    """A load that stands still in a step."""
    program = [sys.executable, "-m", "tests.shell.interrupted_load"]
    process = subprocess.Popen(
        [*program, str(int(signal.SIGSTOP)), "5", "0", *loading(target)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=place.path,
        env=environment(PYTHONPATH=str(ROOT)),
    )
    try:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("target", ["owned", "inbox"], indirect=True)
def test_files_that_may_not_grow(place: Place, target: Target) -> None:
    """What a full disk says, without filling one."""
    fails_and_goes_on(place, target, limit_files, lambda: None)


@pytest.mark.parametrize("kind", [Owned, partial(Inbox, takes_in=False)], ids=["owned", "inbox"])
def test_a_full_disk(place: Place, kind: Callable[[Place], Owned | Inbox]) -> None:
    with small_disk(place.path / ".streamsql") as enlarge, closing(kind(place)) as target:
        fails_and_goes_on(place, target, None, enlarge)


def fails_and_goes_on(
    place: Place,
    target: Target,
    limit: Callable[[], None] | None,
    enlarge: Callable[[], None],
) -> None:
    count = 40_000
    place.write("a.jsonl", lines(count, ',"text":"%s"' % ("x" * 300)))
    failed = subprocess.run(
        command(*loading(target)),
        capture_output=True,
        text=True,
        check=False,
        cwd=place.path,
        env=environment(),
        timeout=TIMEOUT_SECONDS,
        preexec_fn=limit,
    )
    error = one_clear_line(failed)
    found = re.search(rf"; ([0-9,]+) of 40,000 records are {re.escape(target.where)}; ", error)
    assert found is not None, error
    there = int(found[1].replace(",", ""))
    enlarge()
    assert target.values() == list(range(there))
    assert f"behind {there:,} of an earlier try" in succeeded(place.run(*loading(target)))
    assert target.values() == list(range(count))


def limit_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000))


@contextmanager
def small_disk(directory: Path) -> Iterator[Callable[[], None]]:
    """A directory on a small disk, and what makes the disk larger."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a small disk")
    try:
        yield lambda: _run("mount", "-o", "remount,size=100m", str(directory))
    finally:
        _run("umount", str(directory))


def _run(*arguments: str) -> None:
    subprocess.run(arguments, check=True)
