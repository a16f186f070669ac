"""Text to planned statements: pure, the whole script before any of it takes effect.

::

    text ─ bind_script ─► Bound ─ plan ─► Planned
           what names mean        optimize, lower, lay out

Each query is lowered once and laid out once, under the names and on the topics that it will have.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.binding import Bound, bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.lowering import lay_out_in, legal, lower_query, source_topic
from streamsql.engine.planning.planned import ApplicationPlan, Planned, PlannedQuery
from streamsql.errors import BindError, EngineError
from streamsql.logical.optimize import optimize
from streamsql.runtime.layout import Layout
from streamsql.sql.statements import (
    CreateAs,
    CreateSource,
    DropSource,
    Explain,
    InsertSelect,
    PullQuery,
    PushQuery,
    Query,
)
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.naming import internal_topics, push_query
from streamsql.topology.topology import Topology


def compile_script(text: str, context: PlannerContext) -> list[Planned]:
    """Plan the statements of a text, each after the ones before it.

    Raises:
        StatementError: One of them is wrong, or cannot be carried out by this version.
        EngineError: A topic is missing, or topics do not fit together.
    """
    return plan_statements(list(bind_script(text, context)), context.topics)


def plan_statements(bound: Iterable[Bound], topics: Mapping[str, TopicConfig]) -> list[Planned]:
    """Plan bound statements in order; every query is an application of its own.

    Args:
        topics: Those that there are.

    Raises:
        UnsupportedError: A query cannot be carried out by this version.
        EngineError: A topic is missing, or topics do not fit together.
    """
    planned = []
    for one in bound:
        with one.located():
            planned.append(plan_statement(one, topics))
        topics = topics_after(planned[-1], topics)
    return planned


def plan_statement(bound: Bound, topics: Mapping[str, TopicConfig]) -> Planned:
    """Plan one statement on the topics that there will be."""
    context = bound.before
    match bound.statement:
        case CreateSource() as statement:
            return Planned(bound, None, source_topic(statement, context, topics))
        case CreateAs() | InsertSelect() | PushQuery() | PullQuery() as statement:
            query = _alone(statement, context, topics)
            return Planned(bound, query, query.topics_to_create())
        case Explain(_, explained) if explained is not None:
            return Planned(bound, _explained(explained, context, topics), ())
        case _:
            return Planned(bound, None, ())


def topics_after(planned: Planned, topics: Mapping[str, TopicConfig]) -> Mapping[str, TopicConfig]:
    """Return the topics that there are when the statement has been carried out."""
    after = {**topics, **{topic.name: topic for topic in planned.create}}
    before, left = planned.bound.before, planned.bound.after.catalog.queries
    for query_id in before.catalog.queries.keys() - left.keys():
        for name in internal_topics(query_application(query_id, before), tuple(after), ()):
            del after[name]
    match planned.statement:
        case DropSource(source, delete_topic) if delete_topic:
            after.pop(source.topic, None)
        case _:
            pass
    return after


def query_application(query_id: str, context: PlannerContext) -> str:
    """Return the name of the application that a persistent query of the prompt is."""
    return f"{context.config.service}-{legal(query_id)}"


def application_of(statement: Query, context: PlannerContext) -> str:
    """Return the name of the application that a query at the prompt is."""
    match statement:
        case CreateAs() | InsertSelect():
            return query_application(statement.query_id, context)
        case PushQuery() | PullQuery():
            return push_query(context.config.service, context.session, context.pushes)


def _alone(
    statement: Query, context: PlannerContext, topics: Mapping[str, TopicConfig]
) -> PlannedQuery:
    """Plan a query as an application of its own."""
    check_topic(statement, context, topics)
    plan = optimize(statement.plan)
    builder = StreamsBuilder()
    result = lower_query(statement, plan, builder, "", context)
    name, topology, layout = application_of(statement, context), builder.build(), None
    if not isinstance(statement, PullQuery):
        layout = lay_out_if_known(context, name, topology, topics)
    application = ApplicationPlan(name, topology, layout, context, name)
    return PlannedQuery(application, statement.plan, plan, result)


def check_topic(
    statement: Query, context: PlannerContext, topics: Mapping[str, TopicConfig]
) -> None:
    """Check that no other application's query writes the topic of a new result.

    Raises:
        BindError: One does: the rows of both would be mixed.
    """
    if (
        context.partial
        or not isinstance(statement, CreateAs)
        or statement.source.topic not in topics
    ):
        return
    for source in chain.from_iterable(context.foreign().values()):
        if source.query is not None and source.topic == statement.source.topic:
            raise BindError(
                f'topic "{source.topic}" is written by application "{source.application}"',
                hint=f"Read {source.full_name}, or choose a topic WITH (KAFKA_TOPIC = '…').",
            )


def _explained(
    statement: Query, context: PlannerContext, topics: Mapping[str, TopicConfig]
) -> PlannedQuery:
    """Plan a query that is only looked at: topics may be missing."""
    return _alone(statement, replace(context, partial=True), topics)


def lay_out_if_known(
    context: PlannerContext,
    application: str,
    topology: Topology,
    topics: Mapping[str, TopicConfig],
) -> Layout | None:
    """Lay a topology out; return ``None`` if its topics need not be, and are not, known.

    Raises:
        EngineError: A topic is missing, or topics that are read together differ in partitions.
    """
    try:
        return lay_out_in(context, application, topology, topics)
    except EngineError:
        if context.partial:
            return None
        raise
