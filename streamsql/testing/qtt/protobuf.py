"""Protobuf in query-validation tests: JSON nodes by a message, in the runtime's own JSON form."""

import base64
import datetime as dt
import decimal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from streamsql.formats.format import FormatSpec
from streamsql.formats.protobuf.schemas import message_class, message_schema, parsed
from streamsql.formats.registry import ResolvedSchema
from streamsql.types.schema import Column

_EPOCH = dt.date(1970, 1, 1)
_EXACT = decimal.Context(prec=1000)


class Messages:
    """One message of a schema."""

    def __init__(self, schema: ResolvedSchema, name: str | None) -> None:
        self._file = parsed(schema)
        self._message = self._file.message(name)

    def place(self) -> bytes:
        """Return the bytes that say which message of the file a payload is."""
        (place,) = self._file.place(self._message)
        return b"\0" if place == 0 else bytes([2, 2 * place])

    def write(self, node: Mapping[str, Any]) -> bytes:
        """Return the message of a node."""
        made = message_class(self._message)(**_arguments(node, self._message))
        return made.SerializeToString()

    def read_placed(self, payload: bytes) -> Any:
        """Return the node of a message behind its place."""
        begin = 1 if payload[:1] == b"\0" else 2
        index = [0] if begin == 1 else [payload[1] // 2]
        return _node(message_class(self._file.at(index)).FromString(payload[begin:]))

    def read(self, payload: bytes) -> Any:
        """Return the node of a message."""
        return _node(message_class(self._message).FromString(payload))


def own_messages(spec: FormatSpec, columns: Sequence[Column]) -> Messages:
    """Return the message that columns make where there is no registry."""
    text = message_schema(columns, spec.schema_name, spec.nullable).text
    return Messages(ResolvedSchema(text), None)


def _arguments(node: Mapping[str, Any], message: Descriptor) -> dict[str, Any]:
    by_name = {name.upper(): value for name, value in node.items()}
    found = {}
    for field in message.fields:
        value = node.get(field.name, by_name.get(field.name.upper()))
        if value is not None:
            found[field.name] = _argument(value, field)
    return found


def _argument(node: Any, field: FieldDescriptor) -> Any:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        value = message.fields_by_name["value"]
        return {key: _one(item, value) for key, item in node.items()}
    if field.is_repeated:
        return [_one(item, field) for item in node]
    return _one(node, field)


def _one(node: Any, field: FieldDescriptor) -> Any:
    message = field.message_type
    if message is not None:
        special = _WRITERS.get(message.full_name)
        if special is not None:
            return special(node)
        if message.full_name.startswith("google.protobuf."):
            return {"value": _one(node, message.fields[0])}
        return _arguments(node, message)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64decode(node)
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return float(node)
    return int(node) if isinstance(node, decimal.Decimal) else node


def _node(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            kind = inner.fields_by_name["value"]
            found[field.name] = {key: _read(item, kind) for key, item in value.items()}
        elif field.is_repeated:
            found[field.name] = [_read(item, field) for item in value]
        elif field.has_presence and not message.HasField(field.name):
            found[field.name] = None
        else:
            found[field.name] = _read(value, field)
    return found


def _read(value: Any, field: FieldDescriptor) -> Any:
    message = field.message_type
    if message is not None:
        special = _READERS.get(message.full_name)
        if special is not None:
            return special(value)
        if message.full_name.startswith("google.protobuf."):
            return _read(value.value, message.fields[0])
        return _node(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _write_decimal(node: Any) -> dict[str, Any]:
    number = decimal.Decimal(str(node))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    unscaled = int(number.scaleb(-exponent, _EXACT))
    size = unscaled.bit_length() // 8 + 1
    return {"value": unscaled.to_bytes(size, "big", signed=True), "scale": -exponent}


def _read_decimal(message: Any) -> decimal.Decimal:
    unscaled = int.from_bytes(message.value, "big", signed=True)
    return decimal.Decimal(unscaled).scaleb(-message.scale, _EXACT)


def _write_date(days: int) -> dict[str, int]:
    date = _EPOCH + dt.timedelta(days=int(days))
    return {"year": date.year, "month": date.month, "day": date.day}


def _read_date(message: Any) -> int:
    return (dt.date(message.year, message.month, message.day) - _EPOCH).days


def _write_time(milliseconds: int) -> dict[str, int]:
    time = dt.timedelta(milliseconds=int(milliseconds))
    return {
        "hours": time.seconds // 3600,
        "minutes": time.seconds // 60 % 60,
        "seconds": time.seconds % 60,
        "nanos": time.microseconds * 1000,
    }


def _read_time(message: Any) -> int:
    minutes = message.hours * 60 + message.minutes
    seconds: int = minutes * 60 + message.seconds
    return seconds * 1000 + int(message.nanos) // 1_000_000


def _write_timestamp(milliseconds: int) -> dict[str, int]:
    seconds, rest = divmod(int(milliseconds), 1000)
    return {"seconds": seconds, "nanos": rest * 1_000_000}


def _read_timestamp(message: Any) -> int:
    return int(message.seconds) * 1000 + int(message.nanos) // 1_000_000


_WRITERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "confluent.type.Decimal": _write_decimal,
    "google.type.Date": _write_date,
    "google.type.TimeOfDay": _write_time,
    "google.protobuf.Timestamp": _write_timestamp,
}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "confluent.type.Decimal": _read_decimal,
    "google.type.Date": _read_date,
    "google.type.TimeOfDay": _read_time,
    "google.protobuf.Timestamp": _read_timestamp,
}
