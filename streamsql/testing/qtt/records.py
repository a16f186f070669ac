"""Records of query-validation tests: JSON nodes to the bytes on a topic, and back.

Nothing of the formats under test is used: what a format writes is read here in its plainest, most
literal way, so that a wrong encoding cannot be hidden by a decoder that is wrong in the same way.
"""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamsql.broker.ports import Message
from streamsql.catalog.catalog import Source
from streamsql.errors import DecodeError, UnsupportedError
from streamsql.formats.format import FormatSpec
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.formats.registry import resolved
from streamsql.testing.driver import TestRecord
from streamsql.testing.json_numbers import read_json, write_json
from streamsql.testing.outcomes import Mismatch
from streamsql.testing.qtt.avro import read_avro, write_avro
from streamsql.testing.qtt.protobuf import Messages, own_messages
from streamsql.testing.qtt.schemas import header, split, writer_schema
from streamsql.types.record import Header
from streamsql.types.schema import Column, WindowKind
from streamsql.types.sqltypes import BIGINT, BYTES, DOUBLE, INTEGER, STRING, SqlType

_FIXED: dict[SqlType, struct.Struct] = {
    INTEGER: struct.Struct(">i"),
    BIGINT: struct.Struct(">q"),
    DOUBLE: struct.Struct(">d"),
}
_WINDOW_BYTES = {WindowKind.TUMBLING: 8, WindowKind.HOPPING: 8, WindowKind.SESSION: 16}


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record that appeared on a topic, as JSON nodes.

    Attributes:
        window: (start, end, ``time`` or ``session``), where the key has one.
    """

    key: Any
    value: Any
    timestamp_ms: int
    window: tuple[int, int, str] | None
    headers: Any

    def node(self) -> dict[str, Any]:
        """Return the record as tests write it."""
        node: dict[str, Any] = {
            "key": self.key,
            "value": self.value,
            "timestamp": self.timestamp_ms,
        }
        if self.window is not None:
            start, end, kind = self.window
            node["window"] = {"start": start, "end": end, "type": kind}
        if self.headers:
            node["headers"] = self.headers
        return node


def write_record(node: Mapping[str, Any], source: Source, registry: MemoryRegistry) -> TestRecord:
    """Return an input of a test as the source's topic holds it.

    Raises:
        Mismatch: The node cannot be written in the source's formats.
    """
    schema = source.schema
    key_node = node.get("key")
    key = None
    if schema.key and key_node is not None:
        key = _writer(source, "key", registry)(key_node, schema.key)
    if schema.window is not None and key is not None:
        key += _window_suffix(node, schema.window)
    value = None
    if node.get("value") is not None:
        value = _writer(source, "value", registry)(node["value"], source.written.value)
    return TestRecord(key, value, node.get("timestamp", 0), _headers(node))


def read_record(message: Message, source: Source, registry: MemoryRegistry) -> ReadRecord:
    """Return what a message holds, read by the formats of the source that wrote it.

    Raises:
        Mismatch: The bytes are not of the format.
    """
    schema = source.schema
    payload = message.key()
    window = None
    if payload is not None and schema.window is not None:
        payload, window = _cut_window(payload, source)
    key = None
    if payload is not None:
        key = _read(payload, source.key_format, schema.key, registry)
    value = message.value()
    return ReadRecord(
        key,
        None if value is None else _read(value, source.value_format, schema.value, registry),
        message.timestamp()[1],
        window,
        [
            {"KEY": name, "VALUE": None if content is None else base64.b64encode(content).decode()}
            for name, content in message.headers() or ()
        ],
    )


def _window_suffix(node: Mapping[str, Any], kind: WindowKind) -> bytes:
    window = node.get("window")
    if window is None:
        raise Mismatch("the key of an input lacks its window")
    if kind is WindowKind.SESSION:
        return struct.pack(">qq", window["end"], window["start"])
    return struct.pack(">q", window["start"])


def _cut_window(payload: bytes, source: Source) -> tuple[bytes, tuple[int, int, str]]:
    kind = source.schema.window
    assert kind is not None
    width = _WINDOW_BYTES[kind]
    if len(payload) < width:
        raise Mismatch(f"a key of {len(payload)} bytes has no window")
    suffix = payload[-width:]
    if kind is WindowKind.SESSION:
        end, start = struct.unpack(">qq", suffix)
        return payload[:-width], (start, end, "session")
    (start,) = struct.unpack(">q", suffix)
    assert source.window_size_ms is not None
    return payload[:-width], (start, start + source.window_size_ms, "time")


def _headers(node: Mapping[str, Any]) -> tuple[Header, ...]:
    return tuple(
        (header["KEY"], None if header["VALUE"] is None else base64.b64decode(header["VALUE"]))
        for header in node.get("headers") or ()
    )


_Writer = Callable[[Any, Sequence[Column]], bytes]


def _writer(source: Source, side: str, registry: MemoryRegistry) -> _Writer:
    spec = source.key_format if side == "key" else source.value_format
    match spec.name:
        case "AVRO":
            written = writer_schema(source, side, registry)
            begin, text = header(written.id), written.schema.text
            return lambda node, _: begin + write_avro(node, text)
        case "JSON_SR":
            begin = header(writer_schema(source, side, registry).id)
            return lambda node, _: begin + write_json(node).encode()
        case "PROTOBUF":
            written = writer_schema(source, side, registry)
            messages = Messages(resolved(registry, written.schema), spec.schema_name)
            begin = header(written.id) + messages.place()
            return lambda node, _: begin + messages.write(node)
        case "PROTOBUF_NOSR":
            columns = source.schema.key if side == "key" else source.written.value
            return lambda node, _: own_messages(spec, columns).write(node)
        case "JSON":
            return lambda node, _: write_json(node).encode()
        case "DELIMITED":
            return lambda node, _: (node if isinstance(node, str) else write_json(node)).encode()
        case "KAFKA":
            return _write_kafka
        case _:
            raise UnsupportedError(f'tests cannot write format "{spec.name}"')


def _write_kafka(node: Any, columns: Sequence[Column]) -> bytes:
    if isinstance(node, dict):
        (node,) = node.values()
    (column,) = columns
    if column.type == STRING:
        return str(node).encode()
    if column.type == BYTES:
        return base64.b64decode(node)
    number = float(node) if column.type == DOUBLE else int(node)
    return _FIXED[column.type].pack(number)


def _read(
    payload: bytes, spec: FormatSpec, columns: Sequence[Column], registry: MemoryRegistry
) -> Any:
    try:
        match spec.name:
            case "JSON":
                return read_json(payload.decode())
            case "AVRO":
                text, body = split(payload, registry)
                return read_avro(body, text)
            case "JSON_SR":
                return read_json(split(payload, registry)[1].decode())
            case "PROTOBUF":
                number = int.from_bytes(payload[1:5], "big")
                complete = resolved(registry, registry.schema(number))
                return Messages(complete, spec.schema_name).read_placed(payload[5:])
            case "PROTOBUF_NOSR":
                return own_messages(spec, columns).read(payload)
            case "KAFKA" if columns and columns[0].type in _FIXED:
                return _FIXED[columns[0].type].unpack(payload)[0]
            case "KAFKA" if columns and columns[0].type == BYTES:
                return base64.b64encode(payload).decode()
            case "DELIMITED" | "KAFKA":
                return payload.decode()
            case _:
                raise Mismatch(
                    f"format {spec.name} writes nothing, but there are bytes {payload!r}"
                )
    except (ValueError, struct.error, DecodeError) as error:
        raise Mismatch(f"{payload!r} is not {spec.name}: {error}") from error
