"""What running a program would make, as text: ``streamsql run --dry-run``."""

from collections import Counter
from collections.abc import Iterator

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.planned import Planned, PlannedQuery
from streamsql.engine.planning.program import Program, Role
from streamsql.sql.statements import CreateAs, CreateSource, InsertSelect, InsertValues
from streamsql.topology.naming import repartition_topic
from streamsql.topology.nodes import Repartition, Sink, TableRepartition
from streamsql.topology.topology import stores_of


def describe_program(program: Program) -> str:
    """Return the topics, the queries, and what is done besides, as they would be."""
    sections = [
        [f"Application {program.name}"],
        ["Topics", *_topics(program)],
        *(_query(one, one.query) for one in program.of(Role.QUERY) if one.query is not None),
        ["Records written once", *_inserts(program)],
        ["Answered", *(f"  {_on_one_line(one)}" for one in program.of(Role.RESULT))],
    ]
    told = [section for section in sections if len(section) > 1 or section is sections[0]]
    return "\n\n".join("\n".join(section) for section in told) + "\n"


def describe_topic(topic: TopicConfig) -> str:
    """Return a topic as one line."""
    compacted = ", compacted" if topic.compacted else ""
    return f"{topic.name} ({topic.partitions} partitions{compacted})"


def _topics(program: Program) -> Iterator[str]:
    """Yield the topics of the program, those that are there first."""
    there = program.context.topics
    for name in dict.fromkeys(_names(program)):
        if name in there:
            yield f"  {describe_topic(there[name])} is there"
    for topic in program.create:
        yield f"  {describe_topic(topic)} is created"


def _names(program: Program) -> Iterator[str]:
    """Yield the topics that sources are declared over, and those that the queries use."""
    for one in program.of(Role.SOURCE):
        if isinstance(one.statement, CreateSource):
            yield one.statement.source.topic
    for one in program.of(Role.QUERY):
        if one.query is not None:
            for source in one.query.operators.sources():
                yield source.topic
            yield from one.query.topics_written()
    yield from program.notes()


def _query(planned: Planned, query: PlannedQuery) -> list[str]:
    assert isinstance(planned.statement, CreateAs | InsertSelect), "these are a file's queries"
    operators = query.operators.nodes.values()
    used = {
        "reads": dict.fromkeys(source.topic for source in query.operators.sources()),
        "goes through": dict.fromkeys(_repartitions(query)),
        "keeps": dict.fromkeys(store.name for node in operators for store in stores_of(node)),
        "writes": dict.fromkeys(n.topic.name for n in operators if isinstance(n, Sink)),
    }
    told = [f"  {verb} {', '.join(names)}" for verb, names in used.items() if names]
    return [f"Query {planned.statement.query_id}", f"  {_on_one_line(planned)}", *told]


def _repartitions(query: PlannedQuery) -> Iterator[str]:
    for node in query.operators.nodes.values():
        if isinstance(node, Repartition | TableRepartition):
            yield repartition_topic(query.application.name, node.topic.name)


def _inserts(program: Program) -> Iterator[str]:
    statements = (one.statement for one in program.of(Role.INSERT))
    sinks = Counter(each.sink.topic for each in statements if isinstance(each, InsertValues))
    for topic, number in sinks.items():
        yield f"  {number} to {topic}"


def _on_one_line(planned: Planned) -> str:
    """Return the statement as one line."""
    return " ".join(planned.bound.text.split())
