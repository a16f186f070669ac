"""CREATE … AS SELECT and INSERT INTO … SELECT: queries whose result is written to a topic."""

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, Span
from streamsql.expr.nodes import NamedExpression
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import check
from streamsql.logical.nodes import Plan, Project
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.expressions.coercion import Operand, coerced
from streamsql.sql.binding.queries.query import BoundQuery, bind_query
from streamsql.sql.binding.scope import kind_word
from streamsql.sql.binding.settings import StatementSetting, setting
from streamsql.sql.binding.statements.formats import (
    check_formats,
    default_key_format,
    with_delimiter,
    with_schema,
    with_wrapping,
    written_format,
)
from streamsql.sql.binding.statements.inference import check_holds
from streamsql.sql.binding.statements.properties import (
    MAX_PARTITIONS,
    MAX_REPLICAS,
    SINK_PROPERTIES,
    With,
)
from streamsql.sql.binding.statements.source import check_retention, timestamp_of
from streamsql.sql.dialect.nodes.node import optional, required, span
from streamsql.sql.dialect.nodes.statements import source_kind, source_name
from streamsql.sql.statements import CreateAs, InsertSelect
from streamsql.topology.topics import TOPIC_NAMES, is_legal_topic
from streamsql.types.record import SourceKind
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import is_numeric
from streamsql.types.windows import TimeWindows

_RESERVED_IDS = ("CSAS_", "CTAS_", "CST_", "INSERTQUERY_")


def bind_create_as(node: exp.Create, context: Context) -> CreateAs:
    """Return the sink that a query fills, and its plan.

    Raises:
        BindError: The query is wrong, or the sink cannot be made of its result.
        UnsupportedError: A format is not available.
    """
    kind, name = source_kind(node), source_name(node)
    properties = With(optional(node, "properties", exp.Properties), SINK_PROPERTIES, span(name))
    written = required(node, "expression", exp.Select)
    query = bind_query(written, context, persistent=True)
    _check_kind(kind, query, span(name))
    _check_clauses(written)
    check_sources(query)
    sink = _sink(name.name, kind, query, properties, context)
    return CreateAs(
        source=sink,
        plan=query.plan,
        sources=query.sources,
        query_id=sink.query or "",
    )


def _sink(
    name: str, kind: SourceKind, query: BoundQuery, properties: With, context: Context
) -> Source:
    """Return the stream or table that the result becomes."""
    schema = query.plan.schema
    key, value = _formats(properties, query, context.settings)
    check_formats(properties, (key, schema.key), (value, schema.value))
    check_holds(key, schema.key, "KEY", properties, context.registry)
    check_holds(value, schema.value, "VALUE", properties, context.registry)
    check_retention(properties, kind, schema)
    short = "CSAS" if kind is SourceKind.STREAM else "CTAS"
    settings, leftmost = context.settings, query.origin.leftmost
    return Source(
        name=name,
        kind=kind,
        topic=properties.topic() or _default_topic(name, properties, settings),
        schema=schema,
        key_format=key,
        value_format=value,
        partitions=properties.integer("PARTITIONS", most=MAX_PARTITIONS)
        or _number(settings, StatementSetting.SINK_PARTITIONS)
        or leftmost.partitions,
        replicas=properties.integer("REPLICAS", most=MAX_REPLICAS)
        or _number(settings, StatementSetting.SINK_REPLICAS)
        or leftmost.replicas,
        retention_ms=properties.integer("RETENTION_MS"),
        timestamp=timestamp_of(properties, schema),
        window_size_ms=_window_size(query),
        query=f"{short}_{name.upper()}_{context.catalog.next_query}",
        materialized=kind is SourceKind.TABLE,
        text=context.text,
    )


def _default_topic(name: str, properties: With, settings: Mapping[str, str]) -> str:
    topic = f"{setting(settings, StatementSetting.TOPIC_PREFIX) or ''}{name}"
    if not is_legal_topic(topic):
        raise BindError(
            f'no topic can be called "{topic}"',
            properties.where,
            hint="Name it, as in WITH (KAFKA_TOPIC='clicks'): "
            f"the name of a topic is {TOPIC_NAMES}.",
        )
    return topic


