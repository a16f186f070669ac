"""Variables, directives, and where statements end."""

import pytest

from streamsql.errors import ParseError, Span
from streamsql.sql.dialect.nodes import node as nodes
from streamsql.sql.dialect.parse import Directive, is_complete, parse_script


def _printed(text: str, variables: dict[str, str] | None = None) -> list[str]:
    return [statement.node.sql(dialect="streamsql") for statement in parse_script(text, variables)]


def test_stand_for_names_and_literals() -> None:
    variables = {"source": "clicks", "n": "3", "s": "'it''s'", "q": "`my Name`", "b": "true"}
    (printed,) = _printed("SELECT ${n}, ${S}, ${q}, ${b} FROM ${source}", variables)
    assert printed == "SELECT 3, 'it''s', `my Name`, TRUE FROM CLICKS"


def test_stand_for_text_in_quotes() -> None:
    (printed,) = _printed("SELECT '${x}-$${x}', `${x}`, '-- ${x}' FROM s", {"X": "it's"})
    assert printed == "SELECT 'it''s-$${x}', `it's`, '-- it''s' FROM S"


def test_define_holds_for_later_statements_only() -> None:
    text = "DEFINE t = 'a'; SELECT * FROM ${t}; DEFINE T = 'b'; SELECT * FROM ${t}; UNDEFINE t;"
    assert _printed(text)[1::2] == ["SELECT * FROM A", "SELECT * FROM B"]
    with pytest.raises(ParseError, match='variable "t" is not defined'):
        parse_script(text + "SELECT * FROM ${t};")


def test_comments_are_not_substituted() -> None:
    assert _printed("SELECT a -- ${nope}\n FROM s /* ${nope} ' */") == ["SELECT A FROM S"]


@pytest.mark.parametrize("value", ["SELECT", "a b", "a; DROP TABLE b", "1 + 1", "", "a.b", "'a"])
def test_refuse_what_is_no_name_or_literal(value: str) -> None:
    with pytest.raises(ParseError, match="neither a name nor a literal") as caught:
        parse_script("SELECT ${x} FROM s", {"x": value})
    assert caught.value.span == Span(7, 11)


def test_errors_and_spans_are_in_the_submitted_text() -> None:
    text = "SELECT ${long}, b ${long} c FROM s"
    with pytest.raises(ParseError) as caught:
        parse_script(text, {"long": "abcdefghijkl"})
    assert caught.value.span == Span(text.index("c FROM"), text.index("c FROM") + 1)
    (statement,) = parse_script("SELECT '${x}' FROM ${t} ", {"x": "abcdef", "t": "s"})
    assert statement.span == Span(0, 23)
    names = [text[span.start : span.end] for text, span in _spans("SELECT '${x}' FROM ${t} ")]
    assert names == ["'${x}'", "${t}"]


def _spans(text: str) -> list[tuple[str, Span]]:
    (statement,) = parse_script(text, {"x": "abcdef", "t": "s"})
    return [(text, nodes.span(node)) for node in statement.node.walk() if node.is_primitive]


def test_text_is_free_of_variables() -> None:
    (statement,) = parse_script("SELECT '${x} $${x}' FROM ${t};", {"x": "a$${b}", "t": "s"})
    assert statement.text == "SELECT 'a$$${b} $${x}' FROM s"
    (again,) = parse_script(statement.text)
    assert again.node == statement.node


def test_directives() -> None:
    text = """
    -- a comment
    --@test: the name of it
    --@expected.error: some.Class
    /* --@no: directive */ --@expected.message: a: b
    SELECT 1 FROM a; --@test: next
    SELECT '--@no: directive' FROM b; --@test: nothing follows
    """
    first, second = parse_script(text)
    assert [(directive.name, directive.value) for directive in first.directives] == [
        ("test", "the name of it"),
        ("expected.error", "some.Class"),
        ("expected.message", "a: b"),
    ]
    assert isinstance(second.directives[0], Directive)
    where = second.directives[0].span
    assert text[where.start : where.end] == "--@test: next"


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("SELECT * FROM a;", True),
        ("SELECT * FROM a; -- done", True),
        ("SELECT * FROM a;\n\n", True),
        ("SELECT * FROM a", False),
        ("SELECT ';", False),
        ("SELECT ';' FROM a", False),
        ("SELECT a -- ;", False),
        ("SELECT a; /* ", False),
        ("SELECT `;", False),
        ("", False),
        ("SELECT a; SELECT", False),
        ("SELECT é;", True),
    ],
)
def test_is_complete(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


def test_empty_statements_are_skipped() -> None:
    assert parse_script(" ; ;; -- nothing\n") == []
