"""A query: SELECT … FROM … and the clauses after it, in their fixed order."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.expression import parse_value
from streamsql.sql.dialect.clauses.relation import parse_alias, parse_from, parse_joins
from streamsql.sql.dialect.clauses.window import parse_window
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import Emit, EmitMode, PartitionBy, Positive
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
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Mod,
    exp.DPipe,
    exp.Connector,
    exp.Predicate,
    exp.Escape,
    exp.Neg,
    exp.Not,
    Positive,
)
"""What an operator makes: ``->*`` after it would belong to its last operand."""


def parse_query(cursor: Cursor) -> exp.Query:
    """Read a query."""
    mark = cursor.start
    cursor.expect("SELECT")
    if cursor.at("DISTINCT"):
        cursor.fail("DISTINCT is not part of the language", hint="GROUP BY the columns instead.")
    cursor.accept("ALL")
    items = cursor.separated(lambda: _item(cursor))
    parts: dict[str, object] = {"from_": parse_from(cursor), "joins": parse_joins(cursor)}
    window = parse_window(cursor) if cursor.at("WINDOW") else None
    parts["where"] = _where(cursor)
    parts["group"] = _group_by(cursor)
    partition_by = _partition_by(cursor)
    parts["having"] = _having(cursor)
    emit = _emit(cursor)
    parts["limit"] = _limit(cursor)
    _refuse_leftover(cursor)
    parts["options"] = [part for part in (window, partition_by, emit) if part is not None]
    made = exp.Select(expressions=items, **{name: part for name, part in parts.items() if part})
    return cursor.node(made, mark)


def _item(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    if cursor.at("*"):
        return _unlabelled(cursor, _star(cursor))
    if cursor.at_identifier() and cursor.at_after(".", "*"):
        source = cursor.identifier("source")
        cursor.expect(".")
        column = exp.Column(this=_star(cursor), table=source)
        return _unlabelled(cursor, cursor.node(column, mark))
    value = cursor.parse_expression()
    if cursor.at("->", "*") and not isinstance(value, _OPERATIONS):
        cursor.expect("->")
        fields = exp.Dot(this=value, expression=_star(cursor))
        return _unlabelled(cursor, cursor.node(fields, mark))
    label = parse_alias(cursor)
    return value if label is None else cursor.node(exp.Alias(this=value, alias=label), mark)


def _star(cursor: Cursor) -> exp.Star:
    mark = cursor.start
    cursor.expect("*")
    return cursor.node(exp.Star(), mark)


def _unlabelled(cursor: Cursor, made: exp.Expr) -> exp.Expr:
    if cursor.at("AS"):
        cursor.fail(hint="All columns together have no alias.")
    return made


def _where(cursor: Cursor) -> exp.Where | None:
    mark = cursor.start
    if not cursor.accept("WHERE"):
        return None
    return cursor.node(exp.Where(this=cursor.parse_expression()), mark)


def _group_by(cursor: Cursor) -> exp.Group | None:
    mark = cursor.start
    if not cursor.accept("GROUP", "BY"):
        return None
    return cursor.node(exp.Group(expressions=_keys(cursor)), mark)


def _partition_by(cursor: Cursor) -> PartitionBy | None:
    mark = cursor.start
    if not cursor.accept("PARTITION", "BY"):
        return None
    return cursor.node(PartitionBy(keys=_keys(cursor)), mark)


def _having(cursor: Cursor) -> exp.Having | None:
    mark = cursor.start
    if not cursor.accept("HAVING"):
        return None
    return cursor.node(exp.Having(this=cursor.parse_expression()), mark)


def _emit(cursor: Cursor) -> Emit | None:
    mark = cursor.start
    if not cursor.accept("EMIT"):
        return None
    return cursor.node(Emit(mode=EmitMode(cursor.choose(EmitMode))), mark)


def _limit(cursor: Cursor) -> exp.Limit | None:
    mark = cursor.start
    if not cursor.accept("LIMIT"):
        return None
    return cursor.node(exp.Limit(expression=cursor.integer("a number of rows")), mark)


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
