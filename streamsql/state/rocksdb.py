"""An engine on RocksDB: one database per task, one column family per store."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from streamsql.state.store import Changes


class RocksMemory:
    """Block cache and write buffers, shared by all engines of a process."""

    def __init__(self, cache_bytes: int = 64 << 20, write_buffer_bytes: int = 64 << 20) -> None:
        raise NotImplementedError


class RocksEngine:
    """Ordered bytes of the stores of one task, in a directory."""

    def __init__(
        self, directory: Path, stores: Iterable[str], memory: RocksMemory | None = None
    ) -> None:
        """Open or create the database.

        Raises:
            EngineError: Another process has it open, or the disk is full.
            TaskCorrupted: Its files are damaged.
        """
        raise NotImplementedError

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""
        raise NotImplementedError

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""
        raise NotImplementedError

    def write(self, changes: Mapping[str, Changes], meta: Mapping[str, bytes]) -> None:
        """Apply the changes of all stores and the meta entries in one WriteBatch."""
        raise NotImplementedError

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete all entries with ``low <= key < high``."""
        raise NotImplementedError

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""
        raise NotImplementedError

    def close(self) -> None:
        """Release files and locks."""
        raise NotImplementedError
