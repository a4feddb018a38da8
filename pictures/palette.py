"""Makes a picture small: 256 colours in place of millions, which pages of flat colours hardly show.

A screenshot has a few hundred colours that fill areas and some thousands at the edges of letters. The commonest are
kept and the others become the nearest of them, which leaves about a third of the bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_RGB, _INDEXED = 2, 3
_DEPTH = 3  # bytes of a pixel
Colour = tuple[int, ...]


def reduced(png: bytes) -> bytes:
    """Give the same picture with at most 256 colours. ``png`` is 8-bit RGB without interlace, as Chromium writes it.

    Raises ``ValueError`` for another kind.
    """
    width, height, rows = _pixels(png)
    lines = [list(zip(*[iter(row)] * _DEPTH, strict=True)) for row in rows]
    found = Counter(colour for line in lines for colour in line)
    palette = [colour for colour, _ in found.most_common(_COLOURS)]
    index = {colour: number for number, colour in enumerate(palette)}
    index |= {colour: _nearest(palette, colour) for colour in found.keys() - index.keys()}
    body = b"".join(b"\0" + bytes(map(index.__getitem__, line)) for line in lines)
    header = struct.pack(">IIBBBBB", width, height, 8, _INDEXED, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    parts = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _nearest(palette: list[Colour], colour: Colour) -> int:
    def distance(number: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(palette[number], colour, strict=True))

    return min(range(len(palette)), key=distance)


def _pixels(png: bytes) -> tuple[int, int, list[bytearray]]:
    """Give width, height and the bytes of each row."""
    chunks = list(_chunks(png))
    width, height, bits, kind, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if (bits, kind, interlace) != (8, _RGB, 0):
        raise ValueError(f"This is no 8-bit RGB picture: {bits} bits, kind {kind}, interlace {interlace}.")
    data = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    step = width * _DEPTH + 1
    rows, above = [], bytearray(step - 1)
    for start in range(0, len(data), step):
        above = _unfiltered(data[start], data[start + 1 : start + step], above)
        rows.append(above)
    return width, height, rows


def _unfiltered(kind: int, line: bytes, above: bytearray) -> bytearray:
    """Undo what a row was written as: differences from the pixel on the left, the one above, or both."""
    if kind == 0:
        return bytearray(line)
    if kind == 2:
        return bytearray((value + up) & 0xFF for value, up in zip(line, above, strict=True))
    row, corners = bytearray(_DEPTH) + line, bytearray(_DEPTH) + above
    for at, value in enumerate(line):
        left, up, corner = row[at], above[at], corners[at]
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = (
                left if to_left <= to_up and to_left <= to_corner else up if to_up <= to_corner else corner
            )
        row[at + _DEPTH] = (value + guess) & 0xFF
    return row[_DEPTH:]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
