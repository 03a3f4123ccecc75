"""torch-fidelity's own metrics, by its own function."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Gt

from ganbench.contracts import Direction, FeatureSet, Reading, Space, Task
from ganbench_fidelity.extractor import Device, FidelityExtractor, registered

Positive = Annotated[int, Ge(1)]
SEED = 2020  # torch-fidelity's


@dataclass(frozen=True)
class FidelityMetric:
    """What torch-fidelity's metrics share; each is a call of `torch_fidelity.calculate_metrics`."""

    version: ClassVar[int] = 1
    needs: ClassVar[Literal["images"]] = "images"
    by_default: ClassVar[bool] = False
    source: ClassVar[str] = "torch-fidelity 0.4, https://github.com/toshas/torch-fidelity"

    feature_extractor: str = "inception-v3-compat"
    device: Device = "cpu"
    rng_seed: int = SEED
    _ready: FidelityExtractor | None = field(default=None, init=False, repr=False, compare=False)

    def with_weights(self, files: Mapping[str, Path]) -> Self:
        """Give the same with its network's weights found."""
        ready = copy.copy(self)
        object.__setattr__(ready, "_ready", self._extractor().with_weights(files))
        return ready

    @property
    def extractor(self) -> FidelityExtractor:
        """The network, ready or as it is without a file that was given."""
        return self._ready or self._extractor()

    @property
    def space(self) -> Space:
        """The network as columns name it: weights that nobody published are a part of the name."""
        found = self.extractor
        name = found.name
        if found.weights and found.weights_file and found.weights_file.sha256:
            name += "" if found.weights.is_published else f"-{found.weights.sha256[:8]}"
        return Space(name, found.id, found.weights_sha256, found.preprocessing, found.libraries)

    def fits(self, task: Task) -> bool:
        """Fit every image, grey or in colour."""
        return self._extractor().fits(task)

    def _extractor(self) -> FidelityExtractor:
        return registered(self.feature_extractor)(device=self.device)

    def _call(self, images: list[np.ndarray], **settings: object) -> dict[str, float]:
        from ganbench_fidelity.calls import calculate

        return calculate(self.extractor, images, rng_seed=self.rng_seed, **settings)


@dataclass(frozen=True)
class InceptionScore(FidelityMetric):
    """ISC as torch-fidelity computes it: `isc`, the mean over splits, and `isc-std` over them.

    The samples are shuffled by the seed and split. It is the literature's Inception Score only on
    `inception-v3-compat` with its published weights; on a network without classes the numbers of
    its layer are taken for logits. Salimans et al. 2016, arXiv:1606.03498.
    """

    name = "fidelity-isc"
    columns: ClassVar[Mapping[str, Direction]] = {"isc": "higher", "isc-std": "none"}
    beside: ClassVar[frozenset[str]] = frozenset({"isc-std"})
    readings: ClassVar[Mapping[str, Reading]] = {
        "isc": Reading(
            "Inception score by torch-fidelity, the mean over splits; higher is better.", "log"
        ),
        "isc-std": Reading("Standard deviation of the inception score over splits."),
    }

    isc_splits: Positive = 10

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Score the samples alone; nan where there are fewer of them than splits."""
        if len(fake.samples) < self.isc_splits:
            return dict.fromkeys(self.columns, float("nan"))
        found = self._call([fake.samples], isc=True, isc_splits=self.isc_splits)
        return {"isc": found["inception_score_mean"], "isc-std": found["inception_score_std"]}


@dataclass(frozen=True)
class FrechetInceptionDistance(FidelityMetric):
    """FID as torch-fidelity computes it: `fid`.

    It is the literature's FID only on `inception-v3-compat` with its published weights. With fewer
    samples on a side than the network has features the covariance is singular and the value
    mostly bias: it is then shown and not ranked. Heusel et al. 2017, arXiv:1706.08500.
    """

    name = "fidelity-fid"
    columns: ClassVar[Mapping[str, Direction]] = {"fid": "lower"}
    readings: ClassVar[Mapping[str, Reading]] = {
        "fid": Reading(
            "Fréchet inception distance to the reference images by torch-fidelity; 0 is best.",
            "log",
        ),
    }

    def unranked(self, real: int, fake: int) -> str:
        """Tell where a covariance is singular."""
        least = self.extractor.dimensions
        if min(real, fake) >= least:
            return ""
        return f"{min(real, fake):,} samples for the covariance of {least:,} features"

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare two sets of images."""
        found = self._call([fake.samples, real.samples], fid=True)
        return {"fid": found["frechet_inception_distance"]}


