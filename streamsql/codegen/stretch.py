"""Stretches: everything stateless between one input and the next stateful processors or sinks.

A stretch is an input and a tree of steps. It becomes one generated function
(:func:`streamsql.codegen.stretches.generate`), so that a record passes through filters,
projections, re-keying and encoding without an object or a call in between::

    SourceInput                          StreamInput / TableInput
        | FilterStep                         | ProjectStep
        | BranchStep ----------+             | ForwardStep(target)
        | ProjectStep          | RekeyStep
        | SendStep             | FoldStep

The last step of a list is its end: a ForwardStep, a FoldStep, a SendStep, or a BranchStep.
Expressions refer to the columns of the schema at that point by name, and to the pseudo columns:
ROWTIME everywhere, ROWPARTITION and ROWOFFSET below a source, WINDOWSTART and WINDOWEND while the
key is windowed.

What happens to a record that fails, and to one without a value:

| step    | expression fails (each failure is reported)     | stream record with a NULL value      |
|---------|-------------------------------------------------|--------------------------------------|
| Filter  | counts as false                                 | dropped                              |
| Project | that column is NULL                             | stays NULL                           |
| Rekey   | that key column is NULL                         | evaluated with NULL value columns    |
| FlatMap | that function makes no rows                     | dropped                              |
| Fold    | that argument is NULL                           | dropped                              |
| Send    | encoding: that record is skipped                | sent without a value                 |

Nothing that a target or a ``send`` raises is caught.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from streamsql.expr.nodes import AggregateCall, Expression, NamedExpression, TableCall
from streamsql.expr.registry import Aggregator
from streamsql.types.record import Key
from streamsql.types.schema import Schema


class Skip(Enum):
    """What a repair function returns for a record that is not to be processed."""

    SKIPPED = "skipped"


SKIPPED = Skip.SKIPPED


class RowDecoder(Protocol):
    """What a source needs of ``formats.format.Decoder``.

    ``decode`` is fetched at the start of a batch and again after each repair.
    """

    decode: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...]


Report = Callable[[Exception, str, Any], None]
"""``report(error, expression_text, record)`` notes that an expression has no value for a record.

