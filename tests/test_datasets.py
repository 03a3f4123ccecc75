import gzip
import hashlib
import json
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import numpy as np
import pytest

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_datasets import digits, fashion_mnist, payload
from ganbench_datasets.digits import Digits
from ganbench_datasets.dirac import Dirac
from ganbench_datasets.download import download_payload
from ganbench_datasets.fashion_mnist import DEBIAN_FOLDER, PAYLOADS, FashionMNIST
from ganbench_datasets.payload import Payload, find_payload, read_payload
from ganbench_datasets.plugin import ganbench_datasets
from ganbench_datasets.points import Grid, Ring

needs_debian = pytest.mark.skipif(
    not DEBIAN_FOLDER.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)
INDICES_SHA256 = "d0865af79c2616864fb260c79ddb3586845549f4ee7070608bbf1c748ad659b2"
CONTENT = b"twenty-seven bytes of things"
SMALL = Payload("small-idx1-ubyte", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(scope="module")
def digits_dataset():
    return Digits().load(None)


@pytest.fixture(scope="module")
def fashion_dataset():
    return FashionMNIST().load(DEBIAN_FOLDER)


@pytest.fixture
def empty_machine(monkeypatch, tmp_path):
    """No Debian package, an empty cache, and an upstream that is not there."""
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "absent")
    monkeypatch.setattr(fashion_mnist, "UPSTREAM_URL", (tmp_path / "upstream").as_uri())
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


# ---- digits


def test_digits_are_1000_and_797_uint8_images_of_8_by_8(digits_dataset):
    assert digits_dataset.train.samples.shape == (1000, 8, 8, 1)
    assert digits_dataset.reference.samples.shape == (797, 8, 8, 1)
    assert digits_dataset.reference.name == "test"
    for split in (digits_dataset.train, digits_dataset.reference):
        assert split.samples.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert (split.samples.min(), split.samples.max()) == (0, 255)


def test_digits_pixels_are_the_rounded_sixteenths_of_255(digits_dataset):
    expected = {round(value * 255 / 16) for value in range(17)}
    assert set(np.unique(digits_dataset.train.samples).tolist()) == expected


def test_digits_split_is_disjoint_and_complete(digits_dataset):
    from sklearn.datasets import load_digits

    indices = json.loads(digits.INDICES_FILE.read_text())
    assert len(indices) == len(set(indices)) == 797
    assert min(indices) >= 0
    assert max(indices) < 1797
    rest = np.setdiff1d(np.arange(1797), indices)
    originals = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)[..., None]
    assert np.array_equal(digits_dataset.reference.samples, originals[indices])
    assert np.array_equal(digits_dataset.train.samples, originals[rest])


def test_digits_split_is_stratified_to_within_one_image_per_class(digits_dataset):
    train = np.bincount(digits_dataset.train.labels)
    test = np.bincount(digits_dataset.reference.labels)
    assert np.abs(test - (train + test) * 797 / 1797).max() < 1


def test_digits_index_file_is_the_committed_one():
    assert hashlib.sha256(digits.INDICES_FILE.read_bytes()).hexdigest() == INDICES_SHA256


def test_digits_that_differ_from_the_published_ones_are_refused(monkeypatch):
    images, labels = digits._read_bundled()
    images[5, 3, 3] ^= 1
    monkeypatch.setattr(digits, "_read_bundled", lambda: (images, labels))
    with pytest.raises(ConfigError, match="reinstall scikit-learn"):
        Digits().load(None)


# ---- Fashion-MNIST


@needs_debian
def test_fashion_mnist_is_50000_and_10000_balanced_images(fashion_dataset):
    assert fashion_dataset.train.samples.shape == (50_000, 28, 28, 1)
    assert fashion_dataset.reference.samples.shape == (10_000, 28, 28, 1)
    assert fashion_dataset.reference.name == "test"
    assert np.bincount(fashion_dataset.reference.labels).tolist() == [1000] * 10
    assert fashion_dataset.train.labels[:5].tolist() == [9, 0, 0, 3, 0]


@needs_debian
def test_fashion_mnist_validation_is_the_rest_of_the_training_file(fashion_dataset):
    validation = fashion_dataset.validation
    counts = np.bincount(validation.labels) + np.bincount(fashion_dataset.train.labels)
    assert validation.samples.shape == (10_000, 28, 28, 1)
    assert counts.tolist() == [6000] * 10


