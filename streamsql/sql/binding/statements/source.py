"""CREATE STREAM | TABLE over a topic: columns and properties to a :class:`Source`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, EvaluationError, Span
from streamsql.expr.dates.javatime import compile_pattern
from streamsql.formats.format import FormatSpec
from streamsql.formats.registry import SchemaRegistry
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.durations import written_duration_ms
from streamsql.sql.binding.scope import did_you_mean
from streamsql.sql.binding.statements.formats import (
    check_formats,
    default_key_format,
    default_value_format,
    with_delimiter,
    with_schema,
    with_wrapping,
    written_format,
)
from streamsql.sql.binding.statements.inference import inferred, tells_columns
from streamsql.sql.binding.statements.properties import (
    MAX_PARTITIONS,
    MAX_REPLICAS,
    SOURCE_PROPERTIES,
    With,
)
from streamsql.sql.binding.types import bind_type
from streamsql.sql.dialect.nodes.node import optional, required, span
from streamsql.sql.dialect.nodes.statements import (
    ColumnRole,
    column_role,
    declared_columns,
    header_key,
    is_read_only,
    source_kind,
    source_name,
)
from streamsql.types.record import SourceKind
from streamsql.types.schema import (
    HEADERS_TYPE,
    PSEUDO_COLUMNS,
    Column,
    HeaderColumn,
    Schema,
    TimestampSpec,
    WindowKind,
)
from streamsql.types.sqltypes import BIGINT, BYTES, STRING, TIMESTAMP, SqlType


def check_one_says_columns(node: exp.Create) -> None:
    """Check that a user leaves out the columns that a schema asked for by number has.

    Raises:
        BindError: There are both.
    """
    properties = With(
        optional(node, "properties", exp.Properties), SOURCE_PROPERTIES, span(source_name(node))
    )
    roles = [column_role(element) for element in declared_columns(node)]
    has_key = any(role in (ColumnRole.KEY, ColumnRole.PRIMARY_KEY) for role in roles)
    has_value = any(role is ColumnRole.VALUE for role in roles)
    for side, has in (("KEY", has_key), ("VALUE", has_value)):
        if has and f"{side}_SCHEMA_ID" in properties:
            raise BindError(
                f"{side.lower()} columns and a schema id exclude each other",
                properties.place(f"{side}_SCHEMA_ID"),
                hint=f"Leave out the {side.lower()} columns: the schema tells them.",
            )


def bind_create_source(node: exp.Create, context: Context) -> Source:
    """Return the source that the statement declares.

    What is told to other applications has the columns beside the number of their schema.

    Raises:
        BindError: A column or property is wrong.
        UnsupportedError: A format is not available.
    """
    name, kind = source_name(node), source_kind(node)
    properties = With(optional(node, "properties", exp.Properties), SOURCE_PROPERTIES, span(name))
    key = written_format(properties, "KEY") or default_key_format(context.settings)
    value = written_format(properties, "VALUE")
    value = value or default_value_format(properties, context.settings)
    key = with_schema(with_delimiter(key, properties, "KEY"), properties, "KEY")
    value = with_schema(with_delimiter(value, properties, "VALUE"), properties, "VALUE")
    topic = properties.topic()
    if topic is None:
        raise BindError(
            'property "KAFKA_TOPIC" is missing',
            properties.where,
            hint="Name the topic of the records, as in WITH (KAFKA_TOPIC='clicks', …).",
        )
    _check_elements(node, (key, value))
    columns = _Columns(declared_columns(node), kind, context.catalog.types)
    columns.complete((key, value), topic, properties, context.registry)
    schema = Schema(columns.key, columns.value, _window_kind(properties))
    value = with_wrapping(value, properties, context.settings, columns.written)
    check_formats(properties, (key, columns.key), (value, columns.written))
    _check_keys(node, columns, schema)
    return Source(
        name=name.name,
        kind=kind,
        topic=topic,
        schema=schema,
        key_format=key,
        value_format=value,
        partitions=properties.integer("PARTITIONS", most=MAX_PARTITIONS),
        replicas=properties.integer("REPLICAS", most=MAX_REPLICAS),
        retention_ms=_retention(properties, kind, schema),
        headers=columns.headers,
        timestamp=timestamp_of(properties, schema),
        window_size_ms=_window_size(properties, schema.window),
        read_only=is_read_only(node),
        materialized=is_read_only(node) and kind is SourceKind.TABLE,
        text=context.text,
    )


class _Columns:
    """The declared columns by role."""

    __slots__ = ("headers", "key", "value", "written")

    def __init__(
        self,
        elements: Sequence[exp.ColumnDef],
        kind: SourceKind,
        types: Mapping[str, SqlType],
    ) -> None:
        key: list[Column] = []
        value: list[Column] = []
        written: list[Column] = []
        headers: list[HeaderColumn] = []
        for element in elements:
            column = Column(element.name, bind_type(required(element, "kind", exp.DataType), types))
            _check_name(element, [*key, *value])
            role = column_role(element)
            if role in (ColumnRole.KEY, ColumnRole.PRIMARY_KEY):
                _check_role(element, kind)
                key.append(column)
                continue
            value.append(column)
            if role is ColumnRole.VALUE:
                written.append(column)
            else:
                headers.append(_header(element, column, headers))
        self.key, self.value, self.written = tuple(key), tuple(value), tuple(written)
        self.headers = tuple(headers)

    def complete(
        self,
        formats: tuple[FormatSpec, FormatSpec],
        topic: str,
        properties: With,
        registry: SchemaRegistry,
    ) -> None:
        """Add what the declaration leaves out and the registry knows.

        Raises:
            BindError: The registry does not know it, or two columns have one name.
        """
        key, value = formats
        if not self.key and tells_columns(key):
            self.key = inferred(key, topic, "KEY", properties, registry)
        if not self.written and tells_columns(value):
            value = replace(value, wrap=properties.truth("WRAP_SINGLE_VALUE"))
            self.written = inferred(value, topic, "VALUE", properties, registry)
            self.value = (*self.written, *self.value)
        names = [column.name for column in (*self.key, *self.value)]
        for name in names:
            if names.count(name) > 1 or name in PSEUDO_COLUMNS:
                raise BindError(
                    f'column "{name}" of the registered schema has the name of another column',
                    properties.where,
                    hint="Write the columns instead of leaving them out.",
                )


def _check_name(element: exp.ColumnDef, known: Sequence[Column]) -> None:
    name = element.name
    if name in PSEUDO_COLUMNS:
        raise BindError(
            f'column name "{name}" is reserved',
            span(element.this),
            hint="Every row has this column already; choose another name.",
        )
    if any(column.name == name for column in known):
        raise BindError(f'column "{name}" is defined twice', span(element.this))


def _check_role(element: exp.ColumnDef, kind: SourceKind) -> None:
    wanted = ColumnRole.PRIMARY_KEY if kind is SourceKind.TABLE else ColumnRole.KEY
    role = column_role(element)
    if role is not wanted:
        raise BindError(
            f'column "{element.name}" is a {role.value} column',
            span(element),
            hint=f"The keys of a {kind.value.lower()} are declared with {wanted.value}.",
        )


def _header(element: exp.ColumnDef, column: Column, known: Sequence[HeaderColumn]) -> HeaderColumn:
    whole = column_role(element) is ColumnRole.HEADERS
    wanted: SqlType = HEADERS_TYPE if whole else BYTES
    if column.type != wanted:
        raise BindError(
            f'header column "{column.name}" must be of type {wanted}, not {column.type}',
            span(element.args["kind"]),
        )
    written = header_key(element)
    key = None if written is None else written.name
    if any(other.key is None or key is None or other.key == key for other in known):
        raise BindError(
            "the same headers are in two columns",
            span(element),
            hint="Declare either one HEADERS column, or HEADER columns of different keys.",
        )
    return HeaderColumn(column.name, key)


def _check_elements(node: exp.Create, formats: tuple[FormatSpec, FormatSpec]) -> None:
    """Check that columns are given, unless a registry can tell them."""
    if not declared_columns(node) and not any(map(tells_columns, formats)):
        raise BindError(
            f'"{source_name(node).name}" has no columns',
            span(source_name(node)),
            hint=f"The {formats[1].name} format does not tell them: "
            "write (id INT, name STRING, …).",
        )


def _check_keys(node: exp.Create, columns: _Columns, schema: Schema) -> None:
    if columns.key:
        return
    name = source_name(node)
    if source_kind(node).value == "TABLE":
        raise BindError(
            f'table "{name.name}" has no primary key',
            span(name),
            hint="Mark the column that identifies a row with PRIMARY KEY.",
        )
    if schema.window is not None:
        raise BindError(
            f'windowed stream "{name.name}" has no key',
            span(name),
            hint="Windows are part of the key: mark a column with KEY.",
        )


def _window_kind(properties: With) -> WindowKind | None:
    text = properties.text("WINDOW_TYPE")
    if text is None:
        if "WINDOW_SIZE" in properties:
            raise BindError(
                'property "WINDOW_SIZE" needs WINDOW_TYPE', properties.place("WINDOW_SIZE")
            )
        return None
    try:
        return WindowKind(text.strip().upper())
    except ValueError:
        raise BindError(
            f'window type "{text}" does not exist',
            properties.place("WINDOW_TYPE"),
            hint="Use TUMBLING, HOPPING or SESSION.",
        ) from None


def _window_size(properties: With, kind: WindowKind | None) -> int | None:
    text = properties.text("WINDOW_SIZE")
    if kind is WindowKind.SESSION and text is not None:
        raise BindError(
            "session windows have no size", properties.place("WINDOW_SIZE"), hint="Leave it out."
        )
    if kind is None or kind is WindowKind.SESSION:
        return None
    if text is None:
        raise BindError(
            f'property "WINDOW_SIZE" is missing for {kind.value} windows',
            properties.place("WINDOW_TYPE"),
            hint="Write it as in WINDOW_SIZE='30 SECONDS'.",
        )
    size_ms = written_duration_ms(text, properties.place("WINDOW_SIZE"))
    if not size_ms:
        raise BindError(
            f'window size "{text}" is not a duration',
            properties.place("WINDOW_SIZE"),
            hint="Write it as in WINDOW_SIZE='30 SECONDS'.",
        )
    return size_ms


def _retention(properties: With, kind: SourceKind, schema: Schema) -> int | None:
    retention = properties.integer("RETENTION_MS")
    check_retention(properties, kind, schema)
    return retention


def check_retention(properties: With, kind: SourceKind, schema: Schema) -> None:
    """Refuse an age limit for the rows of a table that is not windowed.

    Raises:
        BindError: RETENTION_MS is given for such a table.
    """
    if "RETENTION_MS" in properties and kind is SourceKind.TABLE and schema.window is None:
        raise BindError(
            "rows of a table do not age",
            properties.place("RETENTION_MS"),
            hint="RETENTION_MS is for streams and windowed tables.",
        )


def timestamp_of(properties: With, schema: Schema) -> TimestampSpec | None:
    """Return the column of the event time, ``None``: none is named.

    Raises:
        BindError: There is no such column, or it is of a type that is no time.
    """
    written, pattern = properties.text("TIMESTAMP"), properties.text("TIMESTAMP_FORMAT")
    if written is None:
        if pattern is not None:
            raise BindError(
                'property "TIMESTAMP_FORMAT" needs TIMESTAMP', properties.place("TIMESTAMP_FORMAT")
            )
        return None
    name = identifier_text(written)
    where = properties.place("TIMESTAMP")
    column = schema.find(name)
    if column is None:
        raise BindError(
            f'timestamp column "{name}" does not exist',
            where,
            hint=did_you_mean(name, (known.name for known in schema.columns())),
        )
    _check_timestamp(column, pattern, where)
    return TimestampSpec(name, pattern)


def _check_timestamp(column: Column, pattern: str | None, where: Span) -> None:
    if column.type == STRING and pattern is None:
        raise BindError(
            f'timestamp column "{column.name}" is STRING and needs TIMESTAMP_FORMAT',
            where,
            hint="Add a pattern, as in TIMESTAMP_FORMAT='yyyy-MM-dd HH:mm:ss'.",
        )
    if column.type != STRING and pattern is not None:
        raise BindError(f'timestamp column "{column.name}" is {column.type}: no format', where)
    if pattern is not None:
        _check_pattern(pattern, where)
    if column.type not in (BIGINT, TIMESTAMP, STRING):
        raise BindError(
            f'timestamp column "{column.name}" is {column.type}',
            where,
            hint="It must be BIGINT, TIMESTAMP, or STRING with TIMESTAMP_FORMAT.",
        )


def _check_pattern(pattern: str, where: Span) -> None:
    try:
        compile_pattern(pattern)
    except EvaluationError as error:
        raise BindError(
            str(error), where, hint="Write it as in TIMESTAMP_FORMAT='yyyy-MM-dd HH:mm:ss.SSS'."
        ) from error


def identifier_text(written: str) -> str:
    """Return the name that a text means: upper-cased unless it is in quotes.

    >>> identifier_text("ts"), identifier_text("`ts`")
    ('TS', 'ts')
    """
    text = written.strip()
    for mark in '`"':
        if len(text) > 1 and text[0] == mark == text[-1]:
            return text[1:-1].replace(mark * 2, mark)
    return text.upper()
