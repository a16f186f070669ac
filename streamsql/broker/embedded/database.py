"""The one RocksDB of an embedded broker: its column families, keys, and atomic writes.

| family | key | value |
|---|---|---|
| log | topic NUL partition base-offset | a batch of records (``batches``) |
| | NUL | stamp |
| state | task NUL store NUL key | value |
| default | ``t`` topic | its configuration |
| | ``p`` topic partition | start, end, clean, live (see ``embedded_logs``) |
| | ``g`` group topic partition | offset, metadata |
| | ``i`` inbox file | position, sequence |
| | NUL | stamp |

Numbers in keys are big-endian, so that byte order is their order. One process owns the directory
(``lock``); others open a secondary instance, which follows.

The stamp counts the writes of the owner, in the two families that followers read. Each family comes
to a follower by itself, from the write-ahead log or from files; when the owner deletes a log
between two looks of the follower, one family may be ahead of the other (measured: once in 10,000
looks while files are written all the time). Where the stamps agree, whole writes are seen.

There are no blob files, though they would halve what levels write: a secondary cannot read them
safely (RocksDB says so; measured: it crashes).
"""

import contextlib
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Env,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteOptions,
)

from streamsql.broker.ports import TopicPartition
from streamsql.errors import EngineError

DATABASE = "log"
"""The directory of the RocksDB, below the broker's."""

LOG, STATE = "log", "state"

_PARTITION = struct.Struct(">I")
_OFFSET = struct.Struct(">Q")
_STAMP = b"\0"

_MEBIBYTE = 1024 * 1024


def log_prefix(partition: TopicPartition) -> bytes:
    """Return what the keys of a partition's batches begin with."""
    return partition.topic.encode() + b"\0" + _PARTITION.pack(partition.partition)


def log_key(prefix: bytes, offset: int) -> bytes:
    """Return the key of the batch with this base offset."""
    return prefix + _OFFSET.pack(offset)


def partition_suffix(partition: TopicPartition) -> bytes:
    """Return a partition as the end of a key of the default family."""
    return log_prefix(partition)


def split_partition(suffix: bytes) -> TopicPartition:
    """Return the partition whose :func:`partition_suffix` this is."""
    (number,) = _PARTITION.unpack(suffix[-_PARTITION.size :])
    return TopicPartition(suffix[: -_PARTITION.size - 1].decode(), number)


def state_prefix(task: str, store: str) -> bytes:
    """Return what the keys of a store begin with."""
    return f"{task}\0{store}\0".encode()


def meta_key(kind: str, *names: str) -> bytes:
    """Return a key of the default family."""
    return "\0".join((kind, *names)).encode()


def behind_prefix(prefix: bytes) -> bytes:
    r"""Return the first key behind all that begin with the prefix.

    >>> behind_prefix(b"a\xff")
    b'b'
    """
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1])


class StorageError(EngineError):
    """RocksDB does not do its part; a follower may try again, or open the database anew."""


