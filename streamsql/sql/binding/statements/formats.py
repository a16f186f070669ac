"""Which formats a source's keys and values are written in, and whether these can carry them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from streamsql.errors import BindError, Span, StatementError
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import check, lookup
from streamsql.formats.restrictions import holds_map
from streamsql.sql.binding.settings import StatementSetting, setting
from streamsql.sql.binding.statements.properties import With
from streamsql.types.schema import Column

DELIMITERS = {"SPACE": " ", "TAB": "\t"}
BOTH_WAYS = frozenset({"AVRO", "JSON", "JSON_SR"})
"""Formats that write a single value column with or without a record around it."""


def written_format(properties: With, side: str) -> FormatSpec | None:
    """Return the format given for the ``KEY`` or ``VALUE`` side, ``None``: nothing is given.

    Raises:
        BindError: FORMAT is given together with the side's own property, or there is no such
            format.
    """
    if "FORMAT" in properties and f"{side}_FORMAT" in properties:
        raise BindError(
            f'properties "FORMAT" and "{side}_FORMAT" exclude each other',
            properties.place(f"{side}_FORMAT"),
            hint="FORMAT sets both sides; use either it, or KEY_FORMAT and VALUE_FORMAT.",
        )
    for name in (f"{side}_FORMAT", "FORMAT"):
        text = properties.text(name)
        if text is not None:
            return _known(FormatSpec(text.strip().upper()), properties.place(name))
    return None


def _known(spec: FormatSpec, where: Span) -> FormatSpec:
    """Refuse a format that does not exist."""
    try:
        lookup(spec.name)
    except BindError as error:
        error.span = where
        raise
    return spec


def default_key_format(settings: Mapping[str, str]) -> FormatSpec:
    """Return the key format where none is given or inherited."""
    return FormatSpec((setting(settings, StatementSetting.KEY_FORMAT) or "KAFKA").upper())


def default_value_format(properties: With, settings: Mapping[str, str]) -> FormatSpec:
    """Return the value format where none is given or inherited.

    Raises:
        BindError: No default is set.
    """
    default = StatementSetting.VALUE_FORMAT
    name = setting(settings, default)
    if name is None:
        raise BindError(
            'property "VALUE_FORMAT" is missing',
            properties.where,
            hint=f"Give it in WITH, or set a default with SET '{default}'='JSON';",
        )
    return FormatSpec(name.upper())


def with_delimiter(spec: FormatSpec, properties: With, side: str) -> FormatSpec:
    """Return the format with the delimiter that is given for the side.

    Raises:
        BindError: The delimiter is not one character, or the format has none.
    """
    name = f"{side}_DELIMITER"
    text = properties.text(name)
    if text is None:
        return spec
    delimiter = DELIMITERS.get(text.upper(), text)
    if len(delimiter) != 1 or (delimiter == text and text.isspace()):
        raise BindError(
            f'property "{name}" is one character',
            properties.place(name),
            hint="Write SPACE or TAB for a space or a tab.",
        )
    if spec.name != "DELIMITED":
        raise BindError(
            f"the {spec.name} format does not support a delimiter", properties.place(name)
        )
    return replace(spec, delimiter=delimiter)


def with_wrapping(
    spec: FormatSpec, properties: With, settings: Mapping[str, str], columns: Sequence[Column]
) -> FormatSpec:
    """Return the value format with the wrapping of a single value column."""
    wrap = properties.truth("WRAP_SINGLE_VALUE")
    if wrap is None and len(columns) == 1 and spec.name in BOTH_WAYS:
        default = setting(settings, StatementSetting.WRAP_SINGLE_VALUES)
        wrap = None if default is None else default.strip().lower() == "true"
    return replace(spec, wrap=wrap)


def format_properties(side: str, spec: FormatSpec) -> Iterator[tuple[str, str | int]]:
    """Yield the properties that give the ``KEY`` or ``VALUE`` side just this format."""
    yield f"{side}_FORMAT", spec.name
    if spec.delimiter is not None:
        words = {sign: word for word, sign in DELIMITERS.items()}
        yield f"{side}_DELIMITER", words.get(spec.delimiter, spec.delimiter)
    if spec.nullable is not None:
        yield f"{side}_PROTOBUF_NULLABLE_REPRESENTATION", spec.nullable
    if spec.wrap is not None:
        yield "WRAP_SINGLE_VALUE", str(spec.wrap).lower()
    if spec.schema_id is not None:
        yield f"{side}_SCHEMA_ID", spec.schema_id
    if spec.schema_name is not None:
        yield f"{side}_SCHEMA_FULL_NAME", spec.schema_name


def check_formats(
    properties: With,
    key: tuple[FormatSpec, Sequence[Column]],
    value: tuple[FormatSpec, Sequence[Column]],
) -> None:
    """Check that both formats exist and can carry their columns.

    Raises:
        BindError: One does not or cannot.
    """
    for column in key[1]:
        if holds_map(column.type):
            raise BindError(
                f'key column "{column.name}" is of type {column.type}: keys cannot hold maps, '
                "which have no order of their own",
                properties.where,
            )
    if key[1]:
        _check_side(properties, "KEY", *key)
    else:
        _look_up(properties, "KEY", key[0])
    _check_side(properties, "VALUE", *value)


def _look_up(properties: With, side: str, spec: FormatSpec) -> None:
    try:
        lookup(spec.name)
    except StatementError as error:
        error.span = _place(properties, side)
        raise


def _check_side(properties: With, side: str, spec: FormatSpec, columns: Sequence[Column]) -> None:
    _look_up(properties, side, spec)
    reason = check(spec, columns, is_key=side == "KEY")
    if reason is not None:
        raise BindError(reason, _place(properties, side), hint=_hint(spec, side))


def _place(properties: With, side: str) -> Span:
    for name in (f"{side}_FORMAT", "FORMAT"):
        if name in properties:
            return properties.place(name)
    return properties.where


def _hint(spec: FormatSpec, side: str) -> str | None:
    if spec.name in ("KAFKA", "DELIMITED"):
        return f"Choose another format, as in WITH ({side}_FORMAT='JSON')."
    return None


def with_schema(spec: FormatSpec, properties: With, side: str) -> FormatSpec:
    """Return the format with what is said about its schema.

    Raises:
        BindError: The format has no such schema, or the name is empty.
    """
    supported = _SCHEMA_PROPERTIES.get(spec.name, frozenset())
    for name in properties.names():
        prefix, _, rest = name.partition("_")
        if prefix == side and rest in _WORDING and rest not in supported:
            raise BindError(
                f"the {spec.name} format does not support {_WORDING[rest]}", properties.place(name)
            )
    names = [f"{side}_SCHEMA_FULL_NAME", f"{side}_AVRO_SCHEMA_FULL_NAME"]
    written = next((name for name in names if name in properties), names[0])
    schema_name = properties.text(written)
    if schema_name is not None and not schema_name.strip():
        raise BindError("the name of a schema cannot be empty", properties.place(written))
    return replace(
        spec,
        schema_id=properties.integer(f"{side}_SCHEMA_ID", least=0),
        schema_name=schema_name,
        nullable=_nullable(properties, side) or spec.nullable,
    )


def _nullable(properties: With, side: str) -> str | None:
    """Return how Protobuf is to tell NULL from a zero."""
    name = f"{side}_PROTOBUF_NULLABLE_REPRESENTATION"
    text = properties.text(name)
    if text is not None and text.upper() not in ("OPTIONAL", "WRAPPER"):
        raise BindError(
            f'property "{name}" is OPTIONAL or WRAPPER, not "{text}"', properties.place(name)
        )
    return None if text is None else text.upper()


_WORDING = {
    "SCHEMA_ID": "a schema id",
    "SCHEMA_FULL_NAME": "a schema name",
    "AVRO_SCHEMA_FULL_NAME": "the name of an Avro schema",
    "PROTOBUF_NULLABLE_REPRESENTATION": "a representation of NULL",
}
_ANY = frozenset({"SCHEMA_ID", "SCHEMA_FULL_NAME"})
_SCHEMA_PROPERTIES = {
    "AVRO": _ANY | {"AVRO_SCHEMA_FULL_NAME"},
    "JSON_SR": _ANY,
    "PROTOBUF": _ANY | {"PROTOBUF_NULLABLE_REPRESENTATION"},
    "PROTOBUF_NOSR": frozenset({"SCHEMA_FULL_NAME", "PROTOBUF_NULLABLE_REPRESENTATION"}),
}
"""Which of these each format has."""
