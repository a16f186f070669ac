"""The state directory: slots and tasks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamsql.errors import EngineError
from streamsql.state.directory import StateDirectory


def test_a_slot_has_one_holder_who_is_named(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "clicks")
    with directory.lock_slot(0), pytest.raises(EngineError) as refused:
        directory.lock_slot(0)
    assert str(refused.value) == (
        f'slot 0 of state directory "{tmp_path / "clicks"}" is held by process {os.getpid()}'
    )
    lock = directory.lock_slot(0)
    lock.release()
    lock.release()


def test_the_lowest_free_slot_is_taken(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "clicks")
    first, second = directory.free_slot(), directory.free_slot()
    assert (first.slot, second.slot) == (0, 1)
    first.release()
    with directory.free_slot() as again:
        assert again.slot == 0
    second.release()


def test_a_slot_is_free_when_its_process_has_ended(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from streamsql.state.directory import StateDirectory\n"
        "lock = StateDirectory(Path(sys.argv[1]), 'clicks').lock_slot(3)\n"
        "os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == 9
    StateDirectory(tmp_path, "clicks").lock_slot(3).release()


def test_tasks_are_listed_and_wiped(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "clicks")
    directory.lock_slot(0).release()
    assert directory.tasks() == []
    for name in ("0_1", "0_0"):
        (directory.task(name) / "sub").mkdir(parents=True)
        (directory.task(name) / "sub" / "file").write_text("x")
    assert directory.tasks() == ["0_0", "0_1"]
    directory.wipe("0_0")
    directory.wipe("never")
    assert directory.tasks() == ["0_1"]
    assert sorted(path.name for path in directory.path.iterdir()) == ["0_1", "slot-0.lock"]


def test_the_remains_of_an_interrupted_wipe_go(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path, "clicks")
    (directory.path / ".wiped-0_0-abc" / "sub").mkdir(parents=True)
    assert directory.tasks() == []
    assert StateDirectory(tmp_path, "clicks").tasks() == []
    assert list(directory.path.iterdir()) == []


def test_a_state_directory_that_cannot_be_made_is_an_engine_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot create state directory"):
        StateDirectory(tmp_path / "file", "clicks")
