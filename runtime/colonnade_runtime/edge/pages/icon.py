"""Icon of an academy: four columns under a roof, in its main colour, as an ICO file."""

import struct
import zlib
from collections.abc import Iterator

SIZE = 32
"""Pixels of a side."""

Colour = tuple[int, int, int]

_ROOF = range(4, 8)
_STEPS = range(26, 29)
_COLUMNS = (range(5, 9), range(11, 15), range(17, 21), range(23, 27))
_SHAFTS = range(10, 25)
_WIDTH = range(3, 29)


def icon(colour: Colour) -> bytes:
    """The file: one image of 32 × 32, a PNG within an ICO."""
    image = _png(colour)
    # The directory's header, its one entry, and the image behind both.
    header = struct.pack("<HHH", 0, 1, 1)
    entry = struct.pack("<BBBBHHII", SIZE, SIZE, 0, 0, 1, 32, len(image), 6 + 16)
    return header + entry + image


def _png(colour: Colour) -> bytes:
    """Lines of pixels with alpha (PNG 3rd edition, §11)."""
    lines = b"".join(b"\0" + b"".join(_line(row, colour)) for row in range(SIZE))
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _line(row: int, colour: Colour) -> Iterator[bytes]:
    drawn, empty = bytes((*colour, 255)), bytes(4)
    for column in range(SIZE):
        yield drawn if _is_drawn(row, column) else empty


def _is_drawn(row: int, column: int) -> bool:
    if row in _ROOF or row in _STEPS:
        return column in _WIDTH
    return row in _SHAFTS and any(column in shaft for shaft in _COLUMNS)
