"""SHOW and DESCRIBE: what there is, as rows."""

from collections.abc import Iterable
from typing import Any

from streamsql.catalog.catalog import Source, SourceKind
from streamsql.engine.binding import Step
from streamsql.engine.configuration.settings import FIXED, SETTINGS
from streamsql.engine.results import Result, rows, text
from streamsql.engine.session import Session
from streamsql.sql.statements import Describe, DescribeFunction, Show, ShowWhat
from streamsql.topology.naming import owner
from streamsql.types.schema import Column
from streamsql.types.sqltypes import BIGINT, INTEGER, STRING, quote


def show(statement: Show, step: Step, session: Session) -> Result:
    """List things of one kind; EXTENDED adds columns."""
    match statement.what:
        case ShowWhat.STREAMS:
            return _sources(statement, step, SourceKind.STREAM)
        case ShowWhat.TABLES:
            return _sources(statement, step, SourceKind.TABLE)
        case ShowWhat.QUERIES:
            return _queries(statement, step, session)
        case ShowWhat.TOPICS:
            return _topics(statement, session)
        case ShowWhat.FUNCTIONS:
            return _functions(statement, step)
        case ShowWhat.PROPERTIES:
            return _properties(statement, step)
        case ShowWhat.TYPES:
            types = sorted(step.before.catalog.types.items())
            return _listing(statement.text, ("TYPE", "SCHEMA"), [(n, str(t)) for n, t in types])
        case ShowWhat.VARIABLES:
            variables = sorted(step.before.variables.items())
            return _listing(statement.text, ("VARIABLE", "VALUE"), variables)


def describe(statement: Describe, step: Step, session: Session) -> Result:
    """List the columns of a source; EXTENDED tells everything about it, as a text."""
    source = statement.source
    if statement.extended:
        return text(_everything(source, step, session), statement.text)
    headers = {header.column for header in source.headers}
    key = "PRIMARY KEY" if source.kind is SourceKind.TABLE else "KEY"
    found = [(quote(c.name), str(c.type), key) for c in source.schema.key]
    found += [
        (quote(c.name), str(c.type), "HEADER" if c.name in headers else "")
        for c in source.schema.value
    ]
    return _listing(statement.text, ("COLUMN", "TYPE", "ROLE"), found)


def describe_function(statement: DescribeFunction, step: Step, session: Session) -> Result:
    """List the overloads of a function."""
    del session
    overloads = step.before.catalog.functions.overloads(statement.name)
    found = [(statement.name, function.signature, _kind(function)) for function in overloads]
    return _listing(statement.text, ("FUNCTION", "SIGNATURE", "KIND"), found)


def _sources(statement: Show, step: Step, kind: SourceKind) -> Result:
    found = [s for _, s in sorted(step.before.catalog.sources.items()) if s.kind is kind]
    names = ["NAME", "TOPIC", "KEY_FORMAT", "VALUE_FORMAT", "WINDOWED"]
    if not statement.extended:
        return _listing(statement.text, names, [_source(source) for source in found])
    values = [(*_source(s), str(s.schema), ", ".join(sorted(s.writers)), s.text) for s in found]
    return _listing(statement.text, [*names, "SCHEMA", "WRITERS", "STATEMENT"], values)


def _source(source: Source) -> tuple[str, ...]:
    window = source.schema.window
    windowed = "" if window is None else window.value
    formats = (source.key_format.name, source.value_format.name)
    return (source.name, source.topic, *formats, windowed)


def _queries(statement: Show, step: Step, session: Session) -> Result:
    found = []
    for query_id, known in step.before.catalog.queries.items():
        query = session.queries.get(query_id)
        state = "STOPPED" if query is None else query.state.value
        error = "" if query is None or query.error is None else str(query.error)
        sources = ", ".join(known.sources)
        found.append((query_id, state, sources, known.sink, error, known.text))
    names = ("ID", "STATE", "SOURCES", "SINK", "ERROR", "STATEMENT")
    return _listing(statement.text, names, found)


def _topics(statement: Show, session: Session) -> Result:
    columns = (
        Column("TOPIC", STRING),
        Column("PARTITIONS", INTEGER),
        Column("REPLICAS", INTEGER),
        Column("COMPACTED", STRING),
    )
    queries = (*session.queries, *session.pushes)
    applications = {*session.broker.groups(), *(query.application for query in queries)}
    found = [
        (topic.name, topic.partitions, topic.replicas, "yes" if topic.compacted else "no")
        for name, topic in sorted(session.broker.topics().items())
        if statement.extended or not (name.startswith("_") or owner(name, applications))
    ]
    return rows(columns, iter(found), statement.text)


def _functions(statement: Show, step: Step) -> Result:
    registry = step.before.catalog.functions
    columns = (Column("FUNCTION", STRING), Column("KIND", STRING), Column("OVERLOADS", BIGINT))
    found = []
    for name in registry.names():
        overloads = registry.overloads(name)
        found.append((name, _kind(overloads[0]), len(overloads)))
    return rows(columns, iter(found), statement.text)


def _kind(function: object) -> str:
    """Return SCALAR, AGGREGATE or TABLE."""
    return type(function).__name__.removesuffix("Function").upper()


def _properties(statement: Show, step: Step) -> Result:
    config = step.before.config
    found = [
        (name, config.get(name), setting.default, setting.meaning)
        for name, setting in sorted(SETTINGS.items())
    ]
    found += [(name, value, value, "Fixed in this version.") for name, value in FIXED.items()]
    other = sorted(set(config.said) - set(SETTINGS) - set(FIXED))
    hidden = ("password", "secret", "jaas")
    found += [
        (name, "…" if any(word in name for word in hidden) else config.said[name], None, "")
        for name in other
    ]
    return _listing(statement.text, ("NAME", "VALUE", "DEFAULT", "MEANING"), found)


def _everything(source: Source, step: Step, session: Session) -> str:
    topic = session.broker.topics().get(source.topic)
    partitions = "missing" if topic is None else f"{topic.partitions} partitions"
    lines = [
        f"{source.kind.value} {quote(source.name)}",
        f"Topic: {source.topic} ({partitions})",
        f"Formats: key {source.key_format.name}, value {source.value_format.name}",
        f"Time: {source.timestamp_column or 'of the record'}",
        f"Window: {'none' if source.schema.window is None else source.schema.window.value}",
        f"Columns: {source.schema}",
    ]
    for title, ids in (("Written by", source.writers), ("Read by", source.readers)):
        lines += [
            f"{title}: {query_id}: {step.before.catalog.queries[query_id].text}"
            for query_id in sorted(ids)
            if query_id in step.before.catalog.queries
        ]
    lines.append(f"Statement: {source.text}")
    return "\n".join(lines)


def _listing(statement: str, names: Iterable[str], values: Iterable[tuple[Any, ...]]) -> Result:
    """Return rows of texts."""
    return rows([Column(name, STRING) for name in names], iter(values), statement)