@needs_debian
def test_fashion_mnist_sha256_is_that_of_the_four_payloads(fashion_dataset):
    digest = hashlib.sha256()
    for expected in PAYLOADS:
        content = gzip.decompress((DEBIAN_FOLDER / f"{expected.name}.gz").read_bytes())
        assert len(content) == expected.size_bytes
        digest.update(content)
    assert digest.hexdigest() == fashion_dataset.sha256


@needs_debian
def test_a_parent_folder_with_plain_files_gives_the_same_data(tmp_path, fashion_dataset):
    inner = tmp_path / "fashion-mnist"
    inner.mkdir()
    for expected in PAYLOADS:
        packed = DEBIAN_FOLDER / f"{expected.name}.gz"
        (inner / expected.name).write_bytes(gzip.decompress(packed.read_bytes()))
    loaded = FashionMNIST().load(tmp_path)
    assert np.array_equal(loaded.train.samples, fashion_dataset.train.samples)
    assert np.array_equal(loaded.reference.labels, fashion_dataset.reference.labels)


@needs_debian
def test_the_upstream_fills_the_cache_and_is_not_asked_again(empty_machine, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "UPSTREAM_URL", DEBIAN_FOLDER.as_uri())
    assert FashionMNIST().load(None).reference.samples.shape == (10_000, 28, 28, 1)
    cache = empty_machine / "cache" / "fashion-mnist"
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        f"{expected.name}.gz" for expected in PAYLOADS
    )
    monkeypatch.setattr(fashion_mnist, "UPSTREAM_URL", (empty_machine / "gone").as_uri())
    assert FashionMNIST().load(None).train.samples.shape == (50_000, 28, 28, 1)


@needs_debian
def test_a_damaged_file_of_the_cache_is_fetched_again(tmp_path):
    damaged = tmp_path / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(b"half a fi")
    fashion_mnist.cached_contents(tmp_path, DEBIAN_FOLDER.as_uri())
    assert read_payload(damaged, PAYLOADS[3])


def test_a_missing_file_in_the_given_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="train-images-idx3-ubyte") as caught:
        FashionMNIST().load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "--data" in str(caught.value)


def test_without_any_source_the_message_says_what_to_do(empty_machine):
    with pytest.raises(EnvironmentNotReady) as caught:
        FashionMNIST().load(None)
    message = str(caught.value)
    assert "dataset-fashion-mnist" in message
    assert "--data" in message
    assert "\n" not in message


# ---- payloads and downloads


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_payload_is_found_and_read_plain_or_gzipped(tmp_path, suffix):
    content = gzip.compress(CONTENT) if suffix else CONTENT
    path = tmp_path / (SMALL.name + suffix)
    path.write_bytes(content)
    assert find_payload(tmp_path, SMALL) == path
    assert read_payload(path, SMALL) == CONTENT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip at all",
        gzip.compress(CONTENT)[:-12],
        gzip.compress(CONTENT[:-1]),
        gzip.compress(CONTENT + b"\0"),
        gzip.compress(CONTENT[:-1] + b"\0"),
        gzip.compress(CONTENT)[:10] + b"\xff" * 30,
    ],
    ids=["empty", "plain", "cut", "short", "long", "changed", "garbled"],
)
def test_a_damaged_payload_is_refused_with_its_path(tmp_path, content):
    path = tmp_path / f"{SMALL.name}.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="fetch it again") as caught:
        read_payload(path, SMALL)
    assert str(path) in str(caught.value)


def test_a_gzip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / f"{SMALL.name}.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    hashed_bytes = []
    real = hashlib.sha256

    def watched(content):
        hashed_bytes.append(len(content))
        return real(content)

    monkeypatch.setattr(payload.hashlib, "sha256", watched)
    with pytest.raises(ConfigError):
        read_payload(path, SMALL)
    assert hashed_bytes == [SMALL.size_bytes + 1]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """A folder, and the address under which a local web server offers it."""
    folder = tmp_path / "served"
    folder.mkdir()
    with HTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


