"""Keys in flight ⇄ bytes whose order is the order of the keys."""

from collections.abc import Sequence

from streamsql.types.record import Key
from streamsql.types.sqltypes import SqlType


class KeyCodec:
    """Encodes keys of the given column types so that the bytes sort as the keys do.

    NULL parts of a key of several columns sort first; there is no NULL key of one column.
    """

    def __init__(self, types: Sequence[SqlType], *, terminated: bool = False) -> None:
        """Choose the functions for the types.

        Args:
            terminated: Bytes may follow the key, so it must tell where it ends.

        Raises:
            UnsupportedError: A type has no order (MAP).
        """
        raise NotImplementedError

    def encode(self, key: Key) -> bytes:
        """Return the bytes of a key."""
        raise NotImplementedError

    def decode(self, encoded: bytes) -> Key:
        """Return the key of the bytes."""
        raise NotImplementedError
