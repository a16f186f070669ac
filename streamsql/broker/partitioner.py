"""Which partition a key goes to: byte-equal with Kafka's Java client.

``partition = toPositive(murmur2(key)) % partitions``, the rule of Java's default partitioner and of
librdkafka's ``murmur2_random``: topics written by any Kafka client are co-partitioned with ours.
"""

import random
from functools import lru_cache

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C

STICKY_RECORDS = 256
"""Records without a key that go to one partition before another is drawn, for long batches."""


def murmur2(key: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of the bytes, as an unsigned number.

    >>> murmur2(b"21") - 2**32
    -973932308
    """
    length = len(key)
    hashed = _SEED ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(key[at : at + 4], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> 24) * _MULTIPLIER & _MASK
        hashed = hashed * _MULTIPLIER & _MASK ^ word
    if length > whole:
        hashed = (hashed ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> 15


# Keys repeat: a hit costs a twentieth of the computation.
@lru_cache(maxsize=16_384)
def _positive(key: bytes) -> int:
    return murmur2(key) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of the key among that many.

    >>> partition_of(b"21", 4)
    0
    """
    return 0 if partitions == 1 else _positive(key) % partitions


class Partitioner:
    """Partitions the records of one topic; those without a key go to a random one, in long runs."""

    __slots__ = ("_left", "_random", "_sticky", "_window_bytes", "partitions")

    def __init__(self, partitions: int, seed: int | None = None, *, window_bytes: int = 0) -> None:
        """Partition by keys without their last ``window_bytes``."""
        self.partitions = partitions
        self._window_bytes = window_bytes
        self._random = random.Random(seed)  # noqa: S311 - a spread, not a secret
        self._sticky = 0
        self._left = 0

    def __call__(self, key: bytes | None) -> int:
        """Return the partition for the next record."""
        partitions = self.partitions
        if partitions == 1:
            return 0
        if key is not None:
            if self._window_bytes:
                key = key[: -self._window_bytes]
            return _positive(key) % partitions
        if self._left == 0:
            self._sticky = self._random.randrange(partitions)
            self._left = STICKY_RECORDS
        self._left -= 1
        return self._sticky
