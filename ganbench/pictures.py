"""A picture of a few samples: a grid of images, or where points lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset

GRID_SIDE = 8
SHORTEST_SIDE_PIXELS = 32  # smaller images are enlarged to this, pixel by pixel
POINTS = 2500
BINS = 40
# Of the axes within the figure; to have that worked out would take as long as all the rest.
PLACE = (0.1, 0.08, 0.87, 0.89)


def draw(samples: np.ndarray, dataset: Dataset, path: Path) -> None:
    """Write a PNG of the first samples, which have the same noise whatever was trained."""
    if dataset.task.kind == "images":
        _draw_grid(samples[: GRID_SIDE**2], path)
    elif dataset.task.shape == (1,):
        _draw_histogram(samples[:POINTS, 0], dataset.reference.samples[:POINTS, 0], path)
    else:
        _draw_scatter(samples[:POINTS], dataset, path)


def grid(images: np.ndarray) -> np.ndarray:
    """Lay uint8 images [n, height, width, channels] out in rows, one white pixel apart."""
    count, height, width, channels = images.shape
    rows = -(-count // GRID_SIDE)
    cells = np.full((rows * GRID_SIDE, height + 1, width + 1, channels), 255, np.uint8)
    cells[:count, :height, :width] = images
    laid = cells.reshape(rows, GRID_SIDE, height + 1, width + 1, channels).swapaxes(1, 2)
    return laid.reshape(rows * (height + 1), GRID_SIDE * (width + 1), channels)


def _draw_grid(images: np.ndarray, path: Path) -> None:
    from PIL import Image

    factor = max(1, -(-SHORTEST_SIDE_PIXELS // images.shape[1]))
    enlarged = images.repeat(factor, 1).repeat(factor, 2)
    picture = grid(enlarged)
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(path)


def _draw_histogram(points: np.ndarray, real: np.ndarray, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes(PLACE)
    edges = np.histogram_bin_edges(np.concatenate([real, points]).astype(np.float64), BINS).tolist()
    for values, color, label in ((real, "lightgray", "real"), (points, "tab:blue", "generated")):
        weights = np.full(len(values), 1 / len(values))
        axes.hist(values, edges, weights=weights, color=color, alpha=0.7, label=label)
    axes.legend(loc="upper right", fontsize="small")
    figure.savefig(path, dpi=100, metadata={"Software": None})


def _draw_scatter(points: np.ndarray, dataset: Dataset, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes(PLACE)
    real = dataset.reference.samples[:POINTS]
    axes.scatter(real[:, 0], real[:, 1], s=3, color="lightgray", label="real")
    axes.scatter(points[:, 0], points[:, 1], s=3, color="tab:blue", alpha=0.5, label="generated")
    axes.set_aspect("equal")
    axes.legend(loc="upper right", fontsize="small")
    figure.savefig(path, dpi=100, metadata={"Software": None})
