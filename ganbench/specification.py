"""What decides a trial's outcome, as plain data: made from objects of plugins, and back."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
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
    sources: dict[str, str] = {}
    for part in parts:
        sources.update(class_hashes(type(part)))
    specification = {
        "protocol": PROTOCOL,
        "backend": _selection(backend),
        "model": _selection(model),
        "loss": _selection(adversarial) if adversarial else None,
        "penalties": [_selection(penalty) for penalty in penalties],
        "dataset": _selection(source),
        "seed": seed,
        "budget": asdict(budgets.parse(config.budget)),
        "samples": config.samples or source.default_samples,
        "threads": config.threads or len(os.sched_getaffinity(0)),
        "device": config.device,
        "dtype": "float32",
        "sources": dict(sorted(sources.items())),
    }
    labels = (selectors.label(backend), selectors.label(model), loss_label(loss))
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join([*labels, source.name]).lower()).strip("-")
    digest = hashlib.sha256(json.dumps(specification, sort_keys=True).encode()).hexdigest()[:8]
    return Trial(
        f"{slug[:48].rstrip('-')}-s{seed}-{digest}",
        *labels,
        dataset=selectors.label(source),
        budget=str(budgets.parse(config.budget)),
        seed=seed,
        specification=specification,
    )


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


def _selection(plugin: Any) -> dict[str, Any]:
    return {"name": plugin.name, "options": selectors.options(plugin)}
