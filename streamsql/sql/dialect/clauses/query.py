"""A query: SELECT … FROM … and the clauses after it, in their fixed order."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.expression import parse_value
from streamsql.sql.dialect.clauses.relation import parse_alias, parse_relation
from streamsql.sql.dialect.clauses.window import parse_window
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import expressions as ast
from streamsql.sql.dialect.nodes import queries
from streamsql.sql.dialect.tokens import is_word

_ORDER = ("WINDOW", "WHERE", "GROUP", "PARTITION", "HAVING", "EMIT", "LIMIT")
_ABSENT = {
    ("ORDER", "BY"): "A stream has no end to sort at: keep the largest with TOPK in an aggregate.",
    ("UNION",): "Write one INSERT INTO … SELECT for each part into the same stream.",
    ("INTERSECT",): "Join the two sources instead.",
    ("EXCEPT",): "Join the two sources with LEFT JOIN and keep the rows without a partner.",
    ("QUALIFY",): "Aggregate with GROUP BY and HAVING instead.",
    ("OFFSET",): "LIMIT alone bounds the rows.",
    ("FETCH",): "LIMIT bounds the rows.",
    ("WITH",): "Options of a source go between its name and AS; a named query is a stream.",
}


_OPERATIONS = (
    exp.Binary,
    exp.Neg,
    exp.Not,
    ast.Positive,
    ast.Between,
    ast.InList,
    ast.Like,
    ast.IsNull,
    ast.IsDistinct,
)


def parse_query(cursor: Cursor) -> queries.Query:
    """Read a query."""
    mark = cursor.start
    cursor.expect("SELECT")
    if cursor.at("DISTINCT"):
        cursor.fail("DISTINCT is not part of the language", hint="GROUP BY the columns instead.")
    cursor.accept("ALL")
    items = cursor.separated(lambda: _item(cursor))
    cursor.expect("FROM")
    relation = parse_relation(cursor)
    query = queries.Query(
        items=items,
        relation=relation,
        window=parse_window(cursor) if cursor.at("WINDOW") else None,
        where=_where(cursor),
        group_by=_group_by(cursor),
        partition_by=_partition_by(cursor),
        having=_having(cursor),
        emit=_emit(cursor),
        limit=_limit(cursor),
    )
    _refuse_leftover(cursor)
    return cursor.node(query, mark)


def _item(cursor: Cursor) -> queries.SelectItem:
    mark = cursor.start
    if cursor.at("*"):
        cursor.expect("*")
        return _unlabelled(cursor, ast.Star(), mark)
    if cursor.at_identifier() and cursor.at_after(".", "*"):
        source = cursor.identifier("source")
        cursor.expect(".", "*")
        return _unlabelled(cursor, ast.Star(source=source), mark)
    value = cursor.parse_expression()
    if cursor.at("->", "*") and not isinstance(value, _OPERATIONS):
        cursor.expect("->", "*")
        return _unlabelled(cursor, ast.AllFields(struct=value), mark)
    label = parse_alias(cursor)
    return cursor.node(queries.SelectItem(value=value, label=label), mark)


def _unlabelled(cursor: Cursor, made: ast.Star | ast.AllFields, mark: int) -> queries.SelectItem:
    value = cursor.node(made, mark)
    if cursor.at("AS"):
        cursor.fail(hint="All columns together have no alias.")
    return cursor.node(queries.SelectItem(value=value), mark)


def _where(cursor: Cursor) -> queries.Where | None:
    mark = cursor.start
    if not cursor.accept("WHERE"):
        return None
    return cursor.node(queries.Where(condition=cursor.parse_expression()), mark)


def _group_by(cursor: Cursor) -> queries.GroupBy | None:
    mark = cursor.start
    if not cursor.accept("GROUP", "BY"):
        return None
    return cursor.node(queries.GroupBy(keys=_keys(cursor)), mark)


def _partition_by(cursor: Cursor) -> queries.PartitionBy | None:
    mark = cursor.start
    if not cursor.accept("PARTITION", "BY"):
        return None
    return cursor.node(queries.PartitionBy(keys=_keys(cursor)), mark)


def _having(cursor: Cursor) -> queries.Having | None:
    mark = cursor.start
    if not cursor.accept("HAVING"):
        return None
    return cursor.node(queries.Having(condition=cursor.parse_expression()), mark)


def _emit(cursor: Cursor) -> queries.Emit | None:
    mark = cursor.start
    if not cursor.accept("EMIT"):
        return None
    mode = queries.EmitMode(cursor.choose(queries.EmitMode))
    return cursor.node(queries.Emit(mode=mode), mark)


def _limit(cursor: Cursor) -> queries.Limit | None:
    mark = cursor.start
    if not cursor.accept("LIMIT"):
        return None
    return cursor.node(queries.Limit(count=cursor.integer("a number of rows")), mark)


def _keys(cursor: Cursor) -> list[exp.Expr]:
    """Read ``key, …`` or ``(key, …)``; conditions only in parentheses."""
    if cursor.at("(") and _whole_list_in_parentheses(cursor):
        return cursor.in_parentheses(cursor.parse_expression)
    return cursor.separated(lambda: parse_value(cursor))


def _whole_list_in_parentheses(cursor: Cursor) -> bool:
    """Tell whether the parentheses that open here hold all the keys, not the start of the first."""
    depth = 0
    ahead = 0
    while (token := cursor.peek(ahead)) is not None:
        ahead += 1
        if token.token_type == TokenType.L_PAREN:
            depth += 1
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                break
    after = cursor.peek(ahead)
    return after is None or (is_word(after) and after.text.upper() != "AT")


def _refuse_leftover(cursor: Cursor) -> None:
    """Raise for clauses that are out of order, or that the language does not have."""
    for words, hint in _ABSENT.items():
        if cursor.at(*words):
            cursor.fail(f"{' '.join(words)} is not part of the language", hint=hint)
    if cursor.at_any(_ORDER):
        word = cursor.keyword
        cursor.fail(
            f"the {word} clause stands too late",
            hint="The order is WINDOW, WHERE, GROUP BY, PARTITION BY, HAVING, EMIT, LIMIT.",
        )
