"""Query files planned as one application: one topology and one layout for all their queries.

Operators are named after what a query writes, not after its number, so that stores and internal
topics stay what they are when other statements come or go.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from streamsql.broker.ports import TopicConfig
from streamsql.catalog.catalog import Source
from streamsql.engine.declarations import Door
from streamsql.engine.planning.binding import Bound, bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.lowering import legal, lower_query
from streamsql.engine.planning.planned import ApplicationPlan, Planned, PlannedQuery
from streamsql.engine.planning.planner import (
    check_topic,
    lay_out_if_known,
    plan_statement,
    topics_after,
)
from streamsql.errors import UnsupportedError
from streamsql.logical.nodes import Plan
from streamsql.logical.optimize import optimize
from streamsql.sql import statements
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.naming import DECLARATIONS, statements_topic
from streamsql.topology.topology import Topology


class Role(Enum):
    """What becomes of a statement in a file."""

    SOURCE = "a topic that must be there"
    QUERY = "a part of the one topology"
    INSERT = "a record that is written once"
    RESULT = "carried out in its turn, for what it gives back"
    NAMES = "nothing but what names and settings mean to the statements behind it"
    FOREIGN = "refused: it cannot stand in a file"


def role(statement: statements.Statement) -> Role:
    """Return what becomes of the statement in a file."""
    match statement:
        case statements.CreateSource():
            found = Role.SOURCE
        case statements.CreateAs() | statements.InsertSelect():
            found = Role.QUERY
        case statements.InsertValues():
            found = Role.INSERT
        case (
            statements.PullQuery()
            | statements.PushQuery()
            | statements.Show()
            | statements.Describe()
            | statements.DescribeFunction()
        ):
            found = Role.RESULT
        case statements.Explain() | statements.AssertTopic():
            found = Role.RESULT
        case (
            statements.PrintTopic()
            | statements.AssertRecord()
            | statements.AssertSource()
            | statements.DropSource(delete_topic=True)
        ):
            found = Role.FOREIGN
        case (
            statements.AlterSource()
            | statements.DropSource()
            | statements.CreateType()
            | statements.DropType()
            | statements.Terminate()
            | statements.NoEffect()
        ):
            found = Role.NAMES
        case statements.SetProperty() | statements.DefineVariable() | statements.RunScript():
            found = Role.NAMES
        case _:
            assert_never(statement)
    return found


@dataclass(frozen=True, slots=True)
class Program:
    """What some files say.

    Attributes:
        name: Of the application.
        statements: In order; of the persistent queries those that no later statement ends.
        application: All the queries; ``None`` when there are none.
        context: What the last statement leaves behind; a later SET counts for the whole program.
        foreign: The sources of other applications that the statements may mean.
    """

    name: str
    statements: tuple[Planned, ...]
    application: ApplicationPlan | None
    context: PlannerContext
    foreign: tuple[Source, ...]

    @property
    def create(self) -> tuple[TopicConfig, ...]:
        """The topics that must be there before the queries start, and do not exist."""
        declared = [topic for one in self.of(Role.SOURCE) for topic in one.create]
        layout = None if self.application is None else self.application.layout
        return (*declared, *(() if layout is None else layout.create), *self._notes())

    def notes(self) -> Iterator[str]:
        """Yield the topics that note what sources there are and which INSERT VALUES are done."""
        if self.context.catalog.sources:
            yield DECLARATIONS
        if any(self.of(Role.INSERT)):
            yield statements_topic(self.name)

    def _notes(self) -> Iterator[TopicConfig]:
        for name in self.notes():
            if name not in self.context.topics:
                yield TopicConfig(name, 1, self.context.config.replicas, compacted=True)

    def of(self, wanted: Role) -> Iterator[Planned]:
        """Yield the statements of which this becomes, in order."""
        return (one for one in self.statements if role(one.statement) is wanted)


def compile_program(texts: Sequence[str], context: PlannerContext, name: str) -> Program:
    """Plan the texts, one after the other, as one application of this name.

    Raises:
        StatementError: A statement is wrong, or cannot stand in an application.
        EngineError: A topic is missing, or topics do not fit together.
    """
    catalog = replace(context.catalog, application=name)
    context = replace(context, catalog=catalog, door=Door.FILE)
    bound = _bind(texts, context)
    after = bound[-1].after if bound else context
    declared, topics = _declare(bound, after, context.topics)
    results, topology = _lower(bound, after)
    application = None
    if topology is not None:
        layout = lay_out_if_known(after, name, topology, topics)
        application = ApplicationPlan(name, topology, layout, after, name)
        created = () if layout is None else layout.create
        topics = {**topics, **{topic.name: topic for topic in created}}
    planned = []
    for number, one in enumerate(bound):
        match one.statement:
            case statements.CreateSource() if number in declared:
                planned.append(declared[number])
            case (
                statements.CreateAs(query_id=query_id) | statements.InsertSelect(query_id=query_id)
            ):
                if query_id in results and application is not None:
                    query = PlannedQuery(application, *results[query_id])
                    planned.append(Planned(one, query, query.topics_to_create()))
            case _:
                with one.located():
                    planned.append(plan_statement(one, topics))
    foreign = tuple(dict.fromkeys(source for one in bound for source in one.foreign))
    return Program(name, tuple(planned), application, after, foreign)


def _bind(texts: Sequence[str], context: PlannerContext) -> list[Bound]:
    """Bind the texts; statements that have no meaning in a file are refused."""
    bound: list[Bound] = []
    for text in texts:
        for one in bind_script(text, context):
            if role(one.statement) is Role.FOREIGN:
                with one.located():
                    raise UnsupportedError(
                        "this statement cannot stand in an application's file",
                        hint="Carry it out at the prompt or with streamsql -e.",
                    )
            bound.append(one)
            context = one.after
    return bound


def _declare(
    bound: Sequence[Bound], after: PlannerContext, topics: Mapping[str, TopicConfig]
) -> tuple[Mapping[int, Planned], Mapping[str, TopicConfig]]:
    """Plan the declarations of sources by their number; return the topics that there are then, too.

    Those over topics that a query before them makes are left for when these are laid out.
    """
    declared: dict[int, Planned] = {}
    made: set[str] = set()
    for number, one in enumerate(bound):
        match one.statement:
            case statements.CreateAs(source, query_id=query_id) if (
                query_id in after.catalog.queries
            ):
                made.add(source.topic)
            case statements.CreateSource(source) if (
                source.topic in topics or source.topic not in made
            ):
                with one.located():
                    declared[number] = plan_statement(one, topics)
                topics = topics_after(declared[number], topics)
            case _:
                pass
    return declared, topics


def _lower(
    bound: Sequence[Bound], after: PlannerContext
) -> tuple[Mapping[str, tuple[Plan, Plan, str]], Topology | None]:
    """Lower the queries that no later statement has ended; return plans and result of each."""
    builder = StreamsBuilder()
    inserts: Counter[str] = Counter()
    results: dict[str, tuple[Plan, Plan, str]] = {}
    for one in bound:
        match one.statement:
            case statements.CreateAs(source) as statement:
                prefix = legal(source.name)
            case statements.InsertSelect(sink) as statement:
                inserts[sink.name] += 1
                prefix = legal(f"{sink.name}-insert-{inserts[sink.name]}")
            case _:
                continue
        if statement.query_id in after.catalog.queries:
            plan = optimize(statement.plan)
            with one.located():
                check_topic(statement, one.before, one.before.topics)
                result = lower_query(statement, plan, builder, prefix, one.before)
            results[statement.query_id] = (statement.plan, plan, result)
    return results, builder.build() if results else None
