"""Statements that run or explain queries."""

from streamsql.engine.applications.lowering import legal, query_topology
from streamsql.engine.applications.queries import RunningQuery
from streamsql.engine.binding import Step
from streamsql.engine.results import Result, ResultKind, rows, status, text
from streamsql.engine.serving.outputs import output_columns
from streamsql.engine.serving.pull import pull
from streamsql.engine.serving.push import PushedRows
from streamsql.engine.session import Session
from streamsql.engine.statements.explain import explain_query, explain_topology
from streamsql.errors import BindError
from streamsql.sql.statements import (
    CreateAs,
    Explain,
    ExplainWhat,
    InsertSelect,
    PullQuery,
    PushQuery,
)


def create_as(statement: CreateAs, step: Step, session: Session) -> Result:
    """Start the query that fills a new source."""
    source = statement.source
    kind = source.kind.value.lower()
    if source.name in step.before.catalog.sources and statement.if_not_exists:
        return status(f'{kind} "{source.name}" exists already: nothing was done', statement.text)
    _start(statement, step, session)
    message = f'{kind} "{source.name}" created, filled by query "{statement.query_id}"'
    return status(message, statement.text)


def insert_select(statement: InsertSelect, step: Step, session: Session) -> Result:
    """Start a query that writes into a source."""
    _start(statement, step, session)
    message = f'query "{statement.query_id}" writes into "{statement.sink.name}"'
    return status(message, statement.text)


def resume(statement: CreateAs | InsertSelect, step: Step, session: Session) -> RunningQuery:
    """Return the query of a statement, to go on where it stopped; it is not started yet."""
    config = step.before.config
    application = f"{config.service}-{legal(statement.query_id)}"
    topology = query_topology(statement, config)
    return RunningQuery(statement.query_id, application, topology, session.host(config))


def pull_rows(statement: PullQuery, step: Step, session: Session) -> Result:
    """Return the rows as they are now."""
    columns = output_columns(statement.plan.schema, statement.columns)
    found = pull(statement, session.broker, step.bound.span)
    return rows(columns, found, statement.text)


def push_rows(statement: PushQuery, step: Step, session: Session) -> Result:
    """Start a transient query; its rows come while the result is read."""
    columns = output_columns(statement.plan.schema, statement.columns)
    pushed = PushedRows(statement, session.host(step.before.config))
    pushed.query.start()
    try:
        pushed.query.open()
    except BaseException:
        pushed.query.forget()
        raise
    session.pushes.add(pushed.query)

    def close() -> None:
        pushed.finished = True
        with session.loop.exclusive():
            session.pushes.remove(pushed.query.id)

    return Result(
        ResultKind.STREAM,
        columns=columns,
        rows=pushed.iterate(session.loop.moment),
        statement=statement.text,
        on_close=close,
    )


def explain(statement: Explain, step: Step, session: Session) -> Result:
    """Show what a statement would run, or what a running query runs."""
    if statement.statement is not None:
        config = step.before.config
        shown = explain_query(statement.statement, statement.what, session.broker, config)
        return text(shown, statement.text)
    assert statement.query_id is not None
    query = session.queries.get(statement.query_id)
    if query is None:
        raise BindError(f'query "{statement.query_id}" does not run here', step.bound.span)
    lines = [f"Query {query.id}: {query.state.value}"]
    if query.error is not None:
        lines.append(f"Error: {query.error}")
    known = step.before.catalog.queries.get(query.id)
    if known is not None:
        lines.append(known.text)
    what = statement.what
    if what in {ExplainWhat.PLAN, ExplainWhat.OPTIMIZED}:
        what = ExplainWhat.TOPOLOGY  # of a running query the topology is what is left
    lines.append(explain_topology(query.topology, query.layout, what))
    return text("\n".join(lines), statement.text)


def _start(statement: CreateAs | InsertSelect, step: Step, session: Session) -> None:
    """Start a new query, and remember it once it has what it needs."""
    query = resume(statement, step, session)
    query.start()
    try:
        session.note(step)
    except BaseException:
        query.stop()
        raise
    session.queries.add(query)
