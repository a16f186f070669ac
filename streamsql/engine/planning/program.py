"""Query files planned as one application: one topology and one layout for all their queries.

    CREATE STREAM | TABLE              topics that must be there
    CREATE … AS SELECT, INSERT SELECT  one topology
    INSERT VALUES                      records to write once
    SELECT, SHOW, DESCRIBE, EXPLAIN    results, given back in order

Operators are named after what a query writes, not after its number, so that stores and internal
topics stay what they are when other statements come or go.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.binding import Bound, bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.lowering import legal, lower_query
from streamsql.engine.planning.planned import ApplicationPlan, Planned, PlannedQuery
from streamsql.engine.planning.planner import lay_out_if_known, plan_statement, topics_after
from streamsql.errors import UnsupportedError
from streamsql.logical.nodes import Plan
from streamsql.logical.optimize import optimize
from streamsql.sql.statements import (
    AssertRecord,
    AssertSource,
    AssertTopic,
    CreateAs,
    CreateSource,
    Describe,
    DescribeFunction,
    DropSource,
    Explain,
    InsertSelect,
    InsertValues,
    PrintTopic,
    PullQuery,
    PushQuery,
    Show,
    Statement,
)
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.topology import Topology

_WITH_RESULTS = PullQuery | PushQuery | Show | Describe | DescribeFunction | Explain | AssertTopic


@dataclass(frozen=True, slots=True)
class Program:
    """What some files say.

    Attributes:
        name: Of the application.
        statements: In order; of the persistent queries those that no later statement ends.
        application: All the queries; ``None`` when there are none.
        context: What the last statement leaves behind; a later SET counts for the whole program.
    """

    name: str
    statements: tuple[Planned, ...]
    application: ApplicationPlan | None
    context: PlannerContext

    @property
    def create(self) -> tuple[TopicConfig, ...]:
        """The topics that must be there before the queries start, and do not exist."""
        declared = [
            topic
            for one in self.statements
            if isinstance(one.statement, CreateSource)
            for topic in one.create
        ]
        layout = None if self.application is None else self.application.layout
        return (*declared, *(() if layout is None else layout.create))

    @property
    def inserts(self) -> Iterator[Planned]:
        """The records to write before the queries start."""
        return (one for one in self.statements if isinstance(one.statement, InsertValues))

    @property
    def with_results(self) -> Iterator[Planned]:
        """The statements that give something back, in order."""
        return (one for one in self.statements if isinstance(one.statement, _WITH_RESULTS))


def compile_program(texts: Sequence[str], context: PlannerContext, name: str) -> Program:
    """Plan the texts, one after the other, as one application of this name.

    Raises:
        StatementError: A statement is wrong, or cannot stand in an application.
        EngineError: A topic is missing, or topics do not fit together.
    """
    bound = _bind(texts, context)
    after = bound[-1].after if bound else context
    declared, topics = _declare(bound, context.topics)
    results, topology = _lower(bound, after)
    application = None
    if topology is not None:
        layout = lay_out_if_known(after, name, topology, topics)
        application = ApplicationPlan(name, topology, layout, after)
        created = () if layout is None else layout.create
        topics = {**topics, **{topic.name: topic for topic in created}}
    statements = []
    for one in bound:
        match one.statement:
            case CreateSource():
                statements.append(next(declared))
            case CreateAs(query_id=query_id) | InsertSelect(query_id=query_id):
                if query_id in results and application is not None:
                    query = PlannedQuery(application, *results[query_id])
                    statements.append(Planned(one, query, query.topics_to_create()))
            case _:
                with one.located():
                    statements.append(plan_statement(one, topics))
    return Program(name, tuple(statements), application, after)


def _bind(texts: Sequence[str], context: PlannerContext) -> list[Bound]:
    """Bind the texts; statements that have no meaning in a file are refused."""
    bound: list[Bound] = []
    for text in texts:
        for one in bind_script(text, context):
            with one.located():
                _check_belongs(one.statement)
            bound.append(one)
            context = one.after
    return bound


def _check_belongs(statement: Statement) -> None:
    match statement:
        case PrintTopic() | AssertRecord() | AssertSource() | DropSource(delete_topic=True):
            raise UnsupportedError(
                "this statement cannot stand in an application's file",
                hint="Carry it out at the prompt or with streamsql -e.",
            )
        case _:
            pass


def _declare(
    bound: Sequence[Bound], topics: Mapping[str, TopicConfig]
) -> tuple[Iterator[Planned], Mapping[str, TopicConfig]]:
    """Plan the declarations of sources; return them, and the topics that there are then."""
    declared = []
    for one in bound:
        if isinstance(one.statement, CreateSource):
            with one.located():
                declared.append(plan_statement(one, topics))
            topics = topics_after(declared[-1], topics)
    return iter(declared), topics


def _lower(
    bound: Sequence[Bound], after: PlannerContext
) -> tuple[Mapping[str, tuple[Plan, Plan, str]], Topology | None]:
    """Lower the queries that no later statement has ended; return plans and result of each."""
    builder = StreamsBuilder()
    inserts: Counter[str] = Counter()
    results: dict[str, tuple[Plan, Plan, str]] = {}
    for one in bound:
        match one.statement:
            case CreateAs(source) as statement:
                prefix = legal(source.name)
            case InsertSelect(sink) as statement:
                inserts[sink.name] += 1
                prefix = legal(f"{sink.name}-insert-{inserts[sink.name]}")
            case _:
                continue
        if statement.query_id in after.catalog.queries:
            plan = optimize(statement.plan)
            with one.located():
                result = lower_query(statement, plan, builder, prefix, one.before)
            results[statement.query_id] = (statement.plan, plan, result)
    return results, builder.build() if results else None
