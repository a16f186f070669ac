"""Completion: what is proposed at the mark ``|``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.shell.prompt.completion import Vocabulary, complete

WORDS = Vocabulary(
    sources={
        "CLICKS": ("USER", "PAGE", "MS"),
        "USERS": ("ID", "NAME"),
        "odd": ("a b", "PAGES"),
    },
    applications={"my-app": {"USERS": ("AGE",)}, "weather": {"RAIN": ("CITY", "MM")}},
    functions=("COUNT", "COUNT_DISTINCT", "UCASE"),
    topics=("clicks", "users.v1"),
    queries=("CTAS_COUNTS_0",),
    commands=("exit", "help"),
)


def at(marked: str) -> list[str]:
    """The texts proposed at the mark."""
    cursor = marked.index("|")
    text = marked.replace("|", "", 1)
    return [found.text for found in complete(text, cursor, WORDS)]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("SELECT * FROM |", ["CLICKS", "USERS", "`odd`", "RAIN", "`my-app`", "weather"]),
        ("select * from r|", ["rain"]),
        ("SELECT * FROM WE|", ["weather"]),
        ("SELECT * FROM weather.|", ["RAIN"]),
        ("SELECT * FROM `my-app`.u|", ["users"]),
        ("SELECT * FROM Weather.|", []),
        ("SELECT | FROM weather.rain", ["CITY", "MM"]),
        ("SELECT r.m| FROM clicks c JOIN weather.rain AS r ON ", ["mm"]),
        ("SELECT u.| FROM `my-app`.users u", ["AGE"]),
        ("SELECT rain.| FROM rain", ["CITY", "MM"]),
        ("SELECT * FROM weather.rain r WHERE |", ["CITY", "MM"]),
        ("select * from cl|", ["clicks"]),
        ("SELECT * FROM Cl|", ["CLICKS"]),
        ("SELECT * FROM `o|", ["`odd`"]),
        ("INSERT INTO us|", ["users"]),
        ("DESCRIBE |", ["CLICKS", "USERS", "`odd`", "RAIN", "`my-app`", "weather"]),
        ("DROP STREAM my|", []),
        ("DROP TABLE IF EXISTS US|", ["USERS"]),
        ("DROP STREAM |", ["CLICKS", "USERS", "`odd`"]),
        ("SELECT c.| FROM clicks c EMIT CHANGES;", ["USER", "PAGE", "MS"]),
        ("SELECT c.p| FROM clicks AS c", ["page"]),
        ("SELECT users.n| FROM users", ["name"]),
        ("SELECT | FROM users", ["ID", "NAME"]),
        ("SELECT * FROM users WHERE |", ["ID", "NAME"]),
        ("SELECT * FROM `odd` WHERE |", ["`a b`", "PAGES"]),
        ("SELECT COUNT|(*) FROM clicks", ["COUNT_DISTINCT"]),
        ("SHOW TO|", ["TOPICS"]),
        ("SHOW VA|", ["VARIABLES"]),
        ("LIST VA|", []),
        ("GROUP |", ["BY"]),
        ("PRINT |", ["clicks", "users.v1"]),
        ("PRINT us|", ["users.v1"]),
        ("TERMINATE |", ["CTAS_COUNTS_0", "ALL"]),
        ("he|", ["help"]),
        ("SELECT 1; sel|", ["select"]),
        ("CREATE STR|", ["STREAM"]),
        ("SELECT 'us|", []),
        ("SELECT 'it''s us|", []),
        ("-- us|", []),
        ("/* us|", []),
        ("SELECT ${us|", []),
        ("SELECT /* a */ * FROM us|", ["users"]),
        ("SELECT pa| FROM clicks WHERE MS = 1", ["page", "partition", "partitions", "pause"]),
    ],
)
def test_proposals(marked: str, expected: list[str]) -> None:
    assert at(marked) == expected


def test_a_column_comes_before_keywords_and_functions() -> None:
    assert at("SELECT u| FROM clicks")[0] == "user"


def test_only_what_was_typed_of_the_word_is_replaced() -> None:
    (found,) = complete("SELECT * FROM cli", 17, WORDS)
    assert (found.start, found.kind) == (14, "source")


@given(st.text(alphabet="SELCTFROM cli`'\"-/*.;,${}()\n", max_size=40), st.data())
def test_any_text_has_an_answer(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    for found in complete(text, cursor, WORDS):
        assert 0 <= found.start <= cursor
