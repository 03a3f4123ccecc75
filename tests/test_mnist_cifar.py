"""MNIST and CIFAR-10 through their real code on small files of their formats."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_datasets import archive, cifar10, mnist
from ganbench_datasets.archive import Archive
from ganbench_datasets.cifar10 import CIFAR10
from ganbench_datasets.mnist import MNIST
from ganbench_datasets.payload import Payload

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))


def payload_of(name, content):
    return Payload(name, len(content), hashlib.sha256(content).hexdigest())


# --------------------------------------------------------------------------- MNIST


def idx(array):
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


IMAGES = RNG.integers(0, 4, (300, 28, 28), dtype=np.uint8) * 60  # noise would not compress
LABELS = (np.arange(300) // 30).astype(np.uint8)
MNIST_CONTENTS = dict(
    zip(
        (payload.name for payload in mnist.PAYLOADS),
        map(idx, (IMAGES[:200], LABELS[:200], IMAGES[200:], LABELS[200:])),
        strict=True,
    )
)


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """A tiny MNIST whose mirror is a folder; gives the folder."""
    served = tmp_path / "served"
    served.mkdir()
    for name, content in MNIST_CONTENTS.items():
        (served / f"{name}.gz").write_bytes(gzip.compress(content))
    payloads = tuple(payload_of(name, content) for name, content in MNIST_CONTENTS.items())
    monkeypatch.setattr(mnist, "PAYLOADS", payloads)
    monkeypatch.setattr(mnist, "MIRROR_URL", served.as_uri())
    monkeypatch.setattr(mnist, "KEPT_FOR_VALIDATION", 50)
    return served


def is_small_mnist(data):
    parts = ((data.train, 0, 150), (data.validation, 150, 200), (data.reference, 200, 300))
    for part, start, end in parts:
        assert np.array_equal(part.samples[..., 0], IMAGES[start:end])
        assert part.labels.tolist() == LABELS[start:end].tolist()
        assert part.labels.dtype == np.int32
    assert data.task == MNIST().task() and data.task.shape == (28, 28, 1)
    assert data.sha256 == hashlib.sha256(b"".join(MNIST_CONTENTS.values())).hexdigest()


def test_mnist_is_downloaded_once(small_mnist, tmp_path):
    is_small_mnist(MNIST().load(None))
    (tmp_path / "cache" / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    is_small_mnist(MNIST().load(None))
    for path in small_mnist.iterdir():
        path.unlink()
    is_small_mnist(MNIST().load(None))


@pytest.mark.parametrize("inner", [".", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_mnist_is_read_from_a_folder(tmp_path, small_mnist, inner, suffix):
    folder = tmp_path / "mine" / inner
    folder.mkdir(parents=True)
    for name, content in MNIST_CONTENTS.items():
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)
    is_small_mnist(MNIST().load(tmp_path / "mine"))
    (folder / f"t10k-labels-idx1-ubyte{suffix}").write_bytes(b"other")
    with pytest.raises(ConfigError, match="fetch it again"):
        MNIST().load(tmp_path / "mine")
    (folder / f"t10k-labels-idx1-ubyte{suffix}").unlink()
    with pytest.raises(ConfigError, match="has no t10k-labels-idx1-ubyte; --data wants the folder"):
        MNIST().load(tmp_path / "mine")


def test_without_mnist_the_user_is_told_what_to_do(small_mnist):
    (small_mnist / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(EnvironmentNotReady, match="pass --data FOLDER with its four IDX files"):
        MNIST().load(None)


def test_mnist_is_pinned_as_fashion_mnist_is():
    from ganbench_datasets import fashion_mnist

    assert [(item.name, item.size_bytes) for item in mnist.PAYLOADS] == [
        (item.name, item.size_bytes) for item in fashion_mnist.PAYLOADS
    ]
    assert not {item.sha256 for item in mnist.PAYLOADS} & {
        item.sha256 for item in fashion_mnist.PAYLOADS
    }


# --------------------------------------------------------------------------- CIFAR-10

PICTURES = RNG.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
KINDS = RNG.integers(0, 10, 12, dtype=np.uint8)


def record(row):
    return KINDS[row : row + 1].tobytes() + PICTURES[row].transpose(2, 0, 1).tobytes()


CIFAR_CONTENTS = {
    payload.name: record(2 * number) + record(2 * number + 1)
    for number, payload in enumerate(cifar10.PAYLOADS)
}


def packed(members):
    """A .tar.gz of these names and contents, or of ready members."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                tar.addfile(info)
    return file.getvalue()


WHOLE = {
    "cifar-10-batches-bin": (tarfile.DIRTYPE, ""),
    "cifar-10-batches-bin/batches.meta.txt": b"airplane\n",
    **{f"cifar-10-batches-bin/{name}": content for name, content in CIFAR_CONTENTS.items()},
}


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Publish an archive as the authors' one; gives its path."""
    payloads = tuple(payload_of(name, content) for name, content in CIFAR_CONTENTS.items())
    monkeypatch.setattr(cifar10, "PAYLOADS", payloads)

    def publish(members=WHOLE):
        content = packed(members)
        path = tmp_path / "cifar-10-binary.tar.gz"
        path.write_bytes(content)
        pinned = Archive(path.name, len(content), hashlib.sha256(content).hexdigest())
        monkeypatch.setattr(cifar10, "ARCHIVE", pinned)
        monkeypatch.setattr(cifar10, "URL", path.as_uri())
        return path

    return publish


