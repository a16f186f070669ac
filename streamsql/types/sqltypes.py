"""SQL types, and the Python values that carry them.

| SQL type            | Python value in flight                                    |
|---------------------|-----------------------------------------------------------|
| BOOLEAN             | ``bool``                                                  |
| INTEGER, BIGINT     | ``int`` within 32 or 64 bits (arithmetic wraps)           |
| DOUBLE              | ``float``                                                 |
| DECIMAL(p, s)       | ``decimal.Decimal`` with exactly ``s`` fractional digits  |
| STRING              | ``str``                                                   |
| BYTES               | ``bytes``                                                 |
| DATE                | ``int``, days since 1970-01-01                            |
| TIME                | ``int``, milliseconds of the day                          |
| TIMESTAMP           | ``int``, milliseconds since 1970-01-01T00:00Z             |
| ARRAY<T>            | ``list``                                                  |
| MAP<K, V>           | ``dict``                                                  |
| STRUCT<f T, …>      | ``tuple`` of the fields in order                          |

NULL is ``None`` everywhere.
"""

from dataclasses import dataclass
from enum import Enum


class Primitive(Enum):
    """A type without parameters."""

    BOOLEAN = "BOOLEAN"
    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    DOUBLE = "DOUBLE"
    STRING = "STRING"
    BYTES = "BYTES"
    DATE = "DATE"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Decimal:
    """Exact numbers: ``precision`` digits in all, ``scale`` of them after the point."""

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"DECIMAL({self.precision}, {self.scale})"


@dataclass(frozen=True, slots=True)
class Array:
    """Values of one type, in order."""

    element: "SqlType"

    def __str__(self) -> str:
        return f"ARRAY<{self.element}>"


@dataclass(frozen=True, slots=True)
class Map:
    """Values of one type by key."""

    key: "SqlType"
    value: "SqlType"

    def __str__(self) -> str:
        return f"MAP<{self.key}, {self.value}>"


@dataclass(frozen=True, slots=True)
class Field:
    """One named field of a struct."""

    name: str
    type: "SqlType"

    def __str__(self) -> str:
        return f"{quote(self.name)} {self.type}"


@dataclass(frozen=True, slots=True)
class Struct:
    """Named fields of their own types."""

    fields: tuple[Field, ...]

    def index(self, name: str) -> int | None:
        """Return the position of the field, or ``None`` when there is none of that name."""
        for position, field in enumerate(self.fields):
            if field.name == name:
                return position
        return None

    def __str__(self) -> str:
        return f"STRUCT<{', '.join(str(field) for field in self.fields)}>"


SqlType = Primitive | Decimal | Array | Map | Struct

BOOLEAN = Primitive.BOOLEAN
INTEGER = Primitive.INTEGER
BIGINT = Primitive.BIGINT
DOUBLE = Primitive.DOUBLE
STRING = Primitive.STRING
BYTES = Primitive.BYTES
DATE = Primitive.DATE
TIME = Primitive.TIME
TIMESTAMP = Primitive.TIMESTAMP

INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1
BIGINT_MIN, BIGINT_MAX = -(2**63), 2**63 - 1
MAX_PRECISION = 1000
"""Of a DECIMAL; Python alone would take any, and time and memory for each digit."""


def is_numeric(sql_type: SqlType) -> bool:
    """Tell whether arithmetic is defined on the type."""
    return isinstance(sql_type, Decimal) or sql_type in (INTEGER, BIGINT, DOUBLE)


def is_hashable(sql_type: SqlType) -> bool:
    """Tell whether equal values of the type, and no others, are equal as keys of a dict.

    Lists are not hashable, and 0.0 equals -0.0.
    """
    match sql_type:
        case Struct(fields):
            return all(is_hashable(field.type) for field in fields)
        case Array() | Map() | Primitive.DOUBLE:
            return False
        case _:
            return True


def quote(name: str, *, folds: bool = True) -> str:
    """Return the identifier as SQL writes it, in back-ticks unless it is plain upper case.

    Args:
        folds: Whether it is read as upper case where it is not quoted.

    >>> quote("NAME"), quote("name"), quote("name", folds=False), quote("my-app", folds=False)
    ('NAME', '`name`', 'name', '`my-app`')
    """
    plain = name.isidentifier() and name.isascii() and name[:1] != "_"
    same = name == name.upper() or not folds
    return name if plain and same else "`" + name.replace("`", "``") + "`"
