"""Query files as one program: its statements sorted by what becomes of them.

    CREATE STREAM | TABLE              topics that must be there
    CREATE … AS SELECT, INSERT SELECT  one topology
    INSERT VALUES                      records to write once
    SELECT, SHOW, DESCRIBE, EXPLAIN    questions, to be answered in order

Operators are named after what a query writes, not after its number, so that stores and internal
topics stay what they are when other statements come or go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamsql.broker.ports import Broker, TopicConfig
from streamsql.catalog.catalog import Catalog
from streamsql.engine.applications.lowering import (
    check_source_topic,
    legal,
    lower_query,
    source_topic,
)
from streamsql.engine.binding import Step, Surroundings, bind_text
from streamsql.engine.configuration.config import EngineConfig
from streamsql.errors import StatementError, UnsupportedError
from streamsql.expr.builtins import builtins
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
    PullQuery,
    PushQuery,
    SetProperty,
    Show,
    Terminate,
)
from streamsql.streams.builder import StreamsBuilder
from streamsql.topology.nodes import OffsetReset
from streamsql.topology.topology import Topology

_QUESTIONS = PullQuery | PushQuery | Show | Describe | DescribeFunction | Explain | AssertTopic
_DECLARATIONS = (
    CreateSource
    | CreateAs
    | InsertSelect
    | AlterSource
    | DropSource
    | CreateType
    | DropType
    | Terminate
    | SetProperty
    | DefineVariable
)


@dataclass(frozen=True, slots=True)
class Program:
    """What some texts say.

    Attributes:
        topology: All persistent queries; ``None`` when there are none.
        declared: The statements that declare sources over topics.
        inserts: Records to write before the queries start, in order.
        questions: Statements with a result, in order.
        surroundings: What the last statement leaves behind.
    """

    topology: Topology | None
    declared: tuple[Step, ...]
    inserts: tuple[Step, ...]
    questions: tuple[Step, ...]
    surroundings: Surroundings

    @property
    def config(self) -> EngineConfig:
        """The configuration of the whole program: a later SET counts."""
        return self.surroundings.config


def read_program(
    texts: Sequence[str], config: EngineConfig, variables: Mapping[str, str] | None = None
) -> Program:
    """Bind the texts one after the other, and lower all their queries into one topology.

    Raises:
        StatementError: A statement is wrong, or cannot stand in an application.
    """
    functions = builtins({name: int(value) for name, value in config.limits().items()})
    surroundings = Surroundings(Catalog(functions=functions), config, dict(variables or {}))
    sorted_steps = _Sorted()
    for text in texts:
        for step in bind_text(text, surroundings):
            try:
                sorted_steps.add(step)
            except StatementError as error:
                error.span = error.span or step.bound.span
                error.attach(text)
                raise
            surroundings = step.after
    return Program(
        _lower(sorted_steps.queries, surroundings.catalog),
        tuple(sorted_steps.declared),
        tuple(sorted_steps.inserts),
        tuple(sorted_steps.questions),
        surroundings,
    )


class _Sorted:
    """Statements by what becomes of them."""

    def __init__(self) -> None:
        self.declared: list[Step] = []
        self.queries: list[Step] = []
        self.inserts: list[Step] = []
        self.questions: list[Step] = []

    def add(self, step: Step) -> None:
        """Take the next statement."""
        statement = step.bound.statement
        if isinstance(statement, CreateAs | InsertSelect):
            if step.before.catalog is step.after.catalog:
                return  # IF NOT EXISTS met a source of the name
            # Alone first: what this version cannot do is said at its own statement.
            lower_query(statement, StreamsBuilder(), "", OffsetReset.EARLIEST)
            self.queries.append(step)
        elif isinstance(statement, CreateSource):
            self.declared.append(step)
        elif isinstance(statement, InsertValues):
            self.inserts.append(step)
        elif isinstance(statement, _QUESTIONS):
            self.questions.append(step)
        elif not isinstance(statement, _DECLARATIONS) or _deletes(statement):
            raise UnsupportedError(
                "this statement cannot stand in an application's file",
                step.bound.span,
                "Carry it out at the prompt or with streamsql -e.",
            )


def _deletes(statement: object) -> bool:
    return isinstance(statement, DropSource) and statement.delete_topic


def _lower(steps: Sequence[Step], catalog: Catalog) -> Topology | None:
    """Return one topology of the queries that no later statement has ended."""
    builder = StreamsBuilder()
    inserts: dict[str, int] = {}
    lowered = False
    for step in steps:
        statement = step.bound.statement
        assert isinstance(statement, CreateAs | InsertSelect)
        if isinstance(statement, CreateAs):
            prefix = legal(statement.source.name)
        else:
            sink = statement.sink.name
            inserts[sink] = number = inserts.get(sink, 0) + 1
            prefix = legal(f"{sink}-insert-{number}")
        if statement.query_id in catalog.queries:
            lower_query(statement, builder, prefix, step.before.config.reset(OffsetReset.EARLIEST))
            lowered = True
    return builder.build() if lowered else None


def create_topics(program: Program, broker: Broker) -> None:
    """Make the topics of sources that say PARTITIONS, and see that all of them exist.

    Raises:
        EngineError: A topic is missing, or has other partitions than declared.
    """
    topics = broker.topics()
    wanted: dict[str, TopicConfig] = {}
    for step in program.declared:
        statement = step.bound.statement
        assert isinstance(statement, CreateSource)
        topic = source_topic(statement, step.before.config)
        if topic is not None and topic.name not in topics:
            wanted.setdefault(topic.name, topic)
        check_source_topic(statement, {**wanted, **topics})
    if wanted:
        broker.create(tuple(wanted.values()))
