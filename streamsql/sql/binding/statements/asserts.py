"""ASSERT: what must be so when a test script comes to it."""

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError
from streamsql.sql import statements
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.durations import duration_ms
from streamsql.sql.binding.statements.properties import With
from streamsql.sql.binding.statements.source import bind_create_source, check_one_says_columns
from streamsql.sql.binding.statements.values import bind_row, target_columns
from streamsql.sql.dialect.nodes import statements as nodes
from streamsql.sql.dialect.nodes.node import span
from streamsql.sql.dialect.nodes.statements import declared_columns, source_kind, source_name
from streamsql.types.schema import ROWTIME, WINDOWEND, WINDOWSTART, Column

_DEFAULT_TIMEOUT_MS = 1000
_TIMES = (ROWTIME, WINDOWSTART, WINDOWEND)


def assert_topic(node: nodes.AssertTopic) -> statements.AssertTopic:
    """Bind ASSERT [NOT EXISTS] TOPIC.

    Raises:
        BindError: A property is wrong.
    """
    allowed = frozenset({"PARTITIONS", "REPLICAS"})
    properties = With(node.properties, allowed, span(node.topic))
    timeout = _DEFAULT_TIMEOUT_MS if node.timeout is None else duration_ms(node.timeout)
    return statements.AssertTopic(
        node.topic.name,
        properties.integer("PARTITIONS"),
        properties.integer("REPLICAS"),
        not node.negated,
        timeout,
    )


def assert_values(node: nodes.AssertValues, context: Context) -> statements.AssertRecord:
    """Bind ASSERT VALUES.

    Raises:
        BindError: A column does not exist, or a value does not fit it.
    """
    source = context.source(node.source_name)
    columns = target_columns(source, node.columns, _TIMES)
    return _record(source, columns, node.row, context, tombstone=False)


def assert_null_values(node: nodes.AssertNullValues, context: Context) -> statements.AssertRecord:
    """Bind ASSERT NULL VALUES.

    Raises:
        BindError: A column does not exist or is not of the key, or a value does not fit it.
    """
    source = context.source(node.source_name)
    columns = list(source.schema.key)
    if node.columns is not None:
        columns = target_columns(source, node.columns, _TIMES)
        for column, identifier in zip(columns, node.columns, strict=True):
            if column.name not in _TIMES and not source.schema.is_key(column.name):
                raise BindError(
                    f'column "{column.name}" is not a key, and the record has no value',
                    span(identifier),
                )
    return _record(source, columns, node.row, context, tombstone=True)


def _record(
    source: Source,
    columns: Sequence[Column],
    row: Sequence[exp.Expr],
    context: Context,
    *,
    tombstone: bool,
) -> statements.AssertRecord:
    values = bind_row(columns, row, context, context.where)
    timestamp, start, end = (values.pop(name, None) for name in _TIMES)
    return statements.AssertRecord(source, values, tombstone, timestamp, start, end)


def assert_source(node: nodes.AssertSource, context: Context) -> statements.AssertSource:
    """Bind ASSERT STREAM | TABLE: what is not written is as the source is.

    Raises:
        BindError: The source does not exist or is of the other kind, or the declaration is wrong.
    """
    written = node.declaration
    kind = source_kind(written)
    actual = context.source_of_kind(source_name(written), kind)
    if not declared_columns(written) and written.args.get("properties") is None:
        return statements.AssertSource(kind, actual)
    check_one_says_columns(written)
    declared = bind_create_source(written, context)
    return statements.AssertSource(kind, replace(declared, name=actual.name))
