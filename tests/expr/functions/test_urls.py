"""Parts of URLs."""

import pytest

from streamsql.errors import EvaluationError
from tests.expr.functions.calls import call

FULL = "http://test@confluent.io:8080/nested/a%20path?one=a&two=b%26c&three#frag"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("PROTOCOL", "http"),
        ("HOST", "confluent.io"),
        ("PORT", 8080),
        ("PATH", "/nested/a path"),
        ("QUERY", "one=a&two=b&c&three"),
        ("FRAGMENT", "frag"),
    ],
)
def test_parts(part: str, expected: object) -> None:
    assert call(f"URL_EXTRACT_{part}", FULL) == expected


@pytest.mark.parametrize("part", ["PROTOCOL", "HOST", "PORT", "QUERY", "FRAGMENT"])
def test_missing_parts_are_null(part: str) -> None:
    assert call(f"URL_EXTRACT_{part}", "www.confluent.io") is None


def test_parameters() -> None:
    assert call("URL_EXTRACT_PARAMETER", FULL, "two") == "b&c"
    assert call("URL_EXTRACT_PARAMETER", FULL, "three") == ""
    assert call("URL_EXTRACT_PARAMETER", FULL, "four") is None


def test_encoding_of_parameters() -> None:
    assert call("URL_ENCODE_PARAM", "?foo $bar~*") == "%3Ffoo+%24bar%7E*"
    assert call("URL_DECODE_PARAM", "%3Ffoo+%24bar") == "?foo $bar"


@pytest.mark.parametrize("text", ["http://a b", "http://a/%zz", "<>"])
def test_what_is_not_a_url_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError, match="is not a URL"):
        call("URL_EXTRACT_HOST", text)
