"""INSERT VALUES: one record of constant expressions, encoded as the source's topic wants it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from streamsql.broker.ports import Broker, TopicPartition
from streamsql.broker.read_to_end import read_to_end
from streamsql.engine.planning.planned import Planned
from streamsql.engine.results import Result, status
from streamsql.engine.serving.evaluate import evaluate
from streamsql.engine.statements.state import EngineState
from streamsql.errors import BindError, EngineError
from streamsql.formats.serdes import Serdes
from streamsql.sql.statements import InsertValues
from streamsql.topology.naming import producer_identity, statements_topic
from streamsql.types.record import SourceKind


@dataclass(frozen=True, slots=True)
class EncodedRecord:
    """A record as a topic takes it."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


def insert_values(statement: InsertValues, planned: Planned, state: EngineState) -> Result:
    """Write one record."""
    record = encode_values(statement, Serdes(state.broker.registry), state.wall_clock_ms)
    known = planned.bound.before.topics  # a statement of the same script may have made others
    if record.topic not in known and record.topic not in state.broker.topics():
        raise EngineError(f'topic "{record.topic}" does not exist')
    records = [(record.key, record.value, record.timestamp_ms, ())]
    is_in = state.broker.append(record.topic, records)
    later = "" if is_in else f", to be taken in by {state.broker.owner}"
    return status(f'1 record inserted into "{statement.sink.name}"{later}')


def insert_once(
    inserts: Iterable[Planned], broker: Broker, application: str, wall_clock_ms: Callable[[], int]
) -> None:
    """Write the records of the statements that the application has not carried out yet.

    Records and the note that they are written, in a topic of the program, commit together.

    Raises:
        BindError: A value cannot be computed or written; nothing is.
    """
    left = _by_identity(inserts)
    if not left:
        return
    note = TopicPartition(statements_topic(application), 0)
    for message in read_to_end(broker, [note]):
        left.pop(message.key() or b"", None)
    records, serdes = [], Serdes(broker.registry)
    for identity, planned in left.items():
        assert isinstance(planned.statement, InsertValues)
        with planned.bound.located():
            record = encode_values(planned.statement, serdes, wall_clock_ms)
            records.append((identity, record))
    if not records:
        return
    producer = broker.producer(producer_identity(application, "statements"))
    try:
        for identity, record in records:
            producer.sender(record.topic)(record.key, record.value, record.timestamp_ms)
            producer.send_to(note, identity, b"", record.timestamp_ms)
        producer.flush()
        producer.commit({}, None)
    finally:
        producer.close()


def _by_identity(inserts: Iterable[Planned]) -> dict[bytes, Planned]:
    """Tell each statement from the others: by its text, and how often it came before."""
    seen: dict[str, int] = {}
    found = {}
    for planned in inserts:
        text = planned.bound.text
        seen[text] = number = seen.get(text, 0) + 1
        found[hashlib.sha256(f"{number} {text}".encode()).digest()] = planned
    return found


def encode_values(
    statement: InsertValues, serdes: Serdes, wall_clock_ms: Callable[[], int]
) -> EncodedRecord:
    """Return the record that the statement asks to write.

    Raises:
        BindError: A value cannot be computed, or the format cannot write it.
    """
    sink = statement.sink
    schema = sink.written
    names = [column.name for column in schema.columns()]
    values = evaluate([statement.values.get(name) for name in names])
    timestamp_ms = wall_clock_ms()
    if statement.timestamp is not None:
        (timestamp_ms,) = evaluate([statement.timestamp])
        if timestamp_ms is None or timestamp_ms < 0:
            raise BindError("ROWTIME must be a time since 1970")
    keys, row = values[: len(schema.key)], values[len(schema.key) :]
    if sink.kind is SourceKind.TABLE and all(value is None for value in keys):
        raise BindError(f'the primary key of table "{sink.name}" must not be NULL')
    key = keys[0] if len(keys) == 1 else tuple(keys)
    try:
        key_bytes = None
        if keys and key is not None:
            key_bytes = serdes.key_encoder(sink.key_format, schema, sink.topic)(key)
        encoder = serdes.value_encoder(sink.value_format, schema, sink.topic)
        payload = encoder.encode(encoder.row_type(*row))
    except (ValueError, TypeError) as error:
        raise BindError(f"the values cannot be written: {error}") from error
    return EncodedRecord(sink.topic, key_bytes, payload, timestamp_ms)
