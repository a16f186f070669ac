"""SELECT and its clauses, in their fixed order."""

from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.call import parse_star
from streamsql.sql.dialect.clauses.expression import parse_value
from streamsql.sql.dialect.clauses.over import at_named_window, parse_named_windows
from streamsql.sql.dialect.clauses.relation import parse_alias, parse_from, parse_joins
from streamsql.sql.dialect.clauses.window import parse_window
from streamsql.sql.dialect.clauses.words import at_identifier, parse_identifier
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import PartitionBy, Positive
from streamsql.sql.dialect.tokens import is_word

_SETS_OF_KEYS = {"ROLLUP": exp.Rollup, "CUBE": exp.Cube}
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


def parse_select(cursor: Cursor) -> exp.Select:
    """Read SELECT up to QUALIFY."""
    mark = cursor.start
    cursor.expect("SELECT")
    parts: dict[str, object] = {"distinct": _distinct(cursor)}
    parts["expressions"] = cursor.separated(lambda: _item(cursor))
    parts["from_"] = parse_from(cursor)
    parts["joins"] = parse_joins(cursor)
    window = parse_window(cursor) if cursor.at("WINDOW") and not at_named_window(cursor) else None
    parts["where"] = _where(cursor)
    parts["group"] = _group_by(cursor)
    partition_by = _partition_by(cursor)
    parts["having"] = _having(cursor)
    parts["windows"] = parse_named_windows(cursor)
    parts["qualify"] = _qualify(cursor)
    parts["options"] = [part for part in (window, partition_by) if part is not None]
    return cursor.node(exp.Select(**{name: part for name, part in parts.items() if part}), mark)


def _distinct(cursor: Cursor) -> exp.Distinct | None:
    mark = cursor.start
    if cursor.accept("DISTINCT"):
        return cursor.node(exp.Distinct(), mark)
    cursor.accept("ALL")
    return None


def _item(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    if cursor.at("*"):
        return _unlabelled(cursor, parse_star(cursor))
    if at_identifier(cursor) and cursor.at(".", "*", ahead=1):
        source = parse_identifier(cursor, "source")
        cursor.expect(".")
        column = exp.Column(this=parse_star(cursor), table=source)
        return _unlabelled(cursor, cursor.node(column, mark))
    value = cursor.parse_expression()
    if cursor.at("->", "*") and not _is_operation(value):
        cursor.expect("->")
        fields = exp.Dot(this=value, expression=parse_star(cursor))
        return _unlabelled(cursor, cursor.node(fields, mark))
    label = parse_alias(cursor)
    return value if label is None else cursor.node(exp.Alias(this=value, alias=label), mark)


def _is_operation(value: exp.Expr) -> bool:
    return isinstance(value, _OPERATIONS) and not isinstance(value, exp.Exists)


def _unlabelled(cursor: Cursor, made: exp.Expr) -> exp.Expr:
    if cursor.at("AS"):
        raise cursor.error(hint="All columns together have no alias.")
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
    return cursor.node(exp.Group(expressions=_keys(cursor, _grouping)), mark)


def _partition_by(cursor: Cursor) -> PartitionBy | None:
    mark = cursor.start
    if not cursor.accept("PARTITION", "BY"):
        return None
    return cursor.node(PartitionBy(keys=_keys(cursor, parse_value)), mark)


def _having(cursor: Cursor) -> exp.Having | None:
    mark = cursor.start
    if not cursor.accept("HAVING"):
        return None
    return cursor.node(exp.Having(this=cursor.parse_expression()), mark)


def _qualify(cursor: Cursor) -> exp.Qualify | None:
    mark = cursor.start
    if not cursor.accept("QUALIFY"):
        return None
    return cursor.node(exp.Qualify(this=cursor.parse_expression()), mark)


def _grouping(cursor: Cursor) -> exp.Expr:
    """Read a key of GROUP BY, or several sets of keys."""
    mark = cursor.start
    if cursor.at("GROUPING", "SETS", "("):
        cursor.expect("GROUPING", "SETS")
        sets = cursor.in_parentheses(lambda: _grouping_set(cursor))
        return cursor.node(exp.GroupingSets(expressions=sets), mark)
    for word, kind in _SETS_OF_KEYS.items():
        if cursor.at(word, "("):
            cursor.expect(word)
            keys = cursor.in_parentheses(lambda: _grouping_set(cursor))
            return cursor.node(kind(expressions=keys), mark)
    return parse_value(cursor)


def _grouping_set(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    if cursor.accept("(", ")"):
        return cursor.node(exp.Tuple(expressions=[]), mark)
    with cursor.nested():
        return _grouping(cursor)


def _keys(cursor: Cursor, parse: Callable[[Cursor], exp.Expr]) -> list[exp.Expr]:
    """Read ``key, …`` or ``(key, …)``; conditions only in parentheses."""
    if cursor.at("(") and _whole_list_in_parentheses(cursor):
        return cursor.in_parentheses(cursor.parse_expression)
    return cursor.separated(lambda: parse(cursor))


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
    if after is None or after.token_type == TokenType.R_PAREN:
        return True
    return is_word(after) and after.text.upper() != "AT"
