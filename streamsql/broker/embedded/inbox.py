"""How other processes write to an embedded broker: files they append to, which the owner takes in.

Each writer has a segment file of its own below ``inbox``: frames of (length, CRC, payload), with a
sequence number in each payload. The owner notes how far it has taken a file in the same atomic
write as the records, so a frame counts once, whoever dies in between. A torn last frame fails its
CRC and is not taken. A writer holds a lock on its file while it lives; a finished file is deleted.
"""

import fcntl
import os
import struct
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamsql.broker.embedded.batches import MAXIMUM_RECORDS, Sent, encode_batch
from streamsql.errors import EngineError
from streamsql.types.record import Header

DIRECTORY = "inbox"
SUFFIX = ".segment"
ANY_PARTITION = -1
"""Let the owner choose by the key."""

_FRAME = struct.Struct("<II")
_PAYLOAD = struct.Struct("<QiH")


@dataclass(frozen=True, slots=True)
class Frame:
    """Some records for one topic, as found in a file.

    Attributes:
        sequence: Number in the file, from 1.
        topic: Empty in the last frame of a writer that has closed.
        partition: Or :data:`ANY_PARTITION`.
        batch: See ``batches``.
        behind: Position in the file behind the frame.
    """

    sequence: int
    topic: str
    partition: int
    batch: bytes
    behind: int


class InboxWriter:
    """Appends to the topics of an embedded broker from another process.

    Records are safe from the end of this process once :meth:`append` returns, and from the end of
    the machine once :meth:`close` does. The owner sees them within milliseconds when it is at work,
    otherwise the next one takes them in.
    """

    def __init__(self, directory: Path) -> None:
        inbox = directory / DIRECTORY
        name = f"{time.time_ns():020}-{uuid.uuid4().hex}{SUFFIX}"
        self.path = inbox / name
        self._sequence = 0
        try:
            inbox.mkdir(parents=True, exist_ok=True)
            # Locked before it has its name, so that nobody takes it for a dead writer's.
            hidden = inbox / f".{name}"
            self._file = hidden.open("wb", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            hidden.rename(self.path)
        except OSError as error:
            raise EngineError(f'cannot write to "{inbox}": {error.strerror}') from error

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> None:
        """Append (key, value, timestamp_ms, headers) records."""
        number = ANY_PARTITION if partition is None else partition
        sent: list[Sent] = []
        headers: list[Sequence[Header]] = []
        for key, value, timestamp_ms, of_record in records:
            sent.append((key, value, timestamp_ms))
            headers.append(of_record)
            if len(sent) == MAXIMUM_RECORDS:
                self._write(topic, number, _batch(sent, headers))
                sent, headers = [], []
        if sent:
            self._write(topic, number, _batch(sent, headers))

    def taken(self, timeout_ms: int) -> bool:
        """Whether the owner has taken everything in, after :meth:`close`; waits for it."""
        deadline = time.monotonic() + timeout_ms / 1000
        while self.path.exists():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """Say that no more comes."""
        if not self._file.closed:
            self._write("", ANY_PARTITION, b"")
            os.fsync(self._file.fileno())
            self._file.close()

    def _write(self, topic: str, partition: int, batch: bytes) -> None:
        self._sequence += 1
        name = topic.encode()
        payload = _PAYLOAD.pack(self._sequence, partition, len(name)) + name + batch
        frame = _FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        try:
            written = self._file.write(frame)
        except OSError as error:
            raise EngineError(f'cannot write to "{self.path}": {error.strerror}') from error
        if written != len(frame):
            raise EngineError(f'cannot write to "{self.path}": the disk is full')


def read_frames(data: bytes, position: int) -> Iterator[Frame]:
    """Yield the whole frames in bytes that begin at a position of a file."""
    at = 0
    while at + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, at)
        first = at + _FRAME.size
        payload = data[first : first + length]
        if len(payload) < length or zlib.crc32(payload) != checksum:
            return
        at = first + length
        sequence, partition, name_length = _PAYLOAD.unpack_from(payload)
        name = payload[_PAYLOAD.size : _PAYLOAD.size + name_length].decode()
        batch = payload[_PAYLOAD.size + name_length :]
        yield Frame(sequence, name, partition, batch, position + at)


def writer_is_dead(path: Path) -> bool:
    """Whether nobody holds the lock of a segment file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _batch(sent: Sequence[Sent], headers: Sequence[Sequence[Header]]) -> bytes:
    now_ms = time.time_ns() // 1_000_000
    return encode_batch(sent, now_ms, headers=headers if any(headers) else None)
