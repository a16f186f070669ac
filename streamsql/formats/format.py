"""What a format is: a pair of factories for decoders and encoders of one side of a record.

A *row object* is an instance of a class made for the columns asked for; its attributes are named by
:func:`attribute_names`, in the order of the columns. Generated code reads ``row.PRICE`` and builds
``row_type(price, …)``; it knows nothing of the format behind it.
"""

import keyword
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from streamsql.types.record import Key
from streamsql.types.schema import Column


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """A format by name, with its options, as written in WITH.

    Attributes:
        name: ``JSON``, ``KAFKA``, ``DELIMITED``, ``NONE``, or the internal ``ROW``.
        delimiter: One character, DELIMITED only.
        wrap: Whether a single value column is a record (true) or bare; ``None``: the default.
        schema_id: The number of the registered schema to write with; ``None``: one made of the
            columns.
        schema_name: What the record of the columns is called in its schema; ``None``: the default.
        nullable: How Protobuf tells NULL from a zero: ``OPTIONAL``, ``WRAPPER``; ``None``: not.
    """

    name: str
    delimiter: str | None = None
    wrap: bool | None = None
    schema_id: int | None = None
    schema_name: str | None = None
    nullable: str | None = None


class Decoder(Protocol):
    """Reads one side (key or value) of the records of a topic.

    ``decode`` may change while records are read (it learns the spelling of field names), so callers
    fetch the attribute once per batch.
    """

    decode: Callable[[bytes], Any]
    """Payload to row object, or raise one of ``errors``: then :meth:`repair` decides."""

    errors: tuple[type[Exception], ...]
    """What ``decode`` raises for a payload it cannot read."""

    def repair(self, payload: bytes) -> Any:
        """Read the payload the general way: a row object, or ``None`` for a NULL row.

        Raises:
            DecodeError: The payload does not fit the format or the schema.
        """


class Encoder(Protocol):
    """Writes one side of the records of a topic: ``encode(row_type(*values))``."""

    row_type: Callable[..., Any]
    """Makes a row object from the values of the columns, positionally."""

    encode: Callable[[Any], bytes | None]
    """Row object to payload; raises ``ValueError``/``TypeError`` for values it cannot write.

    ``None`` (a record without a value) where a single bare column is NULL: formats that do not wrap
    it have no other way to say so.
    """


class Format(Protocol):
    """One format.

    Values go through row objects; keys, which are bare values or tuples in flight, do not.
    """

    name: str

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function from key bytes to the key in flight; it raises DecodeError."""

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function from a key in flight (never ``None``) to its bytes."""

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> Decoder:
        """Return a decoder of payloads of ``schema`` into row objects of the ``used`` columns."""

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> Encoder:
        """Return an encoder of rows of ``schema``."""

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns on that side, or ``None`` when it can."""


def attribute_names(columns: Sequence[Column]) -> list[str]:
    """Return the attribute of each column in a row object: its name where that is an identifier.

    Only ASCII names count: Python normalizes the others when it compiles them.

    >>> from streamsql.types.sqltypes import BIGINT
    >>> attribute_names([Column(name, BIGINT) for name in ("PRICE", "my col", "class")])
    ['PRICE', 'column_1', 'column_2']
    """
    return [
        column.name
        if column.name.isidentifier()
        and column.name.isascii()
        and not keyword.iskeyword(column.name)
        and not column.name.startswith(("_", "column_"))
        else f"column_{position}"
        for position, column in enumerate(columns)
    ]
