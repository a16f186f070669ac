"""SHOW and DESCRIBE: what there is, as rows."""

from collections.abc import Iterable
from itertools import chain
from operator import itemgetter
from typing import Any

from streamsql.catalog.catalog import Source
from streamsql.engine.configuration.settings import FIXED, SETTINGS
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.results import Result, rows, text
from streamsql.engine.statements.state import EngineState
from streamsql.sql.statements import Describe, DescribeFunction, Show, ShowWhat
from streamsql.topology.naming import owner
from streamsql.types.record import SourceKind
from streamsql.types.schema import Column
from streamsql.types.sqltypes import BIGINT, INTEGER, STRING, quote


def show(statement: Show, context: PlannerContext, state: EngineState) -> Result:
    """List things of one kind; EXTENDED adds columns."""
    match statement.what:
        case ShowWhat.STREAMS:
            return _sources(statement, context, SourceKind.STREAM)
        case ShowWhat.TABLES:
            return _sources(statement, context, SourceKind.TABLE)
        case ShowWhat.QUERIES:
            return _queries(context, state)
        case ShowWhat.TOPICS:
            return _topics(statement, state)
        case ShowWhat.FUNCTIONS:
            return _functions(context)
        case ShowWhat.PROPERTIES:
            return _properties(context)
        case ShowWhat.TYPES:
            types = sorted(context.catalog.types.items())
            return _listing(("TYPE", "SCHEMA"), [(n, str(t)) for n, t in types])
        case ShowWhat.VARIABLES:
            variables = sorted(context.variables.items())
            return _listing(("VARIABLE", "VALUE"), variables)


def describe(statement: Describe, context: PlannerContext, state: EngineState) -> Result:
    """List the columns of a source; EXTENDED tells everything about it, as a text."""
    source = statement.source
    if statement.extended:
        return text(_everything(source, context, state))
    key = "PRIMARY KEY" if source.kind is SourceKind.TABLE else "KEY"
    found = [(quote(c.name), str(c.type), key) for c in source.schema.key]
    found += [
        (quote(c.name), str(c.type), "HEADER" if c.name in source.header_names else "")
        for c in source.schema.value
    ]
    return _listing(("COLUMN", "TYPE", "ROLE"), found)


def describe_function(statement: DescribeFunction, context: PlannerContext) -> Result:
    """List the overloads of a function."""
    overloads = context.catalog.functions.overloads(statement.name)
    found = [(statement.name, function.signature, _kind(function)) for function in overloads]
    return _listing(("FUNCTION", "SIGNATURE", "KIND"), found)


def _sources(statement: Show, context: PlannerContext, kind: SourceKind) -> Result:
    """List the sources of all applications; what queries read and write of the own ones alone."""
    own = context.catalog.application
    visible = [*context.catalog.sources.values(), *chain.from_iterable(context.foreign().values())]
    found = [
        (source.name, source.application or own, source)
        for source in visible
        if source.kind is kind
    ]
    names = ["NAME", "APPLICATION", "TOPIC", "KEY_FORMAT", "VALUE_FORMAT", "WINDOWED"]
    values = [
        (name, application, *_source(source), *(_more(source) if statement.extended else ()))
        for name, application, source in sorted(found, key=itemgetter(0, 1))
    ]
    return _listing([*names, *(_MORE if statement.extended else ())], values)


def _source(source: Source) -> tuple[str, ...]:
    window = source.schema.window
    windowed = "" if window is None else window.value
    return (source.topic, source.key_format.name, source.value_format.name, windowed)


_MORE = ("SCHEMA", "WRITERS", "STATEMENT")


def _more(source: Source) -> tuple[str, ...]:
    return (str(source.schema), ", ".join(sorted(source.writers)), source.text)


def _queries(context: PlannerContext, state: EngineState) -> Result:
    found = []
    # The owner of the broker does not tell others how its queries are.
    without = "STOPPED" if state.broker.owner is None else "UNKNOWN"
    for query_id, known in context.catalog.queries.items():
        query = state.queries.get(query_id)
        doing = without if query is None else query.state.value
        error = "" if query is None or query.error is None else str(query.error)
        sources = ", ".join(source.full_name for source in known.sources)
        found.append((query_id, doing, sources, known.sink, error, known.text))
    names = ("ID", "STATE", "SOURCES", "SINK", "ERROR", "STATEMENT")
    return _listing(names, found)


def _topics(statement: Show, state: EngineState) -> Result:
    columns = (
        Column("TOPIC", STRING),
        Column("PARTITIONS", INTEGER),
        Column("REPLICAS", INTEGER),
        Column("COMPACTED", STRING),
    )
    running = {application.name for application in (*state.queries, *state.pushes)}
    applications = {*state.broker.groups(), *running}
    found = [
        (topic.name, topic.partitions, topic.replicas, "yes" if topic.compacted else "no")
        for name, topic in sorted(state.broker.topics().items())
        if statement.extended or not (name.startswith("_") or owner(name, applications))
    ]
    return rows(columns, iter(found))


def _functions(context: PlannerContext) -> Result:
    registry = context.catalog.functions
    columns = (Column("FUNCTION", STRING), Column("KIND", STRING), Column("OVERLOADS", BIGINT))
    found = []
    for name in registry.names():
        overloads = registry.overloads(name)
        found.append((name, _kind(overloads[0]), len(overloads)))
    return rows(columns, iter(found))


def _kind(function: object) -> str:
    """Return SCALAR, AGGREGATE or TABLE."""
    return type(function).__name__.removesuffix("Function").upper()


def _properties(context: PlannerContext) -> Result:
    config = context.config
    found = [
        (name, config.get(name), setting.default, setting.meaning)
        for name, setting in sorted(SETTINGS.items())
    ]
    found += [(name, value, value, "Fixed in this version.") for name, value in FIXED.items()]
    other = sorted(set(config.overrides) - set(SETTINGS) - set(FIXED))
    hidden = ("password", "secret", "jaas")
    found += [
        (name, "…" if any(word in name for word in hidden) else config.overrides[name], None, "")
        for name in other
    ]
    return _listing(("NAME", "VALUE", "DEFAULT", "MEANING"), found)


def _everything(source: Source, context: PlannerContext, state: EngineState) -> str:
    topic = state.broker.topics().get(source.topic)
    partitions = "missing" if topic is None else f"{topic.partitions} partitions"
    lines = [
        f"{source.kind.value} {quote(source.name)}",
        f"Application: {source.application or context.catalog.application}",
        f"Topic: {source.topic} ({partitions})",
        f"Formats: key {source.key_format.name}, value {source.value_format.name}",
        f"Time: {source.timestamp.column if source.timestamp else 'of the record'}",
        f"Window: {'none' if source.schema.window is None else source.schema.window.value}",
        f"Columns: {source.schema}",
    ]
    for title, ids in (("Written by", source.writers), ("Read by", source.readers)):
        lines += [
            f"{title}: {query_id}: {context.catalog.queries[query_id].text}"
            for query_id in sorted(ids)
            if query_id in context.catalog.queries
        ]
    lines.append(f"Statement: {source.text}")
    return "\n".join(lines)


def _listing(names: Iterable[str], values: Iterable[tuple[Any, ...]]) -> Result:
    """Return rows of texts."""
    return rows([Column(name, STRING) for name in names], iter(values))
