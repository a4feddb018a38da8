"""Makes a picture small: 256 colours in place of thousands, which pages of flat colours hardly show."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

_COLOURS = 256


def reduced(png: bytes) -> bytes:
    """Give the same picture with at most 256 colours, in about a third of the bytes.

    The colours are chosen to span all that occur: those that are common alone would leave out the red of one small
    sign on a large page, and show it in another. Then each is moved (``kmeans``) to the mean of what it stands for,
    so that what fills areas stays exactly what it is. Raises ``PIL.UnidentifiedImageError`` for what is no picture.
    """
    with Image.open(BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(
            _COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
        )
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
