import numpy as np
import pytest
from PIL import Image

from ganbench import pictures
from ganbench.contracts import Dataset, Split, Task


def image_dataset(*shape):
    split = Split("test", np.zeros((1, *shape), np.uint8))
    return Dataset(Task("specks", "images", shape), split, split, sha256="")


def test_images_are_laid_out_in_rows_with_white_between():
    images = np.arange(1, 11, dtype=np.uint8)[:, None, None, None]  # ten images of one pixel
    laid = pictures.grid(images)[:, :, 0]
    white = [255] * 16
    assert laid.tolist() == [
        [1, 255, 2, 255, 3, 255, 4, 255, 5, 255, 6, 255, 7, 255, 8, 255],
        white,
        [9, 255, 10, 255, *[255] * 12],
        white,
    ]


def test_images_keep_their_way_up_and_their_channels():
    image = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    laid = pictures.grid(image)
    assert laid.shape == (3, 24, 3)
    assert np.array_equal(laid[:2, :2], image[0])


@pytest.mark.parametrize(
    ("shape", "count", "size", "mode"),
    [
        ((8, 8, 1), 100, (8 * 33, 8 * 33), "L"),  # enlarged fourfold, 64 shown
        ((28, 28, 1), 10, (8 * 57, 2 * 57), "L"),
        ((32, 32, 3), 8, (8 * 33, 33), "RGB"),
    ],
)
def test_a_picture_of_images_is_a_grid_of_the_first_ones(tmp_path, shape, count, size, mode):
    samples = np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.uint8)
    pictures.draw(samples, image_dataset(*shape), tmp_path / "samples.png")
    with Image.open(tmp_path / "samples.png") as picture:
        assert (picture.size, picture.mode) == (size, mode)
        factor = (size[0] // 8 - 1) // shape[1]
        first = np.asarray(picture).reshape(size[1], size[0], -1)[: factor * shape[0], :-1]
        assert np.array_equal(first[::factor, : factor * shape[1] : factor], samples[0])


def test_a_picture_of_points_is_a_scatter_and_the_same_bytes_each_time(tmp_path):
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    split = Split("test", points)
    dataset = Dataset(Task("dots", "points", (2,)), split, split, sha256="")
    for name in ("first.png", "second.png"):
        pictures.draw(points, dataset, tmp_path / name)
    with Image.open(tmp_path / "first.png") as picture:
        assert picture.size == (400, 400)
        assert len(picture.convert("RGB").getcolors(100_000)) > 10
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


@pytest.mark.parametrize("place", [0.0, 1.0, 1e-30, 1e-45, 2e4])
def test_a_picture_of_numbers_is_a_histogram(tmp_path, place):
    split = Split("test", np.zeros((5, 1), np.float32))
    dataset = Dataset(Task("dirac", "points", (1,)), split, split, sha256="")
    for name in ("first.png", "second.png"):
        pictures.draw(np.full((50, 1), place, np.float32), dataset, tmp_path / name)
    with Image.open(tmp_path / "first.png") as picture:
        assert picture.size == (400, 400)
        assert len(picture.convert("RGB").getcolors(100_000)) > 10
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
