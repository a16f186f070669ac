"""The command log replayed: the catalog as it was, and the queries that ran, going on."""

from collections.abc import Sequence
from dataclasses import replace

from streamsql.engine.binding import Step, bind_text
from streamsql.engine.command_log import Command
from streamsql.engine.session import Session
from streamsql.engine.statements.queries import resume
from streamsql.errors import EngineError, StatementError
from streamsql.sql.statements import CreateAs, InsertSelect


def replay(commands: Sequence[Command], session: Session) -> None:
    """Bring catalog and queries to where the commands left them.

    Raises:
        EngineError: A statement means nothing to this version.
    """
    started: dict[str, tuple[CreateAs | InsertSelect, Step]] = {}
    config = session.surroundings.config
    for command in commands:
        said = {**config.said, **command.settings}
        surroundings = replace(session.surroundings, config=replace(config, said=said))
        try:
            steps = list(bind_text(command.statement, surroundings))
        except StatementError as error:
            raise EngineError(f"a statement of the command log is wrong now: {error}") from error
        for step in steps:
            statement = step.bound.statement
            if isinstance(statement, CreateAs | InsertSelect):
                started[statement.query_id] = (statement, step)
            session.surroundings = replace(session.surroundings, catalog=step.after.catalog)
    for query_id in session.surroundings.catalog.queries:
        statement, step = started[query_id]
        session.queries.add(resume(statement, step, session))
