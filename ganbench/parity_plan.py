"""From a matrix and a catalog to cases of parity, and to the combinations that are skipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ganbench import parity_trace, selectors
from ganbench.errors import ConfigError, EnvironmentNotReady, NothingMatched
from ganbench.parity_matrix import Group, Matrix
from ganbench.plan import Skipped, built, clash, how_to_install, installed, read_loss
from ganbench.plugins import Catalog
from ganbench.specification import hashes, loss_label, selection

LONGEST_FLOAT32_STEPS = 10  # beyond them rounding alone drives any two trainings apart


@dataclass(frozen=True)
class Case:
    """One model and loss, to be trained on all of these backends and compared with the first."""

    model: str
    loss: str
    specifications: dict[str, dict[str, Any]]  # by backend label, for parity_trace.trace
    sources: dict[str, dict[str, str]]  # by backend label


@dataclass(frozen=True)
class ParityPlan:
    """What will be compared, and what will not."""

    cases: list[Case]
    skipped: list[Skipped]


def make(matrix: Matrix, seed: int, catalog: Catalog) -> ParityPlan:
    """Combine all that the matrix names; every name and option is checked here.

    Raises ConfigError for unknown names, EnvironmentNotReady where fewer than two backends are
    there and NothingMatched where nothing is left to compare.
    """
    backends = _backends(matrix.backends, catalog)
    cases: dict[str, Case] = {}
    skipped: list[Skipped] = []
    for group in matrix.group:
        losses = [loss for text in group.losses for loss in read_loss(text, catalog)]
        for text in group.models:
            for selector in selectors.parse(text):
                models = _models(selector, backends, catalog, skipped)
                task = _task(models, group.task, skipped)
                if task is None:
                    continue
                setting = {"task": task, **_setting(matrix, group), "seed": seed}
                for case in _cases(models, losses, setting, skipped):
                    cases[json.dumps(case.specifications, sort_keys=True)] = case
    if not cases:
        reasons = "; ".join(sorted({item.reason for item in skipped}))
        raise NothingMatched(f"nothing to compare: {reasons or 'no model was named'}")
    return ParityPlan(list(cases.values()), skipped)


def _backends(named: list[str] | None, catalog: Catalog) -> list[Any]:
    """The backends to compare, the one that the others are held against first."""
    texts = named
    if texts is None:
        entries = [entry for entry in catalog.entries("backends") if entry.cls.requires]
        texts = [entry.name for entry in entries if installed(entry.cls)]
    chosen = {selectors.label(item): item for item in built(texts, "backends", catalog)}
    for backend in chosen.values():
        if not installed(type(backend)):
            raise EnvironmentNotReady(how_to_install(type(backend)))
    if len(chosen) < 2:
        there = f"there is {', '.join(chosen)}" if chosen else "there is none"
        problem = f"parity compares two backends and {there}"
        if named is None:
            raise EnvironmentNotReady(f"{problem}; pip install 'ganbench[all]'")
        raise ConfigError(f"{problem}; name another one with --backends")
    return list(chosen.values())


def _models(
    selector: selectors.Selector, backends: list[Any], catalog: Catalog, skipped: list[Skipped]
) -> list[tuple[Any, Any]]:
    """The backends that have this model, each with it, if there are two with the first."""
    found = []
    for backend in backends:
        cls = catalog.model(selector.name, backend.name)
        if cls is None:
            reason = f"{backend.name} has no model {selector.name!r}"
            skipped.append(Skipped(selectors.label(backend), selector.name, "*", "*", reason))
        elif not getattr(cls, "needs_loss", True):
            reason = f"{selector.name} is a baseline and trains with no loss"
            skipped.append(Skipped(selectors.label(backend), selector.name, "*", "*", reason))
        else:
            found.append((backend, selectors.build(cls, selector)))
    return found if len(found) > 1 and found[0][0] is backends[0] else []


def _task(models: list[tuple[Any, Any]], asked: str | None, skipped: list[Skipped]) -> str | None:
    """The task asked for, or the first one that suits the model; None where there is none."""
    if not models:
        return None
    names = (asked,) if asked else parity_trace.TASKS
    reasons: dict[str, None] = {}
    for name in names:
        found = [model.unsuitable(parity_trace.task(name)) for _, model in models]
        if not any(found):
            return name
        reasons.update(dict.fromkeys(filter(None, found)))
    skipped.append(_skip(*models[0], "*", asked or "*", "; ".join(reasons)))
    return None


def _setting(matrix: Matrix, group: Group) -> dict[str, Any]:
    dtype = group.dtype or matrix.dtype
    steps = group.steps or matrix.steps
    return {
        "steps": min(steps, LONGEST_FLOAT32_STEPS) if dtype == "float32" else steps,
        "dtype": dtype,
    }


def _cases(
    models: list[tuple[Any, Any]],
    losses: list[tuple[Any, tuple[Any, ...]]],
    setting: dict[str, Any],
    skipped: list[Skipped],
) -> Iterator[Case]:
    """One case for every loss that the model can be trained with."""
    for loss in losses:
        reason = clash(models[0][1], loss)
        if reason:
            skipped.append(_skip(*models[0], loss_label(loss), setting["task"], reason))
        else:
            yield _case(models, loss, setting)


def _case(
    models: list[tuple[Any, Any]], loss: tuple[Any, tuple[Any, ...]], setting: dict[str, Any]
) -> Case:
    adversarial, penalties = loss
    of_loss = {
        "loss": selection(adversarial),
        "penalties": [selection(penalty) for penalty in penalties],
    }
    specifications, sources = {}, {}
    for backend, model in models:
        of_backend = {"backend": selection(backend), "model": selection(model)}
        specifications[selectors.label(backend)] = {**of_backend, **of_loss, **setting}
        sources[selectors.label(backend)] = hashes([backend, model, adversarial, *penalties])
    return Case(selectors.label(models[0][1]), loss_label(loss), specifications, sources)


def _skip(backend: Any, model: Any, loss: str, task: str, reason: str) -> Skipped:
    return Skipped(selectors.label(backend), selectors.label(model), loss, task, reason)
