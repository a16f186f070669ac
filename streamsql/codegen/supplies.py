"""What a task supplies to the text generated for its nodes, as globals.

A global holds an attribute of what the task has for a node (:class:`NodeSupplies`), or for itself
(:class:`TaskSupplies`). Nothing that processors or ``send`` raise is caught.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from streamsql.types.record import Key


class Skip(Enum):
    """What a repair function returns for a record that is not to be processed."""

    SKIPPED = "skipped"


SKIPPED = Skip.SKIPPED

Report = Callable[[Exception, str, Any], None]
"""``report(error, text, record)`` notes that an expression has no value for a record.

``record`` is the message below a source, else the tuple ``(key, value, timestamp_ms)``.
"""


class RowDecoder(Protocol):
    """What a source needs of ``formats.format.Decoder``.

    ``decode`` is fetched at the start of a batch and again after each repair.
    """

    decode: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class MessageReader:
    """How the messages of a topic are read, and what is done with those that cannot be.

    Attributes:
        decoder: Makes row objects of the columns that the text asks for.
        decode_key: Bytes to key; may raise any exception.
        repair: ``repair(message, error)`` returns a row object, ``None`` for a NULL row, or
            :data:`SKIPPED`. Called when ``decode`` raised one of the decoder's errors.
        repair_key: ``repair_key(message, error)`` returns a key, or :data:`SKIPPED`.
        latest_ms: Times up to this one, from 0 on, are good without a question.
        is_bad_timestamp: ``is_bad_timestamp(message, timestamp, value)`` tells whether a record of
            another time (``None``: NULL) is to be skipped, and notes it if so. ``value`` is what
            the time was made of.
        unreadable_timestamp: ``unreadable_timestamp(message, value, error)`` notes that the record
            has no time; it is then skipped.
    """

    decoder: RowDecoder
    decode_key: Callable[[bytes], Key]
    repair: Callable[[Any, Exception], Any]
    repair_key: Callable[[Any, Exception], Any]
    latest_ms: int
    is_bad_timestamp: Callable[[Any, int | None, Any], bool]
    unreadable_timestamp: Callable[[Any, Any, Exception], None]


@dataclass(frozen=True, slots=True)
class MessageWriter:
    """How records are written to a topic.

    Attributes:
        send: ``send(key_bytes, payload, timestamp_ms)``.
        encode_key: Key, never ``None``, to bytes.
        row_type: Makes a row object of the values, by position.
        encode_value: Row object to payload, ``None`` for a record without a value.
    """

    send: Callable[[bytes | None, bytes | None, int], None]
    encode_key: Callable[[Any], bytes]
    row_type: Callable[..., Any]
    encode_value: Callable[[Any], bytes | None]


HeldGroup = list[Any]
"""A group that is held for the next flush: ``[state, timestamp_ms, …]``.

The state is a list: the fold's columns, then the states of its aggregates.
"""


@dataclass(frozen=True, slots=True)
class RunningGroups:
    """The held groups of a running aggregation.

    Attributes:
        by_key: What is held; always the same dict.
        by_bytes: The same groups by the bytes of keys; always the same dict.
        touch: ``touch(key)`` holds the group of a key, from now on in ``by_key``.
        touch_bytes: ``touch_bytes(raw_key, key)`` holds it in ``by_bytes`` too.
    """

    by_key: dict[Any, HeldGroup]
    by_bytes: dict[Any, HeldGroup]
    touch: Callable[[Key], HeldGroup]
    touch_bytes: Callable[[bytes, Key], HeldGroup]


class Clock(Protocol):
    """A stream time in ms that records move on."""

    now: int


@dataclass(frozen=True, slots=True)
class WindowGroups:
    """The held groups of an aggregation by time windows.

    All times of a *slot* ``low <= time < high`` lie in the same windows.

    Attributes:
        clock: The stream time of the aggregation.
        touch: ``touch(identity, key, timestamp)`` moves stream time on and holds the groups of a
            key. It returns ``(low, high, held, groups)``: the slot (an empty one when a window of
            the time is closed already), the dict that holds groups of the slot by identity, and the
            group of now, of hopping windows a tuple of groups.
    """

    clock: Clock
    touch: Callable[[Any, Key, int], tuple[int, int, dict[Any, Any], Any]]


@dataclass(frozen=True, slots=True)
class NodeSupplies:
    """What a task has for a node.

    Attributes:
        reader: Of a node that reads a topic record by record.
        writer: Of a node that writes one so.
        processor: Of every other node at the end of a stretch, and of a table that is read. It has
            ``process``, which takes ``(key, value, timestamp_ms)`` of a stream and ``(key, new,
            old, timestamp_ms)`` of a table. What takes the records of two parents has ``left``
            and ``right``, aggregations of tables ``change`` instead. Those that hold groups also
            have ``groups``, a :class:`RunningGroups` or :class:`WindowGroups`.
    """

    reader: MessageReader | None = None
    writer: MessageWriter | None = None
    processor: object = None


@dataclass(frozen=True, slots=True)
class TaskSupplies:
    """What a task has for all nodes."""

    report: Report
