"""Variants of pictures, in the sizes that pages need, made from untrusted images.

Every variant is WebP: all browsers of the last years read it, it keeps transparency, and one
format means one encoder. The pixels are turned as EXIF says and all metadata, the place where a
photograph was taken included, stays behind. Of an animation the first frame is shown.

The work is synchronous and keeps no state, so it can run in a worker process, which is where a
decoder that is fed by strangers belongs.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from PIL import Image, ImageOps

MAXIMUM_PIXELS = 40_000_000
MAXIMUM_SOURCE_BYTES = 64 * 1024 * 1024
VARIANT_SIZES = MappingProxyType({"thumbnail": 256, "medium": 800, "large": 1600})
"""The longest side of each variant in pixels; a smaller image is never enlarged."""

VARIANT_MEDIA_TYPE = "image/webp"
_QUALITY = 82
_DECODERS = MappingProxyType(
    {
        "image/png": "PNG",
        "image/jpeg": "JPEG",
        "image/gif": "GIF",
        "image/webp": "WEBP",
        "image/avif": "AVIF",
    }
)


class ImageRejected(Exception):
    """Image of which no variant can be made; the message is a sentence for who uploaded it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One size of an image: ``data`` is ``media_type``, ``width`` by ``height`` pixels."""

    name: str
    width: int
    height: int
    media_type: str
    data: bytes


def make_variants(
    source: Path | bytes, media_type: str, *, maximum_pixels: int = MAXIMUM_PIXELS
) -> list[Variant]:
    """Make the variants of ``VARIANT_SIZES``, smallest first.

    Only the decoder of ``media_type`` sees the bytes, and it sees them only when the size in the
    header is at most ``maximum_pixels``; memory stays below about ten bytes per pixel.

    Raises:
        ImageRejected: the type has no variants, the bytes are of another type, truncated or
            broken, or the image is too large.
    """
    decoder = _DECODERS.get(media_type)
    if decoder is None:
        raise ImageRejected(
            f"No sizes can be made of {media_type}; use PNG, JPEG, GIF, WebP or AVIF."
        )
    _require_size(source)
    try:
        return _decode_and_scale(source, decoder, maximum_pixels)
    except ImageRejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRejected(_too_many_pixels(maximum_pixels)) from error
    except Exception as error:
        # Decoders fail in many ways on hostile bytes; each of them means the same to the sender.
        raise ImageRejected(f"The file is no complete {decoder} image.") from error


def variants_of(source: bytes, media_type: str) -> list[Variant]:
    """Make the variants of an image: the work of a process apart, which gets bytes only."""
    return make_variants(source, media_type)


def _decode_and_scale(source: Path | bytes, decoder: str, maximum_pixels: int) -> list[Variant]:
    stream = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(stream, formats=[decoder]) as image:
        if image.width * image.height > maximum_pixels:
            raise ImageRejected(_too_many_pixels(maximum_pixels))
        largest = max(VARIANT_SIZES.values())
        # Lets the JPEG decoder skip detail that no variant shows.
        image.draft("RGB", (largest, largest))
        ImageOps.exif_transpose(image, in_place=True)
        upright = _drawable(image)
    # Each size is made from the next larger one, so the full image is scaled only once.
    variants: list[Variant] = []
    for name, side in sorted(VARIANT_SIZES.items(), key=lambda item: item[1], reverse=True):
        upright.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        variants.append(_encoded(name, upright))
    return variants[::-1]


def _drawable(image: Image.Image) -> Image.Image:
    transparent = image.has_transparency_data
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if transparent else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _encoded(name: str, image: Image.Image) -> Variant:
    buffer = BytesIO()
    bare = image.copy()
    bare.info.clear()
    bare.save(buffer, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return Variant(name, image.width, image.height, VARIANT_MEDIA_TYPE, buffer.getvalue())


def _require_size(source: Path | bytes) -> None:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAXIMUM_SOURCE_BYTES:
        raise ImageRejected(
            f"The image has {size} bytes; sizes are made of at most {MAXIMUM_SOURCE_BYTES}."
        )


def _too_many_pixels(maximum_pixels: int) -> str:
    return f"The image has more than {maximum_pixels / 1_000_000:g} million pixels; scale it down."
