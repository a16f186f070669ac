"""Types: ``INT``, ``DECIMAL(4, 2)``, ``ARRAY<T>``, ``T ARRAY``, ``MAP<K, V>``, ``STRUCT<f T>``."""

from sqlglot import exp

from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import expressions as ast


def parse_type(cursor: Cursor) -> ast.DataType:
    """Read a type."""
    mark = cursor.start
    with cursor.nested():
        parsed = _prefix_type(cursor, mark)
    while cursor.accept("ARRAY"):
        parsed = cursor.node(ast.ArrayType(element=parsed), mark)
    return parsed


def _prefix_type(cursor: Cursor, mark: int) -> ast.DataType:
    if cursor.at("ARRAY", "<"):
        cursor.expect("ARRAY", "<")
        element = parse_type(cursor)
        cursor.expect(">")
        return cursor.node(ast.ArrayType(element=element), mark)
    if cursor.at("MAP", "<"):
        cursor.expect("MAP", "<")
        key_type = parse_type(cursor)
        cursor.expect(",")
        value_type = parse_type(cursor)
        cursor.expect(">")
        return cursor.node(ast.MapType(key_type=key_type, value_type=value_type), mark)
    if cursor.at("STRUCT", "<>"):  # the tokenizer took the two brackets for "not equal"
        cursor.expect("STRUCT", "<>")
        return cursor.node(ast.StructType(), mark)
    if cursor.at("STRUCT", "<"):
        return _struct_type(cursor, mark)
    return _named_type(cursor, mark)


def _struct_type(cursor: Cursor, mark: int) -> ast.StructType:
    cursor.expect("STRUCT", "<")
    fields: list[ast.FieldDefinition] = []
    if not cursor.at(">"):
        fields = cursor.separated(lambda: _field(cursor))
    cursor.expect(">")
    return cursor.node(ast.StructType(fields=fields), mark)


def _field(cursor: Cursor) -> ast.FieldDefinition:
    mark = cursor.start
    name = cursor.identifier("field")
    field_type = parse_type(cursor)
    return cursor.node(ast.FieldDefinition(field_name=name, field_type=field_type), mark)


def _named_type(cursor: Cursor, mark: int) -> ast.NamedType:
    name = cursor.identifier("type")
    parameters: list[exp.Literal] = []
    if cursor.at("("):
        if cursor.at("(", "STRING", ")") and name.name in ("VARCHAR", "STRING"):
            cursor.expect("(", "STRING", ")")
        else:
            parameters = cursor.in_parentheses(lambda: cursor.integer("a type parameter"))
    return cursor.node(ast.NamedType(type_name=name, parameters=parameters), mark)
