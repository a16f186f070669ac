"""Bytes and text: ENCODE, TO_BYTES, FROM_BYTES, hashes, UUID, numbers in bytes."""

import struct
from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from collections.abc import Callable
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import strict
from streamsql.expr.registry import Function, ScalarFunction


def _from_hex(text: str) -> bytes:
    """Read ``4142``, ``0x4142`` or ``X'4142'``; only behind ``0x`` may a digit be missing."""
    digits = text
    if text.startswith("0x"):
        digits = text[2:]
        digits = "0" * (len(digits) % 2) + digits
    elif text[:2] in ("X'", "x'"):
        if len(text) < 3 or not text.endswith("'"):
            raise EvaluationError(f'text "{text}" is not hexadecimal')
        digits = text[2:-1]
    if not digits.isalnum() and digits:
        raise EvaluationError(f'text "{text}" is not hexadecimal')
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise EvaluationError(f'text "{text}" is not hexadecimal') from error


def _from_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (BinasciiError, ValueError) as error:
        raise EvaluationError(f'text "{text[:100]}" is not base64') from error


def _from_ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")


def _from_utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _to_ascii(value: bytes) -> str:
    return value.decode("ascii", "replace")


def _to_utf8(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _to_base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")


_READERS: dict[str, Callable[[str], bytes]] = {
    "hex": _from_hex,
    "utf8": _from_utf8,
    "ascii": _from_ascii,
    "base64": _from_base64,
}
_WRITERS: dict[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "utf8": _to_utf8,
    "ascii": _to_ascii,
    "base64": _to_base64,
}


def _encoding(table: dict[str, Any], name: str) -> Any:
    found = table.get(name.lower())
    if found is None:
        raise EvaluationError(f'encoding "{name}" is none of hex, utf8, ascii and base64')
    return found


def _to_bytes(text: str, encoding: str) -> bytes:
    value: bytes = _encoding(_READERS, encoding)(text)
    return value


def _written(value: bytes, encoding: str) -> str:
    text: str = _encoding(_WRITERS, encoding)(value)
    return text


def _from_bytes(value: bytes, encoding: str) -> str:
    """Return the text of bytes; hexadecimal digits are capitals here, and small in ENCODE."""
    text = _written(value, encoding)
    return text.upper() if encoding.lower() == "hex" else text


def _encode(text: str, source: str, target: str) -> str:
    return _written(_to_bytes(text, source), target)


def _number_reader(code: str) -> Callable[..., Any]:
    """Return the function that reads a number in that format of ``struct``."""
    readers = {
        "BIG_ENDIAN": struct.Struct(">" + code),
        "LITTLE_ENDIAN": struct.Struct("<" + code),
    }

    def read(value: bytes, order: str = "BIG_ENDIAN") -> Any:
        reader = readers.get(order.upper())
        if reader is None:
            raise EvaluationError(f'byte order "{order}" is neither BIG_ENDIAN nor LITTLE_ENDIAN')
        if len(value) != reader.size:
            raise EvaluationError(f"{len(value)} bytes instead of {reader.size}")
        return reader.unpack(value)[0]

    return read


def _digest(algorithm: str) -> Callable[[str | bytes], str]:
    """Return the function to the hexadecimal digest."""

    def digest(value: str | bytes) -> str:
        from hashlib import new

        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        return new(algorithm, data, usedforsecurity=False).hexdigest()

    return digest


def _new_uuid() -> str:
    from uuid import uuid4

    return str(uuid4())


def _uuid_of(value: bytes) -> str:
    from uuid import UUID

    if len(value) != 16:
        raise EvaluationError(f"{len(value)} bytes instead of the 16 of a UUID")
    return str(UUID(bytes=value))


FUNCTIONS: tuple[Function, ...] = (
    *strict(
        "ENCODE",
        "The text in another of the encodings hex, utf8, ascii, base64: ENCODE(text, from, to).",
        {"STRING, STRING, STRING -> STRING": _encode},
    ),
    *strict(
        "TO_BYTES",
        "The bytes of a text in an encoding: hex, utf8, ascii or base64.",
        {"STRING, STRING -> BYTES": _to_bytes},
    ),
    *strict(
        "FROM_BYTES",
        "The text of bytes in an encoding: hex, utf8, ascii or base64.",
        {"BYTES, STRING -> STRING": _from_bytes},
    ),
    *(
        ScalarFunction(
            name,
            f"BYTES{order} -> {known}",
            _number_reader(code),
            description="The number in bytes, big-endian unless told 'LITTLE_ENDIAN'.",
        )
        for name, known, code in (
            ("INT_FROM_BYTES", "INTEGER", "i"),
            ("BIGINT_FROM_BYTES", "BIGINT", "q"),
            ("DOUBLE_FROM_BYTES", "DOUBLE", "d"),
        )
        for order in ("", ", STRING")
    ),
    *strict("MD5", "The MD5 digest of a text, hexadecimal.", {"STRING -> STRING": _digest("md5")}),
    *(
        ScalarFunction(
            name,
            f"{known} -> STRING",
            _digest(name.lower()),
            description=f"The {name} digest of a text or bytes, hexadecimal.",
        )
        for name in ("SHA1", "SHA256", "SHA512")
        for known in ("STRING", "BYTES")
    ),
    ScalarFunction("UUID", "-> STRING", _new_uuid, description="A random UUID."),
    *strict("UUID", "The UUID of 16 bytes.", {"BYTES -> STRING": _uuid_of}),
)
