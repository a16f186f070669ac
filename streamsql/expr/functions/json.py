"""JSON in text columns: EXTRACTJSONFIELD, the JSON functions, TO_JSON_STRING.

Numbers keep the digits they are written with, so texts are cut out of the document, not decoded
and encoded again. Text that is not JSON is an error.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from decimal import Decimal as Number
from functools import cache, lru_cache
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.dates import temporal
from streamsql.expr.functions.declare import null_aware, strict
from streamsql.expr.registry import Function, ScalarFunction
from streamsql.expr.values.javatext import decimal_text, double_text
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Decimal,
    Map,
    SqlType,
)

_STEP = re.compile(r"\.([^.\[\]]+)|\[(-?\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


@cache
def _msgspec() -> Any:
    """Import msgspec when the first JSON function is called: it is slow to load."""
    from msgspec import json

    return json


@cache
def _decoders() -> tuple[Any, Any, Any]:
    """Return the decoders of an object and an array into raw parts, and of anything."""
    from msgspec import Raw

    decoder = _msgspec().Decoder
    return decoder(dict[str, Raw]), decoder(list[Raw]), decoder()


def _error(text: str) -> EvaluationError:
    return EvaluationError(f'text "{text[:100]}" is not JSON')


def _raw(text: str) -> bytes:
    """Return the document as bytes without white space around it."""
    document = text.encode("utf-8", "surrogatepass").strip(b" \t\r\n")
    if not document:
        raise _error(text)
    return document


def _parts(document: Any) -> Any:
    """Return an object as a dict and an array as a list of raw parts; None for anything else."""
    as_object, as_array, anything = _decoders()
    try:
        opening = bytes(document[:1])
        if opening == b"{":
            return as_object.decode(document)
        if opening == b"[":
            return as_array.decode(document)
        anything.decode(document)
    except ValueError as error:
        raise _error(bytes(document).decode("utf-8", "replace")) from error
    return None


def _compact(part: Any) -> str:
    """Return a part of a document without white space."""
    return bytes(_msgspec().format(part, indent=-1)).decode("utf-8")


def _as_text(part: Any) -> str | None:
    """Return the value of a JSON string, and anything else but null as it is written."""
    text = _compact(part)
    if text[0] == '"':
        value: str = _decoders()[2].decode(part)
        return value
    return None if text == "null" else text


@lru_cache(maxsize=1024)
def _path(path: str) -> tuple[str | int, ...]:
    """Parse a path like ``$.a.b[0]``."""
    if not path.startswith("$"):
        raise EvaluationError(f'JSON path "{path}" does not begin with "$"')
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            raise EvaluationError(f'JSON path "{path}" is not understood at offset {position}')
        steps.append(int(found[2]) if found[2] else found[1] or found[3] or found[4] or "")
        position = found.end()
    return tuple(steps)


def _extract(text: str, path: str) -> str | None:
    part: Any = _raw(text)
    for step in _path(path):
        inner = _parts(part)
        if isinstance(step, str):
            part = inner.get(step) if isinstance(inner, dict) else None
        else:
            inside = isinstance(inner, list) and 0 <= step < len(inner)
            part = inner[step] if inside else None
        if part is None:
            return None
        part = bytes(part)
    _parts(part)
    return _as_text(part)


def _array(text: str) -> list[Any] | None:
    inner = _parts(_raw(text))
    return inner if isinstance(inner, list) else None


def _object(text: str) -> dict[str, Any] | None:
    inner = _parts(_raw(text))
    return inner if isinstance(inner, dict) else None


def _array_length(text: str) -> int | None:
    parts = _array(text)
    return None if parts is None else len(parts)


def _keys(text: str) -> list[str] | None:
    parts = _object(text)
    return None if parts is None else list(parts)


def _records(text: str) -> dict[str, str | None] | None:
    parts = _object(text)
    return None if parts is None else {key: _as_text(part) for key, part in parts.items()}


def _items(text: str) -> list[str] | None:
    parts = _array(text)
    return None if parts is None else [_compact(part) for part in parts]


def _array_contains(text: str | None, value: Any) -> bool | None:
    if text is None:
        return None
    from json import loads

    try:
        elements = loads(text, parse_float=Number)
    except ValueError as error:
        raise _error(text) from error
    if not isinstance(elements, list):
        return False
    return any(_matches(element, value) for element in elements)


def _matches(element: Any, value: Any) -> bool:
    """Tell whether an element is the value and of its type: 1 is not true, "1" is not 1."""
    if isinstance(value, bool) or isinstance(element, bool):
        return element is value
    if isinstance(value, float) and isinstance(element, Number | int):
        return float(element) == value
    if isinstance(value, Number) and isinstance(element, Number | int):
        return element == value
    return type(element) is type(value) and element == value


def _concatenate(*texts: str) -> str:
    """Merge objects, or join arrays with whatever stands beside them."""
    documents = [_raw(text) for text in texts]
    parts = [_parts(document) for document in documents]
    if all(isinstance(part, dict) for part in parts):
        merged: dict[str, Any] = {}
        for part in parts:
            merged |= part
        return _compact(_msgspec().encode(merged))
    from msgspec import Raw

    joined: list[Any] = []
    for document, part in zip(documents, parts, strict=True):
        joined += part if isinstance(part, list) else [Raw(document)]
    return _compact(_msgspec().encode(joined))


def _is_json(text: str | None) -> bool:
    if text is None:
        return False
    try:
        _decoders()[2].decode(_raw(text))
    except (ValueError, EvaluationError):
        return False
    return True


_Writer = Callable[[Any], str]


def _string(value: str) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False)


def _quoted(text: _Writer) -> _Writer:
    return lambda value: f'"{text(value)}"'


def _bytes_text(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def _double(value: float) -> str:
    text = double_text(value)
    return f'"{text}"' if text[-1] in "yN" else text


_WRITERS: dict[SqlType, _Writer] = {
    BOOLEAN: lambda value: "true" if value else "false",
    INTEGER: str,
    BIGINT: str,
    DOUBLE: _double,
    STRING: _string,
    BYTES: _quoted(_bytes_text),
    DATE: _quoted(temporal.date_text),
    TIME: _quoted(temporal.time_text),
    TIMESTAMP: _quoted(temporal.timestamp_text),
}


def _writer(sql_type: SqlType) -> _Writer:
    """Return the function to the JSON text of a value of that type, or of NULL."""
    write = _writer_of_value(sql_type)
    return lambda value: "null" if value is None else write(value)


def _writer_of_value(sql_type: SqlType) -> _Writer:
    if isinstance(sql_type, Decimal):
        return decimal_text
    if isinstance(sql_type, Array):
        element = _writer(sql_type.element)
        return lambda values: "[" + ",".join(map(element, values)) + "]"
    if isinstance(sql_type, Map):
        inner = _writer(sql_type.value)
        key_text: _Writer = str
        return lambda entries: (
            "{"
            + ",".join(f"{_string(key_text(key))}:{inner(value)}" for key, value in entries.items())
            + "}"
        )
    if sql_type in _WRITERS:
        return _WRITERS[sql_type]
    names = [_string(field.name) for field in sql_type.fields]  # type: ignore[union-attr]
    writers = [_writer(field.type) for field in sql_type.fields]  # type: ignore[union-attr]
    return lambda values: (
        "{"
        + ",".join(
            f"{name}:{write(value)}"
            for name, write, value in zip(names, writers, values, strict=True)
        )
        + "}"
    )


def _to_json(types: Sequence[SqlType], _: SqlType) -> _Writer:
    return _writer(types[0])


FUNCTIONS: tuple[Function, ...] = (
    *strict(
        "EXTRACTJSONFIELD",
        "The part of a JSON text at a path like '$.a[0].b', a string without its quotes.",
        {"STRING, STRING -> STRING": _extract},
        checks=((1, _path),),
    ),
    *strict(
        "JSON_ARRAY_LENGTH",
        "The number of elements of a JSON array.",
        {"STRING -> INTEGER": _array_length},
    ),
    *null_aware(
        "JSON_ARRAY_CONTAINS",
        "Whether a JSON array contains a value of the same type.",
        {"STRING, T -> BOOLEAN": _array_contains},
    ),
    *strict("JSON_KEYS", "The keys of a JSON object.", {"STRING -> STRING[]": _keys}),
    *strict(
        "JSON_RECORDS",
        "A JSON object as a map from its keys to the texts of its values.",
        {"STRING -> {STRING:STRING}": _records},
    ),
    *strict("JSON_ITEMS", "The elements of a JSON array as texts.", {"STRING -> STRING[]": _items}),
    *strict(
        "JSON_CONCAT",
        "JSON objects merged, the later keys winning, or JSON arrays joined.",
        {"STRING, STRING... -> STRING": _concatenate},
    ),
    *null_aware("IS_JSON_STRING", "Whether a text is JSON.", {"STRING -> BOOLEAN": _is_json}),
    ScalarFunction(
        "TO_JSON_STRING",
        "ANY -> STRING",
        _to_json,
        strict=False,
        typed=True,
        description="The JSON text of any value.",
    ),
)
