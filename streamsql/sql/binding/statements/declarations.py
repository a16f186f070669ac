"""Statements that change what exists: CREATE STREAM | TABLE, ALTER, DROP, types, TERMINATE."""

from dataclasses import replace

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, Span, UnsupportedError
from streamsql.formats.formats import check
from streamsql.sql import statements
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.scope import did_you_mean, kind_word
from streamsql.sql.binding.statements.sink import bind_create_as
from streamsql.sql.binding.statements.source import bind_create_source, check_one_says_columns
from streamsql.sql.binding.types import bind_type
from streamsql.sql.dialect.nodes import statements as nodes
from streamsql.sql.dialect.nodes.node import required, several, span
from streamsql.sql.dialect.nodes.statements import (
    ColumnRole,
    column_role,
    is_read_only,
    source_kind,
    source_name,
)
from streamsql.types.schema import PSEUDO_COLUMNS, Column, Schema

_NOTHING_TO_DROP = statements.NoEffect("nothing to drop")


def create_source(
    node: exp.Create, context: Context
) -> statements.CreateSource | statements.NoEffect:
    """Bind CREATE STREAM | TABLE over a topic.

    Raises:
        BindError: The declaration is wrong, or the name is taken.
    """
    name, or_replace = source_name(node), bool(node.args.get("replace"))
    context.check_own_name(name)
    where, old = span(name), context.catalog.sources.get(name.name)
    if or_replace and (is_read_only(node) or (old is not None and old.read_only)):
        raise BindError("a SOURCE stream or table cannot be replaced", where)
    if old is not None and node.args.get("exists"):
        return _exists(kind_word(old.kind), old.name)
    check_one_says_columns(node)
    new = bind_create_source(node, context)
    if old is not None:
        _check_replaces(or_replace, old, new, where)
        new = replace(old, schema=new.schema, headers=new.headers, text=new.text)
    return statements.CreateSource(new)


def create_as(node: exp.Create, context: Context) -> statements.CreateAs | statements.NoEffect:
    """Bind CREATE STREAM | TABLE … AS SELECT.

    Raises:
        BindError: The query is wrong, or the name is taken.
        UnsupportedError: A running query would be replaced.
    """
    name, or_replace = source_name(node), bool(node.args.get("replace"))
    context.check_own_name(name)
    where, old = span(name), context.catalog.sources.get(name.name)
    if old is not None and or_replace:
        if old.read_only:
            raise BindError("a SOURCE stream or table cannot be replaced", where)
        raise UnsupportedError(
            "a query cannot be replaced while it runs",
            where,
            hint="Drop the result and create it anew, or create another one beside it.",
        )
    if old is not None and not node.args.get("exists"):
        raise _taken(old, where)
    bound = bind_create_as(node, context)
    return bound if old is None else _exists(kind_word(old.kind), old.name)


def _exists(kind: str, name: str) -> statements.NoEffect:
    return statements.NoEffect(f'{kind} "{name}" exists already: nothing was done')


def _taken(old: Source, where: Span) -> BindError:
    return BindError(
        f'{kind_word(old.kind)} "{old.name}" exists already',
        where,
        hint="Drop it first, choose another name, or write IF NOT EXISTS.",
    )


def _check_replaces(or_replace: bool, old: Source, new: Source, where: Span) -> None:
    """Check that a new declaration only appends columns to the old one."""
    if not or_replace:
        raise _taken(old, where)
    if old.query is not None:
        raise BindError(f'"{old.name}" is written by query {old.query}', where)
    same = (
        old.kind is new.kind
        and old.topic == new.topic
        and old.key_format == new.key_format
        and old.value_format == new.value_format
        and old.schema.key == new.schema.key
        and old.schema.window is new.schema.window
    )
    extended = new.schema.value[: len(old.schema.value)] == old.schema.value
    if not same or not extended:
        raise BindError(
            f'{kind_word(old.kind)} "{old.name}" can only be replaced by one with more columns',
            where,
            hint="Its topic, formats, key and first columns must stay as they are.",
        )


