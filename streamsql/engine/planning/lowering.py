"""From bound queries to topologies, laid out on the topics that there are."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.context import PlannerContext
from streamsql.errors import EngineError
from streamsql.logical.lower.plans import lower
from streamsql.logical.nodes import Filter, Plan, Project, Scan
from streamsql.runtime.layout import Layout, lay_out
from streamsql.sql.statements import (
    CreateAs,
    CreateSource,
    InsertSelect,
    PullQuery,
    PushQuery,
    Query,
)
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.nodes import OffsetReset
from streamsql.topology.topology import Topology
from streamsql.types.record import SourceKind


def lower_query(
    statement: Query, plan: Plan, builder: StreamsBuilder, prefix: str, context: PlannerContext
) -> str:
    """Add a query to the builder's topology; return the node that its rows come out of.

    Args:
        plan: Of the statement, optimized.
        prefix: Begins the names of the query's operators.

    Raises:
        UnsupportedError: The query has an operator that this version does not have.
    """
    begin, sink, timestamp = OffsetReset.EARLIEST, None, None
    match statement:
        case CreateAs(source):
            sink, timestamp = source, source.timestamp
        case InsertSelect(source):
            sink = source
        case PushQuery():
            begin = begin if context.until_end else OffsetReset.LATEST
        case PullQuery():
            plan = _as_stream(plan)
        case _:
            assert_never(statement)
    reset = context.config.reset(begin)
    return lower(plan, builder, prefix, reset, sink=sink, timestamp=timestamp)


def _as_stream(plan: Plan) -> Plan:
    """Return the plan of a pull query over the records of its source, which are its rows."""
    if isinstance(plan, Scan):
        return replace(plan, source=replace(plan.source, kind=SourceKind.STREAM))
    assert isinstance(plan, Filter | Project), "a pull query is a scan, filters and projections"
    return replace(plan, input=_as_stream(plan.input))


def lay_out_in(
    context: PlannerContext,
    application: str,
    topology: Topology,
    topics: Mapping[str, TopicConfig],
) -> Layout:
    """Lay the topology out on the topics.

    Raises:
        EngineError: A topic is missing, or topics that are read together differ in partitions.
    """
    layout = lay_out(application, topology, topics, context.state_topics)
    create = tuple(_replicated(topic, context.config.replicas) for topic in layout.create)
    return replace(layout, create=create)


def source_topic(
    statement: CreateSource, context: PlannerContext, topics: Mapping[str, TopicConfig]
) -> tuple[TopicConfig, ...]:
    """Return the topic that must be created for a new source, if one must be.

    Raises:
        EngineError: It does not exist and shall not be created, or differs in partitions.
    """
    source = statement.source
    kind = source.kind.value.lower()
    there = topics.get(source.topic)
    if there is not None:
        if source.partitions not in {None, there.partitions}:
            raise EngineError(
                f'topic "{source.topic}" has {there.partitions} partitions, '
                f'{kind} "{source.name}" declares {source.partitions}'
            )
        return ()
    if source.partitions is None:
        if context.partial:
            return ()
        raise EngineError(
            f'topic "{source.topic}" of {kind} "{source.name}" does not exist: '
            f"create it, or say WITH (PARTITIONS = n)"
        )
    topic = TopicConfig(
        source.topic, source.partitions, source.replicas, retention_ms=source.retention_ms
    )
    return (_replicated(topic, context.config.replicas),)


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
