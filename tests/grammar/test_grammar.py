"""The grammar files describe the language that the parser reads."""

import random

import pytest

from streamsql.sql.dialect.keywords import NONRESERVED, RESERVED
from streamsql.sql.dialect.parse import parse_script
from tests.grammar.ebnf import Grammar, references

UNUSED = {"ANALYZE", "COLUMNS", "PARTITIONS", "RESET"}
"""Keywords of ksqlDB that no statement of ours has."""

GRAMMAR = Grammar()
STATEMENTS = sorted(references(GRAMMAR.rules["statement"]))


def test_keyword_lists_are_those_of_the_parser() -> None:
    assert GRAMMAR.reserved == RESERVED
    assert GRAMMAR.nonreserved == NONRESERVED
    assert not RESERVED & NONRESERVED


def test_every_keyword_of_the_rules_is_listed_and_used() -> None:
    signs_of_exponents = {"e", "E"}
    assert GRAMMAR.terminals() - signs_of_exponents == (RESERVED | NONRESERVED) - UNUSED


def test_every_rule_exists_and_is_used() -> None:
    assert GRAMMAR.references() - {"nonreserved"} == set(GRAMMAR.rules) - {"script"}


@pytest.mark.parametrize("rule", STATEMENTS)
def test_sentences_parse_and_print_back(rule: str, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        sentence = GRAMMAR.sentence(rule, rng)
        (statement,) = parse_script(sentence)
        printed = statement.node.sql(dialect="streamsql")
        (again,) = parse_script(printed)
        assert again.node == statement.node, f"{sentence}\n{printed}"


def test_scripts_parse(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        assert parse_script(GRAMMAR.sentence("script", rng))


@pytest.mark.parametrize("keyword", sorted(NONRESERVED))
def test_nonreserved_keywords_are_names(keyword: str) -> None:
    text = (
        f"CREATE STREAM {keyword} ({keyword} INT KEY, b STRUCT<{keyword} INT>) WITH (a = 'b');"
        f"CREATE STREAM x AS SELECT {keyword}, b->{keyword} AS {keyword}, c.{keyword}"
        f" FROM {keyword} AS c WHERE {keyword} = 1 GROUP BY {keyword} EMIT CHANGES;"
    )
    assert len(parse_script(text)) == 2
