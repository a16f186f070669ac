"""The owner's side of the inbox: takes in what other processes have left (see ``inbox``)."""

import logging
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from streamsql.broker.embedded.batches import Sent, decode_batch
from streamsql.broker.embedded.database import meta_key, partition_suffix
from streamsql.broker.embedded.inbox import (
    ANY_PARTITION,
    DIRECTORY,
    Frame,
    read_segment,
    segments,
    writer_is_dead,
)
from streamsql.broker.embedded.logs import LogWrite
from streamsql.broker.embedded.view import WritableView, encode_committed, group_prefix
from streamsql.broker.message import StoredMessage
from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import TopicPartition
from streamsql.errors import EngineError

_LOOK_SECONDS = 0.02
_POSITION = struct.Struct(">QQ")

_log = logging.getLogger(__name__)


class Intake:
    """Takes in the segment files of one directory."""

    def __init__(
        self,
        directory: Path,
        view: WritableView,
        publish: Callable[[LogWrite, Sequence[TopicPartition]], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._directory = directory / DIRECTORY
        self._view = view
        self._publish = publish
        self._now_ms = now_ms
        self._choosers: dict[str, Partitioner] = {}
        self._next_look = 0.0
        self._forget_deleted()

    def look(self) -> None:
        """Take in what is there, at most every few milliseconds."""
        if time.monotonic() >= self._next_look:
            self.take()
            self._next_look = time.monotonic() + _LOOK_SECONDS

    def take(self) -> None:
        """Take in everything that is there now."""
        for path in segments(self._directory):
            # Asked before reading: what a living writer adds meanwhile is taken next time.
            dead = writer_is_dead(path)
            finished = self._take_file(path)
            if finished or dead:
                path.unlink()
                self._forget(path)

    def _take_file(self, path: Path) -> bool:
        """Take in a file, and return whether its writer has said that no more comes."""
        position, sequence = self._noted(path)
        for found in read_segment(path, position):
            frames = [frame for frame in found if frame.sequence > sequence]
            self._take_frames(path, [frame for frame in frames if frame.topic])
            if frames and not frames[-1].topic:
                return True
        return False

    def _take_frames(self, path: Path, frames: Sequence[Frame]) -> None:
        if not frames:
            return
        write = LogWrite(self._view, self._now_ms())
        appended: set[TopicPartition] = set()
        for frame in frames:
            try:
                self._append(write, frame, appended)
                self._move(write, frame)
            except EngineError as error:
                self._reject(path, frame, error)
        noted = _POSITION.pack(frames[-1].behind, frames[-1].sequence)
        write.changes.put_meta(self._key(path), noted)
        self._publish(write, sorted(appended))

    def _append(self, write: LogWrite, frame: Frame, appended: set[TopicPartition]) -> None:
        if not frame.batch:
            return
        records: dict[TopicPartition, list[StoredMessage]] = {}
        for record in decode_batch(frame.topic, 0, 0, frame.batch):
            number = frame.partition
            if number == ANY_PARTITION:
                number = self._chooser(frame.topic)(record.key())
            records.setdefault(TopicPartition(frame.topic, number), []).append(record)
        for partition in records:
            self._view.bounds_of(partition)
        for partition, found in records.items():
            sent: list[Sent] = [(r.key(), r.value(), r.timestamp()[1]) for r in found]
            headers = [record.headers() or () for record in found]
            write.append(partition, sent, headers if any(headers) else None)
            appended.add(partition)

    def _move(self, write: LogWrite, frame: Frame) -> None:
        """Note the position of a group that came with the records."""
        if frame.position is not None:
            partition = TopicPartition(frame.topic, 0)
            self._view.bounds_of(partition)
            key = group_prefix(frame.position.group) + partition_suffix(partition)
            if frame.position.at is None:
                write.changes.delete_meta(key)
            else:
                write.changes.put_meta(key, encode_committed(frame.position.at))

    def _reject(self, path: Path, frame: Frame, error: EngineError) -> None:
        """Keep what cannot be taken in, where a person finds it."""
        rejected = path.with_name(f"{path.stem}-{frame.sequence}.rejected")
        rejected.write_bytes(frame.batch)
        _log.error("records from another process kept in %s: %s", rejected, error)

    def _chooser(self, topic: str) -> Partitioner:
        if topic not in self._choosers:
            self._choosers[topic] = Partitioner(self._view.partitions(topic))
        return self._choosers[topic]

    def _noted(self, path: Path) -> tuple[int, int]:
        found = self._view.database.meta(self._key(path))
        if found is None:
            return 0, 0
        position, sequence = _POSITION.unpack(found)
        return position, sequence

    def _forget(self, path: Path) -> None:
        write = LogWrite(self._view, self._now_ms())
        write.changes.delete_meta(self._key(path))
        self._publish(write, ())

    def _forget_deleted(self) -> None:
        """Forget files that were deleted just before the last owner died."""
        for name, _ in list(self._view.database.metas(meta_key("i", ""))):
            path = self._directory / name.decode()
            if not path.exists():
                self._forget(path)

    def _key(self, path: Path) -> bytes:
        return meta_key("i", path.name)
