"""Java's regular expressions, and the functions that use them."""

from typing import Any

import pytest

from streamsql.errors import EvaluationError
from streamsql.expr.functions.regex import java_pattern
from tests.expr.functions.calls import call


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\p{Alpha}+", "abc", True),
        (r"\p{Alpha}+", "äbc", False),
        (r"\p{L}+", "äbc", True),
        (r"\P{L}", "1", True),
        (r"\p{Upper}\p{Lower}+", "Abc", True),
        (r"[\p{Digit}x]+", "1x2", True),
        (r"\P{Digit}", "1", False),
        (r"\d", "٣", False),
        (r"\Q.*\E", ".*", True),
        (r"\Qa", "a", True),
        (r"(?<word>\w+) \k<word>", "ab ab", True),
        (r"a*+b", "aab", True),
        (r"(?>a+)b", "aab", True),
        (r"\x{41}", "A", True),
        (r"\x41", "A", True),
        (r"ab\z", "ab", True),
        (r"[\h]", "\t", True),
        (r"\R", "\r\n", True),
        (r"[]a]+", "]a", True),
        (r"(?i)abc", "ABC", True),
        (r"[a&&]", "&", None),
        (r"[a[bc]]", "b", None),
        (r"\Gx", "x", None),
        (r"[\p{L}]", "x", None),
        (r"(", "(", None),
    ],
)
def test_translation(pattern: str, text: str, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(EvaluationError, match="regular expression"):
            java_pattern(pattern)
    else:
        assert (java_pattern(pattern).fullmatch(text) is not None) is matches


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("REGEXP_EXTRACT", ("test.", "some_test_string"), "test_"),
        ("REGEXP_EXTRACT", ("test.", "nothing"), None),
        ("REGEXP_EXTRACT", ("(.*) (.*)", "steven zhang", 2), "zhang"),
        ("REGEXP_EXTRACT", ("(.*) (.*)", "steven zhang", 3), None),
        ("REGEXP_EXTRACT_ALL", ("test.", "some_test_string_testabab"), ["test_", "testa"]),
        ("REGEXP_EXTRACT_ALL", ("test.", "nothing"), []),
        ("REGEXP_REPLACE", ("a1b22", r"\d+", "<$0>"), "a<1>b<22>"),
        ("REGEXP_REPLACE", ("ab", "(?<x>a)", r"${x}\$1\\"), "a$1\\b"),
        ("REGEXP_SPLIT_TO_ARRAY", ("aabcda", "(ab|cd)"), ["a", "", "a"]),
        ("REGEXP_SPLIT_TO_ARRAY", ("zxy", "(ab|cd)"), ["zxy"]),
        ("REGEXP_SPLIT_TO_ARRAY", ("zxy", ""), ["z", "x", "y"]),
    ],
)
def test_functions(name: str, arguments: tuple[Any, ...], expected: object) -> None:
    assert call(name, *arguments) == expected


def test_a_reference_to_a_missing_group_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="replacement"):
        call("REGEXP_REPLACE", "a", "a", "$1")
