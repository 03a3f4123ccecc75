"""Scoring beside torch-fidelity 0.4: the same features, images and machine, and equal values.

Features are rectified mixtures with the spectrum of a deep network's, not Inception's own, whose
weights are not at hand; the network is a He-initialised Inception. Spans take several seconds, so
that pairs are few.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ganbench.contracts import FeatureSet
from ganbench_metrics.frechet import fitted, frechet_distance
from ganbench_metrics.neighbours import Neighbours

TESTS = Path(__file__).parents[2] / "tests"
NAME = "inception-v3-compat"
DIMENSIONS = 2048
OURS, THEIRS = "ganbench", "torch-fidelity"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch_fidelity") is None, reason="torch-fidelity is not installed"
)


def features(
    count: int, seed: int, dimensions: int = DIMENSIONS, dtype: type = np.float32
) -> np.ndarray:
    """Rectified features of 64 hidden causes and some noise; the seed moves the mean."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(64, dimensions)).astype(np.float32) / 8
    result = np.empty((count, dimensions), dtype)
    for start in range(0, count, 1000):  # so that memory holds little else
        rows = min(1000, count - start)
        drawn = rng.standard_normal((rows, 64), np.float32) @ mixing
        drawn += 0.3 * rng.standard_normal((rows, dimensions), np.float32) + 0.2 + 0.05 * seed
        result[start : start + rows] = np.maximum(drawn, 0)
    return result


def rate(work, units: int = 1) -> float:
    """Units of work a second."""
    start = time.perf_counter()
    work()
    return units / (time.perf_counter() - start)


# --------------------------------------------------------------------------- Fréchet distance


@pytest.mark.parametrize(("count", "at_least"), [(10_000, 1.2), (1000, 8)])
def test_the_frechet_distance_of_2048_features(compare, count, at_least):
    import torch
    from torch_fidelity import metric_fid

    torch.set_num_threads(2)
    real, fake = features(count, 1), features(count, 2)
    sides = torch.from_numpy(fake), torch.from_numpy(real)

    def ours() -> float:
        return frechet_distance(fitted(real), fitted(fake))

    def theirs() -> float:
        statistics = [metric_fid.fid_features_to_statistics(side) for side in sides]
        found = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
        return found["frechet_inception_distance"]

    assert ours() == pytest.approx(theirs(), rel=1e-5)  # theirs has float32 means
    compare(
        f"Fréchet distance of features, n={count}, d={DIMENSIONS}",
        lambda: rate(ours),
        lambda: rate(theirs),
        at_least=at_least,
        pairs=8,
        names=(OURS, THEIRS),
    )


# --------------------------------------------------------------------------- neighbours


def shares(count: int, dimensions: int = DIMENSIONS) -> dict[str, float]:
    """Ours: precision, recall, density and coverage of float64 features, as metrics get them."""
    real, fake = (features(count, seed, dimensions, np.float64) for seed in (1, 2))
    return Neighbours().compute(
        FeatureSet(real, real), FeatureSet(fake, fake), np.random.default_rng(0)
    )


def their_shares(count: int, dimensions: int = DIMENSIONS) -> dict[str, float]:
    """torch-fidelity's precision and recall of float32 features, as its network gives them."""
    import torch
    from torch_fidelity import metric_prc

    torch.set_num_threads(2)
    fake, real = (torch.from_numpy(features(count, seed, dimensions)) for seed in (2, 1))
    found = metric_prc.prc_features_to_metric(fake, real, verbose=False)
    return {name: found[name] for name in ("precision", "recall")}


def test_precision_recall_density_and_coverage(compare):
    import torch
    from torch_fidelity import metric_prc

    torch.set_num_threads(2)
    count = 10_000
    real, fake = features(count, 1), features(count, 2)
    wide = [FeatureSet(side, side.astype(np.float64)) for side in (real, fake)]
    tensors = torch.from_numpy(fake), torch.from_numpy(real)
    found, theirs = {}, {}

    def work():
        found.update(Neighbours().compute(*wide, np.random.default_rng(0)))

    def their_work():
        theirs.update(metric_prc.prc_features_to_metric(*tensors, verbose=False))

    compare(
        f"precision, recall, density, coverage (theirs: the first two), n={count}, d={DIMENSIONS}",
        lambda: rate(work),
        lambda: rate(their_work),
        at_least=1.4,
        pairs=4,
        names=(OURS, THEIRS),
    )
    for name in ("precision", "recall"):
        assert found[name] == pytest.approx(theirs[name], abs=2 / count), name


