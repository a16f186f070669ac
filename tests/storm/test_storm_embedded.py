"""The embedded broker's owner is killed again and again while others write: exactly once."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.embedded.inbox import InboxWriter
from streamsql.runtime.failpoints import STEPS
from tests.storm.load import SQL, Load, pause, topics

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
_SECONDS = float(os.environ.get("STREAMSQL_STORM_SECONDS", "10"))


class _Owner:
    """``streamsql run`` on the directory, to be killed and started again."""

    def __init__(self, directory: Path, *options: str, crash_at: str | None = None) -> None:
        file = directory / "storm.sql"
        if not file.exists():
            file.write_text(SQL, encoding="utf-8")
        self._command = [sys.executable, "-m", "streamsql", "run", str(file)]
        self._command += ["--directory", str(directory / "broker"), "--application", "storm"]
        self._command += ["-D", "prefix=x-", *options]
        self.start(crash_at)

    def start(self, crash_at: str | None = None) -> None:
        """Start it."""
        environment = {n: v for n, v in os.environ.items() if n != "STREAMSQL_CRASH_AT"}
        if crash_at is not None:
            environment["STREAMSQL_CRASH_AT"] = crash_at
        self.process = subprocess.Popen(self._command, cwd=REPOSITORY, env=environment)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


def _prepared(directory: Path) -> Path:
    """Create the input topic, and return the broker's directory."""
    broker = EmbeddedBroker(directory / "broker")
    broker.create(topics("x-"))
    broker.close()
    return directory / "broker"


def _finish(directory: Path, load: Load) -> str:
    """Let the application work off everything, and check what it has made."""
    owner = _Owner(directory, "--until-end")
    try:
        assert owner.process.wait(120) == 0
    finally:
        owner.kill()
    broker = EmbeddedBroker(directory / "broker")
    counts = load.check(broker)
    broker.close()
    return counts


def test_killed_owner_loses_and_doubles_nothing(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    choose = random.Random(seed)
    load = Load("x-", choose)
    writer = InboxWriter(_prepared(tmp_path))
    owner = _Owner(tmp_path)
    kills = 0
    next_kill = time.monotonic() + pause(choose)

    def meanwhile() -> None:
        nonlocal kills, next_kill
        if time.monotonic() >= next_kill:
            assert owner.process.poll() is None, f"it ended by itself: {owner.process.returncode}"
            owner.kill()
            owner.start()
            kills += 1
            next_kill = time.monotonic() + pause(choose)
        time.sleep(0.005)

    try:
        load.feed(writer.append, _SECONDS, meanwhile)
        writer.close()
    finally:
        owner.kill()
    counts = _finish(tmp_path, load)
    with capsys.disabled():
        print(f"\nembedded storm: {counts}; {kills} kills")


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step not in ("state-saved", "restore-written")]
)
def test_crash_at_a_step(tmp_path: Path, step: str) -> None:
    """The owner dies at its third arrival at the step, and again after it was started again."""
    load = Load("x-", random.Random(1))
    writer = InboxWriter(_prepared(tmp_path))
    owner = _Owner(tmp_path, crash_at=f"{step}:3")
    statuses: list[int] = []

    def meanwhile() -> None:
        if owner.process.poll() is not None and len(statuses) < 2:
            statuses.append(owner.process.returncode)
            owner.start(f"{step}:3")
        time.sleep(0.01)

    try:
        deadline = time.monotonic() + 30
        while len(statuses) < 2 and time.monotonic() < deadline:
            load.feed(writer.append, 0.5, meanwhile)
        writer.close()
    finally:
        owner.kill()
    assert statuses == [9, 9]
    _finish(tmp_path, load)
