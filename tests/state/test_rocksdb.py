"""What is particular to RocksDB: locks, damage, a full disk, a killed process."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamsql.errors import EngineError, TaskCorrupted
from streamsql.state.memory import MemoryStorage
from streamsql.state.rocksdb import READ_AT_ONCE, RocksMemory, RocksStorage, _mapped, process_memory
from streamsql.state.storage import LocalStorage


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    memory = RocksMemory()
    storage = RocksStorage(tmp_path / "0_0", ["a", "b c/é"], memory)
    storage.write({"a": {b"": b"empty", b"k": b"v"}, "b c/é": {b"k": b"w"}}, {"offset": b"7"})
    storage.write({"a": {b"k": None}}, {})
    storage.close()
    storage.close()
    storage = RocksStorage(tmp_path / "0_0", ["new", "a"], memory)
    assert storage.get("a", b"") == b"empty"
    assert storage.get("a", b"k") is None
    assert storage.get("new", b"k") is None
    assert storage.meta("offset") == b"7"
    assert storage.meta("other") is None
    storage.close()
    storage = RocksStorage(tmp_path / "0_0", ["b c/é"], memory)
    assert list(storage.scan("b c/é")) == [(b"k", b"w")]
    storage.close()


def test_databases_of_a_process_share_one_size(tmp_path: Path) -> None:
    size = 32 << 20
    memory = RocksMemory(size)
    storages = [RocksStorage(tmp_path / str(number), ["s"], memory) for number in range(4)]
    most = 0
    for block in range(20):
        for storage in storages:
            keys = range(block * 200, (block + 1) * 200)
            storage.write({"s": {b"%d" % key: os.urandom(3000) for key in keys}}, {})
            most = max(most, memory.cache.get_usage())
    for storage in storages:
        assert len(list(storage.scan("s"))) == 4000
        most = max(most, memory.cache.get_usage())
        storage.close()
    assert size / 2 < most < size * 1.25, "48 MB were written and read"


def test_databases_have_the_memory_of_the_process(tmp_path: Path) -> None:
    before = process_memory().cache.get_usage()
    storages = [RocksStorage(tmp_path / str(number), ["s"]) for number in range(2)]
    for storage in storages:
        storage.write({"s": {b"%d" % key: os.urandom(3000) for key in range(1000)}}, {})
    assert process_memory().cache.get_usage() - before > 5_000_000
    for storage in storages:
        storage.close()


@pytest.mark.parametrize("on_disk", [False, True])
def test_ranges(tmp_path: Path, on_disk: bool) -> None:
    storage: LocalStorage = RocksStorage(tmp_path, ["s"]) if on_disk else MemoryStorage()
    keys = [b"%03d" % number for number in range(3 * READ_AT_ONCE)]
    storage.write({"s": dict.fromkeys(reversed(keys), b"v")}, {})
    for low, high in [
        (None, None),
        (b"010", None),
        (None, b"020"),
        (b"0105", b"020"),
        (b"9", b"1"),
    ]:
        expected = [k for k in keys if (low or b"") <= k and (high is None or k < high)]
        assert [key for key, _ in storage.scan("s", low, high)] == expected
    storage.delete_range("s", b"010", b"100")
    storage.write({"s": {b"050": b"new"}}, {})
    left = [*keys[:10], b"050", *keys[100:]]
    assert [key for key, _ in storage.scan("s")] == left
    storage.close()


def test_an_unfinished_scan_does_not_hold_the_lock(tmp_path: Path) -> None:
    storage = RocksStorage(tmp_path, ["s"])
    storage.write({"s": {b"%04d" % number: b"v" for number in range(1000)}}, {})
    scan = storage.scan("s")
    next(scan)
    storage.close()
    RocksStorage(tmp_path, ["s"]).close()
    assert sum(1 for _ in scan) < READ_AT_ONCE


def test_a_directory_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    storage = RocksStorage(tmp_path, ["s"])
    with pytest.raises(EngineError) as refused:
        RocksStorage(tmp_path, ["s"])
    assert (
        str(refused.value) == f'state directory "{tmp_path}" is in use by another process or worker'
    )
    script = (
        "import sys; from pathlib import Path; from streamsql.state.rocksdb import RocksStorage\n"
        "RocksStorage(Path(sys.argv[1]), ['s'])"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "is in use by another process" in other.stderr
    storage.close()
    RocksStorage(tmp_path, ["s"]).close()


def test_damaged_files_corrupt_the_task(tmp_path: Path) -> None:
    storage = RocksStorage(tmp_path, ["s"])
    storage.write({"s": {b"k": b"v"}}, {})
    storage.close()
    (tmp_path / "CURRENT").write_text("garbage")
    with pytest.raises(TaskCorrupted, match="is damaged"):
        RocksStorage(tmp_path, ["s"])


def test_a_lost_table_file_corrupts_the_task(tmp_path: Path) -> None:
    storage = RocksStorage(tmp_path, ["s"])
    storage.write({"s": {b"k": b"v"}}, {})
    storage.close()
    RocksStorage(tmp_path, ["s"]).close()  # turns the log into a table
    tables = list(tmp_path.glob("*.sst"))
    assert tables
    for table in tables:
        table.unlink()
    with pytest.raises(TaskCorrupted, match="is damaged"):
        RocksStorage(tmp_path, ["s"])


def test_a_file_in_the_place_of_the_directory_is_an_engine_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be used"):
        RocksStorage(tmp_path / "file", ["s"])


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    text = f"IO error: No space left on device: While appending to file: {tmp_path}/000004.log"
    error = _mapped(tmp_path, Exception(text))
    assert isinstance(error, EngineError)
    assert str(error) == f'disk full: cannot write to state directory "{tmp_path}"'


def test_a_failed_write_is_an_engine_error_and_loses_nothing_older(tmp_path: Path) -> None:
    """A limit on the size of files makes writes fail in the middle."""
    script = """
import resource, signal, sys
from pathlib import Path
from streamsql.errors import EngineError
from streamsql.state.rocksdb import RocksStorage
storage = RocksStorage(Path(sys.argv[1]), ["s"])
storage.write({"s": {b"before": b"1"}}, {})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limit[1]))
try:
    for number in range(100):
        storage.write({"s": {b"%d" % number: bytes(100_000)}}, {})
except EngineError as error:
    print(error)
storage.close()
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
storage = RocksStorage(Path(sys.argv[1]), ["s"])
assert storage.get("s", b"before") == b"1"
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(f'state directory "{tmp_path}" cannot be used'), done
    assert done.stdout.endswith("File too large\n")
    assert done.returncode == 0, done.stderr
    storage = RocksStorage(tmp_path, ["s"])
    assert storage.get("s", b"before") == b"1"
    storage.close()


WRITER = """
import sys
from pathlib import Path
from streamsql.state.rocksdb import RocksStorage
storage = RocksStorage(Path(sys.argv[1]), ["a", "b"])
number = int(storage.meta("batch") or b"0")
while True:
    number += 1
    value = b"%d" % number
    storage.write(
        {"a": {b"%d" % (number % 50): value, b"last": value}, "b": {b"last": value * 20}},
        {"batch": value},
    )
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_whole_batches(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.random() * 0.15)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
        storage = RocksStorage(tmp_path, ["a", "b"])
        stored = storage.meta("batch")
        assert stored is not None
        acknowledged = int(rest[-2]) if len(rest) > 1 else 1  # the last line may be cut
        assert int(stored) >= acknowledged
        assert storage.get("a", b"last") == stored
        assert storage.get("b", b"last") == stored * 20
        assert storage.get("a", b"%d" % (int(stored) % 50)) == stored
        storage.close()
