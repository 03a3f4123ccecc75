"""ganbench from Python: one call, one data frame."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from ganbench import benchmark
from ganbench.headline.frame import to_frame
from ganbench.headline.headline import Headline
from ganbench.plan import Plan
from ganbench.report import notebook
from ganbench.report.tidy import TidyRow, tidy
from ganbench.view import LineView, SilentView

Progress = Callable[[str], None]
Names = str | Sequence[str] | None


def to_stderr(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


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
    baselines: bool = True,
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
    report: bool = True,
    progress: Progress | None = to_stderr,
    long: bool = False,
) -> pd.DataFrame:
    """Run a benchmark and return the table of its results folder.

    `file` is a benchmark's TOML file. Every other argument means what the option of `ganbench run`
    means, and None leaves the file's or the default value. `weights` maps names of extractors to
    files; `baselines=False` leaves the reference rows out; `report=False` does not write
    report.html. `progress` is called with one line per trial; None silences it.

    Returns one row per backend, model and loss with the headline's columns, see
    `ganbench.headline.frame.to_frame`; a notebook shows it as the headline. With `long=True`,
    returns one row per backend, model, loss, metric and seed, see `ganbench.report.tidy.TidyRow`.
    Raises GanbenchError where the command line would print an error.
    """
    overrides = {
        "backends": _list(backend),
        "models": _list(model),
        "losses": _list(loss),
        "datasets": _list(dataset),
        "metrics": _list(metric),
        "extractors": _list(extractor),
        "baselines": _list(baseline) if baselines else [],
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

    def observer(plan: Plan) -> SilentView:
        return LineView(plan, progress) if progress else SilentView()

    outcome = benchmark.run(prepared, observer, with_page=report)
    return (
        _long(outcome.headlines)
        if long
        else to_frame(outcome.headlines, notebook.to_html(outcome.headlines))
    )


def _long(headlines: Sequence[Headline]) -> pd.DataFrame:
    rows = tidy(headline.table for headline in headlines)
    return pd.DataFrame(list(rows), columns=list(TidyRow._fields))


def _list(names: Names) -> list[str] | None:
    if names is None:
        return None
    return [names] if isinstance(names, str) else [str(name) for name in names]
