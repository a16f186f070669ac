"""How other processes write to an embedded broker: files they append to, which the owner takes in.

Each writer has a segment file of its own below ``inbox``: frames of (length, CRC, payload), with a
sequence number in each payload. The owner notes how far it has taken a file in the same atomic
write as the records, so a frame counts once, whoever dies in between. A torn last frame fails its
CRC and is not taken. A writer holds a lock on its file while it lives; a finished file is deleted.

A frame may carry the position of a group with its records, as a transaction does: both are taken in
or neither is.
"""

import contextlib
import fcntl
import os
import struct
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from streamsql.broker.embedded.batches import MAXIMUM_RECORDS, Sent, encode_batch
from streamsql.broker.ports import Committed
from streamsql.errors import EngineError
from streamsql.types.record import Header

DIRECTORY = "inbox"
SUFFIX = ".segment"
ANY_PARTITION = -1
"""Let the owner choose by the key."""

_FRAME = struct.Struct("<II")
_PAYLOAD = struct.Struct("<QiH")
_READ_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class GroupPosition:
    """Where a group is in partition 0 of the topic of a frame.

    Attributes:
        group: Its name.
        at: ``None``: nowhere, it is forgotten.
    """

    group: str
    at: Committed | None


@dataclass(frozen=True, slots=True)
class Frame:
    """Some records for one topic, as found in a file.

    Attributes:
        sequence: Number in the file, from 1.
        topic: Empty in the last frame of a writer that has closed.
        partition: Or :data:`ANY_PARTITION`.
        batch: See ``batches``; empty for no records.
        position: Of a group, that changes with the records.
        behind: Position in the file behind the frame.
    """

    sequence: int
    topic: str
    partition: int
    batch: bytes
    position: GroupPosition | None
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

    def commit(self, topic: str, records: Sequence[Sent], position: GroupPosition) -> None:
        """Append records, chosen a partition by their keys, and the position of a group."""
        batch = _batch(records, ()) if records else b""
        self._write(topic, ANY_PARTITION, batch, position)

    def is_taken(self) -> bool:
        """Whether the owner has taken everything in, after :meth:`close`."""
        return not self.path.exists()

    def close(self) -> None:
        """Say that no more comes."""
        if not self._file.closed:
            self._write("", ANY_PARTITION, b"")
            os.fsync(self._file.fileno())
            self._file.close()

    def _write(
        self, topic: str, partition: int, batch: bytes, position: GroupPosition | None = None
    ) -> None:
        self._sequence += 1
        name = _encode_name(topic, position)
        payload = _PAYLOAD.pack(self._sequence, partition, len(name)) + name + batch
        frame = _FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        before = self._file.tell()
        try:
            written = self._file.write(frame)
        except OSError as error:
            self._withdraw(before)
            raise EngineError(f'cannot write to "{self.path}": {error.strerror}') from error
        if written != len(frame):
            self._withdraw(before)
            raise EngineError(f'cannot write to "{self.path}": the disk is full')

    def _withdraw(self, position: int) -> None:
        """Cut off a torn frame: what came behind it would never be read."""
        self._file.truncate(position)
        self._file.seek(position)


def segments(inbox: Path) -> list[Path]:
    """Return the files in an inbox, the oldest first."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(
            path
            for path in inbox.iterdir()
            if path.name.endswith(SUFFIX) and not path.name.startswith(".")
        )
    return []


def read_segment(path: Path, position: int = 0) -> Iterator[list[Frame]]:
    """Yield the whole frames of a file from a position on, some megabytes at a time."""
    while True:
        with path.open("rb") as file:
            file.seek(position)
            data = file.read(_READ_BYTES)
            while len(data) >= _READ_BYTES and not any(read_frames(data, position)):
                more = file.read(_READ_BYTES)
                if not more:
                    break
                data += more
        frames = list(read_frames(data, position))
        if not frames:
            return
        yield frames
        position = frames[-1].behind


def left_position(directory: Path, topic: str, group: str) -> GroupPosition | None:
    """Return the last position of a group that is left for the owner to take in."""
    last = None
    for path in segments(directory / DIRECTORY):
        with contextlib.suppress(FileNotFoundError):  # taken in meanwhile
            for frame in chain.from_iterable(read_segment(path)):
                if frame.topic == topic and frame.position and frame.position.group == group:
                    last = frame.position
    return last


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
        topic, group = _decode_name(payload[_PAYLOAD.size : _PAYLOAD.size + name_length])
        batch = payload[_PAYLOAD.size + name_length :]
        yield Frame(sequence, topic, partition, batch, group, position + at)


def writer_is_dead(path: Path) -> bool:
    """Whether nobody holds the lock of a segment file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _encode_name(topic: str, position: GroupPosition | None) -> bytes:
    """Return what a frame is for: the topic and, behind NULs, a group and its position."""
    parts = [topic]
    if position is not None:
        at = position.at
        parts += [position.group, *(("", "") if at is None else (str(at.offset), at.metadata))]
    return "\0".join(parts).encode()


def _decode_name(name: bytes) -> tuple[str, GroupPosition | None]:
    topic, *rest = name.decode().split("\0")
    if not rest:
        return topic, None
    group, offset, metadata = rest
    return topic, GroupPosition(group, Committed(int(offset), metadata) if offset else None)


def _batch(sent: Sequence[Sent], headers: Sequence[Sequence[Header]]) -> bytes:
    now_ms = time.time_ns() // 1_000_000
    return encode_batch(sent, now_ms, headers=headers if any(headers) else None)
