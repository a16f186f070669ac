"""What the entries of a store take in memory, estimated from the sizes of a few.

Counted as Kafka Streams counts its record cache: the bytes of a row, and a sum for what stands
around it. Rows of some hundred bytes and more take about that; the smallest take several times as
much in Python.
"""

from collections.abc import Callable, Mapping
from typing import Any

from streamsql.state.rows import Entry

_AROUND_BYTES = 100
"""What an entry takes besides its row."""

_WEIGHT = 8
"""A sample moves the mean by one part in so many."""


class Footprint:
    """The mean size of the entries of a store, moved on by samples."""

    __slots__ = ("_encode", "_row_bytes")

    def __init__(self, encode: Callable[[Entry], bytes]) -> None:
        self._encode = encode
        self._row_bytes: float | None = None

    @property
    def entry_bytes(self) -> int:
        """The size of an entry, without a sample yet that of the smallest."""
        return _AROUND_BYTES + int(self._row_bytes or 0)

    def of(self, *entries: Mapping[Any, Any]) -> int:
        """Estimate the size of dicts of entries, after a look at the newest one."""
        last = next(filter(None, reversed(entries)), None)
        if last is not None:
            newest = last[next(reversed(last))]
            if newest is not None and newest[0] is not None:
                self._sample(newest[0])
        return sum(map(len, entries)) * self.entry_bytes

    def _sample(self, row: Any) -> None:
        size, mean = len(self._encode((row, 0))), self._row_bytes
        self._row_bytes = size if mean is None else mean + (size - mean) / _WEIGHT
