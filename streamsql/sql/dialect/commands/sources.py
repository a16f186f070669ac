"""Statements on what the catalog holds: CREATE, ALTER and DROP of sources, types, connectors."""

from streamsql.sql.dialect.clauses.declaration import (
    parse_column,
    parse_elements,
    parse_if_exists,
    parse_if_not_exists,
    parse_names,
    parse_properties,
    parse_row,
)
from streamsql.sql.dialect.clauses.type import parse_type
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import expressions as ast
from streamsql.sql.dialect.nodes import statements
from streamsql.sql.dialect.nodes.statements import ConnectorDirection, SourceKind


def parse_kind(cursor: Cursor) -> SourceKind:
    """Read ``STREAM`` or ``TABLE``."""
    return SourceKind(cursor.choose(SourceKind))


def parse_create(cursor: Cursor) -> ast.Node:
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


def _create_source(cursor: Cursor, *, or_replace: bool, read_only: bool) -> ast.Node:
    kind = parse_kind(cursor)
    if_not_exists = parse_if_not_exists(cursor)
    name = cursor.identifier(kind.lower())
    elements = parse_elements(cursor)
    properties = parse_properties(cursor)
    if cursor.at("AS"):
        if elements is not None:
            cursor.fail(
                "AS SELECT cannot follow a list of columns",
                hint="The query names the columns: leave the list out.",
            )
        if read_only:
            cursor.fail(
                f"a SOURCE {kind} cannot be made by a query",
                hint="Leave SOURCE out: only a declared topic can be read-only.",
            )
        cursor.expect("AS")
        return statements.CreateAs(
            kind=kind,
            source_name=name,
            or_replace=or_replace,
            if_not_exists=if_not_exists,
            properties=properties,
            query=cursor.parse_query(),
        )
    cursor.accept("AS")  # noted for the error of an unexpected token
    return statements.CreateSource(
        kind=kind,
        source_name=name,
        or_replace=or_replace,
        read_only=read_only,
        if_not_exists=if_not_exists,
        elements=elements,
        properties=properties,
    )


def _create_type(cursor: Cursor) -> statements.CreateType:
    if_not_exists = parse_if_not_exists(cursor)
    name = cursor.identifier("type")
    cursor.expect("AS")
    return statements.CreateType(
        type_name=name, definition=parse_type(cursor), if_not_exists=if_not_exists
    )


def _create_connector(cursor: Cursor, direction: ConnectorDirection) -> statements.CreateConnector:
    if_not_exists = parse_if_not_exists(cursor)
    name = cursor.identifier("connector")
    properties = parse_properties(cursor)
    if properties is None:
        cursor.fail()
    return statements.CreateConnector(
        direction=direction,
        connector_name=name,
        properties=properties,
        if_not_exists=if_not_exists,
    )


def parse_alter(cursor: Cursor) -> ast.Node:
    """Read ALTER of a source, or ALTER SYSTEM."""
    mark = cursor.start
    cursor.expect("ALTER")
    if cursor.accept("SYSTEM"):
        name = cursor.string("the name of a property")
        cursor.expect("=")
        value = cursor.string("a value")
        return cursor.node(statements.AlterSystem(property_name=name, value=value), mark)
    kind = parse_kind(cursor)
    name_of_source = cursor.identifier(kind.lower())
    additions = cursor.separated(lambda: _addition(cursor))
    made = statements.AlterSource(kind=kind, source_name=name_of_source, additions=additions)
    return cursor.node(made, mark)


def _addition(cursor: Cursor) -> statements.ColumnDefinition:
    cursor.expect("ADD")
    cursor.accept("COLUMN")
    return parse_column(cursor)


def parse_drop(cursor: Cursor) -> ast.Node:
    """Read DROP of a source, type or connector."""
    mark = cursor.start
    cursor.expect("DROP")
    if cursor.accept("TYPE"):
        if_exists = parse_if_exists(cursor)
        name = cursor.identifier("type")
        return cursor.node(statements.DropType(type_name=name, if_exists=if_exists), mark)
    if cursor.accept("CONNECTOR"):
        if_exists = parse_if_exists(cursor)
        name = cursor.identifier("connector")
        dropped = statements.DropConnector(connector_name=name, if_exists=if_exists)
        return cursor.node(dropped, mark)
    kind = parse_kind(cursor)
    made = statements.DropSource(
        kind=kind,
        if_exists=parse_if_exists(cursor),
        source_name=cursor.identifier(kind.lower()),
        delete_topic=cursor.accept("DELETE", "TOPIC"),
    )
    return cursor.node(made, mark)


def parse_insert(cursor: Cursor) -> ast.Node:
    """Read INSERT INTO … SELECT or … VALUES."""
    mark = cursor.start
    cursor.expect("INSERT", "INTO")
    target = cursor.identifier("source")
    if cursor.at("(") or cursor.at("VALUES"):
        columns = parse_names(cursor)
        if cursor.at("SELECT"):
            cursor.fail(
                "INSERT INTO … SELECT takes no list of columns",
                hint="Select the columns in the order of the target, under its names.",
            )
        cursor.expect("VALUES")
        row = parse_row(cursor)
        return cursor.node(statements.InsertValues(target=target, columns=columns, row=row), mark)
    cursor.accept("(")  # noted, as the next one, for the error of an unexpected token
    cursor.accept("VALUES")
    properties = parse_properties(cursor)
    query = cursor.parse_query()
    inserted = statements.InsertSelect(target=target, properties=properties, query=query)
    return cursor.node(inserted, mark)
