"""AVRO in query-validation tests: JSON nodes by a schema, with fastavro alone."""

import base64
import decimal
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import fastavro

_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "string": lambda node: node if isinstance(node, str) else json.dumps(node),
    "bytes": base64.b64decode,
    "fixed": base64.b64decode,
}
_EXACT = decimal.Context(prec=1000)


def write_avro(node: Any, schema: str) -> bytes:
    """Return a JSON node as the schema has it."""
    avro_type = _without_times(json.loads(schema))
    out = io.BytesIO()
    fastavro.schemaless_writer(out, avro_type, _Types(avro_type).datum(node, avro_type))
    return out.getvalue()


def read_avro(payload: bytes, schema: str) -> Any:
    """Return what a payload holds as a JSON node."""
    avro_type = _without_times(json.loads(schema))
    datum = fastavro.schemaless_reader(io.BytesIO(payload), avro_type)
    return _Types(avro_type).node(datum, avro_type)


class _Types:
    """JSON nodes as fastavro takes them, and back, by the types of a schema."""

    def __init__(self, avro_type: Any) -> None:
        self._named: dict[str, Any] = {}
        fastavro.parse_schema(avro_type, self._named)

    def datum(self, node: Any, avro_type: Any) -> Any:
        """Return a node as fastavro takes it."""
        if isinstance(avro_type, list):
            return self._of_union(node, avro_type)
        avro_type = self._definition(avro_type)
        match avro_type["type"]:
            case "record":
                return self._record(node, avro_type)
            case "array":
                if isinstance(node, dict):
                    node = [{"key": key, "value": value} for key, value in node.items()]
                return [self.datum(item, avro_type["items"]) for item in node]
            case "map":
                return {name: self.datum(item, avro_type["values"]) for name, item in node.items()}
            case _ if avro_type.get("logicalType") == "decimal":
                unit = decimal.Decimal(1).scaleb(-avro_type["scale"])
                return decimal.Decimal(str(node)).quantize(unit, context=_EXACT)
            case kind:
                return _SCALARS[kind](node) if kind in _SCALARS else node

    def node(self, datum: Any, avro_type: Any) -> Any:
        """Return what fastavro read as a node."""
        if datum is None:
            return None
        if isinstance(avro_type, list):
            (avro_type,) = [branch for branch in avro_type if branch != "null"]
        avro_type = self._definition(avro_type)
        match avro_type["type"]:
            case "record":
                types = {field["name"]: field["type"] for field in avro_type["fields"]}
                return {name: self.node(item, types[name]) for name, item in datum.items()}
            case "array":
                items = [self.node(item, avro_type["items"]) for item in datum]
                if self._is_entry(avro_type["items"]):
                    return {_name(item["key"]): item["value"] for item in items}
                return items
            case "map":
                return {name: self.node(item, avro_type["values"]) for name, item in datum.items()}
            case _:
                return base64.b64encode(datum).decode() if isinstance(datum, bytes) else datum

    def _definition(self, avro_type: Any) -> Any:
        if isinstance(avro_type, str):
            return self._named.get(avro_type, {"type": avro_type})
        inner = avro_type["type"]
        return self._definition(inner) if isinstance(inner, dict) else avro_type

    def _is_entry(self, avro_type: Any) -> bool:
        if isinstance(avro_type, list):
            return False
        fields = self._definition(avro_type).get("fields", ())
        return [field["name"] for field in fields] == ["key", "value"]

    def _of_union(self, node: Any, branches: list[Any]) -> Any:
        if node is None:
            return None
        for branch in branches:
            if branch != "null":
                try:
                    return self.datum(node, branch)
                except (ValueError, TypeError, AttributeError):
                    continue
        raise ValueError(f"{node!r} is none of {branches}")

    def _record(self, node: dict[str, Any], avro_type: Any) -> dict[str, Any]:
        by_name = {name.upper(): value for name, value in node.items()}
        found = {}
        for field in avro_type["fields"]:
            value = node.get(field["name"], by_name.get(field["name"].upper()))
            if value is not None:
                found[field["name"]] = self.datum(value, field["type"])
            elif "default" not in field:
                found[field["name"]] = None
        return found


def _without_times(node: Any) -> Any:
    """Return the schema with plain numbers for dates and times, and whole decimals."""
    match node:
        case {"logicalType": "decimal"}:
            return {"precision": 64, "scale": 0, **node}
        case dict():
            return {k: _without_times(v) for k, v in node.items() if k != "logicalType"}
        case list():
            return [_without_times(item) for item in node]
        case _:
            return node


def _name(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)
