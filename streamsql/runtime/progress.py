"""What a task notes with its committed positions: how far its clocks are, and what it has taken."""

from base64 import b85decode, b85encode
from collections.abc import Iterable
from typing import Self
from zlib import compress, decompress

import msgspec

from streamsql.broker.ports import Committed
from streamsql.runtime.partition_group import Taken

TASK = ""
"""The name of the clock of the task itself; the others have the names of nodes."""

_PLAIN_BYTES = 1000
"""Brokers take 4096 bytes (``offset.metadata.max.bytes``): longer notes are compressed."""


class PartitionNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """A note on one partition.

    Attributes:
        times: Stream times in ms by name, the same on all partitions of a task.
        taken: What was handed out behind the committed position, of a partition that is sorted.
    """

    times: dict[str, int] = {}
    taken: Taken | None = None

    @classmethod
    def of(cls, committed: Committed) -> Self:
        """Return what was noted with a position; nothing, where another program committed it."""
        note = committed.metadata
        if note.startswith("z"):
            return msgspec.json.decode(decompress(b85decode(note[1:])), type=cls)
        return msgspec.json.decode(note, type=cls) if note.startswith("{") else cls()

    def encode(self) -> str:
        """Return the metadata of the committed position."""
        text = msgspec.json.encode(self)
        if len(text) > _PLAIN_BYTES:
            return "z" + b85encode(compress(text)).decode()
        return text.decode() if self.times or self.taken else ""


def latest(notes: Iterable[PartitionNote]) -> dict[str, int]:
    """Return the latest time of each clock in the notes of a task."""
    times: dict[str, int] = {}
    for note in notes:
        for name, time in note.times.items():
            times[name] = max(time, times.get(name, -1))
    return times
