"""Columns that a declaration leaves out, and schemas asked for by number, from the registry."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from streamsql.errors import BindError, EngineError
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import lookup
from streamsql.formats.registered import SchemaFormat
from streamsql.formats.registry import (
    ResolvedSchema,
    SchemaRegistry,
    WriterSchema,
    key_subject,
    resolved,
    value_subject,
)
from streamsql.sql.binding.statements.properties import With
from streamsql.types.schema import Column

_Found = TypeVar("_Found")


def tells_columns(spec: FormatSpec) -> bool:
    """Tell whether a registry knows the columns of topics of the format."""
    return isinstance(lookup(spec.name), SchemaFormat)


def inferred(
    spec: FormatSpec, topic: str, side: str, properties: With, registry: SchemaRegistry
) -> tuple[Column, ...]:
    """Return the columns that the topic has on the ``KEY`` or ``VALUE`` side.

    Raises:
        BindError: The registry does not tell them.
    """
    known = _schema_format(spec)

    def look_up() -> tuple[Column, ...]:
        schema = _schema(spec, topic, side, registry)
        if schema.type is not known.schema_type:
            raise EngineError(f"the registered schema is of type {schema.type}, not {spec.name}")
        return known.columns(spec, resolved(registry, schema), is_key=side == "KEY")

    return _asking(look_up, properties, side)


def check_holds(
    spec: FormatSpec,
    columns: Sequence[Column],
    side: str,
    properties: With,
    registry: SchemaRegistry,
) -> None:
    """Check that the schema that is asked for by number holds the columns, if one is.

    Raises:
        BindError: It does not, or there is none of that number.
    """
    if spec.schema_id is None or not columns:
        return
    known, number = _schema_format(spec), spec.schema_id

    def make() -> object:
        complete: ResolvedSchema = resolved(registry, registry.schema(number))
        if side == "KEY":
            return known.key_encoder(spec, complete, columns)
        return known.encoder(spec, complete, columns)

    _asking(make, properties, side)


def _schema(spec: FormatSpec, topic: str, side: str, registry: SchemaRegistry) -> WriterSchema:
    if spec.schema_id is not None:
        return registry.schema(spec.schema_id)
    subject = key_subject(topic) if side == "KEY" else value_subject(topic)
    latest = registry.latest(subject)
    if latest is None:
        raise EngineError(f'there is no schema of subject "{subject}" in the registry')
    return latest.schema


def _asking(ask: Callable[[], _Found], properties: With, side: str) -> _Found:
    """Return what comes of it; where it cannot be done, the columns must be written."""
    try:
        return ask()
    except EngineError as error:
        given = (name for name in (f"{side}_SCHEMA_ID", f"{side}_FORMAT") if name in properties)
        raise BindError(
            str(error),
            properties.place(next(given, "FORMAT")),
            hint=f"Write the {side.lower()} columns, or register a schema that has them.",
        ) from error


def _schema_format(spec: FormatSpec) -> SchemaFormat:
    known = lookup(spec.name)
    assert isinstance(known, SchemaFormat)
    return known
