"""JSON schemas: written for columns, and read as SQL types, as Kafka Connect does both."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from streamsql.formats.registry import ResolvedSchema, SchemaType, SchemaUnusable, WriterSchema
from streamsql.types.schema import Column
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
    Field,
    Map,
    Primitive,
    SqlType,
    Struct,
)

_CONNECT = "org.apache.kafka.connect.data."
_DECIMAL = f"{_CONNECT}Decimal"
_DEFAULT_PRECISION = 64

_WRITTEN: Mapping[SqlType, Mapping[str, Any]] = {
    BOOLEAN: {"type": "boolean"},
    INTEGER: {"type": "integer", "connect.type": "int32"},
    BIGINT: {"type": "integer", "connect.type": "int64"},
    DOUBLE: {"type": "number", "connect.type": "float64"},
    STRING: {"type": "string"},
    BYTES: {"type": "string", "connect.type": "bytes"},
    DATE: {"type": "integer", "title": f"{_CONNECT}Date", "connect.type": "int32"},
    TIME: {"type": "integer", "title": f"{_CONNECT}Time", "connect.type": "int32"},
    TIMESTAMP: {"type": "integer", "title": f"{_CONNECT}Timestamp", "connect.type": "int64"},
}
_TITLES: Mapping[str, SqlType] = {
    f"{_CONNECT}Date": DATE,
    f"{_CONNECT}Time": TIME,
    f"{_CONNECT}Timestamp": TIMESTAMP,
}
_READ: Mapping[str, SqlType] = {
    "boolean": BOOLEAN,
    "integer": BIGINT,
    "number": DOUBLE,
    "string": STRING,
}
_SMALL = ("int8", "int16", "int32")


def object_schema(columns: Sequence[Column], title: str | None) -> WriterSchema:
    """Return the schema of an object of the columns."""
    written = _object(Field(column.name, column.type) for column in columns)
    return _schema_of({**written, **({} if title is None else {"title": title})})


def bare_schema(column: Column) -> WriterSchema:
    """Return the schema of the value of one column, without an object around it."""
    return _schema_of(_written(column.type))


def _schema_of(written: Mapping[str, Any]) -> WriterSchema:
    return WriterSchema(SchemaType.JSON, msgspec.json.encode(written).decode())


def _object(fields: Iterable[Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            field.name: {**_nullable(field.type), "connect.index": index}
            for index, field in enumerate(fields)
        },
    }


def _nullable(sql_type: SqlType) -> dict[str, Any]:
    return {"oneOf": [{"type": "null"}, _written(sql_type)]}


def _written(sql_type: SqlType) -> Mapping[str, Any]:
    match sql_type:
        case Primitive():
            return _WRITTEN[sql_type]
        case Decimal(precision, scale):
            parameters = {"scale": str(scale), "connect.decimal.precision": str(precision)}
            return {
                "type": "number",
                "title": _DECIMAL,
                "connect.type": "bytes",
                "connect.parameters": parameters,
            }
        case Array(element):
            return {"type": "array", "items": _nullable(element)}
        case Map(_, value):
            return {
                "type": "object",
                "connect.type": "map",
                "additionalProperties": _nullable(value),
            }
        case Struct(fields):
            return _object(fields)


class JsonSchema:
    """A schema with everything that it refers to.

    Attributes:
        root: As it is written.
    """

    __slots__ = ("_references", "root")

    def __init__(self, schema: ResolvedSchema) -> None:
        """Read the text; SchemaUnusable when it is no schema."""
        try:
            self.root: Any = msgspec.json.decode(schema.text)
            self._references = {
                name: msgspec.json.decode(text) for name, text in schema.references.items()
            }
        except msgspec.DecodeError as error:
            raise SchemaUnusable(f"a registered schema is not JSON: {error}") from error

    def sql_type(self, rename: Callable[[str], str]) -> SqlType:
        """Return the SQL type of the values.

        Raises:
            SchemaUnusable: There is none.
        """
        return self._type_of(self.root, rename, ())

    def properties(self) -> frozenset[str] | None:
        """Return the names of the fields of an object; ``None``: it may have any."""
        found = self._followed(self.root)
        names = found.get("properties")
        open_ended = names is None or found.get("additionalProperties") not in (None, False)
        return None if open_ended else frozenset(names)

    def _type_of(self, node: Any, rename: Callable[[str], str], within: tuple[str, ...]) -> SqlType:
        reference = node.get("$ref") if isinstance(node, dict) else None
        if reference is not None:
            if reference in within:
                raise SchemaUnusable(f'a registered schema holds itself, "{reference}"')
            return self._type_of(self._followed(node), rename, (*within, reference))
        node = self._followed(node)
        branches = _branches(node)
        if branches is None:
            return self._one(node, rename, within)
        if len(branches) == 1:
            return self._type_of(branches[0], rename, within)
        return Struct(
            tuple(
                Field(rename(f"connect_union_field_{n}"), self._type_of(branch, rename, within))
                for n, branch in enumerate(branches)
            )
        )

    def _one(
        self, node: Mapping[str, Any], rename: Callable[[str], str], within: tuple[str, ...]
    ) -> SqlType:
        kind, connect = _kind(node), node.get("connect.type")
        if node.get("title") == _DECIMAL:
            return _decimal(node)
        if node.get("title") in _TITLES:
            return _TITLES[node["title"]]
        match kind:
            case "array" if "items" in node:
                return Array(self._type_of(node["items"], rename, within))
            case "object" if "properties" in node and connect != "map":
                return self._struct(node["properties"], rename, within)
            case "object" if isinstance(node.get("additionalProperties"), dict):
                return Map(STRING, self._type_of(node["additionalProperties"], rename, within))
            case "integer" if connect in _SMALL:
                return INTEGER
            case "string" if connect == "bytes":
                return BYTES
            case _ if kind in _READ:
                return _READ[kind]
            case _:
                raise SchemaUnusable(f"a registered schema has a part without a SQL type: {node}")

    def _struct(
        self,
        properties: Mapping[str, Any],
        rename: Callable[[str], str],
        within: tuple[str, ...],
    ) -> Struct:
        ordered = sorted(properties.items(), key=lambda entry: entry[1].get("connect.index", 0))
        return Struct(
            tuple(
                Field(rename(name), self._type_of(node, rename, within)) for name, node in ordered
            )
        )

    def _followed(self, node: Any) -> Any:
        """Return what the node refers to, or itself."""
        if not isinstance(node, dict):
            raise SchemaUnusable(f"a registered schema has a part without a type: {node}")
        reference = node.get("$ref")
        if reference is None:
            return node
        file, _, path = reference.partition("#")
        found = self.root if not file else self._references.get(file)
        for step in path.strip("/").split("/") if path.strip("/") else ():
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise SchemaUnusable(f'a registered schema refers to "{reference}", which is not there')
        return found


def _branches(node: Mapping[str, Any]) -> list[Any] | None:
    """Return what a value may be but null; ``None``: just the node itself."""
    for word in ("oneOf", "anyOf"):
        if word in node:
            return [one for one in node[word] if one != {"type": "null"}]
    if isinstance(node.get("type"), list):
        return [{**node, "type": one} for one in node["type"] if one != "null"]
    return None


def _kind(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    if kind is None and "enum" in node:
        return "string"
    return str(kind or ("object" if "properties" in node else ""))


def _decimal(node: Mapping[str, Any]) -> Decimal:
    parameters = node.get("connect.parameters", {})
    precision = int(parameters.get("connect.decimal.precision", _DEFAULT_PRECISION))
    return Decimal(precision, int(parameters.get("scale", 0)))


def parsed(schema: ResolvedSchema) -> JsonSchema:
    """Return the schema read; SchemaUnusable when it is none."""
    return _parsed(schema.text, tuple(schema.references.items()))


@lru_cache(maxsize=1000)
def _parsed(text: str, references: tuple[tuple[str, str], ...]) -> JsonSchema:
    return JsonSchema(ResolvedSchema(text, dict(references)))
