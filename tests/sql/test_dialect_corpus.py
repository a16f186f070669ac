"""Everything that must be accepted parses, prints, and parses as the same again."""

from sqlglot import exp

from streamsql.errors import Span
from streamsql.sql.dialect.nodes import node as nodes
from streamsql.sql.dialect.nodes.clauses import Positive
from streamsql.sql.dialect.nodes.statements import AssertSchema, AssertTopic, Print
from streamsql.sql.dialect.parse import ParsedStatement, parse_expression, parse_script
from tests.sql.dialect_corpus import own_statements, shared_statements

# What stands for a value by itself; the others are parts of something.
EXPRESSIONS = (
    exp.Column,
    exp.Literal,
    exp.Null,
    exp.Boolean,
    exp.Paren,
    exp.Binary,
    exp.Neg,
    exp.Not,
    Positive,
    exp.Between,
    exp.In,
    exp.Case,
    exp.Cast,
    exp.AtTimeZone,
    exp.Bracket,
    exp.Array,
    exp.Map,
    exp.Struct,
    exp.Anonymous,
    exp.AggFunc,
)

# Where an unquoted name is a string.
TOPICS = (Print, AssertTopic, AssertSchema)


def test_shared_statements_round_trip() -> None:
    texts = shared_statements()
    assert len(texts) > 1000
    for text in texts:
        _round_trip(text)


def test_own_statements_round_trip() -> None:
    for text in own_statements():
        _round_trip(text)


def test_spans_of_own_statements_are_exact() -> None:
    for text in own_statements():
        _check_all_spans(text)


def test_spans_of_shared_statements_are_exact() -> None:
    for text in shared_statements()[::7]:
        _check_all_spans(text)


def _round_trip(text: str) -> None:
    for statement in parse_script(text):
        printed = statement.node.sql(dialect="streamsql")
        (again,) = parse_script(printed)
        assert again.node == statement.node, printed
        if statement.text not in text:
            (portable,) = parse_script(statement.text)
            assert portable.node == statement.node


def _check_all_spans(text: str) -> None:
    for statement in parse_script(text):
        if "${" not in text:
            _check_spans(text, statement)


def _check_spans(text: str, statement: ParsedStatement) -> None:
    whole = nodes.span(statement.node)
    assert whole == statement.span
    assert text[whole.start : whole.end] == statement.text
    for node in statement.node.walk():
        where = nodes.span(node)
        written = text[where.start : where.end]
        assert written == written.strip()
        if node.parent is not None:
            parent = nodes.span(node.parent)
            assert parent.cover(where) == parent
        if isinstance(node, exp.Identifier):
            _check_name(node, written)
        elif isinstance(node, EXPRESSIONS) and _is_whole(node):
            again = parse_expression(written)
            assert again in (node, exp.Not(this=node)), written


def _is_whole(node: exp.Expr) -> bool:
    """Tell whether a node means the same by itself; ``a NOT IN (b)`` is read as NOT and as IN."""
    if isinstance(node, exp.PropertyEQ) or isinstance(node.parent, (*TOPICS, exp.Map)):
        return False
    if isinstance(node, exp.Null) and isinstance(node.parent, exp.Is):  # maybe written UNKNOWN
        return False
    return node.find_ancestor(exp.Lambda) is None and not _ends_in_star(node)


def _ends_in_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column | exp.Dot) and node.find(exp.Star) is not None


def _check_name(node: exp.Identifier, written: str) -> None:
    if node.args["quoted"]:
        assert written[0] == written[-1]
        assert written[1:-1].replace(written[0] * 2, written[0]) == node.name
    elif node.arg_key == "db":  # the name of an application, whose case counts
        assert written == node.name
    else:
        assert written.upper() == node.name


def test_siblings_do_not_overlap() -> None:
    (statement,) = parse_script(
        "SELECT a + b * -c, f(x => x[1], DAYS) FROM s WHERE NOT a IN (1, 2)"
    )
    for node in statement.node.walk():
        ends = Span(0, 0)
        for child in node.iter_expressions():
            where = nodes.span(child)
            assert where.start >= ends.end
            ends = where