def test_a_download_gets_its_name_and_leaves_nothing_else(server, tmp_path):
    folder, url = server
    # Small content grows when compressed, so that the size cap would catch it: pad it.
    content = CONTENT * 100
    expected = Payload("big", len(content), hashlib.sha256(content).hexdigest())
    (folder / "big.gz").write_bytes(gzip.compress(content))
    cache = tmp_path / "new" / "cache"
    assert read_payload(download_payload(expected, url, cache), expected) == content
    assert [path.name for path in cache.iterdir()] == ["big.gz"]


@pytest.mark.parametrize(
    ("served", "complaint"),
    [
        (None, "404"),
        (gzip.compress(b"other" * 5), "damaged or another file"),
        (bytes(100_000), "larger than"),
    ],
    ids=["absent", "another", "too large"],
)
def test_a_failed_download_leaves_nothing_behind(server, tmp_path, served, complaint):
    folder, url = server
    expected = Payload("big", 50, "0" * 64)
    if served is not None:
        (folder / "big.gz").write_bytes(served)
    with pytest.raises(EnvironmentNotReady, match=complaint) as caught:
        download_payload(expected, url, tmp_path / "cache")
    assert f"{url}big.gz" in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnvironmentNotReady, match="could not be downloaded"):
        download_payload(SMALL, tmp_path.as_uri(), tmp_path / "file" / "cache")


# ---- points


@pytest.mark.parametrize(
    ("source", "modes", "deviation", "sha256"),
    [
        (Ring(), 8, 0.01, "91736a477fe6837d6ad625072e2901c8599e1a4fd804acd3d60932d554aa877b"),
        (Grid(), 25, 0.05, "cc8201fdaadd8670e70a987ba2eae9c4ef10db7377257cc38e1611085240355c"),
    ],
)
def test_points_have_the_moments_of_their_mixture(source, modes, deviation, sha256):
    dataset = source.load(None)
    assert dataset.task == source.task()
    assert dataset.task.classes == modes
    assert dataset.train.samples.shape == (100_000, 2)
    assert dataset.reference.samples.shape == (10_000, 2)
    assert dataset.train.samples.dtype == np.float32
    assert dataset.sha256 == sha256
    assert dataset.mixture.standard_deviation == deviation
    residual = dataset.train.samples - dataset.mixture.centers[dataset.train.labels]
    assert residual.std() == pytest.approx(deviation, rel=0.01)
    assert np.abs(residual.mean(axis=0)).max() < 5 * deviation / np.sqrt(100_000)
    counts = np.bincount(dataset.train.labels, minlength=modes)
    chi_square = float(np.sum((counts - 100_000 / modes) ** 2) / (100_000 / modes))
    assert chi_square < (modes - 1) + 4 * np.sqrt(2 * (modes - 1))


def test_the_ring_begins_at_one_zero_and_does_not_repeat_it():
    centers = Ring().load(None).mixture.centers
    assert centers[0].tolist() == [1, 0]
    assert np.allclose(np.hypot(*centers.T), 1)
    assert centers[2] == pytest.approx([0, 1], abs=1e-15)
    assert len(np.unique(centers.round(6), axis=0)) == 8


def test_the_grid_has_all_pairs_of_five_even_numbers():
    centers = Grid().load(None).mixture.centers
    assert {tuple(center) for center in centers.tolist()} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }


def test_train_and_reference_points_are_different_draws():
    dataset = Ring().load(None)
    assert not np.array_equal(dataset.train.samples[:10_000], dataset.reference.samples)


def test_the_dirac_data_are_one_point_at_zero():
    dataset = Dirac().load(None)
    for split in (dataset.train, dataset.reference):
        assert split.samples.dtype == np.float32 and split.samples.shape == (256, 1)
        assert not split.samples.any() and split.labels is None
    assert dataset.mixture is None
    assert dataset.sha256 == hashlib.sha256(bytes(1024)).hexdigest()


NAMED = [cls for cls in ganbench_datasets() if not hasattr(cls, "reader")]  # not the user's own


@pytest.mark.parametrize("source_class", NAMED)
def test_every_source_has_a_name_a_source_and_the_same_task_as_its_data(source_class):
    source = source_class()
    assert source.task().dataset == source.name
    assert source.source
    assert source.default_samples > 0
    assert source == source_class()
