"""Statements that run queries."""

from streamsql.engine.planning.planned import Planned
from streamsql.engine.results import Result, ResultKind, rows, status
from streamsql.engine.serving.outputs import output_columns
from streamsql.engine.serving.push import PushedRows
from streamsql.engine.statements.state import EngineState
from streamsql.sql.statements import CreateAs, InsertSelect, PullQuery, PushQuery


def create_as(statement: CreateAs, planned: Planned, state: EngineState) -> Result:
    """Start the query that fills a new source."""
    _start(statement, planned, state)
    source = statement.source
    kind = source.kind.value.lower()
    return status(f'{kind} "{source.name}" created, filled by query "{statement.query_id}"')


def insert_select(statement: InsertSelect, planned: Planned, state: EngineState) -> Result:
    """Start a query that writes into a source."""
    _start(statement, planned, state)
    return status(f'query "{statement.query_id}" writes into "{statement.sink.name}"')


def pull_rows(statement: PullQuery, planned: Planned, state: EngineState) -> Result:
    """Return the rows as they are now."""
    from streamsql.engine.serving.pull import pull

    assert planned.query is not None
    columns = output_columns(statement.plan.schema, statement.columns)
    return rows(columns, pull(statement, planned.query, state.broker))


def push_rows(statement: PushQuery, planned: Planned, state: EngineState) -> Result:
    """Start a transient query; its rows come while the result is read."""
    assert planned.query is not None
    plan = planned.query.application
    pushed = PushedRows(statement)
    application = state.application(plan, {planned.query.result: pushed.target})
    state.pushes.add(plan.name, application)
    try:
        application.start()
        application.open()
    except BaseException:
        state.pushes.forget(plan.name)
        raise

    def close() -> None:
        pushed.finish()
        with state.loop.exclusive():
            state.pushes.forget(plan.name)

    return Result(
        ResultKind.STREAM,
        columns=output_columns(statement.plan.schema, statement.columns),
        rows=pushed.iterate(application, state.loop, until_end=plan.context.until_end),
        on_close=close,
    )


def _start(statement: CreateAs | InsertSelect, planned: Planned, state: EngineState) -> None:
    """Start a new query, and remember it once it has what it needs."""
    assert planned.query is not None
    application = state.application(planned.query.application)
    application.start()
    try:
        state.note(planned.bound)
    except BaseException:
        application.stop()
        raise
    state.queries.add(statement.query_id, application)
