"""A planned statement carried out: the one place that knows who does what for each kind of them."""

from typing import assert_never

from streamsql.engine.planning.planned import Planned
from streamsql.engine.results import Result, status
from streamsql.engine.serving.print_topic import print_topic
from streamsql.engine.statements import listings, queries, sources
from streamsql.engine.statements.state import EngineState
from streamsql.errors import UnsupportedError
from streamsql.sql import statements

_Look = (
    statements.Describe
    | statements.DescribeFunction
    | statements.Explain
    | statements.PrintTopic
    | statements.Show
    | statements.AssertTopic
    | statements.AssertRecord
    | statements.AssertSource
    | statements.SetProperty
    | statements.DefineVariable
    | statements.NoEffect
    | statements.RunScript
)


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
        case statements.CreateAs() as statement:
            return queries.create_as(statement, planned, state)
        case statements.InsertSelect() as statement:
            return queries.insert_select(statement, planned, state)
        case statements.PushQuery() as statement:
            return queries.push_rows(statement, planned, state)
        case statements.PullQuery() as statement:
            return queries.pull_rows(statement, planned, state)
        case statements.CreateSource() as statement:
            return sources.create_source(statement, planned, state)
        case statements.AlterSource() as statement:
            return sources.alter_source(statement, planned, state)
        case statements.DropSource() as statement:
            return sources.drop_source(statement, planned, state)
        case statements.CreateType() as statement:
            return sources.create_type(statement, planned, state)
        case statements.DropType() as statement:
            return sources.drop_type(statement, planned, state)
        case statements.Terminate():
            return sources.terminate(planned, state)
        case statements.InsertValues() as statement:
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
        case statements.Show():
            return listings.show(statement, context, state)
        case statements.Describe():
            return listings.describe(statement, context, state)
        case statements.DescribeFunction():
            return listings.describe_function(statement, context)
        case statements.Explain():
            from streamsql.engine.statements.explain import explain

            return explain(statement, planned, state)
        case statements.PrintTopic():
            return print_topic(statement, state.broker, state.loop)
        case statements.AssertTopic():
            return sources.assert_topic(statement, state)
        case statements.SetProperty(name, value):
            return status(_setting(name, value))
        case statements.DefineVariable(name, value):
            return status(f'variable "{name}" {"undefined" if value is None else "defined"}')
        case statements.NoEffect(reason):
            return status(reason)
        case statements.AssertRecord() | statements.AssertSource() | statements.RunScript():
            raise UnsupportedError("this statement can be carried out by the test tool only")
        case _:
            assert_never(statement)
