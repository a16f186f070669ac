"""NONE: the side of a record that holds no columns. Whatever bytes are there are ignored."""

from collections.abc import Callable, Sequence
from typing import Any

from streamsql.formats.format import FormatSpec
from streamsql.formats.plain import PlainDecoder, PlainEncoder, row_class
from streamsql.formats.restrictions import common_restriction
from streamsql.types.record import Key
from streamsql.types.schema import Column


class NoneFormat:
    """The format of a key-less stream's keys."""

    name = "NONE"

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function that makes every key ``None``."""
        del spec, key
        return no_key

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function that refuses keys: none can come from a schema without key columns."""
        del spec, key
        return refuse_key

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> PlainDecoder:
        """Return a decoder that makes the row without columns."""
        del spec, schema
        empty = row_class(used)()
        return PlainDecoder(self.name, lambda payload: empty)  # noqa: ARG005 - bytes are ignored

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> PlainEncoder:
        """Return an encoder that writes records without a value."""
        del spec
        return PlainEncoder(row_class(schema), no_key)

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        if schema:
            names = ", ".join(str(column) for column in schema)
            return f"the NONE format can only be used where no columns are defined, not for {names}"
        return common_restriction(spec, schema, is_key=is_key, wraps=False)


def no_key(payload: Any) -> None:
    """Return ``None`` whatever the payload is."""
    del payload


def refuse_key(key: Key) -> bytes:
    """Refuse a key: there are no columns to write it to."""
    raise ValueError(f"without key columns no key can be written, got {key!r}")
