"""The contract between stores and storages, and between stores and the commit.

A store works on values in flight; it keeps what was written since the last commit in a dict (its
*buffer*, so a task reads its own writes) and encodes keys and values only when they leave it. A
*storage* keeps bytes in key order. Nothing uncommitted ever reaches a storage.

The commit of a task asks each store for its ``pending()`` changes as bytes and brings them into the
storage: in one atomic :meth:`LocalStorage.write` with the checkpoints of the changelogs, or within
the commit of a broker that keeps the state. Then ``committed()``, also when nothing was pending:
stores that forget by time delete what has expired there. After an abort stores are not taken back:
the task is made anew, with new stores on the same storage.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

Changes = Mapping[bytes, bytes | None]
"""New values by key; ``None`` deletes the key."""


class Storage(Protocol):
    """Ordered bytes of the stores of one task, as stores see them."""

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete all entries with ``low <= key < high`` (expired segments), after a commit."""


class LocalStorage(Storage, Protocol):
    """A storage in memory or in files of this host, which changelogs make whole."""

    def write(self, changes: Mapping[str, Changes], meta: Mapping[str, bytes]) -> None:
        """Apply the changes of all stores and the meta entries (checkpoints) atomically."""

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""

    def close(self) -> None:
        """Release files and locks."""
