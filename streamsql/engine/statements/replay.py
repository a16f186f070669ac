"""The command log replayed: the catalog as it was, and the queries that ran, going on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from streamsql.engine.declarations import fixed
from streamsql.engine.planning.binding import Bound, bind_script
from streamsql.engine.planning.planner import plan_statement
from streamsql.engine.statements.command_log import LoggedStatement
from streamsql.engine.statements.state import EngineState
from streamsql.errors import EngineError, StatementError
from streamsql.sql.statements import CreateAs, InsertSelect


def replay(commands: Sequence[LoggedStatement], state: EngineState) -> None:
    """Bring catalog and queries to where the commands left them.

    A query whose topics are missing is there all the same, and fails when it is started. Those of a
    broker that is only followed run in the process that owns it.

    Raises:
        EngineError: A statement means nothing to this version, or after what this session declared.
    """
    started: dict[str, Bound] = {}
    try:
        for bound in _bind(commands, state):
            if isinstance(bound.statement, CreateAs | InsertSelect):
                started[bound.statement.query_id] = bound
        if state.broker.owner is not None:
            return
        topics = state.broker.topics() if state.context.catalog.queries else {}
        for query_id in state.context.catalog.queries:
            planned = plan_statement(started[query_id], topics)
            assert planned.query is not None
            state.queries.add(query_id, state.application(planned.query.application))
    except StatementError as error:
        where = "now" if state.broker.owner is None else "in this session, so begin a new one"
        raise EngineError(f"a statement of the command log is wrong {where}: {error}") from error


def _bind(commands: Sequence[LoggedStatement], state: EngineState) -> Iterator[Bound]:
    """Bind the commands, each under the settings and with the foreign sources of then."""
    config = state.context.config
    for command in commands:
        overrides = {**config.overrides, **command.settings}
        context = replace(
            state.context,
            config=replace(config, overrides=overrides),
            others=fixed(command.foreign),
            partial=True,
        )
        for bound in bind_script(command.statement, context):
            yield bound
            state.context = replace(state.context, catalog=bound.after.catalog)
        state.context = replace(state.context, replayed=state.context.replayed + 1)
