"""Statements that change what there is: sources, types, their topics and records."""

import time

from streamsql.broker.ports import TopicConfig
from streamsql.engine.applications.lowering import check_source_topic, source_topic
from streamsql.engine.binding import Step
from streamsql.engine.insert import encode_values
from streamsql.engine.results import Result, status
from streamsql.engine.session import Session
from streamsql.errors import BindError, EngineError
from streamsql.sql.statements import (
    AlterSource,
    AssertTopic,
    CreateSource,
    CreateType,
    DropSource,
    DropType,
    InsertValues,
    Terminate,
)

_ASSERT_POLL_SECONDS = 0.1


def create_source(statement: CreateSource, step: Step, session: Session) -> Result:
    """Declare a source over its topic, which is made when PARTITIONS was said."""
    source = statement.source
    kind = source.kind.value.lower()
    exists = source.name in step.before.catalog.sources
    if exists and statement.if_not_exists:
        return status(f'{kind} "{source.name}" exists already: nothing was done', statement.text)
    wanted = source_topic(statement, step.before.config)
    if wanted is not None and wanted.name not in session.broker.topics():
        session.broker.create([wanted])
    check_source_topic(statement, session.broker.topics())
    session.note(step)
    verb = "replaced" if exists else "created"
    return status(f'{kind} "{source.name}" {verb}', statement.text)


def alter_source(statement: AlterSource, step: Step, session: Session) -> Result:
    """Give a source more columns."""
    session.note(step)
    source = statement.source
    return status(f'{source.kind.value.lower()} "{source.name}" altered', statement.text)


def drop_source(statement: DropSource, step: Step, session: Session) -> Result:
    """Forget a source, with the query that writes it, and with DELETE TOPIC its topic."""
    source = statement.source
    if source is None:
        return status("nothing to drop", statement.text)
    session.note(step)
    ended = _end_queries(step, session)
    deleted = ""
    if statement.delete_topic:
        session.broker.delete([source.topic])
        deleted = f', topic "{source.topic}" deleted'
    kind = source.kind.value.lower()
    return status(f'{kind} "{source.name}" dropped{ended}{deleted}', statement.text)


def create_type(statement: CreateType, step: Step, session: Session) -> Result:
    """Give a type a name."""
    if statement.skip:
        message = f'type "{statement.name}" exists already: nothing was done'
        return status(message, statement.text)
    session.note(step)
    return status(f'type "{statement.name}" created', statement.text)


def drop_type(statement: DropType, step: Step, session: Session) -> Result:
    """Forget a type's name."""
    if statement.name is None:
        return status("nothing to drop", statement.text)
    session.note(step)
    return status(f'type "{statement.name}" dropped', statement.text)


def terminate(statement: Terminate, step: Step, session: Session) -> Result:
    """End queries for good: their offsets, state and internal topics go with them."""
    session.note(step)
    ended = _end_queries(step, session).removeprefix(", ")
    return status(ended or "no query runs", statement.text)


def insert_values(statement: InsertValues, step: Step, session: Session) -> Result:
    """Write one record."""
    record = encode_values(statement, step.bound.span, session.wall_clock_ms)
    if record.topic not in session.broker.topics():
        raise EngineError(f'topic "{record.topic}" does not exist')
    session.broker.append(record.topic, [(record.key, record.value, record.timestamp_ms, ())])
    return status(f'1 record inserted into "{statement.sink.name}"', statement.text)


def assert_topic(statement: AssertTopic, step: Step, session: Session) -> Result:
    """Wait until the topic is, or is not, as asserted."""
    deadline = time.monotonic() + statement.timeout_ms / 1000
    while True:
        wrong = _topic_mismatch(statement, session.broker.topics().get(statement.topic))
        if wrong is None:
            return status(f'topic "{statement.topic}" is as asserted', statement.text)
        if time.monotonic() >= deadline:
            raise BindError(f"assertion failed: {wrong}", step.bound.span)
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


def _end_queries(step: Step, session: Session) -> str:
    """End the queries that the statement's catalog has no more; return what to say of it."""
    gone = sorted(set(step.before.catalog.queries) - set(step.after.catalog.queries))
    for query_id in gone:
        session.queries.remove(query_id)
    return "".join(f', query "{query_id}" ended' for query_id in gone)
