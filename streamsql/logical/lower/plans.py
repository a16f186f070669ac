"""A logical plan as operators: calls of the DSL, top down.

``needed`` are the columns that the operators above read: what nobody reads is not carried through
repartition topics and stores. Key changes insert repartitioning. Below a stateful operator keys
have hidden names (``$KEY0``), so that they never clash with the columns they are made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsql.catalog.catalog import Source
from streamsql.errors import UnsupportedError
from streamsql.expr.nodes import ColumnRef, NamedExpression
from streamsql.expr.walk import column_names
from streamsql.logical.lower.joins import Sides, join_relations
from streamsql.logical.nodes import Aggregate, Filter, FlatMap, Join, Plan, Project, Rekey, Scan
from streamsql.streams.builder import StreamsBuilder
from streamsql.streams.kstream import KStream
from streamsql.streams.ktable import KTable
from streamsql.topology.nodes import OffsetReset, StreamSource, TableSource
from streamsql.topology.topics import RecordFormat, TopicSpec
from streamsql.types.record import SourceKind
from streamsql.types.schema import (
    PLACE_COLUMNS,
    PSEUDO_COLUMNS,
    ROWTIME,
    Column,
    Schema,
    TimestampSpec,
)


@dataclass(frozen=True, slots=True)
class _Context:
    """Where operators are added, and where new groups begin to read."""

    builder: StreamsBuilder
    reset: OffsetReset


def lower(
    plan: Plan,
    builder: StreamsBuilder,
    prefix: str,
    reset: OffsetReset,
    *,
    sink: Source | None,
    timestamp: TimestampSpec | None = None,
) -> str:
    """Add a query to the builder's topology; return the operator that its rows come out of.

    Args:
        prefix: Begins the names of the operators.
        sink: Where the rows are written; ``None``: they are handed to the program.
        timestamp: The column that gives the written records their time.

    Raises:
        UnsupportedError: An operator that this version does not have.
    """
    needed = frozenset(column.name for column in plan.schema.columns())
    result = _lower(plan, _Context(builder.within(prefix), reset), needed)
    return result.output() if sink is None else _write(result, sink, timestamp)


def _write(result: KStream | KTable, sink: Source, timestamp: TimestampSpec | None) -> str:
    topic = TopicSpec(
        sink.topic,
        sink.partitions,
        sink.replicas,
        compacted=sink.kind is SourceKind.TABLE,
        retention_ms=sink.retention_ms,
    )
    return result.to(topic, key=sink.key_format, value=sink.value_format, timestamp=timestamp)


def _lower(plan: Plan, context: _Context, needed: frozenset[str]) -> KStream | KTable:
    match plan:
        case Scan():
            return _scan(plan, context, needed)
        case Filter():
            source = _lower(plan.input, context, needed | column_names(plan.predicate))
            return source.filter(plan.predicate)
        case Project():
            source = _lower(plan.input, context, column_names(*plan.columns))
            return source.select(plan.columns, [column.name for column in plan.schema.key])
        case FlatMap():
            made = {call.name for call in plan.calls}
            source = _lower(plan.input, context, (needed - made) | column_names(*plan.calls))
            assert isinstance(source, KStream)
            return source.flat_map(plan.calls)
        case Rekey():
            return _rekey(plan, context, needed)
        case Aggregate():
            return _aggregate(plan, context)
        case Join():
            return _join(plan, context, needed)


def _scan(scan: Scan, context: _Context, needed: frozenset[str]) -> KStream | KTable:
    """Read the source; in a join, under qualified names, with the pseudo columns needed."""
    prefix = "" if scan.qualifier is None else f"{scan.qualifier}."
    places = [column for column in PLACE_COLUMNS if f"{prefix}{column.name}" in needed]
    relation = _source(scan.source, context, places)
    if scan.qualifier is None:
        return relation
    known = {column.name: column for column in relation.schema.value} | PSEUDO_COLUMNS
    names = [(f"{prefix}{name}", column) for name, column in known.items()]
    columns = [
        NamedExpression(name, ColumnRef(column.name, column.type))
        for name, column in names
        if name in needed
    ]
    return relation.select(columns, [f"{prefix}{column.name}" for column in relation.schema.key])


def _source(source: Source, context: _Context, places: Sequence[Column]) -> KStream | KTable:
    """Read the source; a table keeps the places of its rows that are needed, as values."""
    record_format = RecordFormat(
        source.written, source.key_format, source.value_format, source.window_size_ms
    )
    timestamp, headers = source.timestamp, source.headers
    parts = ("source", source.application, source.name)
    name = "-".join(part for part in parts if part is not None)
    if source.kind is SourceKind.STREAM:
        stream = StreamSource(
            "", source.topic, record_format, source.schema, timestamp, headers, context.reset
        )
        return context.builder.stream_source(stream, name)
    if source.schema.window is not None:
        raise UnsupportedError(
            f'queries on windowed table "{source.name}" are not supported',
            hint="Declare its topic as a stream with WINDOW_TYPE and read that.",
        )
    kept = Schema(source.schema.key, (*source.schema.value, *places))
    table = TableSource("", source.topic, record_format, kept, None, timestamp, headers)
    return context.builder.table_source(table, name)


def _rekey(plan: Rekey, context: _Context, needed: frozenset[str]) -> KStream:
    made = {column.name for column in plan.schema.key}
    above = needed - made
    source = _lower(plan.input, context, above | column_names(*plan.keys))
    assert isinstance(source, KStream)
    return rekeyed(source, plan.keys, above, drop_null_key=plan.drop_null_key)


def rekeyed(
    stream: KStream, keys: Sequence[NamedExpression], needed: frozenset[str], *, drop_null_key: bool
) -> KStream:
    """Return the stream by new keys; old key columns that are needed become values.

    Until the new key is computed the old one keeps its names, since a record without a value still
    has a key.
    """
    old_key = [column for column in stream.schema.key if column.name in needed]
    windows = _window_columns(stream, needed)
    if not old_key and not windows:
        return stream.select_key(keys, drop_null_key=drop_null_key)
    used = needed | column_names(*keys)
    values = [column for column in stream.schema.value if column.name in used]
    carried = [
        *_references(values),
        *(_reference(column, f"$OLD.{column.name}") for column in (*old_key, *windows)),
    ]
    moved = stream.select(carried).select_key(keys, drop_null_key=drop_null_key)
    back = [NamedExpression(c.name, ColumnRef(f"$OLD.{c.name}", c.type)) for c in old_key + windows]
    kept = [column for column in values if column.name in needed]
    return moved.select([*_references(kept), *back])


def _window_columns(stream: KStream, needed: frozenset[str]) -> list[Column]:
    """Return the bounds of the old key's window, as far as they are needed after it is gone."""
    if stream.schema.window is None:
        return []
    return [
        column
        for column in PSEUDO_COLUMNS.values()
        if column.name in needed and column.name.startswith("WINDOW")
    ]


