"""Following an embedded broker that another process owns, whatever becomes of that process."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from streamsql.broker.embedded.database import DATABASE
from streamsql.broker.embedded.follower import EmbeddedFollower
from streamsql.broker.open import open_broker, open_or_follow
from streamsql.broker.ports import Broker, TopicConfig, TopicPartition
from streamsql.errors import EngineError
from tests.shell.place import environment

ACCOUNTS = TopicPartition("accounts", 0)
TRANSFERS = TopicPartition("transfers", 0)

OWNER = """
import random, sys
from pathlib import Path
from streamsql.broker.embedded import database, logs
from streamsql.broker.open import open_broker
from streamsql.broker.ports import TopicConfig, TopicPartition

# Files are written, merged and deleted all the time.
log_options = database._log_options
def small():
    options = log_options()
    options.set_write_buffer_size(200_000)
    return options
database._log_options = small
logs._WORTH_COMPACTING = 500

broker = open_broker(Path(sys.argv[1]))
broker.create([TopicConfig("accounts", 1, compacted=True), TopicConfig("transfers", 1)])
producer = broker.producer("bank")
balances = dict.fromkeys(range(20), 0)
put, note = producer.sender("accounts"), producer.sender("transfers")
for account in balances:
    put(b"%d" % account, b"0", 0)
producer.commit({}, None)
print("open", flush=True)
transfers = TopicPartition("transfers", 0)
for number in range(10_000_000):
    giver, taker = random.sample(range(20), 2)
    balances[giver] -= number
    balances[taker] += number
    for account in (giver, taker):
        put(b"%d" % account, b"%d" % balances[account], number)
    note(None, random.randbytes(300), number)
    note(None, random.randbytes(300), number)
    producer.commit({}, None)
    if number % 300 == 299:
        broker.purge({transfers: broker.ends([transfers], committed=True)[transfers] - 20})
"""


@contextmanager
def owning(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Let a process own the directory and move money about, until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def balances(follower: Broker) -> dict[bytes, int]:
    """Return the balances as of one moment, read in pieces."""
    end = follower.ends([ACCOUNTS], committed=True)[ACCOUNTS]
    found: dict[bytes, int] = {}
    reader = follower.reader()
    reader.assign({ACCOUNTS: 0})
    position = 0
    while position < end:
        polled = reader.poll(7, 1_000)
        for message in polled.messages.get(ACCOUNTS, ()):
            position = message.offset() + 1
            found[message.key() or b""] = int(message.value() or b"")
        position = max(position, polled.ends.get(ACCOUNTS, 0))
    reader.close()
    return found


def test_followers_see_whole_transactions_whatever_becomes_of_the_owner(tmp_path: Path) -> None:
    seen = looks = 0
    with ExitStack() as held:
        followers: list[EmbeddedFollower] = []
        for _ in range(4):
            with owning(tmp_path) as owner:
                while len(followers) < 3:
                    followers.append(held.enter_context(closing(EmbeddedFollower(tmp_path))))
                until = time.monotonic() + random.uniform(0.5, 1.5)
                while time.monotonic() < until:
                    for follower in followers:
                        found = balances(follower)
                        assert (len(found), sum(found.values())) == (20, 0)
                        ends = follower.ends([ACCOUNTS, TRANSFERS], committed=True)
                        assert (ends[ACCOUNTS] - ends[TRANSFERS]) % 20 == 0
                        assert ends[ACCOUNTS] >= seen
                        looks += 1
                    assert str(owner.pid) in follower.owner
            for follower in followers:  # its owner is dead
                assert sum(balances(follower).values()) == 0
                assert "the next process" in follower.owner
            seen = followers[0].ends([ACCOUNTS], committed=True)[ACCOUNTS]
    assert looks > 20


def test_a_commit_is_seen_within_milliseconds(tmp_path: Path) -> None:
    with (
        closing(open_broker(tmp_path)) as owner,
        closing(open_or_follow(tmp_path)) as follower,
    ):
        owner.create([TopicConfig("in", 1)])
        at = TopicPartition("in", 0)
        reader = follower.reader()
        reader.assign({at: 0})
        waited = []
        for _ in range(50):
            owner.append("in", [(None, b"x", 0, ())])
            begin = time.monotonic()
            while not reader.poll(10, 1_000).messages:
                pass
            waited.append(time.monotonic() - begin)
        assert sorted(waited)[25] < 0.02


def test_a_follower_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with closing(open_broker(tmp_path / "b")) as owner:
        owner.create([TopicConfig("in", 1)])
        owner.append("in", [(None, b"x", 0, ())])
        before = sorted(path for path in (tmp_path / "b").rglob("*"))
        with closing(open_or_follow(tmp_path / "b")) as follower:
            assert set(follower.topics()) == {"in"}
            assert list(temporary.iterdir()) == []  # so that not even its end by a signal does
        assert sorted(path for path in (tmp_path / "b").rglob("*")) == before


def test_what_lasts_is_for_the_owner(tmp_path: Path) -> None:
    with (
        closing(open_broker(tmp_path)) as owner,
        closing(open_or_follow(tmp_path)) as follower,
    ):
        owner.create([TopicConfig("in", 1)])
        at = TopicPartition("in", 0)
        for refused in (
            lambda: follower.create([TopicConfig("new", 1)]),
            lambda: follower.delete(["in"]),
            lambda: follower.purge({at: 0}),
            lambda: follower.forget("app"),
            lambda: follower.consumer("app", "m"),
            lambda: follower.producer("app-m"),
        ):
            with pytest.raises(EngineError, match=f"by process {os.getpid()}, which owns direc"):
                refused()


def test_records_for_the_owner(tmp_path: Path) -> None:
    at = TopicPartition("in", 1)
    with closing(open_broker(tmp_path)) as owner:
        owner.create([TopicConfig("in", 2)])
        follower = open_or_follow(tmp_path)
    with closing(follower):
        begin = time.monotonic()
        assert not follower.append("in", [(b"k", b"1", 7, (("h", b"x"),))], 1)
        assert time.monotonic() - begin < 5, "nobody is there to be waited for"
        assert "the next process" in str(follower.owner)
        with pytest.raises(EngineError, match='topic "in" has no partition 2'):
            follower.append("in", [(b"k", b"1", 7, ())], 2)
        with closing(open_broker(tmp_path)) as owner:
            assert owner.ends([at], committed=True) == {at: 1}
            assert follower.ends([at], committed=True) == {at: 1}
            reader = follower.reader()
            reader.assign({at: 0})
            (message,) = reader.poll(10, 1_000).messages[at]
            assert (message.key(), message.value(), message.timestamp()[1]) == (b"k", b"1", 7)
            assert message.headers() == [("h", b"x")]


def test_a_directory_without_a_broker(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="holds no embedded broker"):
        EmbeddedFollower(tmp_path / "nothing")
    (tmp_path / DATABASE).mkdir()
    (tmp_path / DATABASE / "000001.blob").touch()
    with pytest.raises(EngineError, match="has files of an earlier version"):
        EmbeddedFollower(tmp_path)
