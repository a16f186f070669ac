"""Which message of its file a payload is: numbers in variable length, zig-zag, as Confluent has it.

How many there are, then the place of the message in the file, of a nested one in that, and so on.
The first message of a file, by far the most frequent, is a single zero.
"""

from collections.abc import Sequence

_MORE, _BITS = 0x80, 7


def write_index(index: Sequence[int]) -> bytes:
    r"""Return the bytes of a place.

    >>> write_index([0]), write_index([1, 0])
    (b'\x00', b'\x04\x02\x00')
    """
    if list(index) == [0]:
        return b"\0"
    return b"".join(map(_write, (len(index), *index)))


def read_index(payload: bytes) -> tuple[tuple[int, ...], int]:
    r"""Return a place, and where what is behind it begins; IndexError when there is none.

    >>> read_index(b"\x00rest"), read_index(b"\x04\x02\x00rest")
    (((0,), 1), ((1, 0), 3))
    """
    count, position = _read(payload, 0)
    if count == 0:
        return (0,), position
    index = []
    for _ in range(count):
        place, position = _read(payload, position)
        index.append(place)
    return tuple(index), position


def _write(number: int) -> bytes:
    rest, out = number << 1, bytearray()
    while rest >= _MORE:
        out.append(rest & (_MORE - 1) | _MORE)
        rest >>= _BITS
    out.append(rest)
    return bytes(out)


def _read(payload: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while payload[position] & _MORE:
        number |= (payload[position] & (_MORE - 1)) << shift
        position, shift = position + 1, shift + _BITS
    number |= payload[position] << shift
    return (number >> 1) ^ -(number & 1), position + 1
