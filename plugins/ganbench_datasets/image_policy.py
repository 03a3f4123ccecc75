"""One image file to uint8 pixels, by a fixed policy; docs/data.md has it as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ganbench_datasets.image_options import ImageOptions

DECODER = 1  # raise it when the same file would give other pixels
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
MOST_PIXELS = 50_000_000
MOST_FILE_BYTES = 512 * 2**20
_WITH_ALPHA = ("LA", "La", "RGBA", "RGBa", "P", "PA")
_WITHOUT_ALPHA = ("RGB", "RGBX", "CMYK", "YCbCr")
# Tags of TIFF.
_BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 258, 259, 262, 274


class Refused(Exception):
    """An image that the policy does not take: why, and what to do."""


@dataclass(frozen=True)
class Decoded:
    """Pixels, and what the user should know of them."""

    pixels: np.ndarray  # uint8 [height, width, 1 or 3]
    remarks: tuple[str, ...]


def decode(path: Path, options: ImageOptions) -> Decoded:
    """Give the pixels of one file, upright, sized as the options say.

    Files with more pixels than MOST_PIXELS are refused by their header, before any is decoded.
    Raises Refused for whatever cannot be read whole.
    """
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise Refused(f"has more than {MOST_FILE_BYTES // 2**20} MiB")
        with Image.open(path, formats=FORMATS) as image:
            _check_header(image, options)
            image.load()
            remarks = ["carry a colour profile (ICC), which is ignored"]
            remarks = remarks if image.info.get("icc_profile") else []
            pixels = to_pixels(ImageOps.exif_transpose(image), options)
            if options.resize and options.resize > min(pixels.shape[:2]):
                remarks.append(f"were enlarged by resize={options.resize}")
            return Decoded(fit(pixels, options), tuple(remarks))
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(f"declares more than {MOST_PIXELS:,} pixels") from None
    except Exception as error:  # decoders raise whatever a damaged file makes them raise
        lines = str(error).splitlines() or [""]
        raise Refused(f"cannot be decoded ({type(error).__name__}: {lines[0][:120]})") from None


def to_pixels(image: Image.Image, options: ImageOptions) -> np.ndarray:
    """Give uint8 [height, width, 1 or 3] of a decoded image of any mode of the policy."""
    if image.mode == "1" or image.mode == "L":
        pixels = _over(image, "LA", options) if _has_key(image) else _grey(image.convert("L"))
    elif image.mode.startswith("I") or image.mode == "F":
        pixels = _scaled(image)[..., None]
    elif image.mode in _WITH_ALPHA or (image.mode == "RGB" and _has_key(image)):
        pixels = _over(image, "LA" if image.mode in ("LA", "La") else "RGBA", options)
    elif image.mode in _WITHOUT_ALPHA:
        pixels = np.asarray(image.convert("RGB"))
    else:
        raise Refused(f"has colours of the kind {image.mode}; save it as 8-bit RGB")
    if options.channels == 1 and pixels.shape[2] == 3:
        return _grey(Image.fromarray(pixels).convert("L"))  # ITU-R 601 luma
    return pixels.repeat(3, axis=2) if options.channels == 3 and pixels.shape[2] == 1 else pixels


def fit(pixels: np.ndarray, options: ImageOptions) -> np.ndarray:
    """Resize the shorter side with Lanczos (antialiased), then cut the central square."""
    height, width, channels = pixels.shape
    if options.resize and options.resize != min(height, width):
        scale = options.resize / min(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        resized = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
        pixels = resized.reshape(size[1], size[0], channels)
    side = options.center_crop
    if side is None:
        return pixels
    height, width, _ = pixels.shape
    if side > min(height, width):
        raise Refused(f"is {width}x{height}, smaller than center_crop={side}; add resize={side}")
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def _check_header(image: Any, options: ImageOptions) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Refused(f"is {width}x{height}; more than {MOST_PIXELS:,} pixels are not decoded")
    # A photograph of several pictures (MPO) has its main one first and previews after it.
    animated = image.format != "MPO" and getattr(image, "is_animated", False)
    if animated and options.animated == "refuse":
        raise Refused("has several frames or pages; animated=first takes the first of each")
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16") and (
        tags.get(_BITS_PER_SAMPLE, (16,)) != (16,) or tags.get(_PHOTOMETRIC, 1) == 0
    ):
        raise Refused("is a TIFF of 12 bits, or of 16 with white as 0; save it as a 16-bit PNG")
    on_its_side = tags.get(_ORIENTATION) in (5, 6, 7, 8) and width != height
    if on_its_side and tags.get(_COMPRESSION, 1) == 1:
        raise Refused("is an uncompressed TIFF on its side, which Pillow garbles; save it upright")


def _grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image)[..., None]


def _has_key(image: Image.Image) -> bool:
    """Whether one colour, or grey, stands for transparent."""
    return "transparency" in image.info


def _over(image: Image.Image, mode: str, options: ImageOptions) -> np.ndarray:
    """The colours without alpha; where any pixel is transparent, over the background asked for."""
    values = np.asarray(image.convert(mode))
    colors, alpha = values[..., :-1], values[..., -1:]
    if alpha.min() == 255:
        return colors
    if options.background == "refuse":
        raise Refused("has transparent pixels; add background=white or background=black")
    behind = np.uint16(255 if options.background == "white" else 0)
    mixed = colors * alpha.astype(np.uint16) + behind * (255 - alpha.astype(np.uint16))
    return ((mixed + np.uint16(127)) // np.uint16(255)).astype(np.uint8)


def _scaled(image: Image.Image) -> np.ndarray:
    """Grey of more than 8 bits: 0..65535, or 0..1 where it is not whole, to 0..255, rounded."""
    if _has_key(image):
        raise Refused("has 16 bits and a transparent grey; save it with an alpha channel of 8 bits")
    values = np.asarray(image)
    if image.mode == "F":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise Refused("has real numbers that are not all in 0..1; save it with 8 or 16 bits")
        return np.rint(values * 255).astype(np.uint8)
    if values.min() < 0 or values.max() > 65535:
        raise Refused("has 32-bit numbers that are not all in 0..65535; save it with 16 bits")
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
