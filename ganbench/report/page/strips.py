"""Cut the tiles out of `samples.png` and embed them again as strips and grids."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ganbench.pictures import GRID_SIDE, SHORTEST_SIDE_PIXELS

PNG_UP_TO_PIXELS = 16  # larger images are smaller as WebP
SHARP_UP_TO_PIXELS = 32  # larger images are enlarged smoothly
WEBP_QUALITY = 85
STRIP = 8
THUMBNAIL_PIXELS = 112


@dataclass(frozen=True)
class Embedded:
    """A picture as the `src` of an image, at its native size in pixels."""

    source: str
    width: int
    height: int
    is_sharp: bool
    tiles: int


@dataclass(frozen=True)
class Plot:
    """A picture that cannot be taken apart, and a small copy of it."""

    whole: Embedded
    small: Embedded


def tiles_of(path: Path, count: int) -> np.ndarray | None:
    """Read the tiles of a grid, uint8 [n, height, width, channels], as large as they are drawn.

    `count` is the number of samples of the trial. None where the file is absent, damaged or no
    grid of images.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ("L", "RGB"):
                return None
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    width = pixels.shape[1] // GRID_SIDE
    height = _height(pixels, width)
    if height < 2 or width < 2 or pixels.shape[1] % GRID_SIDE:
        return None
    rows = pixels.shape[0] // height
    cells = pixels.reshape(rows, height, GRID_SIDE, width, pixels.shape[2]).swapaxes(1, 2)
    cells = cells.reshape(rows * GRID_SIDE, height, width, pixels.shape[2])
    return cells[: min(count, len(cells)), :-1, :-1]


def _height(pixels: np.ndarray, width: int) -> int:
    """The height of a cell: that of a square one, else where white lines divide the picture."""
    total: int = pixels.shape[0]
    white = (pixels == 255).all(axis=(1, 2))
    for height in [width, *range(2, total + 1)]:
        if height > 1 and total % height == 0 and white[height - 1 :: height].all():
            return int(height)
    return 0


def factor_of(tiles: np.ndarray) -> int:
    """By which whole factor the tiles were enlarged, as `pictures` enlarges small images."""
    height, width = tiles.shape[1:3]
    for factor in range(SHORTEST_SIDE_PIXELS, 1, -1):
        if height % factor or width % factor:
            continue
        if factor == max(1, -(-SHORTEST_SIDE_PIXELS // (height // factor))) and np.array_equal(
            tiles, tiles[:, ::factor, ::factor].repeat(factor, 1).repeat(factor, 2)
        ):
            return factor
    return 1


def reduced(tiles: np.ndarray, factor: int) -> np.ndarray:
    """Undo an enlargement."""
    return tiles[:, ::factor, ::factor]


def embed(tiles: np.ndarray, columns: int) -> Embedded:
    """Lay tiles out in rows, with a transparent gap of one pixel, and embed the picture."""
    count, height, width, channels = tiles.shape
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * (height + 1), columns * (width + 1), channels + 1), np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * (height + 1), (place % columns) * (width + 1)
        sheet[top : top + height, left : left + width, :channels] = tile
        sheet[top : top + height, left : left + width, channels] = 255
    sheet = sheet[:-1, :-1]
    side = max(height, width)
    source = _encoded(sheet, is_small=side <= PNG_UP_TO_PIXELS)
    is_sharp = side <= SHARP_UP_TO_PIXELS
    return Embedded(source, sheet.shape[1], sheet.shape[0], is_sharp, count)


def embed_file(path: Path) -> Plot | None:
    """Embed a picture as it is, and a small copy; None where it is damaged."""
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            size = image.size
            small = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4)
    thumbnail = Embedded(_source(buffer.getvalue(), "webp"), *small.size, False, 0)
    return Plot(Embedded(_source(content, "png"), *size, False, 0), thumbnail)


def _encoded(sheet: np.ndarray, is_small: bool) -> str:
    """Encode a grey or coloured picture with transparency."""
    buffer = io.BytesIO()
    if is_small:
        Image.fromarray(sheet).save(buffer, "PNG", optimize=True)
        return _source(buffer.getvalue(), "png")
    if sheet.shape[2] == 2:
        sheet = sheet[:, :, [0, 0, 0, 1]]
    Image.fromarray(sheet).save(buffer, "WEBP", quality=WEBP_QUALITY, method=4)
    return _source(buffer.getvalue(), "webp")


def _source(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
