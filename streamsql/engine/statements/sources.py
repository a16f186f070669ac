"""Statements that change what there is: sources, types, their topics and records."""

import time

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.planned import Planned
from streamsql.engine.results import Result, status
from streamsql.engine.statements.state import EngineState
from streamsql.errors import BindError
from streamsql.sql.statements import (
    AlterSource,
    AssertTopic,
    CreateSource,
    CreateType,
    DropSource,
    DropType,
)

_ASSERT_POLL_SECONDS = 0.1


def create_source(statement: CreateSource, planned: Planned, state: EngineState) -> Result:
    """Declare a source over its topic, which is made when PARTITIONS was written."""
    source = statement.source
    state.broker.create(planned.create)
    state.note(planned.bound)
    verb = "replaced" if source.name in planned.bound.before.catalog.sources else "created"
    return status(f'{source.kind.value.lower()} "{source.name}" {verb}{_how_long(state)}')


def alter_source(statement: AlterSource, planned: Planned, state: EngineState) -> Result:
    """Give a source more columns."""
    state.note(planned.bound)
    source = statement.source
    return status(f'{source.kind.value.lower()} "{source.name}" altered')


def drop_source(statement: DropSource, planned: Planned, state: EngineState) -> Result:
    """Forget a source, with the query that writes it, and with DELETE TOPIC its topic."""
    source = statement.source
    state.note(planned.bound)
    ended = _end_queries(planned, state)
    deleted = ""
    if statement.delete_topic:
        state.broker.delete([source.topic])
        deleted = f', topic "{source.topic}" deleted'
    return status(f'{source.kind.value.lower()} "{source.name}" dropped{ended}{deleted}')


def create_type(statement: CreateType, planned: Planned, state: EngineState) -> Result:
    """Give a type a name."""
    state.note(planned.bound)
    return status(f'type "{statement.name}" created{_how_long(state)}')


def _how_long(state: EngineState) -> str:
    """Return what to say of a declaration that nobody notes."""
    return "" if state.broker.owner is None else " for this session"


def drop_type(statement: DropType, planned: Planned, state: EngineState) -> Result:
    """Forget a type's name."""
    state.note(planned.bound)
    return status(f'type "{statement.name}" dropped')


def terminate(planned: Planned, state: EngineState) -> Result:
    """End queries for good: their offsets, state and internal topics go with them."""
    state.note(planned.bound)
    return status(_end_queries(planned, state).removeprefix(", ") or "no query runs")


def assert_topic(statement: AssertTopic, state: EngineState) -> Result:
    """Wait until the topic is, or is not, as asserted."""
    deadline = time.monotonic() + statement.timeout_ms / 1000
    while True:
        wrong = _topic_mismatch(statement, state.broker.topics().get(statement.topic))
        if wrong is None:
            return status(f'topic "{statement.topic}" is as asserted')
        if time.monotonic() >= deadline:
            raise BindError(f"assertion failed: {wrong}")
        time.sleep(_ASSERT_POLL_SECONDS)


def _topic_mismatch(statement: AssertTopic, topic: TopicConfig | None) -> str | None:
    name = f'topic "{statement.topic}"'
    if topic is None:
        return f"{name} does not exist" if statement.exists else None
    if not statement.exists:
        return f"{name} exists"
    if statement.partitions not in {None, topic.partitions}:
        return f"{name} has {topic.partitions} partitions, not {statement.partitions}"
    if statement.replicas not in {None, topic.replicas}:
        return f"{name} has {topic.replicas} replicas, not {statement.replicas}"
    return None


def _end_queries(planned: Planned, state: EngineState) -> str:
    """End the queries that the statement's catalog has no more; return what to say of it."""
    before, after = planned.bound.before.catalog.queries, planned.bound.after.catalog.queries
    gone = sorted(before.keys() - after.keys())
    for query_id in gone:
        state.queries.forget(query_id)
    return "".join(f', query "{query_id}" ended' for query_id in gone)