``record`` is the message below a source, else the tuple ``(key, value, timestamp_ms)``.
"""


@dataclass(frozen=True, slots=True)
class EventTime:
    """The column that holds the time of a record.

    Attributes:
        convert: Turns the column's value into ms since the epoch, raising for what it cannot read;
            ``None`` when the column holds just that (BIGINT, TIMESTAMP).
    """

    column: str
    convert: Callable[[Any], int] | None = None


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What is done with records that cannot be read.

    Attributes:
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

    repair: Callable[[Any, Exception], Any]
    repair_key: Callable[[Any, Exception], Any]
    latest_ms: int
    is_bad_timestamp: Callable[[Any, int | None, Any], bool]
    unreadable_timestamp: Callable[[Any, Any, Exception], None]


@dataclass(frozen=True, slots=True)
class SourceInput:
    """The messages (``broker.ports.Message``) of one partition of a topic, in order.

    The generated function is ``source(messages)``.

    Attributes:
        schema: Key and value columns, header columns among the latter. With a window kind the
            decoded key is ``(key, start_ms, end_ms)``.
        decoder: Makes row objects of the columns in ``attributes``.
        attributes: Attribute of the row object by column name (see
            :func:`streamsql.codegen.liveness.required_columns` for the ones needed).
        decode_key: Bytes to key; ``None`` for a schema without key columns. Called only when the
            steps need the key; may raise any exception.
        event_time: Column of the schema with the record's time; ``None``: the message's own. A
            record with a NULL value always has the message's own when the column is a value column.
        headers: Value columns filled from headers: ``(column, header key)``, key ``None`` for all.
    """

    schema: Schema
    decoder: RowDecoder
    attributes: Mapping[str, str]
    decode_key: Callable[[bytes], Key] | None
    policy: SourcePolicy
    event_time: EventTime | None = None
    headers: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class StreamInput:
    """Records of a stream: the generated function is ``stage(key, value, timestamp)``."""

    schema: Schema


@dataclass(frozen=True, slots=True)
class TableInput:
    """Changes of a table: the generated function is ``stage(key, new, old, timestamp)``.

    Attributes:
        old_known: Whether ``old`` is the row before the change. When it is not (a table without a
            store), ``old`` is ignored and handed on as ``None``, and every record goes on, if need
            be as a tombstone; otherwise a change that neither row survives is dropped.
    """

    schema: Schema
    old_known: bool = True


StretchInput = SourceInput | StreamInput | TableInput


@dataclass(frozen=True, slots=True)
class FilterStep:
    """Keeps the rows for which the predicate is true."""

    predicate: Expression


@dataclass(frozen=True, slots=True)
class ProjectStep:
    """Computes the value columns anew and gives the key columns their names (as many as before)."""

    key_names: tuple[str, ...]
    columns: tuple[NamedExpression, ...]


@dataclass(frozen=True, slots=True)
class RekeyStep:
    """Computes the key anew; no ``keys``: the key becomes ``None``. Streams only.

    Attributes:
        drop_null_key: Records of which a key column is NULL are dropped.
    """

    keys: tuple[NamedExpression, ...]
    drop_null_key: bool = False


@dataclass(frozen=True, slots=True)
class FlatMapStep:
    """One record for each row of the table functions, zipped and padded with NULL. Streams only.

    The results are appended to the value columns under the calls' names.
    """

    calls: tuple[TableCall, ...]


@dataclass(frozen=True, slots=True)
class BranchStep:
    """Hands the record to each of the step lists in order. Last in its list."""

    branches: tuple[tuple["Step", ...], ...]


@dataclass(frozen=True, slots=True)
class ForwardStep:
    """Calls ``target(key, value, timestamp)``, on a table ``target(key, new, old, timestamp)``."""

    target: Callable[..., None]


Group = list[Any]
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

    by_key: dict[Any, Group]
    by_bytes: dict[Any, Group]
    touch: Callable[[Key], Group]
    touch_bytes: Callable[[bytes, Key], Group]


class Clock(Protocol):
    """A stream time in ms that records move on."""

    now: int


@dataclass(frozen=True, slots=True)
class WindowGroups:
    """The held groups of an aggregation by time windows.

    All times of a *slot* ``low <= time < high`` lie in the same windows.

    Attributes:
        clock: The stream time of the aggregation.
        hopping: Whether a record belongs to several windows.
        touch: ``touch(identity, key, timestamp)`` moves stream time on and holds the groups of a
            key. It returns ``(low, high, held, groups)``: the slot (an empty one when a window of
            the time is closed already), the dict that holds groups of the slot by identity, and the
            group of now, of hopping windows a tuple of groups.
    """

    clock: Clock
    hopping: bool
    touch: Callable[[Any, Key, int], tuple[int, int, dict[Any, Any], Any]]


@dataclass(frozen=True, slots=True)
class FoldStep:
    """Adds the record to an aggregate of its key. Streams only.

    A record goes into groups that are held for the next flush. Below a source that is done right in
    the loop; there, groups are found by the key's bytes if nothing else needs the key. Elsewhere,
    and for records that need care, ``process`` does it.

    Attributes:
        columns: Values of the newest record that the state holds first.
        calls: The aggregates.
        aggregators: How each of them is computed.
        groups: Where groups are found.
        hashable: Whether a dict tells the keys apart.
        process: ``process(key, value, timestamp)`` takes any record.
    """

    columns: tuple[NamedExpression, ...]
    calls: tuple[AggregateCall, ...]
    aggregators: tuple[Aggregator, ...]
    groups: RunningGroups | WindowGroups
    hashable: bool
    process: Callable[[Key, Any, int], None]


@dataclass(frozen=True, slots=True)
class SendStep:
    """Encodes the record and calls ``send(key_bytes, payload, timestamp_ms)``.

    ``payload`` is ``encode(row_type(*values))``, ``None`` for a NULL value and for the tombstone of
    a table's row. The key bytes of a ``None`` key are ``None``.

    Attributes:
        encode_key: Key to bytes; ``None``: the message's key bytes as they are, which is possible
            below a source as long as no step made a new key.
        event_time: A value column that sets the time of the record written; a NULL, negative or
            unreadable one is reported and the record skipped. Tombstones keep their own.
        label: Names the destination in reports.
    """

    send: Callable[[bytes | None, bytes | None, int], None]
    encode_key: Callable[[Any], bytes] | None
    row_type: Callable[..., Any]
    encode: Callable[[Any], bytes | None]
    event_time: EventTime | None = None
    label: str = "sink"


End = BranchStep | ForwardStep | FoldStep | SendStep
Step = FilterStep | ProjectStep | RekeyStep | FlatMapStep | End


@dataclass(frozen=True, slots=True)
class Stretch:
    """An input, its steps, and what reports hear of.

    Attributes:
        name: ``query/node``: names the function and its file ``<streamsql query/node>``.
        description: One line for the docstring.
    """

    name: str
    description: str
    input: StretchInput
    steps: tuple[Step, ...]
    report: Report


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """A generated function, its source text, and the file name it has in tracebacks."""

    name: str
    source: str
    filename: str
    function: Callable[..., Any]
