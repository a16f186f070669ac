"""JSON with exact numbers: ``1.50`` is read as the decimal it is, and written back so."""

import json
from decimal import Decimal
from typing import Any


def read_json(text: str) -> Any:
    """Return the value of a JSON text; numbers with a point or exponent are ``Decimal``.

    >>> read_json('{"A": [1.50, 2]}')
    {'A': [Decimal('1.50'), 2]}
    """
    return json.loads(text, parse_float=Decimal)


def write_json(value: Any) -> str:
    """Return the JSON text of a value made by :func:`read_json`.

    >>> write_json({"A": [Decimal("1.50"), None, "x"]})
    '{"A":[1.50,null,"x"]}'
    """
    match value:
        case Decimal():
            return str(value)
        case dict():
            entries = (f"{json.dumps(str(k))}:{write_json(v)}" for k, v in value.items())
            return f"{{{','.join(entries)}}}"
        case list() | tuple():
            return f"[{','.join(write_json(item) for item in value)}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def plain(value: Any) -> Any:
    """Return the value as ``json.dumps`` takes it: decimals as text.

    >>> plain([Decimal("1.50")])
    ['1.50']
    """
    match value:
        case Decimal():
            return str(value)
        case dict():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes():
            return value.hex()
        case _:
            return value
