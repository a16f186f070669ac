"""Statements on what the catalog holds: CREATE, ALTER and DROP of sources, types, connectors."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.declaration import (
    parse_column,
    parse_elements,
    parse_if_exists,
    parse_if_not_exists,
    parse_names,
    parse_properties,
)
from streamsql.sql.dialect.clauses.primary import at_query
from streamsql.sql.dialect.clauses.relation import parse_table, parse_values
from streamsql.sql.dialect.clauses.type import parse_type
from streamsql.sql.dialect.clauses.words import parse_identifier, parse_string
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import statements
from streamsql.sql.dialect.nodes.statements import SOURCE, ConnectorDirection
from streamsql.types.record import SourceKind


def parse_kind(cursor: Cursor) -> SourceKind:
    """Read ``STREAM`` or ``TABLE``."""
    return SourceKind(cursor.choose(SourceKind))


def parse_create(cursor: Cursor) -> exp.Expr:
    """Read CREATE of a source, type or connector."""
    mark = cursor.start
    cursor.expect("CREATE")
    if cursor.accept("TYPE"):
        return cursor.node(_create_type(cursor), mark)
    for direction in ConnectorDirection:
        if cursor.accept(direction, "CONNECTOR"):
            return cursor.node(_create_connector(cursor, direction), mark)
    or_replace = cursor.accept("OR", "REPLACE")
    read_only = cursor.accept("SOURCE")
    return cursor.node(_create_source(cursor, or_replace=or_replace, read_only=read_only), mark)


def _create_source(cursor: Cursor, *, or_replace: bool, read_only: bool) -> exp.Create:
    kind = parse_kind(cursor)
    if_not_exists = parse_if_not_exists(cursor)
    target, properties = parse_declaration(cursor, kind)
    query: exp.Query | None = None
    if cursor.at("AS"):
        if isinstance(target, exp.Schema):
            raise cursor.error(
                "AS SELECT cannot follow a list of columns",
                hint="The query names the columns: leave the list out.",
            )
        if read_only:
            raise cursor.error(
                f"a SOURCE {kind} cannot be made by a query",
                hint="Leave SOURCE out: only a declared topic can be read-only.",
            )
        cursor.expect("AS")
        query = cursor.parse_query()
    else:
        cursor.accept("AS")  # noted for the error of an unexpected token
    return exp.Create(
        this=target,
        kind=f"{SOURCE}{kind}" if read_only else kind.value,
        replace=or_replace,
        exists=if_not_exists,
        properties=properties,
        expression=query,
    )


def parse_declaration(
    cursor: Cursor, kind: SourceKind
) -> tuple[exp.Table | exp.Schema, exp.Properties | None]:
    """Read a name, the columns if there are any, and the properties if there are any."""
    mark = cursor.start
    table = parse_table(cursor, kind.lower())
    columns = parse_elements(cursor)
    if columns is None:
        return table, parse_properties(cursor)
    schema = cursor.node(exp.Schema(this=table, expressions=columns), mark)
    return schema, parse_properties(cursor)


def _create_type(cursor: Cursor) -> statements.CreateType:
    if_not_exists = parse_if_not_exists(cursor)
    name = parse_identifier(cursor, "type")
    cursor.expect("AS")
    return statements.CreateType(
        type_name=name, definition=parse_type(cursor), if_not_exists=if_not_exists
    )


def _create_connector(cursor: Cursor, direction: ConnectorDirection) -> statements.CreateConnector:
    if_not_exists = parse_if_not_exists(cursor)
    name = parse_identifier(cursor, "connector")
    properties = parse_properties(cursor)
    if properties is None:
        raise cursor.error()
    return statements.CreateConnector(
        direction=direction,
        connector_name=name,
        properties=properties,
        if_not_exists=if_not_exists,
    )


def parse_alter(cursor: Cursor) -> exp.Expr:
    """Read ALTER of a source, or ALTER SYSTEM."""
    mark = cursor.start
    cursor.expect("ALTER")
    if cursor.accept("SYSTEM"):
        name = parse_string(cursor, "the name of a property")
        cursor.expect("=")
        value = parse_string(cursor, "a value")
        return cursor.node(statements.AlterSystem(property_name=name, value=value), mark)
    kind = parse_kind(cursor)
    source = parse_table(cursor, kind.lower())
    additions = cursor.separated(lambda: _addition(cursor))
    return cursor.node(exp.Alter(this=source, kind=kind.value, actions=additions), mark)


def _addition(cursor: Cursor) -> exp.ColumnDef:
    cursor.expect("ADD")
    cursor.accept("COLUMN")
    return parse_column(cursor)


def parse_drop(cursor: Cursor) -> exp.Expr:
    """Read DROP of a source, type or connector."""
    mark = cursor.start
    cursor.expect("DROP")
    if cursor.accept("TYPE"):
        if_exists = parse_if_exists(cursor)
        name = parse_identifier(cursor, "type")
        return cursor.node(statements.DropType(type_name=name, if_exists=if_exists), mark)
    if cursor.accept("CONNECTOR"):
        if_exists = parse_if_exists(cursor)
        name = parse_identifier(cursor, "connector")
        dropped = statements.DropConnector(connector_name=name, if_exists=if_exists)
        return cursor.node(dropped, mark)
    kind = parse_kind(cursor)
    if_exists = parse_if_exists(cursor)
    source = parse_table(cursor, kind.lower())
    delete_topic = cursor.accept("DELETE", "TOPIC")
    made = exp.Drop(kind=kind.value, exists=if_exists, tables=[source], purge=delete_topic)
    return cursor.node(made, mark)


def parse_insert(cursor: Cursor) -> exp.Insert:
    """Read INSERT INTO … SELECT or … VALUES."""
    mark = cursor.start
    cursor.expect("INSERT", "INTO")
    target_mark = cursor.start
    target: exp.Expr = parse_table(cursor, "source")
    columns = None if at_query(cursor) or cursor.at("(", "(") else parse_names(cursor)
    if columns is not None:
        target = cursor.node(exp.Schema(this=target, expressions=columns), target_mark)
    if cursor.at("VALUES"):
        return cursor.node(exp.Insert(this=target, expression=parse_values(cursor)), mark)
    if columns is None:
        cursor.ask("(")
    cursor.ask("VALUES")
    properties = parse_properties(cursor) if cursor.at("WITH", "(") else None
    query = cursor.parse_query()
    return cursor.node(exp.Insert(this=target, settings=properties, expression=query), mark)
