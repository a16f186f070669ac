"""An engine that keeps everything in memory and nothing beyond the process."""

from collections.abc import Iterator, Mapping

from streamsql.state.store import Changes


class MemoryEngine:
    """Ordered bytes of the stores of one task, gone when it is closed."""

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""
        raise NotImplementedError

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""
        raise NotImplementedError

    def write(self, changes: Mapping[str, Changes], meta: Mapping[str, bytes]) -> None:
        """Apply the changes of all stores and the meta entries atomically."""
        raise NotImplementedError

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete all entries with ``low <= key < high``."""
        raise NotImplementedError

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""
        raise NotImplementedError

    def close(self) -> None:
        """Forget everything."""
        raise NotImplementedError
