"""Pull queries: the rows as they are now, read from the topic that holds them.

Of a table: the last committed record of each key. Of a stream: every record up to the end at the
time of asking. Filter and projection are compiled as for a running query and fed with those
messages.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from streamsql.broker.partitioner import partition_of
from streamsql.broker.ports import Broker, Message, TopicPartition
from streamsql.broker.read_to_end import partitions_of, read_to_end
from streamsql.catalog.catalog import Source
from streamsql.codegen.generate import generate
from streamsql.engine.planning.planned import PlannedQuery
from streamsql.engine.serving.evaluate import evaluate
from streamsql.engine.serving.outputs import arrange
from streamsql.engine.serving.silent_producer import SilentProducer
from streamsql.formats.formats import REGISTERED
from streamsql.formats.serdes import Serdes
from streamsql.formats.windowed import window_bytes
from streamsql.runtime.build import build
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.environment import Environment
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.wiring import Wiring
from streamsql.sql.statements import PullQuery
from streamsql.state.memory import MemoryStorage
from streamsql.topology.topology import cut
from streamsql.types.record import SourceKind
from streamsql.types.schema import Schema

_BATCH = 500

Process = Callable[[Sequence[Message]], None]


def pull(statement: PullQuery, planned: PlannedQuery, broker: Broker) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the query, in the order of its columns.

    Raises:
        EngineError: The topic is missing or cannot be read.
    """
    found: list[tuple[Any, ...]] = []
    process = _compile(statement, planned, Serdes(broker.registry), found)
    messages = _messages(statement, broker)

    def rows() -> Iterator[tuple[Any, ...]]:
        while batch := list(islice(messages, _BATCH)):
            process(batch)
            yield from found
            found.clear()

    return islice(rows(), statement.limit)


def _messages(statement: PullQuery, broker: Broker) -> Iterator[Message]:
    """Return the messages that may hold rows of the result."""
    source = statement.source
    partitions = partitions_of(broker, source.topic)
    keys: list[bytes] | None = None
    # Keys that name their schema may be written in several ways: then every record is looked at.
    if statement.lookup is not None and source.key_format.name not in REGISTERED:
        keys = _lookup_keys(statement, source, Serdes(broker.registry))
        partitions = _owners(keys, partitions)
    messages: Iterator[Message] = read_to_end(broker, partitions)
    if keys is not None:
        messages = _of_keys(messages, frozenset(keys), source.schema)
    return messages if source.kind is SourceKind.STREAM else _last_of_keys(messages)


def _lookup_keys(statement: PullQuery, source: Source, serdes: Serdes) -> list[bytes]:
    """Return the bytes of the keys asked for, without windows."""
    assert statement.lookup is not None
    schema = Schema(source.schema.key, ())
    encode = serdes.key_encoder(source.key_format, schema, source.topic)
    values = evaluate(list(statement.lookup))
    return [encode(value) for value in values if value is not None]


def _owners(keys: list[bytes], partitions: list[TopicPartition]) -> list[TopicPartition]:
    """Return the partitions that hold the keys, by the partitioner of every writer."""
    numbers = {partition_of(key, len(partitions)) for key in keys}
    return [partition for partition in partitions if partition.partition in numbers]


def _of_keys(
    messages: Iterator[Message], keys: frozenset[bytes], schema: Schema
) -> Iterator[Message]:
    cut_bytes = window_bytes(schema.window)
    for message in messages:
        key = message.key()
        if key is not None and key[: len(key) - cut_bytes] in keys:
            yield message


def _last_of_keys(messages: Iterator[Message]) -> Iterator[Message]:
    """Return the last message of each key that is not a tombstone."""
    rows: dict[bytes, Message] = {}
    for message in messages:
        key = message.key()
        if key is None:
            continue
        if message.value() is None:
            rows.pop(key, None)
        else:
            rows[key] = message
    return iter(rows.values())


def _compile(
    statement: PullQuery, planned: PlannedQuery, serdes: Serdes, found: list[tuple[Any, ...]]
) -> Process:
    """Return what processes messages of the source and appends rows to ``found``."""
    put_in_order = arrange(statement.plan.schema, statement.columns)

    def take(key: Any, value: tuple[Any, ...] | None, timestamp_ms: int) -> None:
        if value is not None:
            found.append(put_in_order(key, value, timestamp_ms))

    config = RuntimeConfig("pull")
    environment = Environment(config, SilentProducer(), serdes, Metrics(), {planned.result: take})
    topology = planned.application.topology
    code = generate(topology, cut(topology)[0], cached=frozenset())
    processors = build(code, environment, Wiring(MemoryStorage(), {}))
    processes = processors.sources.get(statement.source.topic, ())

    def process(messages: Sequence[Message]) -> None:
        for one in processes:
            one(messages)

    return process
