"""Values as text: in the cell of a table, in JSON, and in CSV."""

import base64
import datetime as dt
import json
import math
import unicodedata
from decimal import Decimal
from typing import Any

NULL = "null"
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def cell(value: Any) -> str:
    r"""Return a value as a table shows it, on one line.

    >>> cell(None), cell(True), cell("two\nlines"), cell(1.50), cell({"A": [1, None]})
    ('null', 'true', 'two\\nlines', '1.5', '{"A":[1,null]}')
    """
    if value is None:
        return NULL
    text = plain(value)
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def plain(value: Any) -> str:
    """Return a value that is not NULL as text: of a nested value, its JSON.

    >>> plain(dt.datetime(2013, 1, 2, 5)), plain(b"ab"), plain(Decimal("1.50")), plain("x")
    ('2013-01-02T05:00:00.000', 'YWI=', '1.50', 'x')
    """
    if isinstance(value, str):
        return value
    text = json_text(value)
    return text[1:-1] if text.startswith('"') else text


def json_text(value: Any) -> str:
    """Return a value as JSON.

    Times are ISO 8601, BYTES base64, DECIMAL a number with all its digits. What is no number to
    JSON is a string, as Kafka's own tools write it.

    >>> json_text(Decimal("1.50")), json_text(math.inf), json_text({"A": "ü"})
    ('1.50', '"Infinity"', '{"A":"ü"}')
    """
    if value is None or isinstance(value, bool | str | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'"{_not_finite(value)}"'
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        pairs = (f"{_key(key)}:{json_text(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(json_text(item) for item in value) + "]"
    return f'"{_scalar(value)}"'


def display_width(text: str) -> int:
    """Return how many columns of a terminal the text takes.

    >>> display_width("abc"), display_width("東京"), display_width("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return _ESCAPES.get(character) or character.encode("unicode_escape").decode()


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _key(key: Any) -> str:
    text = "null" if key is None else plain(key)
    return json.dumps(text, ensure_ascii=False)


def _scalar(value: Any) -> str:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dt.datetime() | dt.time():
            return value.isoformat(timespec="milliseconds")
        case dt.date():
            return value.isoformat()
        case _:
            raise AssertionError(f"no text for a {type(value).__name__}")
