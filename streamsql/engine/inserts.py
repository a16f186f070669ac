"""INSERT VALUES of an application: each is carried out once in the application's life.

Records and the note that they are written commit together, in one transaction.
"""

import hashlib
from collections.abc import Callable, Sequence

from streamsql.broker.ports import Broker, TopicConfig, TopicPartition
from streamsql.engine.binding import Step
from streamsql.engine.insert import encode_values
from streamsql.engine.reading import read_to_end
from streamsql.sql.statements import InsertValues
from streamsql.topology.naming import producer_identity, statements_topic


def insert_once(
    steps: Sequence[Step], broker: Broker, application: str, wall_clock_ms: Callable[[], int]
) -> None:
    """Write the records of the statements that were not carried out yet.

    Raises:
        BindError: A value cannot be computed or written; nothing is.
    """
    if not steps:
        return
    note = TopicPartition(statements_topic(application), 0)
    left = dict(zip(_identities(steps), steps, strict=True))
    if note.topic in broker.topics():
        for message in read_to_end(broker, [note]):
            left.pop(message.key() or b"", None)
    else:
        broker.create([TopicConfig(note.topic, 1, compacted=True)])
    records = []
    for identity, step in left.items():
        statement = step.bound.statement
        assert isinstance(statement, InsertValues)
        records.append((identity, encode_values(statement, step.bound.span, wall_clock_ms)))
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


def _identities(steps: Sequence[Step]) -> list[bytes]:
    """Return what tells each statement from the others: its text, and how often it came before."""
    seen: dict[str, int] = {}
    identities = []
    for step in steps:
        text = step.bound.statement.text
        seen[text] = number = seen.get(text, 0) + 1
        identities.append(hashlib.sha256(f"{number} {text}".encode()).digest())
    return identities
