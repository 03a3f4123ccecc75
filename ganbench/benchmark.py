"""One benchmark from configuration to table: what the command line and the Python API share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganbench import (
    boundary,
    budget,
    counting,
    datasets,
    environment,
    plan,
    plugins,
    portraits,
    scoring,
    selectors,
)
from ganbench import config as configs
from ganbench.config import Config
from ganbench.crew import setup
from ganbench.errors import NothingMatched, UnknownName
from ganbench.headline import folder as folders
from ganbench.headline.headline import Headline
from ganbench.plan import Plan
from ganbench.plugins import Catalog
from ganbench.record import RETRIED, Record
from ganbench.report import folder as reports
from ganbench.runner import Runner, View
from ganbench.samples import load
from ganbench.specification import NO_LOSS, Trial, rebuild
from ganbench.store import Store


@dataclass(frozen=True)
class Prepared:
    """A benchmark of which every name, option and file has been checked."""

    config: Config
    catalog: Catalog
    plan: Plan
    scorings: dict[str, list[scoring.Scoring]]  # by data set label


@dataclass(frozen=True)
class Outcome:
    """What a run left behind. `page` is its report, None where it was not written."""

    folder: Path
    headlines: list[Headline]
    records: list[Record]
    page: Path | None = None

    @property
    def failures(self) -> list[Record]:
        """Trials that did not complete."""
        return [record for record in self.records if record.status != "completed"]


def prepare(file: str | None, overrides: dict[str, Any]) -> Prepared:
    """Resolve the configuration, load the plugins and check everything before any training."""
    values = configs.read(Path(file)) if file else {}
    config = configs.resolve(values, overrides, file or "command line")
    catalog = plugins.load(config.plugins, config.load_plugins)
    planned = plan.make(config, catalog)
    if budget.parse(config.budget).kind == "flops":
        counts = counting.of_trials(planned.trials, catalog, setup(config))
        planned = counting.with_steps(planned, counts)
    weights = configs.weights_files(config)
    scorings = {
        selectors.label(source): scoring.scorings(
            config.metrics, source.task(), catalog, config.extractors, weights
        )
        for source in planned.sources
    }
    _check_headline(config, scorings)
    return Prepared(config, catalog, planned, scorings)


def _check_headline(config: Config, scorings: dict[str, list[scoring.Scoring]]) -> None:
    """Raise UnknownName for a column of the headline that no metric of the benchmark gives."""
    columns = {
        name
        for items in scorings.values()
        for item in items
        for pair in item.columns().items()
        for name in pair
    }
    for name in config.headline:
        if name not in columns:
            raise UnknownName("column", name, sorted(columns), where="headline")


def check_data(prepared: Prepared) -> None:
    """Read every data set once, so that a damaged file is found before any training."""
    location = Path(prepared.config.data) if prepared.config.data else None
    for source in prepared.plan.sources:
        boundary.dataset(source, source.load(location))


def run(
    prepared: Prepared,
    view: Callable[[Plan], AbstractContextManager[View]],
    with_page: bool = True,
) -> Outcome:
    """Run what is missing, write the tables and the report and draw the paths of tiny models."""
    config, planned = prepared.config, prepared.plan
    check_data(prepared)
    store = Store(Path(config.out or f"results/{config.name}"))
    store.prepare()
    store.write_manifest(planned, config.name)
    store.write("config.toml", configs.to_toml(resolved(prepared)))
    store.write_json("environment.json", environment.describe())
    counts = counting.of_trials(_untrained(planned, store), prepared.catalog, setup(config))
    with view(planned) as watching:
        runner = Runner(config, prepared.catalog, store, prepared.scorings, watching, counts)
        records = runner.run(planned)
    write_portraits(store)
    headlines = folders.read(store)
    reports.write_tables(store, headlines)
    page = reports.write_page(store, headlines) if with_page else None
    return Outcome(store.root, headlines, records, page)


def score(
    folder: Path, overrides: dict[str, Any], view: Callable[[Plan], AbstractContextManager[View]]
) -> Outcome:
    """Score what is stored in a folder with these metrics and extractors; nothing is trained.

    Values made before stay in the records. Raises NothingMatched where no trial has samples to
    score, and ConfigError where a metric does not fit the data.
    """
    store = Store(folder)
    planned = Plan(store.planned(), [])
    config = configs.resolve({}, overrides, "command line")
    catalog = plugins.load(config.plugins, config.load_plugins)
    wanted = {}
    for trial in planned.trials:
        if trial.dataset not in wanted:
            task = rebuild(catalog, "datasets", trial.specification["dataset"]).task()
            wanted[trial.dataset] = scoring.scorings(
                config.metrics, task, catalog, config.extractors, configs.weights_files(config)
            )
    with view(planned) as watching:
        records = Runner(config, catalog, store, wanted, watching).score(planned.trials)
    if not records:
        raise NothingMatched(f"{folder}: no trial has completed, so there is nothing to score")
    headlines = folders.read(store)
    reports.write_tables(store, headlines)
    return Outcome(store.root, headlines, records, reports.write_page(store, headlines))


def resolved(prepared: Prepared) -> Config:
    """The configuration with the choices that were left open: run again, it asks the same.

    A choice that is not the same for every data set stays open.
    """
    trials = prepared.plan.trials
    backends = dict.fromkeys(trial.backend for trial in trials if trial.loss != NO_LOSS)
    metrics = {
        tuple(dict.fromkeys(selectors.label(item.metric) for item in scorings))
        for scorings in prepared.scorings.values()
    }
    samples = {trial.specification["samples"] for trial in trials}
    threads = {trial.specification["threads"] for trial in trials}
    choices: dict[str, Any] = {
        "datasets": datasets.kept(prepared.config.datasets, prepared.plan.sources),
    }
    if len(threads) == 1:
        choices["threads"] = threads.pop()
    if backends and prepared.config.backends is None:
        choices["backends"] = list(backends)
    if len(metrics) == 1:
        choices["metrics"] = list(metrics.pop())
    if len(samples) == 1:
        choices["samples"] = samples.pop()
    return prepared.config.model_copy(update=choices)


def write_portraits(store: Store) -> None:
    """Draw all trajectories of two parameters in the folder side by side, where there are any."""
    paths = []
    for record in folders.read_records(store):
        file = store.root / "trials" / record.id / "trajectory.npy"
        sha256 = record.training.get("trajectory_sha256")
        if sha256 and file.is_file():
            points = load(file, sha256)
            labels = (record.backend, record.model, record.loss)
            paths.append(portraits.of_trial(*labels, record.training, points))
    found = [path for path in paths if path]
    if found:
        portraits.draw_overview(found, store.root / "trajectories.png")


def _untrained(planned: Plan, store: Store) -> list[Trial]:
    """The trials that a run will train."""
    found = ((trial, store.load(trial.id)) for trial in planned.trials)
    return [trial for trial, record in found if record is None or record.status in RETRIED]