class StoredTopics:
    """What is read alike by the owner of a database and by who follows it."""

    _db: Rdict
    _log: Rdict
    _state: Rdict

    def _open(self, path: Path, options: Options, access: AccessType) -> None:
        families = {LOG: _log_options(), STATE: _state_options()}
        with storage_errors(f'open "{path}"'):
            self._db = Rdict(str(path), options, families, access)
            self._log = self._db.get_column_family(LOG)
            self._state = self._db.get_column_family(STATE)

    def stamps(self) -> tuple[bytes | None, bytes | None]:
        """Return the stamps of the last writes seen in the two families that have one."""
        return self._db.get(_STAMP), self._log.get(_STAMP)

    def meta(self, key: bytes) -> bytes | None:
        """Return an entry of the default family."""
        found: bytes | None = self._db.get(key)
        return found

    def metas(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (rest of the key, value) of entries whose key begins with the prefix."""
        for key, value in _scan(self._db, prefix, behind_prefix(prefix)):
            yield key[len(prefix) :], value

    def state(self, key: bytes) -> bytes | None:
        """Return an entry of a store."""
        try:
            found: bytes | None = self._state.get(key)
        except Exception as error:
            raise StorageError(f"cannot read state: {error}") from error
        return found

    def states(self, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield entries of stores with ``low <= key < high``."""
        return _scan(self._state, low, high)

    def batches(self, prefix: bytes, offset: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (base offset, batch) from the one that holds the offset, to the end."""
        if offset >= end:
            return  # bounds that hold nothing would not bound
        options = ReadOptions()
        options.set_iterate_lower_bound(prefix)
        options.set_iterate_upper_bound(log_key(prefix, end))
        with storage_errors("read a topic"):
            cursor = self._log.iter(options)
            cursor.seek_for_prev(log_key(prefix, offset))
            if not cursor.valid():
                cursor.seek(prefix)
            start = len(prefix)
            while cursor.valid():
                key = cursor.key()
                if key.startswith(prefix):
                    yield _OFFSET.unpack_from(key, start)[0], cursor.value()
                elif key > prefix:
                    break
                # Else the step back went to the topic before, whatever the bound says.
                cursor.next()
            cursor.status()  # an iterator that fails looks like one that is at its end

    def close(self) -> None:
        """Release files."""
        for name in ("_log", "_state"):
            delattr(self, name)
        with storage_errors("close"):
            self._db.close()


class AtomicWrite:
    """Changes of the database in the making, to be applied together."""

    def __init__(self, database: "Database") -> None:
        self.batch = WriteBatch(raw_mode=True)
        self._log = database.log_handle
        self._state = database.state_handle

    def put_log(self, key: bytes, batch: bytes) -> None:
        """Store a batch of records."""
        self.batch.put(key, batch, self._log)

    def delete_log(self, low: bytes, high: bytes) -> None:
        """Delete the batches with ``low <= key < high``."""
        self.batch.delete_range(low, high, self._log)

    def put_state(self, key: bytes, value: bytes | None) -> None:
        """Change one entry of a store; ``None`` deletes it."""
        if value is None:
            self.batch.delete(key, self._state)
        else:
            self.batch.put(key, value, self._state)

    def delete_state(self, low: bytes, high: bytes) -> None:
        """Delete the entries of stores with ``low <= key < high``."""
        self.batch.delete_range(low, high, self._state)

    def put_meta(self, key: bytes, value: bytes) -> None:
        """Note an entry of the default family."""
        self.batch.put(key, value)

    def delete_meta(self, key: bytes) -> None:
        """Forget an entry of the default family."""
        self.batch.delete(key)

    def stamp(self, number: int) -> None:
        """Say which write this is."""
        stamp = _OFFSET.pack(number)
        self.batch.put(_STAMP, stamp)
        self.batch.put(_STAMP, stamp, self._log)


class Database(StoredTopics):
    """The RocksDB of its owner.

    Args:
        path: Where it is, or is made.
        options: Of the database as a whole, its column families aside.
    """

    def __init__(self, path: Path, options: Options | None = None) -> None:
        self._failed = False
        options = main_options() if options is None else options
        self._open(path, options, AccessType.read_write())
        self.log_handle = self._db.get_column_family_handle(LOG)
        self.state_handle = self._db.get_column_family_handle(STATE)
        self._writes = _OFFSET.unpack(self.meta(_STAMP) or _OFFSET.pack(0))[0]

    def write(self, write: AtomicWrite, *, sync: bool) -> None:
        """Apply the changes atomically.

        They survive the end of the process, and with ``sync`` that of the machine.
        """
        options = WriteOptions()
        options.sync = sync
        self._writes += 1
        write.stamp(self._writes)
        self._failed = True  # until it has worked
        with storage_errors("write"):
            self._db.write(write.batch, options)
        self._failed = False

    def sync(self) -> None:
        """Let everything written so far survive the end of the machine.

        Not after a write that failed, whose error was raised: RocksDB would only repeat it.
        """
        if self._failed:
            return
        with storage_errors("write"):
            self._db.flush_wal(True)

    def close(self) -> None:
        """Release files. Handles of column families keep RocksDB's lock: they go first."""
        for name in ("log_handle", "state_handle"):
            delattr(self, name)
        try:
            super().close()
        except EngineError:
            if not self._failed:  # else it repeats the error of the write
                raise


class TransientDatabase(Database):
    """A database in memory, gone with its process."""

    def __init__(self) -> None:
        options = main_options()
        self._environment = Env.mem_env()  # the options refer to it without owning it
        options.set_env(self._environment)
        with tempfile.TemporaryDirectory(prefix="streamsql-transient-") as own:
            super().__init__(Path(own) / "log", options)  # a note of the library's is written there

    def close(self) -> None:
        """Release memory; there is nothing to be flushed, and no way to."""


@contextlib.contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Raise RocksDB's exceptions, which have no class of their own, as StorageError."""
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        raise StorageError(f"cannot {doing}: {error}") from error


def _scan(family: Rdict, low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
    # The iterator points into the options' bound without owning it: they must outlive it.
    options = ReadOptions()
    options.set_iterate_upper_bound(high)
    with storage_errors("read state"):
        yield from family.items(from_key=low, read_opt=options)


def main_options() -> Options:
    """Return how the database as a whole is opened, by whom ever."""
    options = _family_options()
    options.create_if_missing(True)
    options.create_missing_column_families(True)
    options.set_max_background_jobs(2)
    options.set_max_open_files(-1)  # a secondary reads what the owner has deleted meanwhile
    options.set_max_file_opening_threads(1)  # else a look of a secondary starts 16: 3 ms, not 25 us
    options.set_max_total_wal_size(256 * _MEBIBYTE)
    options.set_keep_log_file_num(2)
    return options


def _family_options() -> Options:
    options = Options(raw_mode=True)
    options.set_compression_type(DBCompressionType.lz4())
    return options


def _log_options() -> Options:
    options = _family_options()
    options.set_enable_blob_gc(True)  # files of an earlier version go with compactions
    options.set_blob_gc_age_cutoff(1.0)
    options.set_write_buffer_size(64 * _MEBIBYTE)
    return options


def _state_options() -> Options:
    options = _family_options()
    table = BlockBasedOptions()
    table.set_bloom_filter(10, block_based=False)
    table.set_block_cache(Cache(64 * _MEBIBYTE))
    table.set_cache_index_and_filter_blocks(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(32 * _MEBIBYTE)
    return options
