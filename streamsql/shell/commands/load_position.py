"""How far a load has come, kept where the records are.

A load is the position of a group in its file: the group is named after the topic and the content of
the file, and its position, the number of records that are in, is committed with the records of each
step. So a load that was interrupted at any moment goes on where the topic ends; one that has ended
is forgotten once its user has been told, and the next load of the same file appends it again.
"""

import hashlib
from dataclasses import dataclass
from typing import IO

import msgspec

from streamsql.broker.ports import Committed

_READ_BYTES = 1024 * 1024
_LONGEST = 1_000
"""Of the options: Kafka keeps 4,096 bytes with a position."""


@dataclass(frozen=True, slots=True)
class LoadPosition:
    """How far a load has come.

    Attributes:
        records: Of the file that are in.
        total: Of the file.
        options: Those that decide what the records are.
    """

    records: int
    total: int
    options: str

    def encode(self) -> Committed:
        """Return the position of the load's group."""
        noted = {"total": self.total, "options": self.options}
        return Committed(self.records, msgspec.json.encode(noted).decode())


def decode_position(at: Committed) -> LoadPosition:
    """Return what a position says."""
    noted = msgspec.json.decode(at.metadata)
    return LoadPosition(at.offset, noted["total"], noted["options"])


def load_name(topic: str, file: IO[bytes]) -> str:
    """Return the name of the group of a load: of the topic and what is in the file."""
    digest = hashlib.sha256()
    file.seek(0)
    while read := file.read(_READ_BYTES):
        digest.update(read)
    return f"streamsql-load-{topic}-{digest.hexdigest()[:32]}"


def short(text: str) -> str:
    """Return the options, or their hash where they are too long to be kept."""
    if len(text.encode()) <= _LONGEST:
        return text
    return hashlib.sha256(text.encode()).hexdigest()