def _aggregate(plan: Aggregate, context: _Context) -> KTable:
    inside = column_names(*plan.columns, *plan.aggregates)
    source = _lower(plan.input, context, inside | column_names(*plan.keys))
    names = [key.name for key in plan.keys]
    hidden = tuple(
        NamedExpression(f"$KEY{position}", key.expression) for position, key in enumerate(plan.keys)
    )
    if isinstance(source, KTable):
        grouped_table = _with_key(source, inside | column_names(*plan.keys)).group_by(hidden)
        return grouped_table.aggregate(plan.columns, plan.aggregates, key_names=names)
    if _is_key(plan, source):
        grouped = _narrowed(source, inside).group_by_key()
    else:
        by_group = rekeyed(source, hidden, inside, drop_null_key=True)
        grouped = _narrowed(by_group, inside).group_by_key()
    if plan.windows is not None:
        grouped = grouped.windowed_by(plan.windows)
    return grouped.aggregate(plan.columns, plan.aggregates, key_names=names, final=plan.final)


def _with_key(table: KTable, needed: frozenset[str]) -> KTable:
    """Return the table with the key columns needed among its values; the key is being replaced."""
    if not any(column.name in needed for column in table.schema.key):
        return table
    columns = [column for column in table.schema.columns() if column.name in needed]
    return table.select(
        _references(columns), [f"$OLD{position}" for position in range(len(table.schema.key))]
    )


def _is_key(plan: Aggregate, stream: KStream) -> bool:
    """Tell whether the stream is together by just these keys already."""
    if stream.key_format is None or stream.schema.window is not None:
        return False
    keys = tuple(ColumnRef(column.name, column.type) for column in stream.schema.key)
    return bool(keys) and keys == tuple(key.expression for key in plan.keys)


def _narrowed(stream: KStream, needed: frozenset[str]) -> KStream:
    """Return the stream with just the value columns needed, and pseudo columns as values."""
    pseudo = [
        column
        for column in PSEUDO_COLUMNS.values()
        if column.name in needed
        and column.name != ROWTIME
        and stream.schema.find(column.name) is None
    ]
    values = [column for column in stream.schema.value if column.name in needed]
    if not pseudo and len(values) == len(stream.schema.value):
        return stream
    return stream.select(_references([*values, *pseudo]))


def _join(plan: Join, context: _Context, needed: frozenset[str]) -> KStream | KTable:
    inside = needed - {column.name for column in plan.schema.key}
    key_names = {c.name for side in (plan.left, plan.right) for c in side.schema.key}
    wanted = inside | (needed & key_names)
    foreign_key = () if plan.foreign_key is None else (plan.foreign_key,)
    left = _lower(plan.left, context, wanted | column_names(*foreign_key))
    right = _lower(plan.right, context, wanted)
    return join_relations(plan, Sides(left, right), inside)


def _references(columns: Sequence[Column]) -> list[NamedExpression]:
    return [_reference(column, column.name) for column in columns]


def _reference(column: Column, name: str) -> NamedExpression:
    return NamedExpression(name, ColumnRef(column.name, column.type))
