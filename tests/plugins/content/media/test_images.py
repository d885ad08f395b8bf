"""Sizes of an image: what they measure, what they leave out, and what is refused."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from colonnade_content.media.images import ImageRejected, Variant, make_variants


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(variant: Variant) -> Image.Image:
    return Image.open(BytesIO(variant.data), formats=["WEBP"])


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be very large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def test_a_large_image_gets_a_thumbnail_and_two_sizes() -> None:
    variants = make_variants(encoded(Image.new("RGB", (3200, 1600), "teal")), "image/png")
    assert [(v.name, v.width, v.height) for v in variants] == [
        ("thumbnail", 256, 128),
        ("medium", 800, 400),
        ("large", 1600, 800),
    ]
    for variant in variants:
        assert variant.media_type == "image/webp"
        assert picture(variant).size == (variant.width, variant.height)


def test_a_small_image_is_never_enlarged() -> None:
    variants = make_variants(encoded(Image.new("RGB", (300, 200))), "image/png")
    assert [(v.width, v.height) for v in variants] == [(256, 171), (300, 200), (300, 200)]


def test_a_line_keeps_at_least_one_pixel() -> None:
    variants = make_variants(encoded(Image.new("L", (5000, 1))), "image/png")
    assert (variants[0].width, variants[0].height) == (256, 1)


@pytest.mark.parametrize(
    ("mode", "kind", "media_type"),
    [
        ("RGB", "JPEG", "image/jpeg"),
        ("CMYK", "JPEG", "image/jpeg"),
        ("L", "JPEG", "image/jpeg"),
        ("1", "PNG", "image/png"),
        ("LA", "PNG", "image/png"),
        ("P", "PNG", "image/png"),
        ("I;16", "PNG", "image/png"),
        ("RGBA", "WEBP", "image/webp"),
        ("RGBA", "AVIF", "image/avif"),
        ("P", "GIF", "image/gif"),
    ],
)
def test_every_kind_of_pixel_is_understood(mode: str, kind: str, media_type: str) -> None:
    assert len(make_variants(encoded(Image.new(mode, (40, 30)), kind), media_type)) == 3


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    variant = make_variants(encoded(Image.new("I;16", (20, 20), 128 * 256)), "image/png")[0]
    red, _, _ = picture(variant).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert abs(red - 128) < 6


def test_transparency_is_kept() -> None:
    variant = make_variants(encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 0))), "image/png")[0]
    assert picture(variant).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def photograph() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera of Ada"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return encoded(Image.new("RGB", (600, 400), "navy"), "JPEG", exif=exif, comment=b"at home")


def test_a_photograph_is_turned_upright() -> None:
    variant = make_variants(photograph(), "image/jpeg")[1]
    assert (variant.width, variant.height) == (400, 600)


def test_where_and_by_whom_a_photograph_was_taken_stays_behind() -> None:
    for variant in make_variants(photograph(), "image/jpeg"):
        assert not picture(variant).getexif()
        assert b"Ada" not in variant.data
        assert b"at home" not in variant.data
        assert b"EXIF" not in variant.data


def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    variant = picture(make_variants(data, "image/gif")[0])
    assert getattr(variant, "n_frames", 1) == 1
    red, _, blue = variant.convert("RGB").getpixel((20, 20))  # type: ignore[misc]
    assert red > 200 > blue


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("width", "height"), [(10_000, 10_000), (100_000, 100_000), (1, 2**31 - 1)]
)
def test_a_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    with pytest.raises(ImageRejected, match="more than 40 million pixels"):
        make_variants(bomb(width, height), "image/png")


def test_a_truncated_image_is_refused() -> None:
    whole = encoded(Image.effect_noise((200, 200), 50).convert("RGB"), "JPEG")
    with pytest.raises(ImageRejected, match="no complete JPEG image"):
        make_variants(whole[: len(whole) // 2], "image/jpeg")


def test_an_image_of_another_type_than_it_says_is_refused() -> None:
    with pytest.raises(ImageRejected, match="no complete JPEG image"):
        make_variants(encoded(Image.new("RGB", (20, 20))), "image/jpeg")


@pytest.mark.parametrize("media_type", ["image/svg+xml", "image/tiff", "application/pdf", ""])
def test_a_type_without_sizes_is_refused(media_type: str) -> None:
    with pytest.raises(ImageRejected, match="use PNG, JPEG, GIF, WebP or AVIF"):
        make_variants(encoded(Image.new("RGB", (20, 20))), media_type)


def test_a_decoder_that_was_not_asked_for_is_not_tried() -> None:
    with pytest.raises(ImageRejected):
        make_variants(encoded(Image.new("RGB", (20, 20)), "TIFF"), "image/png")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "AVIF"]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=20),
)
def test_damaged_bytes_are_sized_or_refused_but_never_crash(
    kind: str, damages: list[tuple[int, int]]
) -> None:
    data = bytearray(encoded(Image.effect_noise((60, 60), 50).convert("RGB"), kind))
    for position, value in damages:
        data[position % len(data)] = value
    with suppress(ImageRejected):
        variants = make_variants(bytes(data), f"image/{kind.lower()}", maximum_pixels=1_000_000)
        assert len(variants) == 3


def test_the_work_can_be_handed_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(encoded(Image.new("RGB", (20, 20))))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert len(pool.submit(make_variants, path, "image/png").result(30)) == 3
        with pytest.raises(ImageRejected):
            pool.submit(make_variants, b"junk", "image/png").result(30)
