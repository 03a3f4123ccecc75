"""Which metric is computed in which feature space, and the key that says all about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ganbench import selectors
from ganbench.contracts import Extractor, Metric, Space, Task
from ganbench.errors import ConfigError, UnknownName
from ganbench.plugins import Catalog
from ganbench.sources import class_hashes


@dataclass(frozen=True)
class Scoring:
    """One metric in one feature space; the key says all that decides its values."""

    metric: Metric
    extractor: Extractor | None

    @property
    def space(self) -> Extractor | Space | None:
        """The features: the extractor's, or those that the metric extracts itself."""
        return self.extractor or getattr(self.metric, "space", None)

    def key(self) -> dict[str, Any]:
        """Metric, options, version, source and extractor id, as the record keeps them."""
        return {
            "metric": self.metric.name,
            "options": selectors.options(self.metric),
            "version": self.metric.version,
            "sources": class_hashes(type(self.metric)),
            "extractor": self.extractor.name if self.extractor else None,
            "extractor_id": self.space.id if self.space else None,
        }

    def columns(self) -> dict[str, str]:
        """Map the metric's own columns to the table's, which name the feature space."""
        suffix = f"-{self.space.name}" if self.space else ""
        return {column: f"{column}{suffix}" for column in self.metric.columns}


def scorings(
    names: list[str] | None,
    task: Task,
    catalog: Catalog,
    spaces: list[str] | None = None,
    weights: Mapping[str, Path] | None = None,
) -> list[Scoring]:
    """The metrics that apply to a task, in every feature space that fits it, made ready.

    `names` are selectors of metrics and `spaces` of extractors; None means every one that fits, but
    for metrics that are for those who ask. `weights` are files by the name of an extractor.
    Raises ConfigError if one that was asked for by name does not apply, and EnvironmentNotReady
    where one needs something that is not there.
    """
    _check_names(weights or {}, catalog)
    texts = _default_metrics(catalog) if names is None else names
    metrics = [
        selectors.build(catalog.get("metrics", selector.name), selector)
        for text in texts
        for selector in selectors.parse(text)
    ]
    fitting = _extractors(spaces, task, catalog)
    found: list[Scoring] = []
    for metric in metrics:
        places = _spaces(metric, task, fitting)
        if not places and names is not None:
            raise ConfigError(
                f"metric {metric.name!r} needs {metric.needs}, which {task.dataset!r} does not have"
            )
        if _fits(metric, task):
            found += [Scoring(metric, place) for place in places]
        elif names is not None:
            raise ConfigError(
                f"metric {metric.name!r} is not meant for {task.dataset!r}; "
                f"`ganbench info {metric.name}` says what it measures"
            )
    return [_ready(scoring, weights or {}) for scoring in found]


def every_scoring(task: Task, catalog: Catalog, spaces: list[str] | None = None) -> list[Scoring]:
    """Every metric that applies to a task in every space, those for who asks by name included.

    Those that need a file which does not ship with them are left out.
    """
    fitting = _extractors(spaces, task, catalog)
    offered = [entry.cls for entry in catalog.entries("metrics")]
    metrics = [cls() for cls in offered if not _takes_weights(cls)]
    return [
        Scoring(metric, place)
        for metric in metrics
        if _fits(metric, task)
        for place in _spaces(metric, task, fitting)
    ]


def applicable(wanted: list[Scoring], followed: bool) -> list[Scoring]:
    """Those of a trial: `followed` says whether its model is tiny and its trajectory was kept."""
    return [scoring for scoring in wanted if followed or scoring.metric.needs != "trajectory"]


def _check_names(weights: Mapping[str, Path], catalog: Catalog) -> None:
    """Raise UnknownName for a file of weights that is for no extractor."""
    known = [entry.name for entry in catalog.entries("extractors") if _takes_weights(entry.cls)]
    for name in weights:
        if name not in known:
            raise UnknownName("extractor with weights", name, known, where="--weights")


def _ready(scoring: Scoring, weights: Mapping[str, Path]) -> Scoring:
    """The same with weights that were found."""
    for part in ("metric", "extractor"):
        plugin = getattr(scoring, part)
        if _takes_weights(plugin):
            scoring = replace(scoring, **{part: plugin.with_weights(weights)})
    return scoring


def _takes_weights(plugin: Any) -> bool:
    return hasattr(plugin, "with_weights")


def _default_metrics(catalog: Catalog) -> list[str]:
    entries = catalog.entries("metrics")
    return [entry.name for entry in entries if getattr(entry.cls, "by_default", True)]


def _extractors(names: list[str] | None, task: Task, catalog: Catalog) -> list[Extractor]:
    """The feature spaces that fit a task; raises ConfigError if one that was named does not.

    General ones are for data that no space is made for, unless they are named.
    """
    if names is None:
        offered = [entry.cls() for entry in catalog.entries("extractors")]
        fitting = [one for one in offered if getattr(one, "by_default", True) and one.fits(task)]
        made_for_it = [one for one in fitting if not getattr(one, "general", False)]
        return made_for_it or fitting
    chosen = [
        selectors.build(catalog.get("extractors", selector.name), selector)
        for text in names
        for selector in selectors.parse(text)
    ]
    for extractor in chosen:
        if not extractor.fits(task):
            raise ConfigError(
                f"extractor {extractor.name!r} does not fit {task.dataset!r}; "
                "`ganbench list extractors` shows the others"
            )
    return chosen


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
