"""A planned statement carried out: the one place that knows who does what for each kind of them."""

from typing import assert_never

from streamsql.engine.planning.planned import Planned
from streamsql.engine.results import Result, status
from streamsql.engine.serving.print_topic import print_topic
from streamsql.engine.statements import listings, queries, sources
from streamsql.engine.statements.state import EngineState
from streamsql.errors import UnsupportedError
from streamsql.sql.statements import (
    AlterSource,
    AssertRecord,
    AssertSource,
    AssertTopic,
    CreateAs,
    CreateSource,
    CreateType,
    DefineVariable,
    Describe,
    DescribeFunction,
    DropSource,
    DropType,
    Explain,
    InsertSelect,
    InsertValues,
    NoEffect,
    PrintTopic,
    PullQuery,
    PushQuery,
    RunScript,
    SetProperty,
    Show,
    Terminate,
)

_Look = (
    Describe | DescribeFunction | Explain | PrintTopic | Show | AssertTopic | AssertRecord
    | AssertSource | SetProperty | DefineVariable | NoEffect | RunScript
)  # fmt: skip


def perform(planned: Planned, state: EngineState) -> Result:
    """Let the statement take effect.

    Raises:
        StatementError: A value in it is wrong, or only the test tool carries it out.
        EngineError: The broker does not do its part.
    """
    with planned.bound.located():
        result = _perform(planned, state)
    result.statement = planned.bound.text
    state.context = planned.bound.after
    return result


# Every statement is named in one of the two functions below, and the type checker sees that none
# is left out: one branch each is what they are for. What needs generated code or a running task is
# imported when it is asked for: looking need not wait for the machine.


def _perform(planned: Planned, state: EngineState) -> Result:  # noqa: C901, PLR0911
    """Run a query, or change what there is."""
    match planned.statement:
        case CreateAs() as statement:
            return queries.create_as(statement, planned, state)
        case InsertSelect() as statement:
            return queries.insert_select(statement, planned, state)
        case PushQuery() as statement:
            return queries.push_rows(statement, planned, state)
        case PullQuery() as statement:
            return queries.pull_rows(statement, planned, state)
        case CreateSource() as statement:
            return sources.create_source(statement, planned, state)
        case AlterSource() as statement:
            return sources.alter_source(statement, planned, state)
        case DropSource() as statement:
            return sources.drop_source(statement, planned, state)
        case CreateType() as statement:
            return sources.create_type(statement, planned, state)
        case DropType() as statement:
            return sources.drop_type(statement, planned, state)
        case Terminate():
            return sources.terminate(planned, state)
        case InsertValues() as statement:
            from streamsql.engine.statements.insert import insert_values

            return insert_values(statement, planned, state)
        case _ as statement:
            return _look(statement, planned, state)


def _setting(name: str, value: str | None) -> str:
    return f'setting "{name}" unset' if value is None else f'setting "{name}" set to "{value}"'


def _look(statement: _Look, planned: Planned, state: EngineState) -> Result:  # noqa: C901
    """Show something, or change the session."""
    context = planned.bound.before
    match statement:
        case Show():
            return listings.show(statement, context, state)
        case Describe():
            return listings.describe(statement, context, state)
        case DescribeFunction():
            return listings.describe_function(statement, context)
        case Explain():
            from streamsql.engine.statements.explain import explain

            return explain(statement, planned, state)
        case PrintTopic():
            return print_topic(statement, state.broker, state.loop)
        case AssertTopic():
            return sources.assert_topic(statement, state)
        case SetProperty(name, value):
            return status(_setting(name, value))
        case DefineVariable(name, value):
            return status(f'variable "{name}" {"undefined" if value is None else "defined"}')
        case NoEffect(reason):
            return status(reason)
        case AssertRecord() | AssertSource() | RunScript():
            raise UnsupportedError("this statement can be carried out by the test tool only")
        case _:
            assert_never(statement)
