"""Types: ``INT``, ``DECIMAL(4, 2)``, ``ARRAY<T>``, ``T ARRAY``, ``MAP<K, V>``, ``STRUCT<f T>``."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.words import parse_identifier, parse_integer
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.types import named_type


def parse_type(cursor: Cursor) -> exp.DataType:
    """Read a type."""
    mark = cursor.start
    with cursor.nested():
        parsed = _prefix_type(cursor, mark)
    while cursor.accept("ARRAY"):
        parsed = cursor.node(_nested(exp.DType.ARRAY, [parsed]), mark)
    return parsed


def _nested(kind: exp.DType, parts: list[exp.Expr]) -> exp.DataType:
    return exp.DataType(this=kind, expressions=parts, nested=True)


def _prefix_type(cursor: Cursor, mark: int) -> exp.DataType:
    if cursor.at("ARRAY", "<"):
        cursor.expect("ARRAY", "<")
        element = parse_type(cursor)
        cursor.expect(">")
        return cursor.node(_nested(exp.DType.ARRAY, [element]), mark)
    if cursor.at("MAP", "<"):
        cursor.expect("MAP", "<")
        key_type = parse_type(cursor)
        cursor.expect(",")
        value_type = parse_type(cursor)
        cursor.expect(">")
        return cursor.node(_nested(exp.DType.MAP, [key_type, value_type]), mark)
    if cursor.at("STRUCT", "<>"):  # the tokenizer took the two brackets for "not equal"
        cursor.expect("STRUCT", "<>")
        return cursor.node(_nested(exp.DType.STRUCT, []), mark)
    if cursor.at("STRUCT", "<"):
        return _struct_type(cursor, mark)
    return _named_type(cursor, mark)


def _struct_type(cursor: Cursor, mark: int) -> exp.DataType:
    cursor.expect("STRUCT", "<")
    fields: list[exp.Expr] = []
    if not cursor.at(">"):
        fields = [*cursor.separated(lambda: _field(cursor))]
    cursor.expect(">")
    return cursor.node(_nested(exp.DType.STRUCT, fields), mark)


def _field(cursor: Cursor) -> exp.ColumnDef:
    mark = cursor.start
    name = parse_identifier(cursor, "field")
    field_type = parse_type(cursor)
    return cursor.node(exp.ColumnDef(this=name, kind=field_type), mark)


def _named_type(cursor: Cursor, mark: int) -> exp.DataType:
    name = parse_identifier(cursor, "type")
    parameters: list[exp.DataTypeParam] = []
    if cursor.at("("):
        if cursor.at("(", "STRING", ")") and name.name in ("VARCHAR", "STRING"):
            cursor.expect("(", "STRING", ")")
        else:
            parameters = cursor.in_parentheses(lambda: _parameter(cursor))
    return cursor.node(named_type(name, parameters), mark)


def _parameter(cursor: Cursor) -> exp.DataTypeParam:
    mark = cursor.start
    return cursor.node(exp.DataTypeParam(this=parse_integer(cursor, "a type parameter")), mark)
