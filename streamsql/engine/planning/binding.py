"""Statements bound one after the other, each against what the ones before it leave behind."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from streamsql.catalog.catalog import Source
from streamsql.engine.configuration.settings import SettingError
from streamsql.engine.planning.context import PlannerContext
from streamsql.errors import BindError, Span, StatementError
from streamsql.sql.compile import bind, names_of_others
from streamsql.sql.dialect.parse import ParsedStatement, parse_script
from streamsql.sql.statements import (
    DefineVariable,
    PushQuery,
    RunScript,
    SetProperty,
    Statement,
)

_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement whose names are resolved.

    Attributes:
        text: The statement alone, its variables replaced.
        span: Where it stands in the script.
        script: The text that was submitted, or that RUN SCRIPT named.
        before: What it was bound against.
        after: What it leaves behind.
        foreign: The sources of other applications that it may mean.
    """

    statement: Statement
    text: str
    span: Span
    script: str
    before: PlannerContext
    after: PlannerContext
    foreign: tuple[Source, ...]

    @contextmanager
    def located(self) -> Iterator[None]:
        """Let errors that name no place be about this statement."""
        with attaching(self.script):
            try:
                yield
            except StatementError as error:
                error.span = error.span or self.span
                raise


def bind_script(script: str, context: PlannerContext, depth: int = 0) -> Iterator[Bound]:
    """Yield the statements of a text, bound in order; those of RUN SCRIPT in its place.

    Raises:
        StatementError: At the first statement that is wrong; it knows its text.
    """
    with attaching(script):
        parsed = parse_script(script, context.variables)
    for one in parsed:
        with attaching(script):
            bound = _bind(one, script, context)
        inner: Iterator[Bound] = iter((bound,))
        if isinstance(bound.statement, RunScript):
            with bound.located():
                text = _read(bound.statement, context, depth)
            inner = bind_script(text, context, depth + 1)
        for each in inner:
            yield each
            context = each.after


def _bind(parsed: ParsedStatement, script: str, before: PlannerContext) -> Bound:
    known = before.catalog
    others = sorted(names_of_others(parsed, known))
    if others:
        known = replace(known, foreign=before.foreign())
    foreign = tuple(chain.from_iterable(known.foreign.get(name, ()) for name in others))
    statement, catalog = bind(parsed, known, before.config.all(), before.registry)
    after = replace(before, catalog=catalog)
    match statement:
        case SetProperty(name, value):
            try:
                after = replace(after, config=before.config.with_setting(name, value))
            except SettingError as error:
                raise BindError(error.message, parsed.span, error.hint) from error
        case DefineVariable():
            after = replace(after, variables=_defined(before.variables, statement))
        case PushQuery():
            after = replace(after, pushes=before.pushes + 1)
        case _:
            pass
    return Bound(statement, parsed.text, parsed.span, script, before, after, foreign)


def _defined(variables: Mapping[str, str], statement: DefineVariable) -> dict[str, str]:
    name = statement.name.upper()
    others = {known: value for known, value in variables.items() if known.upper() != name}
    return others if statement.value is None else {**others, name: statement.value}


def _read(statement: RunScript, context: PlannerContext, depth: int) -> str:
    if depth >= _DEEPEST:
        raise BindError("scripts run each other in a circle")
    try:
        return context.read_script(statement.path)
    except (OSError, ValueError) as error:
        raise BindError(f'cannot read script "{statement.path}": {error}') from error


@contextmanager
def attaching(text: str) -> Iterator[None]:
    """Let errors of statements know the text that they are about."""
    try:
        yield
    except StatementError as error:
        error.attach(text)
        raise
