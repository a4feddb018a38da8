"""Pictures are made small without being changed where they have few colours, and as little as can be elsewhere."""

from __future__ import annotations

import struct
import zlib

import pytest

from pictures.palette import reduced

WIDTH = 4
RED, GREEN, BLUE, GREY = (200, 10, 10), (10, 200, 30), (5, 60, 255), (128, 128, 128)
ROWS = [[RED, RED, GREEN, BLUE], [GREY, RED, RED, GREEN], [BLUE, GREY, GREY, RED]]


def written(rows, filters, bits=8):
    """Write RGB rows as a PNG, each row by the filter of its number, as the format describes them."""
    body, above = b"", [0] * (len(rows[0]) * 3)
    for row, kind in zip(rows, filters, strict=True):
        line = [value for colour in row for value in colour]
        body += bytes([kind]) + bytes(
            (value - guess(kind, line, above, at)) % 256 for at, value in enumerate(line)
        )
        above = line
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), bits, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*part) for part in ((b"IHDR", header), (b"IDAT", zlib.compress(body)))
    )


def guess(kind, line, above, at):
    left, corner = (line[at - 3], above[at - 3]) if at >= 3 else (0, 0)
    up = above[at]
    base = left + up - corner
    nearest = sorted((left, up, corner), key=lambda one: abs(base - one))[0]
    return [0, left, up, (left + up) // 2, nearest][kind]


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def shown(png):
    """Read a picture with a palette back: its rows of colours."""
    parts, at = {}, 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        parts[kind] = png[at + 8 : at + 8 + size]
        assert png[at + 8 + size : at + 12 + size] == struct.pack(">I", zlib.crc32(kind + parts[kind]))
        at += size + 12
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    colours = list(zip(*[iter(parts[b"PLTE"])] * 3, strict=True))
    body = zlib.decompress(parts[b"IDAT"])
    rows = [body[start + 1 : start + 1 + width] for start in range(0, len(body), width + 1)]
    assert len(rows) == height
    return [[colours[number] for number in row] for row in rows]


@pytest.mark.parametrize("filters", [(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (4, 1, 3)])
def test_picture_of_few_colours_stays_as_it_is(filters):
    assert shown(reduced(written(ROWS, filters))) == ROWS


def test_rare_colours_become_the_nearest_of_the_common_ones():
    common = [[(number, number, 0)] * 4 for number in range(256)]

    rows = shown(reduced(written([*common, [(100, 101, 3), RED, RED, RED]], [0] * 257)))

    assert rows[:255] == common[:255]
    assert rows[-1][0] in ((100, 100, 0), (101, 101, 0))


def test_another_kind_of_picture_is_refused():
    with pytest.raises(ValueError, match="16 bits"):
        reduced(written(ROWS, (0, 0, 0), bits=16))
