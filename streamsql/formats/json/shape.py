"""The shape of the JSON objects of a topic as far as it is known, and the decoder made for it."""

import decimal
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec

from streamsql.formats.format import attribute_names
from streamsql.formats.json.values import Convert, converter
from streamsql.formats.text_values import bounds
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Array, Map, Primitive, SqlType

_DIRECT: dict[Primitive, type] = {
    Primitive.BOOLEAN: bool,
    Primitive.DOUBLE: float,
    Primitive.STRING: str,
    Primitive.BYTES: bytes,
}

_OVER_NS, _TRIP_NS = 25, 8
"""What a name to pass over costs where it occurs, and a trip wire in every record."""

_NAMES_LIMIT = 200


class Shape:
    """What was learned of the objects; positions are those of the used columns.

    Attributes:
        spellings: How each field is spelled.
        optional: Fields that are often missing.
        lenient: Fields that often hold another JSON type.
        rivals: The spellings of each used column that were seen.
        passed_over: Names seen that belong to no used column.
        endless: Whether there are more such names than a struct should list.
    """

    __slots__ = (
        "_by_upper",
        "_exact",
        "columns",
        "endless",
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
        self.rivals: list[set[str]] = [{name} for name in self.spellings]
        self.passed_over: set[str] = set()
        self.endless = False
        self._exact = frozenset(self.spellings)
        self._by_upper = {
            name: position for position, name in enumerate(self.spellings) if name == name.upper()
        }

    def is_exact(self, position: int) -> bool:
        """Tell whether the field is spelled as its column: that spelling wins over all others."""
        return self.spellings[position] == self.columns[position].name

    @property
    def closed(self) -> bool:
        """Whether a name never seen before must not be passed over.

        It must not be when a field is missing, as it might be that field. Otherwise trip wires for
        the likely spellings do, unless there are hardly any names to pass over.
        """
        if self.optional:
            return True
        respelled = sum(not self.is_exact(position) for position in range(len(self.columns)))
        trip_wires_ns = _TRIP_NS * 2 * respelled
        return not self.endless and _OVER_NS * len(self.passed_over) < trip_wires_ns

    def note_names(self, names: Iterable[str]) -> None:
        """Remember the field names of an object."""
        for name in names:
            position = self._by_upper.get(name.upper())
            if position is not None:
                self.rivals[position].add(name)
            elif name not in self._exact and not self.endless:
                self.passed_over.add(name)
                self.endless = len(self.passed_over) > _NAMES_LIMIT

    def fingerprint(self) -> tuple[object, ...]:
        """Return what the decoder depends on; of the sets, which only grow, the sizes."""
        closed = self.closed
        return (
            closed,
            tuple(self.spellings),
            len(self.optional),
            len(self.lenient),
            sum(map(len, self.rivals)),
            len(self.passed_over) if closed else 0,
        )


def fast_decoder(shape: Shape) -> Callable[[bytes], Any] | None:
    """Return a decoder of the shape, or ``None`` when no struct can have it."""
    if shape.closed and shape.endless:
        return None
    fields = _column_fields(shape)
    rename = dict(zip(attribute_names(shape.columns), shape.spellings, strict=True))
    for number, name in enumerate(_trip_wires(shape)):
        fields.append((f"_trip_{number}", _TripWire, None))
        rename[f"_trip_{number}"] = name
    for number, name in enumerate(_passed_over(shape)):
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
            forbid_unknown_fields=shape.closed,
        )
    except ValueError:  # A name that msgspec cannot match, with a quote or a control character.
        return None
    return msgspec.json.Decoder(row_type, dec_hook=_convert, float_hook=decimal.Decimal).decode


def is_direct(value: Any, sql_type: SqlType) -> bool:
    """Tell whether the fast path reads the JSON value, which converts, without leniency."""
    if value is None:
        return True
    match sql_type:
        case Array(element):
            return all(is_direct(item, element) for item in value)
        case Map(_, element):
            return all(is_direct(item, element) for item in value.values())
        case Primitive.STRING | Primitive.DOUBLE:
            return isinstance(value, str) == (sql_type is Primitive.STRING)
        case Primitive() if sql_type not in _DIRECT:
            low, high = bounds(sql_type)
            return isinstance(value, int) and low <= value <= high
        case _:
            return True


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
        if shape.is_exact(position) and position not in shape.optional:
            continue
        rivals = set(shape.rivals[position])
        if not shape.closed and column.name == column.name.upper():
            rivals |= {column.name.lower(), column.name.capitalize()}
        wires += sorted(rivals - {shape.spellings[position]})
    return wires


def _passed_over(shape: Shape) -> list[str]:
    """Return the names that a closed struct declares only to pass over them."""
    if not shape.closed:
        return []
    names = set(shape.passed_over)
    for position, rivals in enumerate(shape.rivals):
        if shape.is_exact(position) and position not in shape.optional:
            names |= rivals - {shape.spellings[position]}
    return sorted(names)


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
