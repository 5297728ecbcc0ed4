"""Walk through the fields of a protocol buffer without the library that made it, and without copying its numbers."""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class Damaged(Exception):
    """The bytes are no protocol buffer."""


def fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give each field's number with its integer or its bytes.

    Raises:
        Damaged: a field is longer than the bytes, or of a kind that is not in use.
    """
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == BYTES:
            size, place = _varint(content, place)
        elif kind in {FIXED64, FIXED32}:
            size = 8 if kind == FIXED64 else 4
        else:
            raise Damaged
        if size > len(content) - place:
            raise Damaged
        yield number, content[place : place + size]
        place += size


def packed(content: memoryview) -> Iterator[int]:
    """Give integers that stand one behind the other.

    Raises:
        Damaged: the last one breaks off.
    """
    place = 0
    while place < len(content):
        value, place = _varint(content, place)
        yield value


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST_VARINT):
        if place >= len(content):
            raise Damaged
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number has no continuation bit
            return value, place
    raise Damaged