def alter_source(node: exp.Alter, context: Context) -> statements.AlterSource:
    """Bind ALTER STREAM | TABLE … ADD.

    Raises:
        BindError: The source cannot be altered, or a column is wrong.
    """
    name = source_name(node)
    source, where = context.source_of_kind(name, source_kind(node)), span(name)
    context.check_own(source, name)
    if source.read_only:
        raise BindError(f'{kind_word(source.kind)} "{source.name}" is read-only', where)
    if source.query is not None:
        raise BindError(
            f'{kind_word(source.kind)} "{source.name}" is the result of query {source.query}', where
        )
    columns = list(source.schema.value)
    for addition in several(node, "actions", exp.ColumnDef):
        column = _addition(addition, source, columns, context)
        columns.append(column)
    schema = Schema(source.schema.key, tuple(columns), source.schema.window)
    reason = check(source.value_format, columns, is_key=False)
    if reason is not None:
        raise BindError(reason, where)
    return statements.AlterSource(replace(source, schema=schema))


def _addition(
    node: exp.ColumnDef, source: Source, columns: list[Column], context: Context
) -> Column:
    name = node.name
    if column_role(node) is not ColumnRole.VALUE:
        raise BindError("only value columns can be added", span(node))
    if name in PSEUDO_COLUMNS:
        raise BindError(f'column name "{name}" is reserved', span(node.this))
    if any(column.name == name for column in (*source.schema.key, *columns)):
        raise BindError(f'column "{name}" exists already', span(node.this))
    return Column(name, bind_type(required(node, "kind", exp.DataType), context.catalog.types))


def drop_source(node: exp.Drop, context: Context) -> statements.DropSource | statements.NoEffect:
    """Bind DROP STREAM | TABLE.

    Raises:
        BindError: It does not exist, or is in use.
    """
    name, kind = source_name(node), source_kind(node)
    where, delete_topic = span(name), bool(node.args.get("purge"))
    if node.args.get("exists") and not name.db and context.own_source(name) is None:
        return _NOTHING_TO_DROP
    source = context.source_of_kind(name, kind)
    context.check_own(source, name)
    if source.read_only and delete_topic:
        raise BindError(
            f'{kind_word(kind)} "{source.name}" is read-only: its topic cannot be deleted', where
        )
    readers = sorted(source.readers)
    writers = sorted(source.writers - {source.query})
    for verb, users in (("reads", readers), ("writes", writers)):
        if users:
            raise BindError(
                f'query "{users[0]}" {verb} {kind_word(kind)} "{source.name}"',
                where,
                hint=f"End it first: {' '.join(f'TERMINATE {user};' for user in users)}",
            )
    return statements.DropSource(source, delete_topic)


def create_type(
    node: nodes.CreateType, context: Context
) -> statements.CreateType | statements.NoEffect:
    """Bind CREATE TYPE.

    Raises:
        BindError: The name is taken, or the definition is wrong.
    """
    name = node.type_name.name
    exists = name in context.catalog.types
    if exists and not node.if_not_exists:
        raise BindError(
            f'type "{name}" exists already',
            span(node.type_name),
            hint="Drop it first, or write IF NOT EXISTS.",
        )
    sql_type = bind_type(node.definition, context.catalog.types)
    return _exists("type", name) if exists else statements.CreateType(name, sql_type)


def drop_type(node: nodes.DropType, context: Context) -> statements.DropType | statements.NoEffect:
    """Bind DROP TYPE.

    Raises:
        BindError: It does not exist.
    """
    name = node.type_name.name
    if name in context.catalog.types:
        return statements.DropType(name)
    if node.if_exists:
        return _NOTHING_TO_DROP
    raise BindError(
        f'type "{name}" does not exist',
        span(node.type_name),
        hint=did_you_mean(name, context.catalog.types),
    )


def terminate(node: nodes.Terminate, context: Context) -> statements.Terminate:
    """Bind TERMINATE.

    Raises:
        BindError: No such query runs.
    """
    if node.query_id is None:
        return statements.Terminate(None)
    return statements.Terminate(query_id(node.query_id, context))


def query_id(written: exp.Identifier, context: Context) -> str:
    """Return the id of a running query.

    Raises:
        BindError: There is none of that id.
    """
    name = written.name.upper()
    if name not in context.catalog.queries:
        raise BindError(
            f'query "{name}" does not run',
            span(written),
            hint=did_you_mean(name, context.catalog.queries) or "SHOW QUERIES lists those that do.",
        )
    return name
