"""Statements carried out: which module does what for each kind of them."""

from collections.abc import Callable
from typing import Any

from streamsql.engine.binding import Step
from streamsql.engine.results import Result, status
from streamsql.engine.serving.print_topic import print_topic
from streamsql.engine.session import Session
from streamsql.engine.statements.listings import describe, describe_function, show
from streamsql.engine.statements.queries import (
    create_as,
    explain,
    insert_select,
    pull_rows,
    push_rows,
)
from streamsql.engine.statements.sources import (
    alter_source,
    assert_topic,
    create_source,
    create_type,
    drop_source,
    drop_type,
    insert_values,
    terminate,
)
from streamsql.errors import UnsupportedError
from streamsql.sql.statements import (
    AlterSource,
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
    PrintTopic,
    PullQuery,
    PushQuery,
    SetProperty,
    Show,
    Terminate,
)

Action = Callable[[Any, Step, Session], Result]
"""Carries out a statement of one kind: takes it, its step, and the session."""


def carry_out(step: Step, session: Session) -> Result:
    """Let the statement take effect.

    Raises:
        StatementError: A value in it is wrong.
        EngineError: The broker does not do its part.
    """
    statement = step.bound.statement
    action = _ACTIONS.get(type(statement))
    if action is None:
        raise UnsupportedError(
            "this statement can be carried out by the test tool only", step.bound.span
        )
    result = action(statement, step, session)
    session.surroundings = step.after
    return result


def _set_property(statement: SetProperty, step: Step, session: Session) -> Result:
    del step, session
    verb = "unset" if statement.value is None else f'set to "{statement.value}"'
    return status(f'setting "{statement.name}" {verb}', statement.text)


def _define(statement: DefineVariable, step: Step, session: Session) -> Result:
    del step, session
    verb = "undefined" if statement.value is None else "defined"
    return status(f'variable "{statement.name}" {verb}', statement.text)


_ACTIONS: dict[type, Action] = {
    AlterSource: alter_source,
    AssertTopic: assert_topic,
    CreateAs: create_as,
    CreateSource: create_source,
    CreateType: create_type,
    DefineVariable: _define,
    Describe: describe,
    DescribeFunction: describe_function,
    DropSource: drop_source,
    DropType: drop_type,
    Explain: explain,
    InsertSelect: insert_select,
    InsertValues: insert_values,
    PrintTopic: print_topic,
    PullQuery: pull_rows,
    PushQuery: push_rows,
    SetProperty: _set_property,
    Show: show,
    Terminate: terminate,
}
