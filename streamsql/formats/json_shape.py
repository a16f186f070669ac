"""The shape of the JSON objects of a topic as far as it is known, and the decoder made for it."""

import decimal
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec

from streamsql.formats.format import attribute_names
from streamsql.formats.json_values import Convert, converter
from streamsql.formats.text_values import bounds
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Array, Decimal, Map, Primitive, SqlType, Struct

_DIRECT: dict[Primitive, type] = {
    Primitive.BOOLEAN: bool,
    Primitive.DOUBLE: float,
    Primitive.STRING: str,
    Primitive.BYTES: bytes,
}


class Shape:
    """What was learned of the objects; positions are those of the used columns.

    Attributes:
        spellings: How each field is spelled.
        optional: Fields that are often missing; when there are any, the struct is closed.
        lenient: Fields that often hold another JSON type.
        rivals: Spellings of used columns that were seen, by position.
        passed_over: Names seen that belong to no used column.
        learning: False when the data has no shape that a struct could fit.
    """

    __slots__ = (
        "_by_upper",
        "_exact",
        "columns",
        "learning",
        "lenient",
        "optional",
        "passed_over",
        "rivals",
        "spellings",
    )

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.spellings = [column.name for column in columns]
        self.optional: set[int] = set()
        self.lenient: set[int] = set()
        self.passed_over: set[str] = set()
        self.rivals: list[set[str]] = [_likely_spellings(name) for name in self.spellings]
        self.learning = True
        self._exact = frozenset(self.spellings)
        self._by_upper = {
            name: position for position, name in enumerate(self.spellings) if name == name.upper()
        }

    def make_optional(self, position: int) -> bool:
        """Let the field be missing; tell whether that is new."""
        if position in self.optional:
            return False
        self.optional.add(position)
        return True

    def make_lenient(self, position: int) -> bool:
        """Let the field hold any JSON value; tell whether that is new."""
        if position in self.lenient:
            return False
        self.lenient.add(position)
        return True

    def note_names(self, names: Iterable[str]) -> bool:
        """Remember field names; tell whether a closed struct must learn any of them."""
        news = False
        for name in names:
            position = self._by_upper.get(name.upper())
            if position is not None and name not in self.rivals[position]:
                self.rivals[position].add(name)
                news = True
            elif position is None and name not in self._exact and name not in self.passed_over:
                self.passed_over.add(name)
                news = bool(self.optional)
        return news


def fast_decoder(shape: Shape) -> Callable[[bytes], Any] | None:
    """Return a decoder of the shape, or ``None`` when no struct can have it."""
    fields = _column_fields(shape)
    rename = dict(zip(attribute_names(shape.columns), shape.spellings, strict=True))
    for number, name in enumerate(_trip_wires(shape)):
        fields.append((f"_trip_{number}", _TripWire, None))
        rename[f"_trip_{number}"] = name
    if shape.optional:
        for number, name in enumerate(sorted(shape.passed_over)):
            fields.append((f"_over_{number}", msgspec.Raw, None))
            rename[f"_over_{number}"] = name
    if len(set(rename.values())) < len(rename):
        return None  # Two columns read the same field.
    try:
        row_type = msgspec.defstruct(
            "Row",
            fields,
            rename=rename,
            frozen=True,
            gc=False,
            kw_only=True,
            forbid_unknown_fields=bool(shape.optional),
        )
    except (
        ValueError
    ):  # A field name that msgspec cannot match, with a quote or a control character.
        return None
    return msgspec.json.Decoder(row_type, dec_hook=_convert, float_hook=decimal.Decimal).decode


def is_direct(value: Any, sql_type: SqlType) -> bool:
    """Tell whether the fast path reads the JSON value, which converts, without leniency."""
    if value is None:
        return True
    match sql_type:
        case Decimal() | Struct():
            return True
        case Primitive.STRING | Primitive.BYTES:
            return isinstance(value, str)
        case Primitive.DOUBLE:
            return not isinstance(value, str)
        case Primitive.BOOLEAN:
            return True
        case Primitive():
            low, high = bounds(sql_type)
            return isinstance(value, int) and low <= value <= high
        case Array(element):
            return all(is_direct(item, element) for item in value)
        case Map(_, element):
            return all(is_direct(item, element) for item in value.values())


class _Converted(type):
    """The type of values that a general conversion makes: whatever it returns is an instance."""

    convert: Convert

    def __instancecheck__(cls, instance: Any) -> bool:
        return True


class _TripWire:
    """The type of a field that must not be there."""

    @staticmethod
    def convert(value: Any) -> Any:
        """Refuse the value."""
        raise ValueError(f"a field in two spellings, {value!r}")


def _convert(wanted: Any, value: Any) -> Any:
    """Convert a JSON value to the type of its field (msgspec's ``dec_hook``)."""
    return wanted.convert(value)


def _column_fields(shape: Shape) -> list[tuple[Any, ...]]:
    """Return the struct's fields of the used columns."""
    fields: list[tuple[Any, ...]] = []
    for position, name in enumerate(attribute_names(shape.columns)):
        sql_type = shape.columns[position].type
        wanted = _converted(sql_type) if position in shape.lenient else _annotation(sql_type)
        field = (name, wanted | None)
        fields.append((*field, None) if position in shape.optional else field)
    return fields


def _trip_wires(shape: Shape) -> list[str]:
    """Return the spellings that would win over, or compete with, those of the struct."""
    wires: list[str] = []
    for position, column in enumerate(shape.columns):
        spelling = shape.spellings[position]
        if spelling != column.name or position in shape.optional:
            wires += sorted(shape.rivals[position] - {spelling})
    return wires


def _likely_spellings(name: str) -> set[str]:
    """Return the spellings that a field of the column may have besides those still to be seen."""
    if name != name.upper():
        return {name}  # Only names in upper case are found by other spellings.
    return {name, name.lower(), name.capitalize()}


def _annotation(sql_type: SqlType) -> Any:
    """Return the Python type of what msgspec reads just as the general way does."""
    match sql_type:
        case Primitive() if sql_type in _DIRECT:
            return _DIRECT[sql_type]
        case Primitive():
            low, high = bounds(sql_type)
            return Annotated[int, msgspec.Meta(ge=low, le=high)]
        case Array(element):
            return list.__class_getitem__(_annotation(element) | None)
        case Map(_, value):
            return dict.__class_getitem__((str, _annotation(value) | None))
        case _:
            return _converted(sql_type)


def _converted(sql_type: SqlType) -> Any:
    """Return a class that stands for values of the type, made by the general conversion."""
    return _Converted("Converted", (), {"convert": staticmethod(converter(sql_type))})
