"""The layout of stores that forget by time: ``segment, key, time…``.

A segment is a stretch of times of fixed length, named by its first millisecond. Everything of a
segment lies together, so expiry is one range delete, and the entries of one key in a range of times
are one short scan in each segment of the range.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from streamsql.state.keys import decode_long, encode_long
from streamsql.state.storage import Storage

TIME_MIN, TIME_MAX = -(2**62), 2**62
"""Bounds of every time in a store; ranges are clamped to them."""

FIRST = bytes(8)
"""Sorts before every entry; shorter keys below it are the store's own."""

PURGE_MS = 60_000
"""Range deletes are not made for less than this (ms): each one slows down reads a little."""


def segment_length_ms(retention_ms: int) -> int:
    """Return the length of segments for a retention, as Kafka Streams chooses it."""
    return max(retention_ms // 2, 60_000)


class Segments:
    """The segments of one store that may hold entries, and the bound below which nothing exists.

    Attributes:
        bound_ms: No time before it exists; raised by :meth:`expire`, durable after :meth:`commit`.
    """

    __slots__ = (
        "_known",
        "_prefixes",
        "_purged_ms",
        "_storage",
        "_store",
        "bound_ms",
        "length_ms",
    )

    def __init__(self, store: str, storage: Storage, length_ms: int) -> None:
        self._store = store
        self._storage = storage
        self.length_ms = length_ms
        self.bound_ms = self._purged_ms = TIME_MIN
        self._prefixes: dict[int, bytes] = {}
        self._known: list[int] | None = None

    def prefix(self, time_ms: int) -> bytes:
        """Return the bytes of the time's segment, which is known from now on."""
        segment = time_ms - time_ms % self.length_ms
        prefix = self._prefixes.get(segment)
        if prefix is None:
            prefix = self._prefixes[segment] = encode_long(segment)
            if self._known is not None:
                self._known.insert(bisect_left(self._known, segment), segment)
        return prefix

    def within(self, from_ms: int, to_ms: int) -> list[bytes]:
        """Return the prefixes of known segments that overlap ``from <= time <= to``, ascending."""
        known = self.known()
        low = max(from_ms, self.bound_ms)
        first = bisect_left(known, low - low % self.length_ms)
        return [self._prefixes[segment] for segment in known[first : bisect_right(known, to_ms)]]

    def known(self) -> list[int]:
        """Return the starts of known segments, ascending, after a look into the storage."""
        if self._known is None:
            for segment in self._stored():
                self._prefixes.setdefault(segment, encode_long(segment))
            self._known = sorted(self._prefixes)
        return self._known

    def span(self, from_ms: int, to_ms: int) -> tuple[bytes, bytes]:
        """Return the storage's range that holds all entries with ``from <= time <= to``."""
        low = clamp(max(from_ms, self.bound_ms))
        high = max(low, clamp(to_ms))
        return (
            encode_long(low - low % self.length_ms),
            encode_long(high - high % self.length_ms + self.length_ms),
        )

    def expire(self, before_ms: int) -> None:
        """Raise the bound; a lower one than before changes nothing."""
        self.bound_ms = max(self.bound_ms, before_ms)

    def commit(self) -> None:
        """Delete from the storage the whole segments below the bound, from time to time."""
        keep = self.bound_ms - self.bound_ms % self.length_ms
        if keep - self._purged_ms < max(PURGE_MS, self.length_ms):
            return
        low = FIRST if self._purged_ms == TIME_MIN else encode_long(self._purged_ms)
        self._storage.delete_range(self._store, low, encode_long(keep))
        self._purged_ms = keep
        self._prefixes = {k: prefix for k, prefix in self._prefixes.items() if k >= keep}
        if self._known is not None:
            self._known = sorted(self._prefixes)

    def _stored(self) -> Iterator[int]:
        """Yield the segments that the storage holds, by jumping from one to the next."""
        low = FIRST
        while True:
            first = next(self._storage.scan(self._store, low), None)
            if first is None:
                return
            segment = decode_long(first[0][:8])
            yield segment
            low = encode_long(segment + self.length_ms)


def clamp(time_ms: int) -> int:
    """Return the nearest time that a store can hold."""
    return min(max(time_ms, TIME_MIN), TIME_MAX)
