"""What decides a trial's outcome, as plain data: made from objects of plugins, and back."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ganbench import budget as budgets
from ganbench import selectors
from ganbench.config import Config
from ganbench.errors import ConfigError
from ganbench.plugins import Catalog
from ganbench.sources import class_hashes

# Raise it when the harness's own part of a trial changes: streams, row order, sampling.
PROTOCOL = 1
NO_LOSS = "none"


@dataclass(frozen=True)
class Trial:
    """One training to be done. The specification says all that decides its outcome."""

    id: str
    backend: str
    model: str
    loss: str
    dataset: str
    budget: str
    seed: int
    specification: dict[str, Any]


def specify(
    config: Config,
    backend: Any,
    model: Any,
    loss: tuple[Any, tuple[Any, ...]],
    source: Any,
    seed: int,
) -> Trial:
    """Give the trial of these objects; `loss` is a pair of a loss, or None, and its penalties."""
    adversarial, penalties = loss
    parts = [backend, model, source, *([adversarial] if adversarial else []), *penalties]
    specification = {
        "protocol": PROTOCOL,
        "backend": selection(backend),
        "model": selection(model),
        "loss": selection(adversarial) if adversarial else None,
        "penalties": [selection(penalty) for penalty in penalties],
        "dataset": selection(source),
        "seed": seed,
        "budget": asdict(budgets.parse(config.budget)),
        "samples": config.samples or source.default_samples,
        "checkpoints": config.checkpoints if adversarial else 0,  # a baseline has no way to follow
        "threads": config.threads or len(os.sched_getaffinity(0)),
        "device": config.device,
        "dtype": "float32",
        "sources": hashes(parts),
    }
    labels = (selectors.label(backend), selectors.label(model), loss_label(loss))
    return identified(
        Trial(
            f"{slug(*labels, source.task().dataset, length=48)}-s{seed}-",
            *labels,
            dataset=selectors.label(source),
            budget=str(budgets.parse(config.budget)),
            seed=seed,
            specification=specification,
        )
    )


def identified(trial: Trial) -> Trial:
    """The trial with the id of its specification, under the readable part that it has."""
    readable = trial.id.rpartition("-")[0]
    return replace(trial, id=f"{readable}-{digest(trial.specification)}")


def rebuild(catalog: Catalog, kind: str, selection: dict[str, Any], backend: str = "") -> Any:
    """Make a plugin's object again from a specification."""
    name = selection["name"]
    cls = catalog.model(name, backend) if kind == "models" else catalog.get(kind, name)
    if cls is None:
        raise ConfigError(f"{backend} has no model {name!r}")
    return selectors.build(cls, selectors.Selector(name, tuple(selection["options"].items())))


def loss_label(loss: tuple[Any, tuple[Any, ...]]) -> str:
    """The shortest text that selects this loss with its penalties."""
    if loss[0] is None:
        return NO_LOSS
    return "+".join(selectors.label(part) for part in (loss[0], *loss[1]))


def rebuild_loss(catalog: Catalog, specification: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """Make the loss, or None, and its penalties again from a specification."""
    if specification["loss"] is None:
        return None, ()
    loss = rebuild(catalog, "losses", specification["loss"])
    penalties = (rebuild(catalog, "penalties", item) for item in specification["penalties"])
    return loss, tuple(penalties)


def selection(plugin: Any) -> dict[str, Any]:
    """Name and options, defaults included: what `rebuild` makes the object of again."""
    return {"name": plugin.name, "options": selectors.options(plugin)}


def hashes(parts: Iterable[Any]) -> dict[str, str]:
    """Hashes of the sources that these objects come from, by module."""
    found: dict[str, str] = {}
    for part in parts:
        found.update(class_hashes(type(part)))
    return dict(sorted(found.items()))


def slug(*labels: str, length: int) -> str:
    """The readable part of a file name made of labels, cut to a length."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(labels).lower()).strip("-")[:length].rstrip("-")


def digest(values: Any) -> str:
    """Eight hexadecimal digits that stand for plain data."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]
