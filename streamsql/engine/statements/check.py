"""A script looked at as a whole, before its first statement takes effect."""

from collections.abc import Iterable

from streamsql.broker.ports import Broker, TopicConfig
from streamsql.engine.applications.lowering import check_source_topic, lay_out_on, source_topic
from streamsql.engine.binding import Step
from streamsql.engine.statements.explain import topology_of
from streamsql.errors import StatementError
from streamsql.sql.statements import CreateAs, CreateSource, InsertSelect, PushQuery
from streamsql.topology.topology import Topology


def check(steps: Iterable[Step], broker: Broker) -> None:
    """Lower every query and lay it out on the topics that there will be.

    Raises:
        StatementError: A query cannot be carried out by this version.
        EngineError: A topic is missing, or topics do not fit together.
    """
    planned: dict[str, TopicConfig] = {}
    for step in steps:
        statement = step.bound.statement
        config = step.before.config
        if isinstance(statement, CreateSource):
            wanted = source_topic(statement, config)
            if wanted is not None and wanted.name not in broker.topics():
                planned.setdefault(wanted.name, wanted)
            check_source_topic(statement, {**planned, **broker.topics()})
        elif isinstance(statement, CreateAs | InsertSelect | PushQuery):
            topology = _lowered(step, statement)
            layout = lay_out_on(broker, "check", topology, config, planned)
            planned.update({topic.name: topic for topic in layout.create})


def _lowered(step: Step, statement: CreateAs | InsertSelect | PushQuery) -> Topology:
    """Return the query's topology; an error points at the statement."""
    try:
        return topology_of(statement, step.before.config)
    except StatementError as error:
        if error.span is None:
            error.span = step.bound.span
        raise
