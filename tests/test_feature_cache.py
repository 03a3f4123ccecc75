"""T18: whatever decides a feature decides where it is kept."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ganbench import feature_cache, sources
from ganbench.feature_cache import FeatureCache, key

IMAGES = np.arange(48, dtype=np.uint8).reshape(6, 2, 4, 1)


@dataclass(frozen=True)
class Space:
    """Features are pixels times a number; `calls` counts the extractions of all its copies."""

    name = "space"
    source = "here"
    calls = []

    scale: float = 1.0
    id: str = "space-1"
    weights_sha256: str = "ab"
    preprocessing: str = "none"
    logits: bool = False

    def fits(self, task):
        return True

    def extract(self, images):
        self.calls.append(len(images))
        features = images.reshape(len(images), -1).astype(np.float32) * np.float32(self.scale)
        return features, features[:, :2] if self.logits else None


SPACE = Space()


def one_pixel(images):
    changed = images.copy()
    changed[3, 1, 2, 0] += 1
    return changed


IMAGE_MUTATIONS = {
    "one pixel": one_pixel,
    "order": lambda images: images[::-1],
    "one image less": lambda images: images[:-1],
    "one image twice": lambda images: np.concatenate([images, images[:1]]),
    "type": lambda images: images.astype(np.int16),
    "the same bytes as another type": lambda images: images.view(np.int8),
    "shape": lambda images: images.reshape(6, 4, 2, 1),
}
SPACE_MUTATIONS = {
    "id": {"id": "space-2"},
    "weights": {"weights_sha256": "ac"},
    "preprocessing": {"preprocessing": "resized"},
    "options": {"scale": 2.0},
}
WORLD_MUTATIONS = {
    "sources": (sources, "_module_hash", lambda module: "edited"),
    "numpy": (np, "__version__", "99.0"),
    "format": (feature_cache, "FORMAT", 99),
}


def test_nothing_changed_is_a_hit_with_the_same_bits(tmp_path):
    Space.calls.clear()
    first, _ = FeatureCache(tmp_path).extract(IMAGES, SPACE)
    second, logits = FeatureCache(tmp_path).extract(IMAGES.copy(), Space())
    assert Space.calls == [6] and logits is None
    assert second.dtype == np.float32 and second.tobytes() == first.tobytes()


@pytest.mark.parametrize("mutation", IMAGE_MUTATIONS)
def test_another_image_array_is_a_miss(mutation):
    assert key(IMAGE_MUTATIONS[mutation](IMAGES), SPACE) != key(IMAGES, SPACE)


@pytest.mark.parametrize("mutation", SPACE_MUTATIONS)
def test_another_feature_space_is_a_miss(mutation):
    assert key(IMAGES, replace(SPACE, **SPACE_MUTATIONS[mutation])) != key(IMAGES, SPACE)


@pytest.mark.parametrize("mutation", WORLD_MUTATIONS)
def test_other_code_or_another_library_is_a_miss(monkeypatch, mutation):
    before = key(IMAGES, SPACE)
    monkeypatch.setattr(*WORLD_MUTATIONS[mutation])
    assert key(IMAGES, SPACE) != before


def test_two_spaces_never_share_a_value(tmp_path):
    cache = FeatureCache(tmp_path)
    one, _ = cache.extract(IMAGES, SPACE)
    two, logits = cache.extract(IMAGES, replace(SPACE, scale=2.0, logits=True))
    assert np.array_equal(two, 2 * one) and np.array_equal(logits, two[:, :2])
    assert np.array_equal(cache.extract(IMAGES, SPACE)[0], one)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    cache = FeatureCache(tmp_path)
    right, _ = cache.extract(IMAGES, SPACE)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[content.index(right.tobytes()) + 9] ^= 1
    changed = {"cut": content[:-40], "empty": b"", "other": b"not a zip"}.get(damage, content)
    file.write_bytes(bytes(changed))
    Space.calls.clear()
    again, _ = cache.extract(IMAGES, SPACE)
    assert Space.calls == [6] and np.array_equal(again, right)
    assert cache.extract(IMAGES, SPACE)[0].tobytes() == right.tobytes() and Space.calls == [6]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    features, _ = FeatureCache(tmp_path / "file" / "inside").extract(IMAGES, SPACE)
    assert features.shape == (6, 8)
