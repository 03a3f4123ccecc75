"""From a configuration and a catalog to trials, and to the combinations that are skipped."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ganbench import datasets, schedule, selectors
from ganbench.config import Config
from ganbench.contracts import Task
from ganbench.errors import EnvironmentNotReady, NothingMatched
from ganbench.plugins import Catalog
from ganbench.specification import Trial, loss_label, specify


@dataclass(frozen=True)
class Skipped:
    """A combination that will not be run, and why."""

    backend: str
    model: str
    loss: str
    dataset: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What will be run, in this order, and what will not."""

    trials: list[Trial]
    skipped: list[Skipped]
    sources: list[Any] = field(default_factory=list)  # the data sets, where it was made of a config
    beside: frozenset[str] = frozenset()  # ids of the trials that run side by side, see `schedule`


def make(config: Config, catalog: Catalog) -> Plan:
    """Combine all that the configuration names; every name and option is checked here.

    Raises ConfigError for unknown names, EnvironmentNotReady for backends that are not installed
    and NothingMatched where no combination is left.
    """
    skipped: list[Skipped] = []
    backends = _backends(config, catalog, skipped)
    losses = [combination for text in config.losses for combination in read_loss(text, catalog)]
    sources = datasets.chosen(config.datasets, catalog)
    trials: list[Trial] = []
    beside: set[str] = set()
    for seed in range(config.seeds):
        for source in sources:
            models = list(_models(config, catalog, backends, source.task(), skipped, seed == 0))
            for model, on in models:
                for loss in losses if _needs_loss(model) else [(None, ())]:
                    reason = clash(model, loss)
                    if reason:
                        if seed == 0:
                            skipped.append(_skip(on, model, loss_label(loss), source.name, reason))
                        continue
                    for threads in _threads(config, model, models):
                        setting = config.model_copy(update={"threads": threads})
                        trials.append(specify(setting, on, model, loss, source, seed))
                        if schedule.is_beside(config, model):
                            beside.add(trials[-1].id)
    unique = _interleaved({trial.id: trial for trial in trials}.values())
    named = {selector.name for text in config.models for selector in selectors.parse(text)}
    # Baselines alone would look like an answer.
    if not any(trial.specification["model"]["name"] in named for trial in unique):
        reasons = "; ".join(sorted({item.reason for item in skipped}))
        raise NothingMatched(f"nothing to run: {reasons or 'no model was named'}")
    return Plan(unique, skipped, sources, frozenset(beside))


def _threads(config: Config, model: Any, models: list[tuple[Any, Any]]) -> list[int]:
    """Threads of a model's trials; a baseline is run with those of every GAN that it stands by."""
    gans = [] if _needs_loss(model) else [other for other, _ in models if _needs_loss(other)]
    return sorted({schedule.threads(config, other) for other in gans or [model]})


def _needs_loss(model: Any) -> bool:
    return getattr(model, "needs_loss", True)


def _interleaved(trials: Iterable[Trial]) -> list[Trial]:
    """Order trials by seed, so that every row grows, then with the backends side by side.

    A machine whose speed drifts then meets the backends of one model and loss alike.
    """
    models: dict[str, int] = {}
    losses: dict[str, int] = {}
    for trial in (trials := list(trials)):
        models.setdefault(trial.model, len(models))
        losses.setdefault(trial.loss, len(losses))
    return sorted(trials, key=lambda trial: (trial.seed, models[trial.model], losses[trial.loss]))


def installed(backend: type[Any]) -> bool:
    """Say whether a backend's framework can be imported, without importing it."""
    try:
        return all(importlib.util.find_spec(module) for module in backend.requires)
    except ModuleNotFoundError:  # the package that the module is a part of
        return False


def how_to_install(backend: type[Any]) -> str:
    """One line for a user whose framework is missing."""
    return f"{backend.name} is not installed; pip install 'ganbench[{backend.extra}]'"


def _backends(config: Config, catalog: Catalog, skipped: list[Skipped]) -> list[Any]:
    """The backends to train on; those not named by the user are left out where not installed."""
    if config.backends is not None:
        chosen = built(config.backends, "backends", catalog)
        for backend in chosen:
            if not installed(type(backend)):
                raise EnvironmentNotReady(how_to_install(type(backend)))
        return chosen
    chosen, absent = [], []
    for entry in catalog.entries("backends"):
        if installed(entry.cls):
            chosen.append(selectors.build(entry.cls, selectors.Selector(entry.name)))
        else:
            absent.append(entry.cls)
            skipped.append(Skipped(entry.name, "*", "*", "*", how_to_install(entry.cls)))
    if absent and not any(backend.requires for backend in chosen):
        raise EnvironmentNotReady("; ".join(how_to_install(cls) for cls in absent))
    return chosen


def _models(
    config: Config,
    catalog: Catalog,
    backends: list[Any],
    task: Task,
    skipped: list[Skipped],
    note_skipped: bool,
) -> Iterator[tuple[Any, Any]]:
    """Pairs of a model and its backend: the baselines where they live, the models on each."""
    baseline_backends = [
        selectors.build(entry.cls, selectors.Selector(entry.name))
        for entry in catalog.entries("backends")
        if not entry.cls.requires
    ]
    wanted = [(text, baseline_backends) for text in config.baselines]
    wanted += [(text, backends) for text in config.models]
    for text, places in wanted:
        for selector in selectors.parse(text):
            offers = [(catalog.model(selector.name, place.name), place) for place in places]
            for cls, place in offers:
                if cls is None:
                    named = config.backends is not None and places is backends
                    nowhere = not any(other for other, _ in offers)
                    if note_skipped and (named or nowhere):
                        reason = f"{place.name} has no model {selector.name!r}"
                        skipped.append(_skip_names(place, text, task.dataset, reason))
                    continue
                model = selectors.build(cls, selector)
                reason = model.unsuitable(task)
                if reason is None:
                    yield model, place
                elif note_skipped:
                    skipped.append(_skip_names(place, text, task.dataset, reason))


def read_loss(text: str, catalog: Catalog) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Read 'loss+penalty+...' into objects, one pair for each combination of alternatives."""
    for first, *rest in selectors.parse_sum(text):
        loss = selectors.build(catalog.get("losses", first.name), first)
        penalties = [selectors.build(catalog.get("penalties", item.name), item) for item in rest]
        yield loss, tuple(penalties)


def built(texts: list[str], kind: str, catalog: Catalog) -> list[Any]:
    """Give the objects that these selectors select, one for each combination of alternatives."""
    return [
        selectors.build(catalog.get(kind, selector.name), selector)
        for text in texts
        for selector in selectors.parse(text)
    ]


def clash(model: Any, loss: tuple[Any, tuple[Any, ...]]) -> str | None:
    """Say why this model cannot be trained with these penalties, or None."""
    if not getattr(model, "batch_norm_in_discriminator", False):
        return None
    parts = [part for part in (loss[0], *loss[1]) if getattr(part, "differentiates", ())]
    if not parts:
        return None
    return (
        f"{parts[0].name} needs a gradient per image, which batch normalisation in the "
        f"discriminator of {model.name} does not leave"
    )


def _skip(backend: Any, model: Any, loss: str, dataset: str, reason: str) -> Skipped:
    return Skipped(selectors.label(backend), selectors.label(model), loss, dataset, reason)


def _skip_names(backend: Any, model: str, dataset: str, reason: str) -> Skipped:
    return Skipped(selectors.label(backend), model, "*", dataset, reason)
