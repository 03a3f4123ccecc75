"""Score samples: samples -> features -> metric values. Knows no model and no framework."""

from __future__ import annotations

import importlib.metadata
import math
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ganbench import boundary
from ganbench.contracts import Dataset, Extractor, FeatureSet, Metric, Split
from ganbench.feature_cache import FeatureCache
from ganbench.samples import sha256_of
from ganbench.scoring import Scoring
from ganbench.streams import Stream

LIBRARIES = ("numpy", "scipy")  # whose versions may move a value

Values = dict[str, float]


@dataclass(frozen=True)
class Checkpoint:
    """Samples of a training that was not done yet; they are read when they are scored."""

    reached: dict[str, Any]  # images, updates, train_seconds
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Evidence:
    """What a trial left behind to be scored."""

    samples: np.ndarray
    seed: int
    images: int = 0  # shown to the discriminator in the whole training
    trajectory: np.ndarray | None = None
    checkpoints: Sequence[Checkpoint] = ()


class Evaluator:
    """Scores sets of samples against one data set; features of its splits are computed once."""

    def __init__(
        self,
        dataset: Dataset,
        cache: FeatureCache | None = None,
        report: Callable[[str], None] = lambda phase: None,
    ) -> None:
        self.dataset, self.cache, self.report = dataset, cache, report
        self._splits: dict[tuple[str, str | None], FeatureSet] = {}
        self._fitted: dict[str, Extractor] = {}
        self._hashes: dict[str, str] = {}

    def score(self, evidence: Evidence, wanted: list[Scoring]) -> list[dict[str, Any]]:
        """Values of every scoring, each with its fingerprint; each space is extracted once.

        Metrics that are computed at checkpoints have a `curve` of them too, and, where the data
        set has a validation split, their values against it.
        """
        fakes = self._sides(evidence.samples, wanted)
        scores = []
        for scoring in wanted:
            fake = replace(fakes[_space_id(scoring)], trajectory=evidence.trajectory)
            self.report(_phase(scoring))
            values = self._values(scoring, fake, self.dataset.reference, evidence.seed)
            counts = len(self.dataset.reference.samples), len(fake.samples)
            told = _table_part(scoring, values, _unranked(scoring, *counts))
            scores.append({**self._fingerprint(scoring, fake), **told})
        curved = [number for number, item in enumerate(wanted) if _is_curved(item)]
        curves = self._curves(evidence, [wanted[number] for number in curved])
        for number, curve in zip(curved, curves, strict=True):
            scoring, final = wanted[number], scores[number]
            validation = self._validation(scoring, fakes[_space_id(scoring)], evidence.seed)
            final |= {"curve": curve, "validation": validation}
            if hasattr(scoring.metric, "verdict"):
                history = [(point["images"], _own(scoring, point["values"])) for point in curve]
                history.append((evidence.images, _own(scoring, final["values"])))
                final["verdict"] = scoring.metric.verdict(history)
        return scores

    def _curves(self, evidence: Evidence, curved: list[Scoring]) -> list[list[dict[str, Any]]]:
        """The points of each scoring at the checkpoints, one checkpoint in memory at a time."""
        curves: list[list[dict[str, Any]]] = [[] for _ in curved]
        for number, checkpoint in enumerate(evidence.checkpoints if curved else (), 1):
            self.report(f"checkpoint {number} of {len(evidence.checkpoints)}")
            fakes = self._sides(checkpoint.read(), curved)
            for scoring, curve in zip(curved, curves, strict=True):
                fake = fakes[_space_id(scoring)]
                values = self._values(scoring, fake, self.dataset.reference, evidence.seed)
                found = self._validation(scoring, fake, evidence.seed)
                curve.append(
                    {
                        **checkpoint.reached,
                        "values": _renamed(scoring, values),
                        "validation": found["values"] if found else None,
                    }
                )
        return curves

    def _validation(self, scoring: Scoring, fake: FeatureSet, seed: int) -> dict[str, Any] | None:
        """The values against the validation split, by which a checkpoint may be chosen."""
        split = self.dataset.validation
        if split is None or not _can_choose(scoring):
            return None
        values = self._values(scoring, fake, split, seed)
        return {**self._split_fingerprint(split), "values": _renamed(scoring, values)}

    def _values(self, scoring: Scoring, fake: FeatureSet, split: Split, seed: int) -> Values:
        metric = scoring.metric
        real = self._features_of(split, scoring.extractor)
        if getattr(metric, "uses_training", False):
            training = self._features_of(self.dataset.train, scoring.extractor)
            real = replace(real, training=training.features)
        values = metric.compute(real, fake, Stream(seed, f"metric/{metric.name}").at(0))
        boundary.metric_values(metric, values)
        return values

    def _fingerprint(self, scoring: Scoring, fake: FeatureSet) -> dict[str, Any]:
        """All that a reader has to know to compare this value with another."""
        space = self._ready(scoring.extractor) if scoring.extractor else scoring.space
        return {
            **scoring.key(),
            "weights_sha256": getattr(space, "weights_sha256", None),
            "preprocessing": getattr(space, "preprocessing", None),
            "reference": {
                "dataset": self.dataset.task.dataset,
                "data_sha256": self.dataset.sha256,
                **self._split_fingerprint(self.dataset.reference),
            },
            "n": len(fake.samples),
            "libraries": {
                "python": platform.python_version(),
                **{
                    name: importlib.metadata.version(name)
                    for name in (*LIBRARIES, *getattr(space, "libraries", ()))
                },
            },
        }

    def _split_fingerprint(self, split: Split) -> dict[str, Any]:
        if split.name not in self._hashes:
            self._hashes[split.name] = sha256_of(split.samples)
        return {
            "split": split.name,
            "n": len(split.samples),
            "split_sha256": self._hashes[split.name],
        }

    def _features_of(self, split: Split, extractor: Extractor | None) -> FeatureSet:
        key = split.name, extractor.id if extractor else None
        if key not in self._splits:
            self._splits[key] = self._side(split.samples, extractor, split.labels, self.cache)
        return self._splits[key]

    def _sides(self, samples: np.ndarray, wanted: list[Scoring]) -> dict[str | None, FeatureSet]:
        spaces = {_space_id(scoring): scoring.extractor for scoring in wanted}
        return {key: self._side(samples, space) for key, space in spaces.items()}

    def _side(
        self,
        samples: np.ndarray,
        extractor: Extractor | None,
        labels: np.ndarray | None = None,
        cache: FeatureCache | None = None,
    ) -> FeatureSet:
        features = logits = None
        if extractor is not None:
            self.report(f"features {extractor.name}")
            space = self._ready(extractor)
            extract = cache.extract(samples, space) if cache else space.extract(samples)
            boundary.features(space, extract, len(samples))
            features, logits = extract[0].astype(np.float64), extract[1]
        return FeatureSet(samples, features, logits, labels, self.dataset.mixture)

    def _ready(self, extractor: Extractor) -> Extractor:
        """The extractor itself, or the one that it makes from the training images."""
        if not hasattr(extractor, "fit"):
            return extractor
        if extractor.id not in self._fitted:
            self._fitted[extractor.id] = extractor.fit(self.dataset.train.samples)
        return self._fitted[extractor.id]


