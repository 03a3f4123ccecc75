"""What `list`, `plan` and `plugins` print."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ganbench.devices import Placement
from ganbench.plan import Plan, installed
from ganbench.plugins import Catalog


def offers(catalog: Catalog, kinds: list[str]) -> RenderableType:
    """One table for each kind."""
    tables: list[RenderableType] = []
    for kind in kinds:
        table = Table("name", "what it is", "plugin", title=kind, title_justify="left")
        for name, entries in _by_name(catalog, kind).items():
            shown = name
            if kind == "models":
                shown += " (" + ", ".join(entry.cls.backend for entry in entries) + ")"
            if kind == "backends" and not installed(entries[0].cls):
                shown += " (not installed)"
            plugins = ", ".join(dict.fromkeys(entry.plugin.name for entry in entries))
            table.add_row(Text(shown), Text(_first_line(entries[0].cls)), Text(plugins))
        if table.row_count:
            tables.append(table)
    return Group(*tables)


def plan(planned: Plan) -> RenderableType:
    """The trials and the skipped combinations."""
    trials = Table("#", "backend", "model", "loss", "data set", "budget", "seed")
    if planned.beside:
        trials.add_column("runs")
    for number, trial in enumerate(planned.trials, 1):
        cells = (trial.backend, trial.model, trial.loss, trial.dataset, trial.budget)
        runs = ["beside others" if trial.id in planned.beside else "alone"]
        shown = [str(trial.seed), *(runs if planned.beside else [])]
        trials.add_row(str(number), *map(Text, cells), *shown)
    if not planned.skipped:
        return trials
    skipped = Table("backend", "model", "loss", "data set", "reason", title="skipped")
    for item in planned.skipped:
        skipped.add_row(*(Text(str(value)) for value in asdict(item).values()))
    return Group(trials, skipped)


def plan_json(planned: Plan, placements: list[Placement]) -> str:
    """The same as JSON."""
    values = {
        "schema_version": 1,
        "trials": [asdict(trial) for trial in planned.trials],
        "skipped": [asdict(item) for item in planned.skipped],
        "devices": {place.backend: place.device or None for place in placements},
        "side_by_side": [trial.id for trial in planned.trials if trial.id in planned.beside],
    }
    return json.dumps(values, indent=1) + "\n"


def plugins(catalog: Catalog) -> RenderableType:
    """Loaded plugins, then failed ones and those that were left out, with the reason."""
    table = Table("plugin", "distribution", "module", "status")
    for plugin in catalog.plugins:
        cells = (plugin.name, plugin.distribution, plugin.module, "loaded")
        table.add_row(*map(Text, cells))
    for failure in catalog.failures:
        status = Text(f"failed: {failure.reason}", style="red")
        table.add_row(Text(failure.name), Text(failure.distribution), Text("—"), status)
    for blocked in catalog.blocked:
        cells = (blocked.name, blocked.distribution, "—", f"blocked: {blocked.reason}")
        table.add_row(*map(Text, cells))
    return table


def _by_name(catalog: Catalog, kind: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for entry in catalog.entries(kind):
        found.setdefault(entry.name, []).append(entry)
    return found


def _first_line(cls: type[Any]) -> str:
    return (inspect.getdoc(cls) or "no description").splitlines()[0]
