"""Pictures are made small without being changed where they have few colours, and as little as can be elsewhere."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageChops

from pictures.palette import reduced

RED, GREEN, BLUE, GREY = (200, 10, 10), (10, 200, 30), (5, 60, 255), (128, 128, 128)
PAPER = (243, 246, 249)
BARELY = 16  # of 255: by so little a part of a colour may differ, which nobody sees


def written(picture):
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def read(png):
    with Image.open(BytesIO(png)) as picture:
        return picture.mode, picture.convert("RGB")


def test_a_picture_of_few_colours_stays_as_it_is():
    picture = Image.new("RGB", (20, 10), GREY)
    for at, colour in enumerate((RED, GREEN, BLUE)):
        picture.putpixel((at * 3, at), colour)
    mode, after = read(reduced(written(picture)))
    assert mode == "P"
    assert ImageChops.difference(picture, after).getbbox() is None


def test_a_rare_colour_stays_what_it_is_among_thousands():
    picture = Image.merge(
        "RGB", [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.new("L", (256, 256), 90)]
    )
    picture.putpixel((100, 100), RED)
    assert len(picture.getcolors(1 << 16)) > 4096
    _, after = read(reduced(written(picture)))
    assert len(after.getcolors()) <= 256
    assert all(abs(one - other) <= BARELY for one, other in zip(after.getpixel((100, 100)), RED, strict=True))
    assert all(high <= BARELY for _, high in ImageChops.difference(picture, after).getextrema())


def test_what_fills_an_area_stays_exactly_what_it_is():
    picture = Image.merge("RGB", [Image.effect_noise((64, 64), 120) for _ in "RGB"]).resize(
        (1024, 1024), Image.Resampling.NEAREST
    )
    picture.paste(PAPER, (0, 0, 1024, 900))
    _, after = read(reduced(written(picture)))
    assert after.getpixel((500, 500)) == PAPER


def test_a_picture_becomes_smaller():
    noisy = written(Image.effect_noise((200, 200), 60).convert("RGB"))
    assert len(reduced(noisy)) < len(noisy)
