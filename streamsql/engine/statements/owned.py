"""What the owner of a broker alone carries out, and who follows it does not."""

import textwrap
from collections.abc import Iterable
from typing import assert_never

from streamsql.engine.planning.planned import Planned
from streamsql.errors import EngineError
from streamsql.sql import statements


def check_owner(planned: Iterable[Planned], owner: str) -> None:
    """Refuse statements that make, change or end what lasts.

    Raises:
        EngineError: One of them is for the owner.
    """
    for one in planned:
        if _is_for_owner(one):
            statement = textwrap.shorten(one.bound.text, 60, placeholder=" …")
            raise EngineError(
                f"this is for {owner}: {statement}; hand it to that process, or end it and repeat "
                "it here (meanwhile one can look, query and insert)"
            )


def _is_for_owner(planned: Planned) -> bool:
    match planned.statement:
        case (
            statements.AssertRecord()
            | statements.AssertSource()
            | statements.AssertTopic()
            | statements.CreateType()
            | statements.DefineVariable()
            | statements.Describe()
            | statements.DescribeFunction()
            | statements.Explain()
            | statements.InsertValues()
            | statements.NoEffect()
            | statements.PrintTopic()
            | statements.PullQuery()
            | statements.PushQuery()
            | statements.RunScript()
            | statements.SetProperty()
            | statements.Show()
        ):
            return False
        case statements.CreateSource():  # over a topic that exists it is for the session
            return bool(planned.create)
        case (
            statements.CreateAs()
            | statements.InsertSelect()
            | statements.AlterSource()
            | statements.DropSource()
            | statements.DropType()
            | statements.Terminate()
        ):
            return True
        case _ as statement:
            assert_never(statement)
