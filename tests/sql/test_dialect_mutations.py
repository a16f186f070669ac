"""A damaged statement parses or is refused with a place in the text; nothing else happens."""

import random
from collections.abc import Iterator

import pytest

from streamsql.errors import StatementError
from streamsql.sql.dialect.keywords import NONRESERVED, RESERVED
from streamsql.sql.dialect.parse import is_complete, parse_script
from streamsql.sql.dialect.tokens import tokenize
from tests.sql.dialect_corpus import own_statements

WORDS = (
    *sorted(RESERVED | NONRESERVED),
    *"()[]<>,.;+-*/%=${}'`\"!#\néab1",
    *("->", "=>", ":=", "||", "<>", "1.5", ".5", "1e3", "1R", "'x'", "`y`", "--", "/*", "*/"),
    *("${v}", "$${v}"),
)


@pytest.mark.slow
def test_damaged_tokens() -> None:
    for text in own_statements():
        for damaged in _damages(text):
            _parse_or_refuse(damaged)


def test_cut_text() -> None:
    for text in own_statements():
        for end in range(0, len(text), 3):
            _parse_or_refuse(text[:end])
            is_complete(text[:end])


@pytest.mark.parametrize("depth", [30, 60, 200, 1000, pytest.param(5_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("f(", ")"),
        ("-", ""),
        ("NOT ", ""),
        ("1 + ", ""),
        ("ARRAY[", "]"),
        ("CASE WHEN ", " THEN 1 END"),
        ("f(x => ", ")"),
        ("CAST(", " AS INT)"),
        ("a[", "]"),
        ("a OR ", ""),
        ("1 + (", ")"),
        ("a = b AND (c OR ", ")"),
    ],
)
def test_deep_nesting(opening: str, closing: str, depth: int) -> None:
    _parse_or_refuse(f"SELECT {opening * depth}1{closing * depth} FROM s;")


@pytest.mark.parametrize("depth", [30, 1000, 5_000])
def test_deep_types(depth: int) -> None:
    _parse_or_refuse(f"CREATE STREAM s (a {'ARRAY<' * depth}INT{'>' * depth});")
    _parse_or_refuse(f"CREATE STREAM s (a INT{' ARRAY' * depth});")


def test_many_joins() -> None:
    joins = " ".join(f"JOIN t{i} ON a = b" for i in range(1000))
    _parse_or_refuse(f"SELECT * FROM s {joins};")


def test_long_chains_of_or_are_low() -> None:
    chain = " OR ".join(f"a = {number}" for number in range(5_000))
    assert parse_script(f"SELECT * FROM s WHERE {chain};")


def test_random_words(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(2000):
        start = rng.choice(("", "SELECT ", "SELECT a FROM b ", "CREATE STREAM ", "INSERT INTO "))
        gap = rng.choice(("", " "))
        _parse_or_refuse(start + gap.join(rng.choice(WORDS) for _ in range(rng.randint(1, 9))))


def _parse_or_refuse(text: str) -> None:
    try:
        parse_script(text)
    except StatementError as error:
        _check(error, text)


def _check(error: StatementError, text: str) -> None:
    assert error.span is not None
    assert 0 <= error.span.start <= error.span.end <= len(text), text
    assert error.text == text
    assert not error.message.endswith(".")
    assert error.hint is None or error.hint.endswith((".", "?"))
    error.render()


def _damages(text: str) -> Iterator[str]:
    tokens = tokenize(text)
    pieces = [text[token.start : token.end + 1] for token in tokens]
    for index, piece in enumerate(pieces):
        before, after = pieces[:index], pieces[index + 1 :]
        yield " ".join([*before, *after])
        yield " ".join([*before, piece, piece, *after])
        if after:
            yield " ".join([*before, after[0], piece, *after[1:]])
