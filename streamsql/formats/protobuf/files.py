"""The text of a .proto file as the descriptor that Google's runtime builds messages from.

The runtime itself reads no text. The parser gives a tree of what is written; names of types are
left as they are, for the runtime resolves them.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from antlr4.error.ErrorListener import ErrorListener
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message import DecodeError as WireError
from proto_schema_parser import ast
from proto_schema_parser.parser import Parser

_SCALARS: Mapping[str, int] = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
_META = "(confluent.field_meta)"

Decimals = dict[tuple[str, str], tuple[int, int]]
"""Precision and scale that fields are annotated with, by message and field."""


def parse_file(name: str, text: str, decimals: Decimals) -> FileDescriptorProto:
    """Return the descriptor of a file, and add what its decimals are annotated with.

    Clients in Python register the descriptor itself, as base64, in place of the text.

    Raises:
        ValueError: The text is no .proto file.
    """
    with suppress(binascii.Error, UnicodeEncodeError, WireError):
        described = FileDescriptorProto.FromString(base64.b64decode(text.encode(), validate=True))
        described.name = name
        return described
    tree = Parser(setup_lexer=_strictly, setup_parser=_strictly).parse(text)
    file = FileDescriptorProto(name=name, syntax=tree.syntax or "proto2")
    for element in tree.file_elements:
        if isinstance(element, ast.Package):
            file.package = element.name
    for element in tree.file_elements:
        match element:
            case ast.Import():
                file.dependency.append(element.name)
                if element.public:
                    file.public_dependency.append(len(file.dependency) - 1)
            case ast.Message():
                _Writer(decimals, file.package).message(file.message_type.add(), element)
            case ast.Enum():
                _enum(file.enum_type.add(), element)
            case _:
                pass
    return file


def _strictly(recognizer: Any) -> None:
    """Let the lexer or parser raise at what it would print and pass over."""
    recognizer.removeErrorListeners()
    recognizer.addErrorListener(_Refusal())


class _Refusal(ErrorListener):  # type: ignore[misc]
    def syntaxError(self, *place: Any) -> None:  # noqa: N802 - ANTLR's name
        _, _, line, column, message, _ = place
        raise ValueError(f"line {line}:{column} {message}")


class _Writer:
    """Writes the messages of one scope."""

    def __init__(self, decimals: Decimals, scope: str) -> None:
        self._decimals = decimals
        self._scope = scope

    def message(self, target: DescriptorProto, written: ast.Message) -> None:
        target.name = written.name
        self._scope = f"{self._scope}.{written.name}" if self._scope else written.name
        for element in written.elements:
            match element:
                case ast.Message():
                    inner = _Writer(self._decimals, self._scope)
                    inner.message(target.nested_type.add(), element)
                case ast.Enum():
                    _enum(target.enum_type.add(), element)
                case ast.MapField():
                    self._map_field(target, element)
                case ast.OneOf():
                    self._one_of(target, element)
                case ast.Field():
                    self._field(target, element)
                case _:
                    pass
        for field in target.field:  # behind the true ones, as the runtime wants it
            if field.proto3_optional:
                target.oneof_decl.add(name=f"_{field.name}")
                field.oneof_index = len(target.oneof_decl) - 1

    def _one_of(self, target: DescriptorProto, written: ast.OneOf) -> None:
        target.oneof_decl.add(name=written.name)
        for element in written.elements:
            if isinstance(element, ast.Field):
                self._field(target, element).oneof_index = len(target.oneof_decl) - 1

    def _field(self, target: DescriptorProto, written: ast.Field) -> FieldDescriptorProto:
        repeated = written.cardinality is ast.FieldCardinality.REPEATED
        field = target.field.add(
            name=written.name,
            number=written.number,
            label=FieldDescriptorProto.LABEL_REPEATED
            if repeated
            else FieldDescriptorProto.LABEL_OPTIONAL,
        )
        _set_type(field, written.type)
        if written.cardinality is ast.FieldCardinality.OPTIONAL:
            field.proto3_optional = True
        self._note_decimal(self._scope, written.name, written.options)
        return field

    def _map_field(self, target: DescriptorProto, written: ast.MapField) -> None:
        camel = "".join(part[:1].upper() + part[1:] for part in written.name.split("_"))
        entry = target.nested_type.add(name=f"{camel}Entry")
        entry.options.map_entry = True
        optional = FieldDescriptorProto.LABEL_OPTIONAL
        for number, (name, kind) in enumerate(
            (("key", written.key_type), ("value", written.value_type)), 1
        ):
            _set_type(entry.field.add(name=name, number=number, label=optional), kind)
        target.field.add(
            name=written.name,
            number=written.number,
            label=FieldDescriptorProto.LABEL_REPEATED,
            type=FieldDescriptorProto.TYPE_MESSAGE,
            type_name=entry.name,
        )
        self._note_decimal(f"{self._scope}.{entry.name}", "value", written.options)

    def _note_decimal(self, message: str, field: str, options: Sequence[ast.Option]) -> None:
        parameters = dict(_parameters(options))
        if "scale" in parameters:
            precision = int(parameters.get("precision", "64"))
            self._decimals[message, field] = precision, int(parameters["scale"])


def _enum(target: EnumDescriptorProto, written: ast.Enum) -> None:
    target.name = written.name
    for element in written.elements:
        if isinstance(element, ast.EnumValue):
            target.value.add(name=element.name, number=element.number)


def _set_type(field: FieldDescriptorProto, written: str) -> None:
    scalar = _SCALARS.get(written)
    if scalar is None:
        field.type_name = written
    else:
        field.type = scalar  # type: ignore[assignment]


def _parameters(options: Sequence[ast.Option]) -> Iterator[tuple[str, str]]:
    """Yield the parameters that Confluent's annotation of a field holds."""
    for option in options:
        if option.name.startswith(_META):
            yield from _pairs(option.value)


def _pairs(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _pairs(item)
    elif isinstance(node, ast.MessageLiteral):
        fields = [one for one in node.elements if isinstance(one, ast.MessageLiteralField)]
        found = {field.name: field.value for field in fields}
        if "key" in found and "value" in found:
            yield str(found["key"]), str(found["value"])
        for value in found.values():
            yield from _pairs(value)
