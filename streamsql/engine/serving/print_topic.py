"""PRINT: the records of a topic as they lie there, whatever they hold."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from streamsql.broker.ports import Broker, Message
from streamsql.broker.read_to_end import partitions_of
from streamsql.engine.applications.loop import Loop
from streamsql.engine.results import Result, ResultKind
from streamsql.sql.statements import PrintTopic
from streamsql.types.schema import Column
from streamsql.types.sqltypes import BIGINT, INTEGER, STRING, TIMESTAMP

COLUMNS = (
    Column("TIMESTAMP", TIMESTAMP),
    Column("PARTITION", INTEGER),
    Column("OFFSET", BIGINT),
    Column("KEY", STRING),
    Column("VALUE", STRING),
)
_SLICE = 500


def print_topic(statement: PrintTopic, broker: Broker, loop: Loop) -> Result:
    """Return the records of the topic, from now on or FROM BEGINNING, as texts."""
    messages = _Messages(statement, broker, loop)
    sampled = islice(messages.read(), 0, None, max(1, statement.interval))
    return Result(
        ResultKind.STREAM,
        columns=COLUMNS,
        rows=(_row(message) for message in islice(sampled, statement.limit)),
        on_close=messages.close,
    )


class _Messages:
    """The records of a topic as they come, until it is closed."""

    def __init__(self, statement: PrintTopic, broker: Broker, loop: Loop) -> None:
        partitions = partitions_of(broker, statement.topic)
        starts = broker.starts(partitions)
        ends = broker.ends(partitions, committed=True)
        self._loop = loop
        self._reader = broker.reader()
        self._reader.assign(dict(starts if statement.from_beginning else ends))
        self._closed = False

    def read(self) -> Iterator[Message]:
        """Yield records, waiting for them."""
        while not (self._closed or self._loop.interrupted):
            with self._loop.exclusive():
                polled = self._reader.poll(_SLICE, 0)
            for batch in polled.messages.values():
                yield from batch
            if not polled.messages:
                self._loop.moment()

    def close(self) -> None:
        """Stop reading."""
        self._closed = True
        self._reader.close()


def _row(message: Message) -> tuple[Any, ...]:
    return (
        message.timestamp()[1],
        message.partition(),
        message.offset(),
        readable(message.key()),
        readable(message.value()),
    )


def readable(payload: bytes | None) -> str | None:
    """Return bytes as a person can read them: text, a number, or hexadecimal digits.

    >>> readable(b'{"A": 1}'), readable((7).to_bytes(8)), readable(bytes([255, 0])), readable(None)
    ('{"A": 1}', '7', '0xff00', None)
    """
    if payload is None:
        return None
    try:
        decoded = payload.decode("utf-8")
    except UnicodeDecodeError:
        decoded = ""
    if decoded and decoded.isprintable():
        return decoded
    if not payload:
        return ""
    if len(payload) in {4, 8}:
        return json.dumps(int.from_bytes(payload, signed=True))
    return f"0x{payload.hex()}"
