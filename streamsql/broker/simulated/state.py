"""The state of tasks in memory, changed by commits only."""

from bisect import bisect_left
from collections.abc import Iterator

from streamsql.broker.ports import StateChanges


class SimulatedState:
    """The stores of one task as dictionaries, with sorted keys for scans."""

    def __init__(self) -> None:
        self._stores: dict[str, dict[bytes, bytes]] = {}
        self._sorted: dict[str, list[bytes]] = {}

    def get(self, store: str, key: bytes) -> bytes | None:
        """Return the committed value of the key."""
        return self._stores.get(store, {}).get(key)

    def scan(
        self, store: str, low: bytes | None = None, high: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield entries with ``low <= key < high`` in key order, as they were at the call."""
        entries = self._stores.get(store, {})
        if store not in self._sorted:
            self._sorted[store] = sorted(entries)
        keys = self._sorted[store]
        first = 0 if low is None else bisect_left(keys, low)
        behind = len(keys) if high is None else bisect_left(keys, high)
        return iter([(key, entries[key]) for key in keys[first:behind]])

    def delete_range(self, store: str, low: bytes, high: bytes) -> None:
        """Delete entries with ``low <= key < high``."""
        entries = self._stores.get(store, {})
        for key, _ in self.scan(store, low, high):
            del entries[key]
        self._sorted.pop(store, None)

    def apply(self, changes: StateChanges) -> None:
        """Take the changes of a decided commit."""
        for store, changed in changes.changes.items():
            entries = self._stores.setdefault(store, {})
            for key, value in changed.items():
                if value is None:
                    entries.pop(key, None)
                else:
                    entries[key] = value
            self._sorted.pop(store, None)
