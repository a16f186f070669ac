"""Statements bound one after the other, each against what the ones before it leave behind.

Nothing happens while a script is bound: catalog and settings are values, and the result says what
would be done.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from streamsql.catalog.catalog import Catalog
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.configuration.settings import SettingError
from streamsql.errors import BindError, StatementError
from streamsql.sql.compile import apply, bind
from streamsql.sql.dialect.parse import ParsedStatement, parse_script
from streamsql.sql.statements import Bound, DefineVariable, RunScript, SetProperty

_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a statement is bound against.

    Attributes:
        variables: Values of ``${name}`` by name.
    """

    catalog: Catalog
    config: EngineConfig
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One bound statement.

    Attributes:
        before: What it was bound against.
        after: What it leaves behind.
    """

    bound: Bound
    before: Surroundings
    after: Surroundings


def bind_text(text: str, surroundings: Surroundings, depth: int = 0) -> Iterator[Step]:
    """Yield the statements of the text, bound in order; those of RUN SCRIPT in its place.

    Raises:
        StatementError: At the first statement that is wrong; it knows its text.
    """
    with attaching(text):
        parsed = parse_script(text, surroundings.variables)
    for statement in parsed:
        with attaching(text):
            step = _bind(statement, surroundings)
            inner = step.bound.statement
            script = _read(inner, step.bound, depth) if isinstance(inner, RunScript) else None
        if script is not None:
            for nested in bind_text(script, surroundings, depth + 1):
                yield nested
                surroundings = nested.after
            continue
        yield step
        surroundings = step.after


def _bind(parsed: ParsedStatement, before: Surroundings) -> Step:
    bound = bind(parsed, before.catalog, before.config.all())
    statement = bound.statement
    after = replace(before, catalog=apply(statement, before.catalog))
    if isinstance(statement, SetProperty):
        try:
            config = before.config.with_setting(statement.name, statement.value)
        except SettingError as error:
            raise BindError(error.message, bound.span, error.hint) from error
        after = replace(after, config=config)
    elif isinstance(statement, DefineVariable):
        after = replace(after, variables=_defined(before.variables, statement))
    return Step(bound, before, after)


def _defined(variables: Mapping[str, str], statement: DefineVariable) -> dict[str, str]:
    name = statement.name.upper()
    others = {known: value for known, value in variables.items() if known.upper() != name}
    return others if statement.value is None else {**others, name: statement.value}


def _read(statement: RunScript, bound: Bound, depth: int) -> str:
    if depth >= _DEEPEST:
        raise BindError("scripts run each other in a circle", bound.span)
    try:
        return Path(statement.path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BindError(f'cannot read script "{statement.path}": {error}', bound.span) from error


@contextmanager
def attaching(text: str) -> Iterator[None]:
    """Let errors of statements know the text that they are about."""
    try:
        yield
    except StatementError as error:
        error.attach(text)
        raise