def in_child(function: str, count: int, dimensions: int = DIMENSIONS) -> tuple[float, dict]:
    """Peak memory in MiB of a process that does nothing else, and what it found."""
    code = (
        f"import json, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"import test_scoring; found = test_scoring.{function}({count}, {dimensions})\n"
        "status = open('/proc/self/status').read()  # getrusage counts the parent's too\n"
        "print(json.dumps([int(status.split('VmHWM:')[1].split()[0]) / 1024, found]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    peak, found = json.loads(done.stdout)
    return peak, found


def test_memory_of_precision_recall_density_and_coverage(benchmark, finding):
    ours, _ = benchmark.pedantic(in_child, args=("shares", 10_000), rounds=1)
    theirs, _ = in_child("their_shares", 10_000)
    row = f"precision, recall, density, coverage, n=10000, d={DIMENSIONS}: memory over theirs"
    benchmark.extra_info.update(row=row, ratio=ours / theirs, at_most=0.5)
    benchmark.extra_info.update(names=["MiB", "torch-fidelity's"], rates=[ours, theirs])
    finding(f"{row}: {ours:.0f} MiB, {theirs:.0f} MiB, ratio {ours / theirs:.2f}; aim at most 0.5")


def test_memory_of_fifty_thousand(benchmark, finding):
    """Takes about four minutes on two cores."""
    peak, _ = benchmark.pedantic(in_child, args=("shares", 50_000), rounds=1)
    row = f"precision, recall, density, coverage, n=50000, d={DIMENSIONS}: memory"
    benchmark.extra_info.update(row=row, mib=peak, at_most=2048)
    finding(f"{row}: {peak:.0f} MiB, of which both sides' features are 1562; aim at most 2048")


# --------------------------------------------------------------------------- Inception


@pytest.fixture(scope="module")
def inception(tmp_path_factory):
    """A He-initialised Inception in a file, and a function that draws images for it."""
    sys.path.insert(0, str(TESTS))
    import fidelity_probe
    import torch

    torch.set_num_threads(2)
    rng = np.random.default_rng(0)

    def draw(count: int) -> np.ndarray:
        coarse = rng.integers(0, 256, (count, 8, 8, 1))
        return np.kron(coarse[..., 0], np.ones((4, 4), int))[..., None].astype(np.uint8)

    folder = tmp_path_factory.mktemp("inception")
    np.save(folder / "images.npy", draw(8))
    fidelity_probe.initialise(str(folder / "inception.pth"), str(folder / "images.npy"))
    return folder / "inception.pth", draw


def test_features_of_inception(compare, inception):
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
    from torch_fidelity.utils import get_featuresdict_from_dataset

    from ganbench_fidelity.images import Images
    from ganbench_fidelity.networks import InceptionV3

    file, draw = inception
    extractor = InceptionV3().with_weights({NAME: file})
    network = FEATURE_EXTRACTORS_REGISTRY[NAME](NAME, ["2048", "logits_unbiased"], str(file))

    def theirs(images: np.ndarray) -> np.ndarray:
        dataset = Images(images, iter(()))
        found = get_featuresdict_from_dataset(dataset, network, 64, False, True, False)
        return found["2048"].numpy()

    images = draw(8)
    ours, expected = extractor.extract(images)[0], theirs(images)
    assert np.linalg.norm(ours - expected) < 1e-6 * np.linalg.norm(expected)
    compare(
        "Inception's features of 64 images of 32x32, theirs in its own batch of 64",
        lambda: rate(lambda: extractor.extract(draw(64)), 64),
        lambda: rate(lambda: theirs(draw(64)), 64),
        at_least=1.4,
        pairs=5,
        names=(OURS, THEIRS),
    )


def test_a_second_scoring_against_the_same_reference(compare, inception, tmp_path, monkeypatch):
    """A process that knows nothing but the cache on disk: its memory of batches is emptied."""
    import torch_fidelity
    from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

    from ganbench_fidelity.calls import MEMORY_BYTES, Memory
    from ganbench_fidelity.images import Images
    from ganbench_fidelity.metrics import FrechetInceptionDistance

    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    file, draw = inception
    metric = FrechetInceptionDistance().with_weights({NAME: file})
    reference, samples = draw(48), draw(16)
    metric.compute(FeatureSet(reference), FeatureSet(samples), np.random.default_rng(0))

    def ours():
        FEATURE_EXTRACTORS_REGISTRY[metric.extractor.id].memory = Memory(MEMORY_BYTES)
        metric.compute(FeatureSet(reference), FeatureSet(samples), np.random.default_rng(0))

    def theirs():
        torch_fidelity.calculate_metrics(
            input1=Images(samples, iter(())),
            input2=Images(reference, iter(())),
            feature_extractor=NAME,
            feature_extractor_weights_path=str(file),
            fid=True,
            cuda=False,
            cache=False,
            save_cpu_ram=True,
            verbose=False,
        )

    compare(
        "FID of 16 samples against 48 known ones, theirs extracted again",
        lambda: rate(ours),
        lambda: rate(theirs),
        at_least=1.4,
        pairs=4,
        names=(OURS, THEIRS),
    )