def _is_curved(scoring: Scoring) -> bool:
    return bool(getattr(scoring.metric, "at_checkpoints", False))


def _can_choose(scoring: Scoring) -> bool:
    """Whether the metric looks at real samples and has a shown column with a better direction."""
    metric = scoring.metric
    beside = getattr(metric, "beside", ())
    return metric.needs != "logits" and any(
        direction != "none" and name not in beside for name, direction in metric.columns.items()
    )


def _phase(scoring: Scoring) -> str:
    return f"{scoring.metric.name} {scoring.extractor.name if scoring.extractor else ''}".strip()


def _unranked(scoring: Scoring, real: int, fake: int) -> str:
    """Why values of so many samples are not ranked, or ""."""
    tell = getattr(scoring.metric, "unranked", None)
    return str(tell(real, fake)) if tell else ""


def _table_part(scoring: Scoring, values: Values, unranked: str) -> dict[str, Any]:
    """Values, directions, readings and auxiliary columns, by the table's names of columns."""
    columns = scoring.columns()
    beside = getattr(scoring.metric, "beside", ())
    directions = {column: scoring.metric.columns[name] for name, column in columns.items()}
    if unranked:
        directions = dict.fromkeys(directions, "none")
    return {
        "values": _renamed(scoring, values),
        "directions": directions,
        "beside": sorted(column for name, column in columns.items() if name in beside),
        "readings": readings(scoring.metric, columns),
        **({"unranked": unranked} if unranked else {}),
    }


def readings(metric: Metric | type[Metric], columns: Mapping[str, str]) -> dict[str, Any]:
    """The readings that a metric declares, as a score stores them.

    `columns` maps the metric's own names of columns to the table's. Columns without a reading are
    left out.
    """
    declared = getattr(metric, "readings", {})
    return {column: asdict(declared[name]) for name, column in columns.items() if name in declared}


def _renamed(scoring: Scoring, values: Values) -> dict[str, float | None]:
    return {column: _number(values[name]) for name, column in scoring.columns().items()}


def _own(scoring: Scoring, values: dict[str, float | None]) -> Values:
    """A metric's values by its own names of columns; nan where there is none."""
    found = {name: values[column] for name, column in scoring.columns().items()}
    return {name: math.nan if value is None else value for name, value in found.items()}


def _space_id(scoring: Scoring) -> str | None:
    return scoring.extractor.id if scoring.extractor else None


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity; a value that is not a number is absent."""
    return float(value) if math.isfinite(value) else None
