"""The hooks of a plugin. Each returns a list of classes and imports no framework."""

from __future__ import annotations

import pluggy

from ganbench.contracts import Backend, DatasetSource, Extractor, Loss, Metric, Model, Penalty

hookspec = pluggy.HookspecMarker("ganbench")


@hookspec
def ganbench_backends() -> list[type[Backend]]:  # type: ignore[empty-body]
    """Return the frameworks that this plugin brings."""


@hookspec
def ganbench_models() -> list[type[Model]]:  # type: ignore[empty-body]
    """Return the GANs that this plugin brings, each for one backend."""


@hookspec
def ganbench_losses() -> list[type[Loss]]:  # type: ignore[empty-body]
    """Return the adversarial losses that this plugin brings."""


@hookspec
def ganbench_penalties() -> list[type[Penalty]]:  # type: ignore[empty-body]
    """Return the penalties that this plugin brings."""


@hookspec
def ganbench_metrics() -> list[type[Metric]]:  # type: ignore[empty-body]
    """Return the metrics that this plugin brings."""


@hookspec
def ganbench_datasets() -> list[type[DatasetSource]]:  # type: ignore[empty-body]
    """Return the data sets that this plugin brings."""


@hookspec
def ganbench_extractors() -> list[type[Extractor]]:  # type: ignore[empty-body]
    """Return the frozen feature spaces that this plugin brings."""
