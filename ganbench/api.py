"""ganbench from Python: one call, one data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from ganbench import benchmark, table
from ganbench.view import SilentView

Names = str | Sequence[str] | None


def run(
    file: str | Path | None = None,
    *,
    backend: Names = None,
    model: Names = None,
    loss: Names = None,
    dataset: Names = None,
    metric: Names = None,
    extractor: Names = None,
    baseline: Names = None,
    seeds: int | None = None,
    budget: str | None = None,
    samples: int | None = None,
    checkpoints: int | None = None,
    threads: int | None = None,
    jobs: int | Literal["auto"] | None = None,
    device: str | None = None,
    timeout: float | None = None,
    plugin: Names = None,
    load_plugin: Names = None,
    data: str | Path | None = None,
    weights: Mapping[str, str | Path] | None = None,
    out: str | Path | None = None,
) -> pd.DataFrame:
    """Run a benchmark and return its table, one row per backend, model and loss.

    `file` is a benchmark's TOML file; every other argument means what the option of `ganbench
    run` means, and None leaves the file's or the default value; `weights` maps names of extractors
    to files. Failed trials are counted in the column `failed`. Raises GanbenchError for whatever
    the command line would refuse.
    """
    overrides = {
        "backends": _list(backend),
        "models": _list(model),
        "losses": _list(loss),
        "datasets": _list(dataset),
        "metrics": _list(metric),
        "extractors": _list(extractor),
        "baselines": _list(baseline),
        "plugins": _list(plugin),
        "load_plugins": _list(load_plugin),
        "seeds": seeds,
        "budget": budget,
        "samples": samples,
        "checkpoints": checkpoints,
        "threads": threads,
        "jobs": jobs,
        "device": device,
        "trial_timeout_seconds": timeout,
        "data": str(data) if data else None,
        "weights": {name: str(file) for name, file in weights.items()} if weights else None,
        "out": str(out) if out else None,
    }
    prepared = benchmark.prepare(str(file) if file else None, overrides)
    outcome = benchmark.run(prepared, lambda plan: SilentView())
    return table.to_frame(outcome.sections)


def _list(names: Names) -> list[str] | None:
    if names is None:
        return None
    return [names] if isinstance(names, str) else [str(name) for name in names]
