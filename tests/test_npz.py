"""Arrays in a file as data: names, splits, labels, and headers that lie."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from ganbench import plugins, selectors
from ganbench.datasets import chosen
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.feature_cache import cache_folder
from ganbench_datasets import npz, own_images, splits
from ganbench_datasets.npy_stream import MOST_EXPANSION, ArrayFile
from ganbench_datasets.npz import NpzReader

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (60, 6, 5), dtype=np.uint8)
COLOR = RNG.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8)
LABELS = np.arange(60) % 3


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))


def saved(tmp_path, save=np.savez, **arrays):
    path = tmp_path / "data.npz"
    save(path, **arrays)
    return path


def all_of(data):
    return [part for part in (data.train, data.validation, data.reference) if part]


def member(content, shape, dtype="|u1", order=False, version=(1, 0)):
    """A .npy of any header and any content."""
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": order, "shape": shape}
    if version == (1, 0):
        np.lib.format.write_array_header_1_0(file, header)
    else:
        np.lib.format.write_array_header_2_0(file, header)
    return file.getvalue() + content


def zipped(path, compression=zipfile.ZIP_DEFLATED, **members):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_images_and_labels_are_split_by_fixed_index(tmp_path, save):
    source = NpzReader().read(saved(tmp_path, save, images=GREY, labels=LABELS))
    assert source.task().shape == (6, 5, 1) and source.task().classes == 3
    assert (source.name, source.title, source.default_samples) == ("npz", "data", 10)
    rows = splits.fixed(60, "").order
    parts = all_of(source.load(None))
    assert np.array_equal(np.concatenate([part.samples for part in parts])[..., 0], GREY[rows])
    assert np.concatenate([part.labels for part in parts]).tolist() == LABELS[rows].tolist()
    assert source.load(None).sha256 == source.content
    plain = NpzReader(labels=False).read(saved(tmp_path, images=GREY, labels=LABELS))
    assert plain.task().classes == 0 and plain.content != source.content


@pytest.mark.parametrize(
    "names",
    [
        ("images", "labels", "test_images", "test_labels", "validation_images"),
        ("x_train", "y_train", "x_test", "y_test", None),
        ("train_images", "train_labels", "test_images", "test_labels", "val_images"),
    ],
)
def test_declared_splits_are_kept_under_names_of_keras_and_medmnist(tmp_path, names):
    images, labels, test_images, test_labels, validation = names
    arrays = {images: COLOR[:30], labels: LABELS[:30, None].astype(np.uint8)}
    arrays |= {test_images: COLOR[30:45], test_labels: LABELS[30:45]}
    if validation:
        arrays |= {validation: COLOR[45:], validation.replace("images", "labels"): LABELS[45:]}
    data = NpzReader().read(saved(tmp_path, **arrays)).load(None)
    assert np.array_equal(data.train.samples, COLOR[:30])
    assert np.array_equal(data.reference.samples, COLOR[30:45])
    assert data.reference.labels.tolist() == LABELS[30:45].tolist()
    if validation:
        assert np.array_equal(data.validation.samples, COLOR[45:])
    else:
        assert data.validation is None


def test_one_array_without_a_name_will_do(tmp_path):
    np.save(tmp_path / "plain.npy", COLOR)
    single = NpzReader(title="same").read(tmp_path / "plain.npy")
    np.savez(tmp_path / "plain.npz", COLOR)
    assert single.content == NpzReader().read(tmp_path / "plain.npz").content
    (tmp_path / "second.npy").write_bytes(member(COLOR.tobytes(), COLOR.shape, version=(2, 0)))
    assert NpzReader().read(tmp_path / "second.npy").content == single.content


def test_images_can_be_resized(tmp_path):
    path = saved(tmp_path, images=GREY)
    assert NpzReader(resize=10, center_crop=8).read(path).task().shape == (8, 8, 1)
    with pytest.raises(ConfigError, match="every image is 5x6, smaller than center_crop=6"):
        NpzReader(center_crop=6).read(path)


def test_an_unchanged_file_is_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(own_images, "SETTLED_NS", -(10**18))
    path = saved(tmp_path, images=GREY)
    first = NpzReader().read(path)
    monkeypatch.setattr(npz, "ArrayFile", None)
    assert NpzReader().read(path) == first
    monkeypatch.undo()
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    changed = GREY.copy()
    changed[3, 2, 1] ^= 1
    assert NpzReader().read(saved(tmp_path, images=changed)).content != first.content


def test_it_is_selected_by_path_and_made_again(tmp_path):
    catalog = plugins.load([])
    path = saved(tmp_path, images=GREY)
    (source,) = chosen([f"npz:{path}[resize=3]"], catalog)
    (again,) = chosen([selectors.spelled(source)], catalog)
    assert again == source
    for file in cache_folder().rglob("*.npy"):
        file.unlink()
    with pytest.raises(EnvironmentNotReady, match="add --data PATH with what npz:PATH named"):
        again.load(None)
    assert again.load(path).sha256 == source.content
    np.savez(path, images=GREY[::-1])
    os.truncate(cache_folder() / "datasets/content" / source.content / "images.npy", 100)
    with pytest.raises(ConfigError, match="holds other images"):
        again.load(path)


BIG = (10**6, 10**4, 10**3)

REFUSED = {
    "no images": ({"pictures": GREY}, r"has no array `images` \(its arrays: pictures\)"),
    "float": ({"images": GREY / 255}, "images is float64; save it as uint8 from 0 to 255"),
    "bool": ({"images": GREY > 9}, "images is bool"),
    "flat": ({"images": GREY.reshape(60, -1)}, r"has the shape \(60, 30\)"),
    "channels first": ({"images": COLOR.transpose(0, 3, 1, 2).copy()}, "channels last"),
    "alpha": ({"images": np.zeros((60, 4, 4, 4), np.uint8)}, "channels last"),
    "none": ({"images": GREY[:0]}, "has no images"),
    "few": ({"images": GREY[:39]}, "39 images are too few"),
    "objects": ({"images": np.array([{}, []], object)}, "holds Python objects, which are never"),
    "label objects": ({"images": GREY, "labels": np.array([{}] * 60)}, "holds Python objects"),
    "other test": ({"images": GREY, "test_images": COLOR}, "or others than images has"),
    "labels short": ({"images": GREY, "labels": LABELS[:50]}, r"labels is int64 \(50,\); labels"),
    "labels real": ({"images": GREY, "labels": LABELS / 1}, "labels is float64"),
    "labels negative": ({"images": GREY, "labels": LABELS - 1}, "labels outside of 0 to"),
    "no test labels": (
        {"images": GREY, "labels": LABELS, "test_images": GREY[:20]},
        "has labels but none of test; add them",
    ),
    "unseen label": (
        {
            "images": GREY,
            "labels": LABELS,
            "test_images": GREY[:20],
            "test_labels": LABELS[:20] + 1,
        },
        "has a label that no training image has",
    ),
    "Fortran": ({"images": np.asfortranarray(GREY)}, "is in Fortran order; save"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_that_are_not_what_is_asked_are_refused(tmp_path, name):
    arrays, complaint = REFUSED[name]
    with pytest.raises(ConfigError, match=complaint) as refused:
        NpzReader().read(saved(tmp_path, **arrays))
    assert "\n" not in str(refused.value)


LIES = {
    "huge header": member(b"\0" * 100, BIG),
    "huge header of version 2": member(b"\0" * 100, BIG, version=(2, 0)),
    "overflow": member(b"\0" * 100, (2**40, 2**40, 3)),
    "short": member(GREY.tobytes()[:-1], GREY.shape),
    "long": member(GREY.tobytes() + b"\0", GREY.shape),
    "not NumPy's": b"text",
    "half a header": member(b"", GREY.shape)[:30],
    "long header": member(GREY.tobytes(), GREY.shape + (1,) * 2000, version=(2, 0)),
    "nothing": b"",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("packed", [True, False])
def test_headers_that_lie_are_refused_before_anything_is_read(tmp_path, name, packed):
    path = tmp_path / "lie.npz"
    if packed:
        zipped(path, images=LIES[name])
    else:
        path.write_bytes(LIES[name])
    with pytest.raises(ConfigError, match=r"save it again|no array of NumPy's") as refused:
        NpzReader().read(path)
    assert "\n" not in str(refused.value)


def test_damaged_and_strange_archives_are_refused(tmp_path):
    whole = zipped(tmp_path / "whole.npz", images=member(GREY.tobytes(), GREY.shape)).read_bytes()
    damaged = bytearray(whole)
    damaged[200] ^= 255
    for content in (bytes(damaged), whole[: len(whole) // 2], whole[:-4]):
        (tmp_path / "damaged.npz").write_bytes(content)
        with pytest.raises(ConfigError, match=r"damaged\.npz"):
            NpzReader().read(tmp_path / "damaged.npz")
    strange = zipped(
        tmp_path / "strange.npz", zipfile.ZIP_LZMA, images=member(GREY.tobytes(), GREY.shape)
    )
    with pytest.raises(ConfigError, match="packed in a way that NumPy never uses"):
        NpzReader().read(strange)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "twice.npz", "w") as file,
    ):
        file.writestr("images.npy", b"")
        file.writestr("images.npy", b"")
    with pytest.raises(ConfigError, match="two arrays of one name"):
        NpzReader().read(tmp_path / "twice.npz")
    with pytest.raises(ConfigError, match="no such file of arrays"):
        NpzReader().read(tmp_path / "absent.npz")
    with pytest.raises(ConfigError, match="no such file of arrays"):
        NpzReader().read(tmp_path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    shape = (4000, 100, 100)
    path = zipped(tmp_path / "bomb.npz", images=member(bytes(40_000_000), shape))
    assert path.stat().st_size < 40_000_000 / MOST_EXPANSION
    with pytest.raises(ConfigError, match=r"would grow from .* to 40,000,128 bytes, more"):
        NpzReader().read(path)
    assert not cache_folder().exists()


def test_arrays_come_in_pieces(tmp_path):
    path = saved(tmp_path, images=RNG.integers(0, 256, (50, 512, 512), dtype=np.uint8))
    file = ArrayFile(path)
    pieces = list(file.pieces(file.header("images")))
    assert len(pieces) > 2
    with np.load(path) as arrays:
        assert np.array_equal(np.concatenate(pieces), arrays["images"])


def test_images_that_are_more_than_the_memory_are_copied_all_the_same(tmp_path):
    """200 MB of images in a process that may have little more than NumPy needs."""
    path = tmp_path / "large.npy"
    rows = np.random.default_rng(1).integers(0, 256, (1000, 64, 64, 3), dtype=np.uint8)
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (16_000, 64, 64, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(16):
            file.write(rows.data)
    script = (
        "import sys; from pathlib import Path; from ganbench_datasets.npz import NpzReader\n"
        "print(NpzReader().read(Path(sys.argv[1])).test)\n"
        "print([line for line in open('/proc/self/status') if 'RssAnon' in line][0].split()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60
    )
    kept, anonymous_kib = done.stdout.split()
    assert kept == "1600" and int(anonymous_kib) < 150 * 1024