def bind_insert_select(node: exp.Insert, context: Context) -> InsertSelect:
    """Return the query whose rows are added to an existing stream.

    Raises:
        BindError: The query is wrong, or its result does not fit the stream.
    """
    target, written = source_name(node), required(node, "expression", exp.Select)
    sink, where = context.source(target), span(target)
    context.check_own(sink, target)
    if sink.kind is SourceKind.TABLE:
        raise BindError(
            f'"{sink.name}" is a table, and INSERT INTO … SELECT is only for streams', where
        )
    _check_writable(sink, where)
    properties = With(optional(node, "settings", exp.Properties), frozenset({"QUERY_ID"}), where)
    query = bind_query(written, context, persistent=True)
    _check_clauses(written)
    check_sources(query)
    _check_kind(SourceKind.STREAM, query, span(written))
    plan = _widened(query.plan, sink.schema, span(written))
    _check_fits(sink, plan.schema, span(written))
    query_id = _query_id(properties, context) or f"INSERTQUERY_{context.catalog.next_query}"
    return InsertSelect(sink, plan, query.sources, query_id)


def check_not_read_only(sink: Source, where: Span) -> None:
    """Refuse to write to a source that was declared with SOURCE.

    Raises:
        BindError: It was.
    """
    if sink.read_only:
        by = None if sink.application is None else f'Application "{sink.application}" writes it.'
        raise BindError(f'{kind_word(sink.kind)} "{sink.name}" is read-only', where, hint=by)


def _check_writable(sink: Source, where: Span) -> None:
    check_not_read_only(sink, where)
    if sink.headers:
        names = ", ".join(header.column for header in sink.headers)
        raise BindError(
            f'{kind_word(sink.kind)} "{sink.name}" has header columns ({names}), '
            "which cannot be written",
            where,
        )


def check_sources(query: BoundQuery) -> None:
    """Check that the formats of the sources go with what the query does.

    Raises:
        BindError: The KAFKA format is grouped or joined, or an aggregate's state does not fit.
    """
    for scoped in query.origin.scope.sources:
        name = scoped.source.value_format.name
        if name == "KAFKA" and (query.origin.steps or query.aggregates):
            what = "joined" if query.origin.steps else "grouped"
            raise BindError(
                f'"{scoped.source.name}" has the value format KAFKA and cannot be {what}',
                scoped.where,
                hint="Copy it with CREATE … WITH (VALUE_FORMAT='JSON') AS SELECT.",
            )
    spec = query.origin.leftmost.value_format
    if spec.name != "DELIMITED":
        return
    for call in query.aggregates:
        types = [argument.type for argument in call.arguments]
        state = call.function.make(types, call.parameters, call.type).state_type
        if check(spec, [Column(call.name, state)], is_key=False) is not None:
            raise BindError(
                f'aggregate function "{call.function.name}" needs a state of type {state}, '
                "which the DELIMITED format does not support",
                query.places[call.name],
                hint="Copy the source with CREATE … WITH (VALUE_FORMAT='JSON') AS SELECT.",
            )


def _check_kind(kind: SourceKind, query: BoundQuery, where: Span) -> None:
    actual = query.plan.kind
    if actual is not kind:
        raise BindError(
            f"the query's result is a {kind_word(actual)}, not a {kind_word(kind)}",
            where,
            hint=f"Write CREATE {actual.value} … AS SELECT."
            if actual is SourceKind.TABLE
            else "A table comes from a table or from GROUP BY: write CREATE STREAM … AS SELECT.",
        )


def _check_clauses(query: exp.Select) -> None:
    limit = optional(query, "limit", exp.Limit)
    if limit is not None:
        raise BindError(
            "LIMIT is not for queries that run on",
            span(limit),
            hint="Use it in a SELECT statement.",
        )


