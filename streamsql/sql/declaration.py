"""A source as the statement that declares it: what other applications need to know of it.

The statement says everything: columns with their types, formats, window, event time. So it means
the same under any settings, and without the types and sources that the source was made from. What
a query writes or has written is declared as SOURCE: nobody else writes it, its rows are kept.
"""

from collections.abc import Iterator

from sqlglot import exp

from streamsql.catalog.catalog import Catalog, Source
from streamsql.errors import BindError, Span
from streamsql.formats.registry import NO_REGISTRY
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.statements.formats import format_properties
from streamsql.sql.binding.statements.source import bind_create_source
from streamsql.sql.dialect.dialect import StreamSQL
from streamsql.sql.dialect.parse import parse_script
from streamsql.types.record import SourceKind
from streamsql.types.sqltypes import Array, Map, SqlType, Struct


def declaration(source: Source) -> str:
    """Return the statement that declares the source for readers."""
    read_only = source.read_only or source.materialized or source.query is not None
    columns = ", ".join(_columns(source))
    properties = ", ".join(f"{name}={_text(value)}" for name, value in _properties(source))
    kind = f"SOURCE {source.kind.value}" if read_only else source.kind.value
    return f"CREATE {kind} {_name(source.name)} ({columns}) WITH ({properties})"


def declared(statement: str) -> Source:
    """Return the source that such a statement declares.

    Raises:
        StatementError: It declares none that this version knows.
    """
    parsed = parse_script(statement)
    if len(parsed) != 1 or not isinstance(parsed[0].node, exp.Create):
        raise BindError("one declaration was expected", Span(0, len(statement)))
    context = Context(Catalog(), {}, statement, parsed[0].span, NO_REGISTRY)
    return bind_create_source(parsed[0].node, context)


def _columns(source: Source) -> Iterator[str]:
    headers = {header.column: header.key for header in source.headers}
    key = "PRIMARY KEY" if source.kind is SourceKind.TABLE else "KEY"
    for column in source.schema.key:
        yield f"{_name(column.name)} {_type(column.type)} {key}"
    for column in source.schema.value:
        text = f"{_name(column.name)} {_type(column.type)}"
        if column.name in headers:
            header = headers[column.name]
            text += " HEADERS" if header is None else f" HEADER({_text(header)})"
        yield text


def _properties(source: Source) -> Iterator[tuple[str, str | int]]:
    yield "KAFKA_TOPIC", source.topic
    yield from format_properties("KEY", source.key_format)
    yield from format_properties("VALUE", source.value_format)
    for name, number in (
        ("PARTITIONS", source.partitions),
        ("REPLICAS", source.replicas),
        ("RETENTION_MS", source.retention_ms),
    ):
        if number is not None:
            yield name, number
    if source.timestamp is not None:
        yield "TIMESTAMP", _name(source.timestamp.column)
        if source.timestamp.pattern is not None:
            yield "TIMESTAMP_FORMAT", source.timestamp.pattern
    if source.schema.window is not None:
        yield "WINDOW_TYPE", source.schema.window.value
    if source.window_size_ms is not None:
        yield "WINDOW_SIZE", f"{source.window_size_ms} MILLISECONDS"


def _type(sql_type: SqlType) -> str:
    match sql_type:
        case Array(element):
            return f"ARRAY<{_type(element)}>"
        case Map(key, value):
            return f"MAP<{_type(key)}, {_type(value)}>"
        case Struct(fields):
            inner = (f"{_name(field.name)} {_type(field.type)}" for field in fields)
            return f"STRUCT<{', '.join(inner)}>"
        case _:
            return str(sql_type)


def _name(name: str) -> str:
    return exp.Identifier(this=name).sql(dialect=StreamSQL)


def _text(value: str | int) -> str:
    return str(value) if isinstance(value, int) else exp.Literal.string(value).sql(StreamSQL)
