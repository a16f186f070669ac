"""A record as our own brokers hand it out."""

from collections.abc import Sequence
from typing import Any

from streamsql.types.record import Header

CREATE_TIME = 1
"""The kind of timestamp: set by the producer (confluent-kafka's ``TIMESTAMP_CREATE_TIME``)."""


class StoredMessage(tuple[Any, ...]):
    """One record of a log, with the method names of confluent-kafka's ``Message``.

    One is made for every record read, so it is a tuple, which is built without running Python:
    (topic, partition, offset, key, value, timestamp_ms, headers or ``None``).
    """

    __slots__ = ()

    def topic(self) -> str:
        """Return the name of the topic."""
        topic: str = self[0]
        return topic

    def partition(self) -> int:
        """Return the number of the partition."""
        partition: int = self[1]
        return partition

    def offset(self) -> int:
        """Return the place in the partition."""
        offset: int = self[2]
        return offset

    def key(self) -> bytes | None:
        """Return the bytes of the key."""
        key: bytes | None = self[3]
        return key

    def value(self) -> bytes | None:
        """Return the bytes of the value; ``None`` is a tombstone."""
        value: bytes | None = self[4]
        return value

    def timestamp(self) -> tuple[int, int]:
        """Return (kind, milliseconds since the epoch)."""
        return (CREATE_TIME, self[5])

    def headers(self) -> list[Header] | None:
        """Return the headers in order, or ``None`` when there are none."""
        headers: Sequence[Header] | None = self[6]
        return list(headers) if headers else None