@dataclass(frozen=True)
class KernelInceptionDistance(FidelityMetric):
    """KID as torch-fidelity computes it: `kid`, the mean over subsets, and `kid-std` over them.

    A side that is smaller than `kid_subset_size` is taken whole, which torch-fidelity would refuse.
    `kid-std` is no standard error: subsets overlap. The literature's KID is that on
    `inception-v3-compat` with its published weights. Bińkowski et al. 2018, arXiv:1801.01401.
    """

    name = "fidelity-kid"
    columns: ClassVar[Mapping[str, Direction]] = {"kid": "lower", "kid-std": "none"}
    beside: ClassVar[frozenset[str]] = frozenset({"kid-std"})
    readings: ClassVar[Mapping[str, Reading]] = {
        "kid": Reading(
            "Kernel inception distance by torch-fidelity, the mean over subsets; can be below 0."
        ),
        "kid-std": Reading("Standard deviation of the kernel inception distance over subsets."),
    }

    kid_subsets: Positive = 100
    kid_subset_size: Annotated[int, Ge(2)] = 1000
    kid_kernel: Literal["poly", "rbf"] = "poly"
    kid_kernel_poly_degree: Positive = 3
    kid_kernel_poly_gamma: float | None = None  # None: 1 over the number of features
    kid_kernel_poly_coef0: float = 1.0
    kid_kernel_rbf_sigma: Annotated[float, Gt(0)] = 10.0

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare two sets of images."""
        found = self._call(
            [fake.samples, real.samples],
            kid=True,
            kid_subsets=self.kid_subsets,
            kid_subset_size=min(self.kid_subset_size, len(fake.samples), len(real.samples)),
            kid_kernel=self.kid_kernel,
            kid_kernel_poly_degree=self.kid_kernel_poly_degree,
            kid_kernel_poly_gamma=self.kid_kernel_poly_gamma,
            kid_kernel_poly_coef0=self.kid_kernel_poly_coef0,
            kid_kernel_rbf_sigma=self.kid_kernel_rbf_sigma,
        )
        return {
            "kid": found["kernel_inception_distance_mean"],
            "kid-std": found["kernel_inception_distance_std"],
        }


@dataclass(frozen=True)
class PrecisionAndRecall(FidelityMetric):
    """PRC as torch-fidelity computes it, on VGG16 unless told otherwise.

    `prc-precision` is the share of samples within the real ones' neighbourhoods, `prc-recall` that
    of real images within the samples', `prc-f-score` their harmonic mean. Kynkäänniemi et al. 2019,
    arXiv:1904.06991.
    """

    name = "fidelity-prc"
    columns: ClassVar[Mapping[str, Direction]] = {
        "prc-precision": "higher",
        "prc-recall": "higher",
        "prc-f-score": "higher",
    }
    beside: ClassVar[frozenset[str]] = frozenset({"prc-f-score"})
    readings: ClassVar[Mapping[str, Reading]] = {
        "prc-precision": Reading(
            "Share of generated images that lie among the reference images, by torch-fidelity.",
            "share",
        ),
        "prc-recall": Reading(
            "Share of reference images that lie among the generated images, by torch-fidelity.",
            "share",
        ),
        "prc-f-score": Reading(
            "Harmonic mean of precision and recall, by torch-fidelity.", "share"
        ),
    }

    feature_extractor: str = "vgg16"
    prc_neighborhood: Positive = 3

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare two sets of images; nan where a side has no more samples than neighbours."""
        sides = [fake.samples, real.samples]
        if min(map(len, sides)) <= self.prc_neighborhood:
            return dict.fromkeys(self.columns, float("nan"))
        found = self._call(sides, prc=True, prc_neighborhood=self.prc_neighborhood)
        return {
            "prc-precision": found["precision"],
            "prc-recall": found["recall"],
            "prc-f-score": found["f_score"],
        }
