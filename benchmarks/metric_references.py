"""Hold every metric against other people's code on the same features; prints JSON.

It imports torch, so it runs in a process of its own. The numbers are drawn from fixed seeds; they
are float32, which is what feature extractors give.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np

from ganbench.contracts import FeatureSet, Mixture
from ganbench_metrics.frechet import FrechetDistance
from ganbench_metrics.inception_score import InceptionScore
from ganbench_metrics.kernel import KernelDistance
from ganbench_metrics.memorisation import Memorisation
from ganbench_metrics.mixture import MixtureFit
from ganbench_metrics.neighbours import Neighbours

SAMPLES, DIMENSIONS, CLASSES = 1000, 48, 10


@dataclass(frozen=True)
class Comparison:
    """One column against one reference; the bound is what a test holds it to."""

    column: str
    reference: str
    ours: float
    theirs: float
    bound: float
    kind: Literal["relative", "absolute"] = "relative"

    @property
    def deviation(self) -> float:
        size = abs(self.ours - self.theirs)
        return size / abs(self.theirs) if self.kind == "relative" else size


def draw() -> dict[str, np.ndarray]:
    """Three sets of features that overlap in part, logits, and points near a mixture."""
    rng = np.random.Generator(np.random.Philox(key=20))
    mixing = rng.normal(size=(DIMENSIONS, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    sets = {
        name: rng.normal(size=(SAMPLES, DIMENSIONS)) * scale @ mixing + shift
        for name, scale, shift in (("real", 1, 1), ("fake", 0.9, 1.1), ("training", 1, 1))
    }
    sets["logits"] = 3 * rng.normal(size=(SAMPLES, CLASSES))
    sets["points"] = 2 * rng.normal(size=(SAMPLES, 2))
    return {name: values.astype(np.float32) for name, values in sets.items()}


def ours(drawn: dict[str, np.ndarray], mixture: Mixture) -> dict[str, float]:
    """Every column of the metrics that have a reference."""
    wide = {name: values.astype(np.float64) for name, values in drawn.items()}
    real = FeatureSet(drawn["real"], wide["real"], training=wide["training"])
    fake = FeatureSet(drawn["fake"], wide["fake"], wide["logits"])
    values: dict[str, float] = {}
    metrics = FrechetDistance, KernelDistance, Neighbours, InceptionScore, Memorisation
    for cls in metrics:
        values |= cls().compute(real, fake, np.random.default_rng(0))
    points = FeatureSet(drawn["points"], mixture=mixture)
    return values | MixtureFit().compute(points, points, np.random.default_rng(0))


def torch_fidelity(drawn: dict[str, np.ndarray]) -> dict[str, float]:
    """torch-fidelity's own functions of features; its first input is the generated one."""
    import torch
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    real, fake, logits = (torch.from_numpy(drawn[name]) for name in ("real", "fake", "logits"))
    statistics = [metric_fid.fid_features_to_statistics(side) for side in (fake, real)]
    fid = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
    settings = {"kid_subsets": 2, "kid_subset_size": SAMPLES, "verbose": False}
    kid = metric_kid.kid_features_to_metric(fake, real, **settings)
    prc = metric_prc.prc_features_to_metric(fake, real, verbose=False)
    score = metric_isc.isc_features_to_metric(logits, splits=1)
    return {
        "fd": fid["frechet_inception_distance"],
        "kd": kid["kernel_inception_distance_mean"],
        "precision": prc["precision"],
        "recall": prc["recall"],
        "is": score["inception_score_mean"],
    }


def scikit_learn(drawn: dict[str, np.ndarray]) -> dict[str, float]:
    """The definitions, with scikit-learn's neighbours of float64 features."""
    from sklearn.neighbors import NearestNeighbors

    real, fake, training = (drawn[name].astype(np.float64) for name in ("real", "fake", "training"))

    def distances(queries: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
        return NearestNeighbors(n_neighbors=count).fit(points).kneighbors(queries)[0][:, -1]

    between = np.sqrt(np.square(real[:, None] - fake).sum(axis=2))
    inside = between < distances(real, real, 6)[:, None]
    return {
        "precision": (between <= distances(real, real, 4)[:, None]).any(axis=0).mean(),
        "recall": (between <= distances(fake, fake, 4)).any(axis=1).mean(),
        "coverage": inside.any(axis=1).mean(),
        "density": inside.sum() / (5 * SAMPLES),
        "copied-ratio": np.median(distances(fake, training, 1) / distances(fake, real, 1)),
    }


def scipy(drawn: dict[str, np.ndarray], mixture: Mixture) -> dict[str, float]:
    """scipy's matrix square root, entropy and density."""
    from scipy.linalg import sqrtm
    from scipy.special import logsumexp, softmax
    from scipy.stats import entropy, multivariate_normal

    real, fake = (drawn[name].astype(np.float64) for name in ("real", "fake"))
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    difference = real.mean(axis=0) - fake.mean(axis=0)
    shares = softmax(drawn["logits"].astype(np.float64), axis=1)
    points = drawn["points"].astype(np.float64)
    densities = [
        multivariate_normal(center, mixture.standard_deviation**2 * np.eye(2)).logpdf(points)
        for center in mixture.centers
    ]
    likelihood = logsumexp(densities, axis=0).mean() - np.log(len(densities))
    return {
        "fd": difference @ difference + np.trace(first + second - 2 * sqrtm(first @ second).real),
        "is": np.exp(entropy(shares, shares.mean(axis=0, keepdims=True), axis=1).mean()),
        "log-likelihood": likelihood,
    }


# Column, reference -> largest deviation that is allowed. torch-fidelity computes in float32:
# a share may differ by one sample.
BOUNDS: dict[tuple[str, str], tuple[float, Literal["relative", "absolute"]]] = {
    ("fd", "torch-fidelity"): (1e-6, "relative"),
    ("fd", "scipy"): (1e-9, "relative"),
    ("kd", "torch-fidelity"): (1e-4, "relative"),
    ("is", "torch-fidelity"): (1e-9, "relative"),
    ("is", "scipy"): (1e-12, "relative"),
    ("precision", "torch-fidelity"): (1 / SAMPLES, "absolute"),
    ("precision", "scikit-learn"): (0, "absolute"),
    ("recall", "torch-fidelity"): (1 / SAMPLES, "absolute"),
    ("recall", "scikit-learn"): (0, "absolute"),
    ("coverage", "scikit-learn"): (0, "absolute"),
    ("density", "scikit-learn"): (1e-12, "relative"),
    ("copied-ratio", "scikit-learn"): (1e-9, "relative"),
    ("log-likelihood", "scipy"): (1e-12, "relative"),
}


def comparisons() -> list[Comparison]:
    """Compute both sides of every bound."""
    drawn = draw()
    mixture = Mixture(np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), 0.5)
    values = ours(drawn, mixture)
    references = {
        "torch-fidelity": torch_fidelity(drawn),
        "scikit-learn": scikit_learn(drawn),
        "scipy": scipy(drawn, mixture),
    }
    return [
        Comparison(
            column,
            f"{library} {version(library)}",
            values[column],
            float(references[library][column]),
            bound,
            kind,
        )
        for (column, library), (bound, kind) in BOUNDS.items()
    ]


if __name__ == "__main__":
    print(json.dumps([asdict(row) | {"deviation": row.deviation} for row in comparisons()]))
