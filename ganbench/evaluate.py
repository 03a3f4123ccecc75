"""Score samples: samples -> features -> metric values. Knows no model and no framework."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ganbench import selectors
from ganbench.contracts import Dataset, Extractor, FeatureSet, Metric, Task
from ganbench.errors import ConfigError
from ganbench.plugins import Catalog
from ganbench.sources import class_hashes
from ganbench.streams import Stream


@dataclass(frozen=True)
class Scoring:
    """One metric in one feature space; the key says all that decides its values."""

    metric: Metric
    extractor: Extractor | None

    def key(self) -> dict[str, Any]:
        """Metric, options, version, source and extractor id, as the record keeps them."""
        return {
            "metric": self.metric.name,
            "options": selectors.options(self.metric),
            "version": self.metric.version,
            "sources": class_hashes(type(self.metric)),
            "extractor": self.extractor.name if self.extractor else None,
            "extractor_id": self.extractor.id if self.extractor else None,
        }

    def columns(self) -> dict[str, str]:
        """Map the metric's own columns to the table's, which name the feature space."""
        suffix = f"-{self.extractor.name}" if self.extractor else ""
        return {column: f"{column}{suffix}" for column in self.metric.columns}


def scorings(names: list[str] | None, task: Task, catalog: Catalog) -> list[Scoring]:
    """The metrics that apply to a task, in every feature space that fits it.

    `names` are selectors; None means every metric. Raises ConfigError if a metric that was asked
    for by name does not apply.
    """
    texts = catalog.names("metrics") if names is None else names
    metrics = [
        selectors.build(catalog.get("metrics", selector.name), selector)
        for text in texts
        for selector in selectors.parse(text)
    ]
    extractors = [entry.cls() for entry in catalog.entries("extractors")]
    fitting = [extractor for extractor in extractors if extractor.fits(task)]
    found: list[Scoring] = []
    for metric in metrics:
        spaces = _spaces(metric, task, fitting)
        if not spaces and names is not None:
            raise ConfigError(
                f"metric {metric.name!r} needs {metric.needs}, which {task.dataset!r} does not have"
            )
        if _fits(metric, task):
            found += [Scoring(metric, space) for space in spaces]
        elif names is not None:
            raise ConfigError(
                f"metric {metric.name!r} is not meant for {task.dataset!r}; "
                f"`ganbench info {metric.name}` says what it measures"
            )
    return found


def applicable(wanted: list[Scoring], followed: bool) -> list[Scoring]:
    """Those of a trial: `followed` says whether its model is tiny and its trajectory was kept."""
    return [scoring for scoring in wanted if followed or scoring.metric.needs != "trajectory"]


def _fits(metric: Metric, task: Task) -> bool:
    fits = getattr(metric, "fits", None)
    return fits is None or fits(task)


def _spaces(metric: Metric, task: Task, fitting: list[Extractor]) -> list[Extractor | None]:
    if metric.needs == "trajectory":
        return [None]
    if metric.needs == "points":
        return [None] if task.kind == "points" else []
    if task.kind != "images":
        return []
    if metric.needs == "images":
        return [None]
    if metric.needs == "logits":
        return [space for space in fitting if getattr(space, "has_logits", False)]
    return list(fitting)


class Evaluator:
    """Scores sets of samples against one data set; features of its reference are computed once."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._references: dict[str | None, FeatureSet] = {}

    def score(
        self,
        samples: np.ndarray,
        wanted: list[Scoring],
        seed: int,
        trajectory: np.ndarray | None = None,
    ) -> list[dict[str, Any]]:
        """Values of every scoring, each with its fingerprint; each space is extracted once."""
        spaces = {_space_id(scoring): scoring.extractor for scoring in wanted}
        fakes = {
            key: replace(self._features(samples, space), trajectory=trajectory)
            for key, space in spaces.items()
        }
        return [self._one(scoring, fakes[_space_id(scoring)], seed) for scoring in wanted]

    def _one(self, scoring: Scoring, fake: FeatureSet, seed: int) -> dict[str, Any]:
        rng = Stream(seed, f"metric/{scoring.metric.name}").at(0)
        real = self._reference(scoring.extractor)
        values = scoring.metric.compute(real, fake, rng)
        if set(values) != set(scoring.metric.columns):
            raise ConfigError(
                f"metric {scoring.metric.name!r} promises the columns "
                f"{sorted(scoring.metric.columns)} and gave {sorted(values)}"
            )
        split = self.dataset.reference
        return {
            **scoring.key(),
            "reference": {
                "dataset": self.dataset.task.dataset,
                "split": split.name,
                "n": len(split.samples),
                "data_sha256": self.dataset.sha256,
            },
            "n": len(fake.samples),
            "values": {column: _number(values[name]) for name, column in scoring.columns().items()},
            "directions": {
                column: scoring.metric.columns[name] for name, column in scoring.columns().items()
            },
            "beside": sorted(
                column
                for name, column in scoring.columns().items()
                if name in getattr(scoring.metric, "beside", ())
            ),
        }

    def _reference(self, extractor: Extractor | None) -> FeatureSet:
        key = extractor.id if extractor else None
        if key not in self._references:
            split = self.dataset.reference
            self._references[key] = self._features(split.samples, extractor, split.labels)
        return self._references[key]

    def _features(
        self, samples: np.ndarray, extractor: Extractor | None, labels: np.ndarray | None = None
    ) -> FeatureSet:
        features = logits = None
        if extractor is not None:
            features, logits = extractor.extract(samples)
            features = features.astype(np.float64)
            logits = None if logits is None else logits.astype(np.float64)
        return FeatureSet(samples, features, logits, labels, self.dataset.mixture)


def _space_id(scoring: Scoring) -> str | None:
    return scoring.extractor.id if scoring.extractor else None


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity; a value that is not a number is absent."""
    return float(value) if math.isfinite(value) else None
