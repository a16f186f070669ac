"""Everything that must be accepted parses, prints, and parses as the same again."""

from sqlglot import exp

from streamsql.errors import Span
from streamsql.sql.dialect.generator.generator import print_node
from streamsql.sql.dialect.nodes import expressions as ast
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
    ast.TypedLiteral,
    ast.Positive,
    ast.Between,
    ast.InList,
    ast.Like,
    ast.IsNull,
    ast.IsDistinct,
    ast.Case,
    ast.Cast,
    ast.AtTimeZone,
    ast.FieldAccess,
    ast.Subscript,
    ast.ArrayConstructor,
    ast.MapConstructor,
    ast.StructConstructor,
    ast.FunctionCall,
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
        printed = print_node(statement.node)
        (again,) = parse_script(printed)
        assert again.node == statement.node, printed
        if statement.text not in text:
            (portable,) = parse_script(statement.text)
            assert portable.node == statement.node


def test_sqlglot_prints_the_same() -> None:
    for text in own_statements():
        for statement in parse_script(text):
            assert statement.node.sql(dialect="streamsql") == print_node(statement.node)


def _check_all_spans(text: str) -> None:
    for statement in parse_script(text):
        if "${" not in text:
            _check_spans(text, statement)


def _check_spans(text: str, statement: ParsedStatement) -> None:
    whole = ast.span(statement.node)
    assert whole == statement.span
    assert text[whole.start : whole.end] == statement.text
    for node in statement.node.walk():
        where = ast.span(node)
        written = text[where.start : where.end]
        assert written == written.strip()
        if node.parent is not None:
            parent = ast.span(node.parent)
            assert parent.cover(where) == parent
        if isinstance(node, exp.Identifier):
            _check_name(node, written)
        elif isinstance(node, EXPRESSIONS) and not isinstance(node.parent, TOPICS):
            assert parse_expression(written) == node, written


def _check_name(node: exp.Identifier, written: str) -> None:
    if node.args["quoted"]:
        assert written[0] == written[-1]
        assert written[1:-1].replace(written[0] * 2, written[0]) == node.name
    else:
        assert written.upper() == node.name


def test_siblings_do_not_overlap() -> None:
    (statement,) = parse_script(
        "SELECT a + b * -c, f(x => x[1], DAYS) FROM s WHERE NOT a IN (1, 2)"
    )
    for node in statement.node.walk():
        ends = Span(0, 0)
        for child in ast.children(node):
            where = ast.span(child)
            assert where.start >= ends.end
            ends = where
