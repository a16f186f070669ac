"""EXPLAIN: a part of what was planned, as text."""

from collections.abc import Sequence
from functools import partial
from typing import assert_never

from streamsql.broker.ports import TopicConfig
from streamsql.codegen.generate import generate
from streamsql.engine.planning.describe import describe_topic
from streamsql.engine.planning.planned import ApplicationPlan, Planned, PlannedQuery
from streamsql.engine.results import Result, text
from streamsql.engine.statements.state import EngineState
from streamsql.errors import BindError
from streamsql.logical.describe import describe as describe_plan
from streamsql.sql.statements import Explain, ExplainWhat
from streamsql.topology.caching import cacheable
from streamsql.topology.describe import describe as describe_topology
from streamsql.topology.naming import repartition_topic
from streamsql.topology.topology import Topology, cut


def explain(statement: Explain, planned: Planned, state: EngineState) -> Result:
    """Show what a statement would run, or what a running query runs."""
    if statement.statement is not None:
        assert planned.query is not None
        return text(explain_query(planned.query, statement.what))
    assert statement.query_id is not None
    return text(_running(statement.query_id, statement.what, state))


def explain_query(query: PlannedQuery, what: ExplainWhat) -> str:
    """Return the value between two steps from the statement to what runs, as text."""
    match what:
        case ExplainWhat.PLAN:
            return describe_plan(query.written)
        case ExplainWhat.OPTIMIZED:
            return describe_plan(query.plan)
        case ExplainWhat.TOPOLOGY:
            name = query.application.name
            return _topology(name, query.operators, query.topics_to_create())
        case ExplainWhat.CODE:
            return _code(query.application, query.operators)
        case _:
            assert_never(what)


def _running(query_id: str, what: ExplainWhat, state: EngineState) -> str:
    """Return how a running query is, and what it runs: of its plans nothing is left."""
    application = state.queries.get(query_id)
    if application is None:
        raise BindError(f'query "{query_id}" does not run here')
    lines = [f"Query {query_id}: {application.state.value}"]
    if application.error is not None:
        lines.append(f"Error: {application.error}")
    lines.append(state.context.catalog.queries[query_id].text)
    running = application.plan.running
    if what is ExplainWhat.CODE:
        lines.append(_code(application.plan, running))
    else:
        lines.append(_topology(application.name, running, ()))
    return "\n".join(lines)


def _topology(name: str, operators: Topology, create: Sequence[TopicConfig]) -> str:
    """Return the operators under the names that they have, and the topics they need."""
    physical = partial(repartition_topic, name)
    lines = [f"Application {name}", describe_topology(operators, physical)]
    if create:
        lines.append("Topics to be created")
    lines += [f"  {describe_topic(topic)}" for topic in create]
    return "\n".join(lines)


def _code(application: ApplicationPlan, operators: Topology) -> str:
    """Return the code of the operators as workers of the application run it."""
    config = application.context.config.runtime(application.name)
    return generated_code(operators, cached=config.is_cached)


def generated_code(topology: Topology, *, cached: bool) -> str:
    """Return the source text of everything generated that runs for a record, in its order."""
    texts, held = [], cacheable(topology) if cached else frozenset()
    for part in cut(topology):
        texts += [source.text for source in generate(topology, part, cached=held).in_order()]
    return "\n\n".join(texts)
