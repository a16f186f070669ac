"""A storage on RocksDB: one database per task, one column family per store.

A commit is one ``WriteBatch`` over all stores and the meta entries (they live in the default column
family), logged ahead but not synced: a killed process loses nothing, and after a crash of the
machine the changelog checkpoint is as old as the data, so the tail is replayed.

RocksDB gives up its lock on the directory only when no handle, child or iterator lives. They stay
in here: a scan either is read at once or is closed with the storage.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias
from weakref import WeakSet

from rocksdict import (
    BlockBasedOptions,
    Cache,
    ColumnFamily,
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteBufferManager,
)

from streamsql.errors import EngineError, StreamSQLError, TaskCorrupted
from streamsql.state.storage import Changes

_Pairs: TypeAlias = Generator[tuple[bytes, bytes], None, None]

READ_AT_ONCE = 64
"""Scans up to this many entries leave no iterator behind."""


class StorageInUse(EngineError):
    """The directory is open in another process, or in another storage of this one."""


class RocksMemory:
    """Block cache and write buffers of several storages, one size for all of them together.

    Write buffers are charged to the cache, which gives up blocks for them; at half of the size the
    fullest is written out.
    """

    __slots__ = ("cache", "write_buffers")

    def __init__(self, size_bytes: int = 128 << 20) -> None:
        self.cache = Cache(size_bytes)
        self.write_buffers = WriteBufferManager.new_write_buffer_manager_with_cache(
            size_bytes // 2,
            False,
            self.cache,
        )


@cache
def process_memory() -> RocksMemory:
    """Return the memory that the storages of this process share."""
    return RocksMemory()


class RocksStorage:
    """Ordered bytes of the stores of one task, in a directory."""

    __slots__ = ("_database", "_directory", "_families", "_handles", "_scans")

    def __init__(
        self, directory: Path, stores: Iterable[str], memory: RocksMemory | None = None
    ) -> None:
        """Open or create the database. Column families of other stores are left as they are.

        Storages share the memory of the process, unless they are given another.

        Args:
            directory: Named after the task.

        Raises:
            EngineError: Another process has it open, or the disk is full.
            TaskCorrupted: Its files are damaged.
        """
        self._directory = directory
        self._families: dict[str, Rdict] = {}
        self._handles: dict[str, ColumnFamily] = {}
        self._scans: WeakSet[_Pairs] = WeakSet()
        options = _options(memory or process_memory())
        existing: list[str] = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if (directory / "CURRENT").exists():
                existing = Rdict.list_cf(str(directory), options)
            families = {*stores, *existing} - {"default"}
            self._database: Rdict | None = Rdict(
                str(directory), options, dict.fromkeys(sorted(families), options)
            )
            for store in stores:
                self._families[store] = self._database.get_column_family(store)
                self._handles[store] = self._database.get_column_family_handle(store)
        except Exception as error:
            raise _mapped(directory, error, existing=bool(existing)) from error

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""
        try:
            value: bytes | None = self._families[store].get(key)
        except Exception as error:
            raise _mapped(self._directory, error) from error
        return value

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order, as they are now."""
        pairs = self._pairs(self._families[store], low, high)
        first = list(islice(pairs, READ_AT_ONCE))
        if len(first) < READ_AT_ONCE:
            return iter(first)
        self._scans.add(pairs)
        return _chain(first, pairs)

    def write(self, changes: Mapping[str, Changes], meta: Mapping[str, bytes]) -> None:
        """Apply the changes of all stores and the meta entries in one WriteBatch."""
        batch = WriteBatch(raw_mode=True)
        for store, entries in changes.items():
            handle = self._handles[store]
            put, delete = batch.put, batch.delete
            for key, value in entries.items():
                if value is None:
                    delete(key, handle)
                else:
                    put(key, value, handle)
        for name, value in meta.items():
            batch.put(name.encode(), value)
        if batch.is_empty():
            return
        try:
            self._open().write(batch)
        except Exception as error:
            raise _mapped(self._directory, error) from error

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete all entries with ``low <= key < high``."""
        try:
            self._families[store].delete_range(low, high)
        except Exception as error:
            raise _mapped(self._directory, error) from error

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""
        try:
            value: bytes | None = self._open().get(name.encode())
        except Exception as error:
            raise _mapped(self._directory, error) from error
        return value

    def close(self) -> None:
        """Release files and locks; a second call does nothing."""
        if self._database is None:
            return
        for pairs in list(self._scans):
            pairs.close()
        self._handles.clear()
        # After a failed write RocksDB complains again here. Nothing committed depends on it: what
        # it could not flush is in its log, and the lock goes with the handles.
        for handle in (*self._families.values(), self._database):
            with suppress(Exception):
                handle.close()
        self._families.clear()
        self._database = None

    def _open(self) -> Rdict:
        assert self._database is not None, "the storage is closed"
        return self._database

    def _pairs(self, family: Rdict, low: bytes | None, high: bytes | None) -> _Pairs:
        try:
            if high is None:
                yield from family.items(from_key=low)
                return
            options = ReadOptions()
            options.set_iterate_upper_bound(high)
            yield from family.items(from_key=low, read_opt=options)
        except Exception as error:
            raise _mapped(self._directory, error) from error


def _chain(first: list[tuple[bytes, bytes]], rest: _Pairs) -> Iterator[tuple[bytes, bytes]]:
    yield from first
    yield from rest


def _options(memory: RocksMemory) -> Options:
    """Return the options measured in ``reference/reliability.md`` 2.4."""
    blocks = BlockBasedOptions()
    blocks.set_block_cache(memory.cache)
    blocks.set_bloom_filter(10, False)
    blocks.set_cache_index_and_filter_blocks(True)
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.create_missing_column_families(True)
    options.set_block_based_table_factory(blocks)
    options.set_write_buffer_manager(memory.write_buffers)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(16 << 20)
    options.set_max_background_jobs(2)
    options.set_max_total_wal_size(64 << 20)  # bounds what an open has to replay
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1 << 20)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    return options


def _mapped(directory: Path, error: Exception, *, existing: bool = True) -> StreamSQLError:
    """Return our error for one of RocksDB's, which are told apart by their text alone."""
    text = " ".join(str(error).split())
    if isinstance(error, StreamSQLError):
        return error
    if "lock hold by current process" in text or "lock file" in text.lower():
        return StorageInUse(f'state directory "{directory}" is in use by another process or worker')
    if "No space left on device" in text or "no space" in text.lower():
        return EngineError(f'disk full: cannot write to state directory "{directory}"')
    if "Corruption" in text or (existing and "No such file or directory" in text):
        return TaskCorrupted(f'state directory "{directory}" is damaged: {text}', directory.name)
    return EngineError(f'state directory "{directory}" cannot be used: {text}')
