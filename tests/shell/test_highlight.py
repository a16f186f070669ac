"""Lexemes and colours of text that need not be a statement."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.shell.prompt.highlight import highlight
from streamsql.shell.prompt.lexemes import LexemeKind, lexemes
from streamsql.sql.dialect.parse import is_complete


@given(st.text(alphabet="SELECT 1.5e+ab_@'`\"-/*\\;,${}()\n\t東", max_size=60))
def test_lexemes_cover_the_text(text: str) -> None:
    parts = list(lexemes(text))
    assert "".join(part.text for part in parts) == text
    assert "".join(piece for _, piece in highlight(text)) == text
    for before, after in pairwise(parts):
        assert before.end == after.start
        assert before.closed or before.kind is LexemeKind.COMMENT


@pytest.mark.parametrize("text", ["SELECT ';", "SELECT 1 -- ;", "SELECT `;", "/* ;", "SELECT 1;"])
def test_a_semicolon_ends_a_statement_as_the_dialect_says(text: str) -> None:
    ends = any(part.kind is LexemeKind.SIGN and part.text == ";" for part in lexemes(text))
    assert ends == is_complete(text)


def test_styles() -> None:
    text = "CREATE STREAM s (id INT, `select` STRING) -- x\nAS SELECT ucase('a;b'), 1.5, ${v}"
    styled = [(style, piece) for style, piece in highlight(text) if style]
    assert styled == [
        ("keyword", "CREATE"),
        ("keyword", "STREAM"),
        ("keyword", "id"),
        ("type", "INT"),
        ("type", "STRING"),
        ("comment", "-- x"),
        ("keyword", "AS"),
        ("keyword", "SELECT"),
        ("function", "ucase"),
        ("string", "'a;b'"),
        ("number", "1.5"),
        ("variable", "${v}"),
    ]
