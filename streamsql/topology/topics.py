"""Topics as data: how their records are written, and what must be created."""

import re
from dataclasses import dataclass

from streamsql.formats.format import FormatSpec
from streamsql.types.schema import Schema

TOPIC_NAMES = "1 to 249 letters, digits, dots, underscores and hyphens, but not . or .."
"""What Kafka lets a topic be called."""
_LEGAL = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")


def is_legal_topic(name: str) -> bool:
    """Tell whether a topic can have the name.

    >>> is_legal_topic("orders-2026"), is_legal_topic(".."), is_legal_topic("a/b")
    (True, False, False)
    """
    return _LEGAL.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """The schema of a topic's records and the formats of their two sides.

    Attributes:
        window_size_ms: Length of the time windows in the key, which holds only their start.
    """

    schema: Schema
    key: FormatSpec
    value: FormatSpec
    window_size_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic that must exist.

    Attributes:
        partitions: ``None``: as many as the inputs of the sub-topology that writes it.
        replicas: ``None``: the broker's default.
        compacted: Keep only the last record of a key.
        retention_ms: ``None``: the broker's default.
    """

    name: str
    partitions: int | None = None
    replicas: int | None = None
    compacted: bool = False
    retention_ms: int | None = None