def is_small_cifar(data):
    for part, start, end in (
        (data.train, 0, 8),
        (data.validation, 8, 10),
        (data.reference, 10, 12),
    ):
        assert np.array_equal(part.samples, PICTURES[start:end])
        assert part.labels.tolist() == KINDS[start:end].tolist()
        assert part.samples.dtype == np.uint8 and part.labels.dtype == np.int32
    assert data.task == CIFAR10().task() and data.task.shape == (32, 32, 3)
    assert data.sha256 == hashlib.sha256(b"".join(CIFAR_CONTENTS.values())).hexdigest()


def test_cifar_is_downloaded_once(publish, tmp_path):
    path = publish()
    is_small_cifar(CIFAR10().load(None))
    path.unlink()
    is_small_cifar(CIFAR10().load(None))
    cached = tmp_path / "cache" / "cifar10" / path.name
    assert list(cached.parent.iterdir()) == [cached]
    cached.write_bytes(b"damaged")
    with pytest.raises(
        EnvironmentNotReady, match=r"pass --data PATH with its cifar-10-binary\.tar"
    ):
        CIFAR10().load(None)


@pytest.mark.parametrize(
    ("served", "complaint"), [(b"x", "size or sha256 differs"), (bytes(10**6), "it is larger than")]
)
def test_another_file_is_no_download(publish, tmp_path, served, complaint):
    publish().write_bytes(served)
    with pytest.raises(EnvironmentNotReady, match=complaint):
        CIFAR10().load(None)
    assert list((tmp_path / "cache" / "cifar10").iterdir()) == []


def test_cifar_is_read_from_its_archive(publish, tmp_path):
    path = publish()
    is_small_cifar(CIFAR10().load(path))
    is_small_cifar(CIFAR10().load(tmp_path))
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(ConfigError, match="damaged or another file than the published"):
        CIFAR10().load(tmp_path)


@pytest.mark.parametrize("inner", [".", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin"])
def test_cifar_is_read_from_a_folder(publish, tmp_path, inner):
    publish().unlink()
    folder = tmp_path / "mine" / inner
    folder.mkdir(parents=True)
    for name, content in CIFAR_CONTENTS.items():
        (folder / name).write_bytes(content)
    is_small_cifar(CIFAR10().load(tmp_path / "mine"))
    (folder / "test_batch.bin").write_bytes(CIFAR_CONTENTS["data_batch_1.bin"])
    with pytest.raises(ConfigError, match="damaged or another file"):
        CIFAR10().load(tmp_path / "mine")


@pytest.mark.parametrize("inside", [True, False])
def test_pickles_are_never_read(publish, tmp_path, inside, capsys):
    class Canary:
        def __reduce__(self):
            return print, ("the canary sang",)

    publish().unlink()
    folder = tmp_path / "mine" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    (folder / "data_batch_1").write_bytes(pickle.dumps(Canary()))
    with pytest.raises(ConfigError, match="pickles, which can run code and are never read; fetch"):
        CIFAR10().load(folder if inside else folder.parent)
    assert "canary" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "changed",
    [
        {"cifar-10-batches-bin/test_batch.bin": (tarfile.SYMTYPE, "/etc/passwd")},
        {"cifar-10-batches-bin/test_batch.bin": (tarfile.LNKTYPE, "data_batch_1.bin")},
        {"cifar-10-batches-bin/test_batch.bin": (tarfile.FIFOTYPE, "")},
        {"cifar-10-batches-bin/test_batch.bin": CIFAR_CONTENTS["test_batch.bin"] + b"\0"},
        {"cifar-10-batches-bin/test_batch.bin": CIFAR_CONTENTS["data_batch_1.bin"]},
        {"cifar-10-batches-bin/test_batch.bin": b""},
    ],
    ids=["symlink", "hard link", "fifo", "longer", "another", "empty"],
)
def test_members_that_are_not_the_published_ones_are_refused(publish, tmp_path, changed):
    path = publish({**WHOLE, **changed})
    with pytest.raises(ConfigError, match=r"has no test_batch\.bin as it was published"):
        CIFAR10().load(path)
    assert not (tmp_path / "cache").exists()


def test_nothing_is_extracted(publish, tmp_path):
    members = {"../escaped.bin": b"x", "/tmp/escaped.bin": b"x", **WHOLE}
    before = publish(members)
    is_small_cifar(CIFAR10().load(before))
    assert list(tmp_path.iterdir()) == [before]


def test_a_file_that_is_no_archive_is_refused(publish, monkeypatch):
    path = publish()
    path.write_bytes(b"not gzip at all")
    content = path.read_bytes()
    pinned = Archive(path.name, len(content), hashlib.sha256(content).hexdigest())
    with pytest.raises(ConfigError, match="cannot be read"):
        archive.members(path, pinned, cifar10.PAYLOADS)


def test_the_real_archive_is_pinned():
    """170,052,171 bytes; the records of six files of 10,000 images are its contents."""
    assert CIFAR10().task().shape == (32, 32, 3)
    assert {payload.size_bytes for payload in cifar10.PAYLOADS} == {30_730_000}
    assert len({payload.sha256 for payload in cifar10.PAYLOADS}) == 6
    assert all(len(payload.sha256) == 64 for payload in cifar10.PAYLOADS)
