"""Keys of windowed tables: the bytes of the key, then its window, as Kafka Streams writes them.

Time windows append their start (8 bytes, big-endian); the end is start + size. Session windows
append the end, then the start.
"""

import struct
from collections.abc import Callable

from streamsql.errors import DecodeError
from streamsql.types.record import Key, Windowed
from streamsql.types.schema import WindowKind

_TIME = struct.Struct(">q")
_SESSION = struct.Struct(">qq")


def window_bytes(kind: WindowKind | None) -> int:
    """Return how many bytes at the end of a key are its window."""
    if kind is None:
        return 0
    return _SESSION.size if kind is WindowKind.SESSION else _TIME.size


def windowed_key_encoder(
    encode_key: Callable[[Key], bytes], kind: WindowKind
) -> Callable[[Windowed], bytes]:
    """Return a function from a windowed key to its bytes, around the encoder of the bare key."""
    if kind is WindowKind.SESSION:
        pack_session = _SESSION.pack

        def encode_session(key: Windowed) -> bytes:
            return encode_key(key[0]) + pack_session(key[2], key[1])

        return encode_session
    pack_time = _TIME.pack

    def encode_time(key: Windowed) -> bytes:
        return encode_key(key[0]) + pack_time(key[1])

    return encode_time


def windowed_key_decoder(
    decode_key: Callable[[bytes], Key], kind: WindowKind, size_ms: int | None
) -> Callable[[bytes], Windowed]:
    """Return a function from bytes to a windowed key, around the decoder of the bare key.

    It raises DecodeError. ``size_ms``, the length of a window, is needed for time windows.
    """
    if kind is WindowKind.SESSION:

        def decode_session(payload: bytes) -> Windowed:
            if len(payload) < _SESSION.size:
                raise DecodeError(f"a key of {len(payload)} bytes holds no session window")
            end_ms, start_ms = _SESSION.unpack(payload[-_SESSION.size :])
            return decode_key(payload[: -_SESSION.size]), start_ms, end_ms

        return decode_session
    assert size_ms is not None, "time windows have a size"

    def decode_time(payload: bytes) -> Windowed:
        if len(payload) < _TIME.size:
            raise DecodeError(f"a key of {len(payload)} bytes holds no time window")
        (start_ms,) = _TIME.unpack(payload[-_TIME.size :])
        return decode_key(payload[: -_TIME.size]), start_ms, start_ms + size_ms

    return decode_time
