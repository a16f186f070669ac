"""Text functions: facts from ksqlDB's tests, and properties."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.errors import EvaluationError
from streamsql.types.sqltypes import BYTES, INTEGER, STRING
from tests.expr.functions.calls import Typed, call

NULL = Typed(None, STRING)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("SUBSTRING", ("some_string", 6), "string"),
        ("SUBSTRING", ("some_string", 6, 3), "str"),
        ("SUBSTRING", ("short", 6), ""),
        ("SUBSTRING", ("some string", 0, 2), "so"),
        ("SUBSTRING", ("some_string", -6, 3), "str"),
        ("SUBSTRING", ("a", 1, -1), ""),
        ("SUBSTRING", (b"some_string", 6), b"string"),
        ("INSTR", ("corporate floor", "or"), 2),
        ("INSTR", ("corporate floor", "or", 4), 5),
        ("INSTR", ("corporate floor", "or", -4), 5),
        ("INSTR", ("corporate floor", "or", -4, 2), 2),
        ("INSTR", ("corporate floor", "or", 1, 3), 14),
        ("INSTR", ("short", "or", -4, 2), 0),
        ("LPAD", ("foo", 7, "Bar"), "BarBfoo"),
        ("RPAD", ("foo", 7, "Bar"), "fooBarB"),
        ("LPAD", ("foo", 2, "Bar"), "fo"),
        ("LPAD", ("", 7, "Bar"), "BarBarB"),
        ("RPAD", (b"yes", 5, b"no"), b"yesno"),
        ("SPLIT", ("..a..", "."), ["", "", "a", "", ""]),
        ("SPLIT", ("", "."), [""]),
        ("SPLIT", ("abc", ""), ["a", "b", "c"]),
        ("SPLIT", (b"a$$b", b"$$"), [b"a", b"b"]),
        ("SPLIT_TO_MAP", ("a=1/b=2/a=3/c", "/", "="), {"a": "3", "b": "2"}),
        ("CHR", (75,), "K"),
        ("CHR", (99000,), "\U000182b8"),
        ("CHR", ("\\u004b",), "K"),
        ("CHR", ("\\ud820\\udeb8",), "\U000182b8"),
        ("CONCAT", ("a", None), "a"),
        ("CONCAT", ("a", NULL, "b", "c"), "abc"),
        ("CONCAT", (b"yes", None, b"no"), b"yesno"),
        ("CONCAT_WS", ("SEP", NULL, NULL, None, "literal"), "literal"),
        ("CONCAT_WS", ("-", "a", NULL, "c"), "a-c"),
        ("CONCAT_WS", (NULL, "a", "b"), None),
        ("ELT", (2, "a", "b"), "b"),
        ("ELT", (3, "a", "b"), None),
        ("FIELD", ("b", "a", "b"), 2),
        ("FIELD", (NULL, "a", "b"), 0),
        ("INITCAP", ("the quick  bROWN",), "The Quick  Brown"),
        ("TRIM", (" \t with white space \t",), "with white space"),
        ("LTRIM", ("  a ",), "a "),
        ("RTRIM", ("  a ",), "  a"),
        ("LEN", (b"abc",), 3),
        ("LEN", (NULL,), None),
        ("UPPER", ("MiXeD",), "MIXED"),
        ("LCASE", ("MiXeD",), "mixed"),
        ("REVERSE", ("abc",), "cba"),
        ("REPEAT", ("ab", 3), "ababab"),
        ("LEFT", ("abc", 2), "ab"),
        ("RIGHT", ("abc", 2), "bc"),
        ("RIGHT", ("abc", 0), ""),
        ("REPLACE", ('"a": "{', '"{', "{"), '"a": {'),
        ("POSITION", ("b", "abc"), 2),
        ("STARTS_WITH", ("abc", "ab"), True),
        ("ENDS_WITH", ("abc", "ab"), False),
    ],
)
def test_values(name: str, arguments: tuple[Any, ...], expected: object) -> None:
    assert call(name, *arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("LPAD", ("foo", -1, "Bar")),
        ("RPAD", ("foo", 7, "")),
        ("CHR", (-1,)),
        ("CHR", ("004b",)),
        ("CHR", ("",)),
        ("REPEAT", ("a", 1 << 30)),
    ],
)
def test_what_has_no_value_is_an_error(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(EvaluationError):
        call(name, *arguments)


@pytest.mark.parametrize("argument", [("foo", None, "Bar"), ("foo", 5, None), (None, -5, "Bar")])
def test_strict_functions_are_null_for_null(argument: tuple[Any, ...]) -> None:
    text, length, pad = argument
    assert call("LPAD", Typed(text, STRING), Typed(length, INTEGER), Typed(pad, STRING)) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("My Test $123",), "Xx-Xxxx--nnn"),
        (("My Test $123", "*", None, None, "q"), "*yq*estqq123"),
    ],
)
def test_mask(arguments: tuple[Any, ...], expected: str) -> None:
    assert call("MASK", *arguments) == expected


def test_mask_of_a_part() -> None:
    assert call("MASK_LEFT", "My Test $123", 4) == "Xx-Xest $123"
    assert call("MASK_RIGHT", "My Test $123", 4) == "My Test -nnn"
    assert call("MASK_KEEP_LEFT", "My Test $123", 4) == "My Txxx--nnn"
    assert call("MASK_KEEP_RIGHT", "My Test $123", 4) == "Xx-Xxxx-$123"
    assert call("MASK_LEFT", "ab", 10, "X", "?", None, None) == "??"
    with pytest.raises(EvaluationError):
        call("MASK_LEFT", "ab", -1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4578616d706C6521", "Example!"),
        ("0x4578616d706C6521", "Example!"),
        ("X'4578616d706C6521'", "Example!"),
        ("0x", ""),
        ("x''", ""),
        ("0x578616d706C6521", "\x05xample!"),
    ],
)
def test_hexadecimal_forms(text: str, expected: str) -> None:
    assert call("ENCODE", text, "hex", "ascii") == expected


@pytest.mark.parametrize("text", ["0x0x", "X'", "x'4578616d706C6521", "578616d706C6521", "4 5"])
def test_wrong_hexadecimal_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError, match="hexadecimal"):
        call("ENCODE", text, "hex", "ascii")


def test_encodings() -> None:
    assert call("ENCODE", "Ελλάδα", "ascii", "hex") == "3f" * 6
    assert call("ENCODE", "ce95", "hex", "utf8") == "\u0395"
    assert call("ENCODE", "ce95", "hex", "ascii") == "\ufffd\ufffd"
    assert call("FROM_BYTES", call("TO_BYTES", "IQ==", "base64"), "ascii") == "!"
    with pytest.raises(EvaluationError, match="none of hex"):
        call("ENCODE", "a", "null", "hex")


def test_digests_and_uuids() -> None:
    assert call("MD5", "r1") == "7c92cf1eee8d99cc85f8355a3d6e4b86"
    assert call("SHA256", "")[:8] == "e3b0c442"
    assert call("UUID", bytes(16)) == "00000000-0000-0000-0000-000000000000"
    assert call("UUID") != call("UUID")


def test_numbers_in_bytes() -> None:
    assert call("INT_FROM_BYTES", b"\0\0\0\2") == 2
    assert call("BIGINT_FROM_BYTES", b"\2" + bytes(7), "LITTLE_ENDIAN") == 2
    assert call("DOUBLE_FROM_BYTES", b"\x3f\xf0" + bytes(6)) == 1.0
    with pytest.raises(EvaluationError, match="3 bytes instead of 4"):
        call("INT_FROM_BYTES", b"\0\0\0")


@given(st.text(), st.sampled_from(["utf8", "base64", "hex"]))
def test_encodings_read_back(text: str, encoding: str) -> None:
    written = call("ENCODE", text, "utf8", encoding)
    assert call("ENCODE", written, encoding, "utf8") == text.encode("utf-8", "replace").decode()


@given(st.binary(), st.integers(-20, 20))
def test_substring_of_bytes_is_that_of_text(value: bytes, position: int) -> None:
    text = value.decode("latin-1")
    part = call("SUBSTRING", Typed(value, BYTES), position)
    assert part.decode("latin-1") == call("SUBSTRING", text, position)
