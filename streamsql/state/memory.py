"""A storage that keeps everything in memory and nothing beyond the process."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping

from streamsql.state.storage import Changes


class MemoryStorage:
    """Ordered bytes of the stores of one task, gone when it is closed."""

    __slots__ = ("_meta", "_stores")

    def __init__(self) -> None:
        self._stores: dict[str, _OrderedBytes] = {}
        self._meta: dict[str, bytes] = {}

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key, or ``None``."""
        entries = self._stores.get(store)
        return None if entries is None else entries.values.get(key)

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield committed entries with ``low <= key < high`` in key order."""
        entries = self._stores.get(store)
        return iter(()) if entries is None else iter(entries.between(low, high))

    def write(self, changes: Mapping[str, Changes], meta: Mapping[str, bytes]) -> None:
        """Apply the changes of all stores and the meta entries atomically."""
        for store, entries in changes.items():
            ordered = self._stores.setdefault(store, _OrderedBytes())
            for key, value in entries.items():
                ordered.change(key, value)
        self._meta.update(meta)

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete all entries with ``low <= key < high``."""
        entries = self._stores.get(store)
        if entries is not None:
            entries.delete_range(low, high)

    def meta(self, name: str) -> bytes | None:
        """Return a meta entry."""
        return self._meta.get(name)

    def close(self) -> None:
        """Forget everything."""
        self._stores.clear()
        self._meta.clear()


class _OrderedBytes:
    """A dict, and a sorted list of its keys that is brought up to date when order is asked for."""

    __slots__ = ("_added", "_keys", "_removed", "values")

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._added: set[bytes] = set()
        self._removed: set[bytes] = set()

    def change(self, key: bytes, value: bytes | None) -> None:
        """Set or, with ``None``, delete the value of a key."""
        if value is not None:
            if key not in self.values:
                self._mark(key, self._added, self._removed)
            self.values[key] = value
        elif self.values.pop(key, None) is not None:
            self._mark(key, self._removed, self._added)

    def between(self, low: bytes | None, high: bytes | None) -> list[tuple[bytes, bytes]]:
        """Return the entries with ``low <= key < high`` in key order."""
        first, last = self._range(low, high)
        values = self.values
        return [(key, values[key]) for key in self._keys[first:last]]

    def delete_range(self, low: bytes | None, high: bytes | None) -> None:
        """Delete the entries with ``low <= key < high``."""
        first, last = self._range(low, high)
        for key in self._keys[first:last]:
            del self.values[key]
        del self._keys[first:last]

    def _range(self, low: bytes | None, high: bytes | None) -> tuple[int, int]:
        self._sort()
        first = 0 if low is None else bisect_left(self._keys, low)
        return first, len(self._keys) if high is None else bisect_left(self._keys, high)

    @staticmethod
    def _mark(key: bytes, to: set[bytes], opposite: set[bytes]) -> None:
        if key in opposite:
            opposite.discard(key)
        else:
            to.add(key)

    def _sort(self) -> None:
        if self._removed:
            self._keys = [key for key in self._keys if key not in self._removed]
            self._removed.clear()
        if len(self._added) > 32:
            self._keys += self._added
            self._keys.sort()  # two sorted runs: linear
        else:
            for key in self._added:
                insort(self._keys, key)
        self._added.clear()