def _widened(plan: Plan, wanted: Schema, where: Span) -> Plan:
    """Return the plan with its numbers in the stream's types, as far as they widen to them."""
    names = [column.name for column in plan.schema.value]
    if not isinstance(plan, Project) or names != [column.name for column in wanted.value]:
        return plan
    columns = []
    for named, column in zip(plan.columns, wanted.value, strict=True):
        expression = named.expression
        if is_numeric(expression.type) and is_numeric(column.type):
            expression = coerced(Operand(expression, where), column.type) or expression
        columns.append(NamedExpression(named.name, expression))
    types = tuple(Column(named.name, named.expression.type) for named in columns)
    schema = Schema(plan.schema.key, types, plan.schema.window)
    return replace(plan, columns=tuple(columns), schema=schema)


def _check_fits(sink: Source, schema: Schema, where: Span) -> None:
    wanted = sink.schema
    if (schema.key, schema.value) != (wanted.key, wanted.value):
        raise BindError(
            f'the result does not fit stream "{sink.name}": its columns are {schema}',
            where,
            hint=f"The stream's columns are {wanted}.",
        )
    if schema.window is not wanted.window:
        raise BindError(f'the result and stream "{sink.name}" are windowed differently', where)


def _query_id(properties: With, context: Context) -> str | None:
    text = properties.text("QUERY_ID")
    if text is None:
        return None
    query_id = text.strip().upper()
    where = properties.place("QUERY_ID")
    if not query_id.replace("_", "").isalnum():
        raise BindError("a query id is made of letters, digits and underscores", where)
    if query_id.startswith(_RESERVED_IDS):
        raise BindError(
            f'query id "{query_id}" begins like one that the engine gives',
            where,
            hint=f"Choose one that does not begin with {', '.join(_RESERVED_IDS)}.",
        )
    if query_id in context.catalog.queries:
        raise BindError(f'query "{query_id}" exists already', where)
    return query_id


def _formats(
    properties: With, query: BoundQuery, settings: Mapping[str, str]
) -> tuple[FormatSpec, FormatSpec]:
    schema = query.plan.schema
    inherited = query.origin.leftmost.value_format
    value = written_format(properties, "VALUE") or replace(inherited, wrap=None)
    value = with_schema(with_delimiter(value, properties, "VALUE"), properties, "VALUE")
    value = with_wrapping(value, properties, settings, schema.value)
    written = written_format(properties, "KEY")
    key = written or _inherited_key_format(query, settings)
    key = with_schema(with_delimiter(key, properties, "KEY"), properties, "KEY")
    if not schema.key and "KEY_FORMAT" in properties and key.name != "NONE":
        raise BindError(
            "a result without a key has no key format",
            properties.place("KEY_FORMAT"),
            hint="Leave it out.",
        )
    return key, value


def _inherited_key_format(query: BoundQuery, settings: Mapping[str, str]) -> FormatSpec:
    """Return the format of the first source that has a key, if it can carry the new one."""
    if query.keyless:
        return FormatSpec("NONE")
    default = default_key_format(settings)
    specs = [scoped.source.key_format for scoped in query.origin.scope.sources]
    if query.origin.steps:
        specs = [spec for spec in specs if spec.name != "NONE"]
    spec = specs[0] if specs else default
    if not query.plan.schema.key:
        return spec
    if spec.name == "NONE":
        return default
    if query.rekeyed and spec != default and spec.name in _CHANGEABLE:
        fits = check(spec, query.plan.schema.key, is_key=True) is None
        if not fits and check(default, query.plan.schema.key, is_key=True) is None:
            return default
    return spec


_CHANGEABLE = ("KAFKA", "DELIMITED")


def _number(settings: Mapping[str, str], name: StatementSetting) -> int | None:
    text = setting(settings, name)
    return int(text) if text is not None and text.isdecimal() else None


def _window_size(query: BoundQuery) -> int | None:
    if isinstance(query.windows, TimeWindows):
        return query.windows.size_ms
    if query.plan.schema.window is None or query.windows is not None:
        return None
    return query.origin.leftmost.window_size_ms
