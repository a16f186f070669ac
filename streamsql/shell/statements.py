"""A text of statements carried out on an engine, their results given back one by one."""

from collections.abc import Callable, Iterator

from streamsql.engine.engine import Engine
from streamsql.engine.results import Result
from streamsql.errors import EngineError
from streamsql.sql.statements import PullQuery


def results(
    engine: Engine,
    text: str,
    *,
    settle_ms: int = 0,
    on_unsettled: Callable[[str], None] | None = None,
) -> Iterator[Result]:
    """Carry out the statements of a text; each when the result before it is read and closed.

    The whole text is planned before the first statement takes effect.

    Args:
        settle_ms: How long a pull query may wait until the queries have worked off what is there,
            so that it sees what was inserted just before. On a broker of our own only: elsewhere
            input need never end.
        on_unsettled: Called with the reason when that was not enough.

    Raises:
        StatementError: One of them is wrong; nothing happened.
        EngineError: The broker does not do its part.
    """
    for planned in engine.compile(text):
        if isinstance(planned.statement, PullQuery) and engine.broker.keeper is not None:
            reason = _settle(engine, settle_ms)
            if reason is not None and on_unsettled is not None:
                on_unsettled(reason)
        with engine.perform(planned) as result:
            yield result


def define(engine: Engine, name: str, value: str) -> None:
    """Give a variable of the engine's session a value.

    Raises:
        StatementError: The name is not one.
    """
    quoted = value.replace("'", "''")
    engine.execute(f"DEFINE {name} = '{quoted}'")


def _settle(engine: Engine, settle_ms: int) -> str | None:
    """Wait for the queries; return why they are not done."""
    if not settle_ms:
        return None
    try:
        engine.drain(settle_ms)
    except EngineError as error:
        return str(error)
    return None
