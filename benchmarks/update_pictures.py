"""Draw the strips of samples in the README and in docs/ from the committed records.

    python benchmarks/update_pictures.py [FOLDER]

A strip has the first samples of one run: real images, and one GAN on each backend. All runs are of
the lowest seed that every one of them completed, so that the samples of one column have the same
noise. Samples come from `samples.png`. With FOLDER, the pictures are written there instead of to
docs/. A folder of results that is absent is skipped.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from ganbench.pictures import GRID_SIDE, SHORTEST_SIDE_PIXELS
from ganbench.record import Record
from ganbench.store import Store

ROOT = Path(__file__).resolve().parents[1]
LABEL_WIDTH = 114
TILES = 10
GAP = 4
TILE = 70  # at most, in pixels
LABEL_GREY = 122  # 4.3:1 on white and on GitHub's dark ground
LABEL_POINTS = 17


@dataclass(frozen=True)
class Strips:
    """A picture: its file in docs/, and whose samples it shows."""

    file: str
    folder: str
    model: str
    loss: str
    backends: tuple[str, ...] = ("torch", "tensorflow")


PICTURES = (
    Strips("strips-fashion.png", "results/fashion-long", "dcgan", "hinge"),
    Strips("strips-perceptron.png", "results/digits-perceptron", "mlp", "hinge"),
)


def draw(picture: Strips, root: Path = ROOT) -> Image.Image:
    """Return the picture; raises LookupError where a backend has no completed run."""
    store = Store(root / picture.folder)
    runs = _runs(store, picture)
    tiles = {label: _tiles(store, record) for label, record in runs.items()}
    return _laid_out(tiles)


def is_there(picture: Strips, root: Path = ROOT) -> bool:
    """Whether the records of a picture are there."""
    return (root / picture.folder / "manifest.json").exists()


def _runs(store: Store, picture: Strips) -> dict[str, Record]:
    """The runs of the lowest seed that all of them completed, by their label."""
    found: dict[str, dict[int, Record]] = {"real": {}}
    found |= {backend: {} for backend in picture.backends}
    for trial in store.planned():
        record = store.load(trial.id)
        if record is None or record.status != "completed":
            continue
        if record.model == "real":
            found["real"].setdefault(record.seed, record)
        elif (record.model, record.loss) == (picture.model, picture.loss):
            found.get(record.backend, {}).setdefault(record.seed, record)
    shared = set.intersection(*(set(records) for records in found.values()))
    if not shared:
        raise LookupError(f"{picture.folder}: no seed was completed by {', '.join(found)}")
    return {label: records[min(shared)] for label, records in found.items()}


def _tiles(store: Store, record: Record) -> np.ndarray:
    """The first samples, uint8 [n, height, width, channels], at their own size."""
    path = store.trial_folder(record.id) / "samples.png"
    grid = np.asarray(Image.open(path))
    grid = grid[:, :, None] if grid.ndim == 2 else grid
    side = grid.shape[1] // GRID_SIDE  # of an enlarged image and the white pixel after it
    cells = [
        grid[row * side : row * side + side - 1, column * side : column * side + side - 1]
        for row in range(-(-TILES // GRID_SIDE))
        for column in range(GRID_SIDE)
    ]
    return _reduced(np.stack(cells[:TILES]))


def _reduced(images: np.ndarray) -> np.ndarray:
    """Undo the enlargement by a whole factor of small images."""
    side = images.shape[1]
    for factor in range(SHORTEST_SIDE_PIXELS, 1, -1):
        if side % factor or -(-SHORTEST_SIDE_PIXELS // (side // factor)) != factor:
            continue
        small = images[:, ::factor, ::factor]
        if (small.repeat(factor, 1).repeat(factor, 2) == images).all():
            return small
    return images


def _enlarged(images: np.ndarray) -> np.ndarray:
    """Scale images to at most TILE pixels a side, by whole factors up and a half down.

    Only whole numbers are added, so that every machine gives the same pixels.
    """
    own = images.shape[1]
    if (2 * TILE) % own:
        factor = TILE // own
        return images.repeat(factor, 1).repeat(factor, 2)
    factor = 2 * TILE // own
    large = images.repeat(factor, 1).repeat(factor, 2).astype(np.uint16)
    summed = sum(large[:, row::2, column::2] for row in (0, 1) for column in (0, 1))
    return ((summed + 2) // 4).astype(np.uint8)


def _laid_out(tiles: dict[str, np.ndarray]) -> Image.Image:
    """Strips below each other, labels to their left, on a transparent ground."""
    strips = {label: _enlarged(images) for label, images in tiles.items()}
    side = next(iter(strips.values())).shape[1]
    width = LABEL_WIDTH + TILES * side + (TILES - 1) * GAP
    height = len(strips) * side + (len(strips) - 1) * GAP
    is_grey = all(images.shape[3] == 1 for images in strips.values())
    canvas = Image.new("LA" if is_grey else "RGBA", (width, height))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), LABEL_POINTS)
    fill = (LABEL_GREY, 255) if is_grey else (*[LABEL_GREY] * 3, 255)
    for row, (label, images) in enumerate(strips.items()):
        top = row * (side + GAP)
        pen.text((LABEL_WIDTH - 12, top + side // 2), label, fill=fill, font=font, anchor="rm")
        for column, image in enumerate(images):
            shown = image[:, :, 0] if is_grey else np.broadcast_to(image, (side, side, 3))
            canvas.paste(Image.fromarray(shown), (LABEL_WIDTH + column * (side + GAP), top))
    return canvas


def main(target: Path) -> None:
    for picture in PICTURES:
        if not is_there(picture):
            print(f"{picture.file}: {picture.folder} is absent, not drawn")
            continue
        draw(picture).save(target / picture.file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
