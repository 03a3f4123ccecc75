from itertools import pairwise

import numpy as np
import pytest

from ganbench.corruptions import CORRUPTIONS, Material

COUNT = 600
BY_NAME = {item.name: item for item in CORRUPTIONS}
CLASSES = 10


def make_material(labelled=True, size=28, channels=1, seed=0):
    """Grey images, far from black and white, every pixel of every image drawn for itself."""
    rng = np.random.default_rng(seed)
    pool = rng.integers(100, 156, (2 * COUNT, size, size, channels), dtype=np.uint8)
    training = rng.integers(100, 156, (COUNT + 50, size, size, channels), dtype=np.uint8)
    labels = rng.integers(0, CLASSES, len(pool)).astype(np.int32) if labelled else None
    return Material(pool, COUNT, training, labels)


def levels(name, material, seed=1):
    """The corrupted images of every level, each with a generator at its beginning."""
    corruption = BY_NAME[name]
    numbers = range(len(corruption.levels))
    return [corruption.apply(material, level, np.random.default_rng(seed)) for level in numbers]


def rows_of(images, others):
    """For each image its place among the others, -1 if it is none of them."""
    places = {image.tobytes(): place for place, image in enumerate(others)}
    return np.array([places.get(image.tobytes(), -1) for image in images])


def rising(values):
    return all(first < second for first, second in pairwise(values))


@pytest.mark.parametrize("name", BY_NAME)
def test_every_level_keeps_type_and_number_and_the_first_changes_nothing(name):
    material = make_material(channels=3, size=8)
    before = material.pool.copy(), material.training.copy()
    found = levels(name, material)
    assert len(found) == 5
    np.testing.assert_array_equal(found[0], material.clean)
    for images in found:
        assert (images.dtype, images.shape) == (np.uint8, (COUNT, 8, 8, 3))
    for first, second in zip(found, levels(name, material), strict=True):
        np.testing.assert_array_equal(first, second)  # the same generator, the same images
    np.testing.assert_array_equal(before[0], material.pool)
    np.testing.assert_array_equal(before[1], material.training)


def test_noise_has_the_deviation_of_its_level():
    material = make_material()
    changes = [images.astype(float) - material.clean for images in levels("noise", material)]
    assert np.std(changes[1]) == pytest.approx(0.05 * 255, rel=0.01)
    assert np.std(changes[2]) == pytest.approx(0.1 * 255, rel=0.01)  # clipped from 0.2 on
    assert rising([np.std(change) for change in changes])


def test_blur_spreads_a_point_by_its_sigma_and_keeps_the_sum():
    point = np.zeros((1, 29, 29, 1), np.uint8)
    point[0, 13:16, 13:16] = 255
    material = Material(point, 1, point)
    places = np.arange(29) - 14.0
    for sigma, images in zip(BY_NAME["blur"].levels, levels("blur", material), strict=True):
        for axis in (0, 1):
            profile = images[0, :, :, 0].sum(axis=axis) / images.sum()
            spread = np.sqrt(profile @ places**2)
            assert spread == pytest.approx(np.sqrt(2 / 3 + sigma**2), rel=0.06)
        assert int(images.sum()) == pytest.approx(int(point.sum()), rel=0.03)


def test_salt_and_pepper_strikes_its_share_of_the_pixels_half_of_them_white():
    material = make_material(channels=3)
    for share, images in zip(
        BY_NAME["salt-and-pepper"].levels, levels("salt-and-pepper", material), strict=True
    ):
        struck = (images != material.clean).all(axis=3)
        assert struck.mean() == pytest.approx(share, rel=0.03)
        assert set(np.unique(images[struck])) <= {0, 255}
        if share:
            assert (images[struck] == 255).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("name", ["contamination", "training-copies"])
def test_a_share_of_the_images_is_replaced_and_worse_levels_keep_what_milder_ones_replaced(name):
    material = make_material()
    replaced = np.zeros(COUNT, bool)
    for share, images in zip(BY_NAME[name].levels, levels(name, material), strict=True):
        changed = (images != material.clean).any(axis=(1, 2, 3))
        assert changed.sum() == round(share * COUNT)
        assert (changed | ~replaced).all()
        replaced = changed
        if name == "training-copies":
            places = rows_of(images[changed], material.training)
            assert (places >= 0).all() and len(set(places)) == len(places)
        elif share:
            assert images[changed].mean() == pytest.approx(127.5, abs=2)
            assert {0, 255} <= set(np.unique(images[changed]))


@pytest.mark.parametrize("size", [8, 28, 32])
def test_shift_moves_by_28ths_of_the_width_and_interpolates_nothing(size):
    line = np.zeros((COUNT, size, size, 1), np.uint8)
    line[:, :, 2] = 200
    found = levels("shift", Material(line, COUNT, line))
    for pixels, images in zip(BY_NAME["shift"].levels, found, strict=True):
        assert set(np.unique(images)) == {0, 200}
        places = images[:, 0, :, 0].argmax(axis=1) - 2
        assert places.mean() == pytest.approx(pixels * size / 28, abs=0.06)
        assert np.ptp(places) <= 1


def test_dropped_classes_are_gone_and_spare_images_take_their_place():
    material = make_material()
    kept = []
    for share, images in zip(
        BY_NAME["dropped-classes"].levels, levels("dropped-classes", material), strict=True
    ):
        rows = rows_of(images, material.pool)
        kept.append(set(material.labels[rows]))
        assert len(kept[-1]) == round((1 - share) * CLASSES)
        available = np.isin(material.labels, list(kept[-1])).sum()
        assert len(set(rows)) == min(COUNT, available)  # repeated only where there are too few
    assert all(after <= before for before, after in pairwise(kept))


def test_imbalance_makes_the_commonest_class_so_many_times_as_frequent_as_the_rarest():
    material = make_material()
    pool = np.bincount(material.labels)
    for ratio, images in list(
        zip(BY_NAME["imbalance"].levels, levels("imbalance", material), strict=True)
    )[1:]:
        counts = np.bincount(material.labels[rows_of(images, material.pool)], minlength=CLASSES)
        relative = np.sort(counts / pool)
        assert relative[-1] / relative[0] == pytest.approx(ratio, rel=0.35)  # a few images a class
        assert counts.min() > 0


@pytest.mark.parametrize("labelled", [True, False])
def test_duplication_keeps_a_share_of_the_images_and_how_frequent_classes_are(labelled):
    material = make_material(labelled)
    groups = material.labels[:COUNT] if labelled else np.zeros(COUNT, int)
    unique = []
    for share, images in zip(
        BY_NAME["duplication"].levels, levels("duplication", material), strict=True
    ):
        rows = rows_of(images, material.clean)
        np.testing.assert_array_equal(groups[rows], groups)
        wanted = [max(1, round(share * n)) for n in np.bincount(groups)]
        assert len(set(rows)) == sum(wanted)
        assert np.bincount(rows).max() <= np.ceil(1 / share) + 8
        unique.append(-len(set(rows)))
    assert rising(unique)


def test_what_drops_classes_needs_labels():
    material = make_material(labelled=False)
    for item in CORRUPTIONS:
        if item.needs_labels:
            with pytest.raises(ValueError, match="needs labels"):
                item.apply(material, 1, np.random.default_rng(0))
        else:
            item.apply(material, 1, np.random.default_rng(0))
