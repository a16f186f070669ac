"""From bound queries to topologies, laid out on a broker."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace

from streamsql.broker.ports import Broker, TopicConfig
from streamsql.engine.configuration.config import EngineConfig
from streamsql.errors import EngineError
from streamsql.logical.lower.plans import lower, lower_into
from streamsql.logical.nodes import Plan
from streamsql.logical.optimize import optimize
from streamsql.runtime.keeping.choose import state_keeping
from streamsql.runtime.layout import Layout, lay_out
from streamsql.sql.statements import CreateAs, CreateSource, InsertSelect
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.nodes import OffsetReset
from streamsql.topology.topology import Topology


def lower_query(
    statement: CreateAs | InsertSelect, builder: StreamsBuilder, prefix: str, reset: OffsetReset
) -> None:
    """Add a persistent query to the builder's topology.

    Raises:
        UnsupportedError: The query has an operator that this version does not have.
    """
    result = lower(optimize(statement.plan), builder, prefix, reset)
    if isinstance(statement, CreateAs):
        lower_into(result, statement.source, statement.timestamp)
    else:
        lower_into(result, statement.sink, None)


def query_topology(statement: CreateAs | InsertSelect, config: EngineConfig) -> Topology:
    """Return the topology of one persistent query, its operators named without a prefix."""
    builder = StreamsBuilder()
    lower_query(statement, builder, "", config.reset(OffsetReset.EARLIEST))
    return builder.build()


def output_topology(plan: Plan, reset: OffsetReset) -> tuple[Topology, str]:
    """Return the topology of a query whose rows go to the program, and its output's name."""
    builder = StreamsBuilder()
    name = lower(optimize(plan), builder, "", reset).output()
    return builder.build(), name


def lay_out_on(
    broker: Broker,
    application: str,
    topology: Topology,
    config: EngineConfig,
    planned: Mapping[str, TopicConfig] | None = None,
) -> Layout:
    """Lay the topology out on the broker's topics and those that are about to be created.

    Raises:
        EngineError: A topic is missing, or topics that are read together differ in partitions.
    """
    existing = {**broker.topics(), **(planned or {})}
    keeping = state_keeping(broker, config.runtime(application))
    layout = lay_out(application, topology, existing, keeping.topics)
    create = tuple(_replicated(topic, config.replicas) for topic in layout.create)
    return replace(layout, create=create)


def source_topic(statement: CreateSource, config: EngineConfig) -> TopicConfig | None:
    """Return the topic that the statement asks to create if it does not exist."""
    source = statement.source
    if source.partitions is None:
        return None
    return _replicated(
        TopicConfig(
            source.topic,
            source.partitions,
            source.replicas,
            retention_ms=source.retention_ms,
        ),
        config.replicas,
    )


def check_source_topic(statement: CreateSource, topics: Mapping[str, TopicConfig]) -> None:
    """Look at the topic of a new source: it must exist, with as many partitions as declared.

    Raises:
        EngineError: It does not.
    """
    source = statement.source
    there = topics.get(source.topic)
    if there is None:
        raise EngineError(
            f'topic "{source.topic}" of {source.kind.value.lower()} "{source.name}" does not '
            f"exist: create it, or say WITH (PARTITIONS = n)"
        )
    if source.partitions is not None and source.partitions != there.partitions:
        raise EngineError(
            f'topic "{source.topic}" has {there.partitions} partitions, '
            f'{source.kind.value.lower()} "{source.name}" declares {source.partitions}'
        )


def legal(name: str) -> str:
    """Return a name that may be part of names of topics and files, different for different names.

    >>> legal("CTAS_COUNTS_1"), legal("my counts")
    ('CTAS_COUNTS_1', 'my_counts-3e7276e2')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return plain if plain == name else f"{plain}-{zlib.crc32(name.encode()):08x}"


def _replicated(topic: TopicConfig, replicas: int | None) -> TopicConfig:
    if topic.replicas is None and replicas is not None:
        return replace(topic, replicas=replicas)
    return topic
