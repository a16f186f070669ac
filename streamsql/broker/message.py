"""A record as our own brokers hand it out."""

from collections.abc import Sequence

from streamsql.types.record import Header

CREATE_TIME = 1
"""The kind of timestamp: set by the producer (confluent-kafka's ``TIMESTAMP_CREATE_TIME``)."""


class StoredMessage:
    """One record of a log, with the method names of confluent-kafka's ``Message``.

    One is made for every record read, so it is a plain class with slots and positional arguments.
    """

    __slots__ = ("_headers", "_key", "_offset", "_partition", "_timestamp", "_topic", "_value")

    def __init__(  # noqa: PLR0913, PLR0917 - one per record: an argument object would double its cost
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[Header] | None = None,
    ) -> None:
        self._topic = topic
        self._partition = partition
        self._offset = offset
        self._key = key
        self._value = value
        self._timestamp = timestamp_ms
        self._headers = headers

    def topic(self) -> str:
        """Return the name of the topic."""
        return self._topic

    def partition(self) -> int:
        """Return the number of the partition."""
        return self._partition

    def offset(self) -> int:
        """Return the place in the partition."""
        return self._offset

    def key(self) -> bytes | None:
        """Return the bytes of the key."""
        return self._key

    def value(self) -> bytes | None:
        """Return the bytes of the value; ``None`` is a tombstone."""
        return self._value

    def timestamp(self) -> tuple[int, int]:
        """Return (kind, milliseconds since the epoch)."""
        return (CREATE_TIME, self._timestamp)

    def headers(self) -> list[Header] | None:
        """Return the headers in order, or ``None`` when there are none."""
        return list(self._headers) if self._headers else None

    def __repr__(self) -> str:
        where = f"{self._topic}/{self._partition}@{self._offset}"
        return f"<{where} {self._key!r}: {self._value!r} at {self._timestamp}>"
