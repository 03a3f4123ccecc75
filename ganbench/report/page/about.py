"""Failures, protocol, machine and how to repeat the run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ganbench.headline import Headline
from ganbench.record import Record
from ganbench.report import notes
from ganbench.report.clean import clean
from ganbench.report.page.rows import doubt

if TYPE_CHECKING:
    from ganbench.store import Store

LOG_LINES, LOG_BYTES, LINE_CHARACTERS = 12, 16_384, 300
_LEFT_OUT = ("device", "device_name", "compiler", "float32_precision")  # shown as values alone


# --------------------------------------------------------------------------- failures


def failures(store: Store, headlines: Sequence[Headline]) -> dict[str, Any]:
    """Counts of trials, and each failed trial with the end of its log."""
    rows = [row for headline in headlines for row in headline.rows]
    failed = [
        {
            "name": row.name,
            "dataset": record.dataset if len(headlines) > 1 else "",
            "seed": record.seed,
            "status": record.status,
            "reason": record.reason,
            "log": _log(store, record),
        }
        for row in rows
        for record in row.source.row.failed
    ]
    planned = sum(row.source.row.planned for row in rows)
    completed = sum(len(row.source.row.completed) for row in rows)
    return {
        "failed": failed,
        "has_logs": any(trial["log"] for trial in failed),
        "planned": planned,
        "completed": completed,
        "missing": sum(row.source.row.missing for row in rows),
    }


def _log(store: Store, record: Record) -> str:
    """The last lines of a trial's log, or "" where none was kept."""
    path = store.root / "trials" / record.id / "log.txt"
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.rpartition("\r")[2].rstrip() for line in text.rstrip().split("\n")]
    return "\n".join(clean(line)[:LINE_CHARACTERS] for line in lines[-LOG_LINES:])


# --------------------------------------------------------------------------- how it was measured


def measured(headline: Headline) -> dict[str, Any]:
    """What values, marks and speeds mean, the metrics, notes and why speeds are doubtful."""
    return {
        "caption": [notes.VALUE, *notes.marks(headline), *notes.speed(headline)],
        "metrics": _metrics(headline),
        "notes": headline.table.notes,
        "doubts": list(_doubts(headline).items()),
    }


def _doubts(headline: Headline) -> dict[str, list[str]]:
    """The rows with a doubtful speed, by reason."""
    found: dict[str, list[str]] = {}
    for row in headline.rows:
        if reason := doubt(row):
            found.setdefault(reason, []).append(row.name)
    return found


def _metrics(headline: Headline) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for column in headline.table.columns:
        made = column.made_from
        key = (made["metric"], made["extractor_id"], made["version"], str(made["options"]))
        entry = found.setdefault(
            (*key, made["n"], made.get("reference n")),
            {
                "metric": made["metric"],
                "columns": [],
                "features": made["extractor_id"] or "",
                "version": made["version"],
                "samples": f"{made['n']:,}",
                "reference": f"{made['reference n']:,} of {made['reference split']}",
                "options": ", ".join(f"{key}={value}" for key, value in made["options"].items()),
            },
        )
        if not column.is_beside:
            entry["columns"].append((column.short_name, column.reading.plain))
    return list(found.values())


# --------------------------------------------------------------------------- machine


def machine(headlines: Sequence[Headline]) -> list[tuple[str, list[str]]]:
    """What the trials ran on; several values where they differ."""
    records = [record for headline in headlines for record in headline.table.records]
    facts: dict[str, dict[str, None]] = {}

    def add(name: str, value: object) -> None:
        if value not in (None, "", "none"):
            facts.setdefault(name, {})[str(value)] = None

    for record in records:
        host, backend = record.environment, record.training.get("backend_description", {})
        add("Processor", host.get("cpu"))
        add("Cores", host.get("cores"))
        add("Memory", f"{host['memory_gib']:g} GiB" if host.get("memory_gib") else None)
        device = backend.get("device_name", "cpu")
        add("GPU", None if device == "cpu" else device)
        add("System", host.get("system"))
        add("Python", host.get("python"))
        add("Threads per trial", record.specification.get("threads"))
        if record.loss != "none" and backend:
            add(record.backend.partition("[")[0], _backend(backend))
        add("Libraries", _listed(host.get("libraries", {})))
        add("Date", host.get("date"))
    if records:
        facts.setdefault("GPU", {"none": None})
    return [
        (name, _dates(values) if name == "Date" else list(values)) for name, values in _order(facts)
    ]


def _order(facts: dict[str, dict[str, None]]) -> list[tuple[str, dict[str, None]]]:
    """GPU behind memory, backends, libraries and the date at the end."""
    first = ("Processor", "Cores", "Memory", "GPU", "System", "Python", "Threads per trial")
    last = ("Libraries", "Date")
    middle = [name for name in facts if name not in (*first, *last)]
    return [(name, facts[name]) for name in (*first, *middle, *last) if name in facts]


def _dates(values: dict[str, None]) -> list[str]:
    days = sorted(values)
    return [days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"]


def _backend(description: dict[str, Any]) -> str:
    versions = {key: value for key, value in description.items() if key not in _LEFT_OUT}
    parts = [_listed({key: value for key, value in versions.items() if value != "none"})]
    if description.get("compiler"):
        parts.append(f"compiler: {description['compiler']}")
    return ", ".join(part for part in parts if part)


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


# --------------------------------------------------------------------------- repeat it


def manifest_name(store: Store) -> str:
    """The name of the benchmark, or of its folder."""
    try:
        name = json.loads((store.root / "manifest.json").read_text("utf-8")).get("name")
    except (OSError, ValueError, AttributeError):
        name = None
    return clean(str(name)) if name else store.root.resolve().name


def repeat(store: Store, name: str) -> dict[str, str]:
    """Commands that run the benchmark again and compare the results, and its configuration."""
    try:
        config = clean((store.root / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        config = ""
    folder = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)
    return {
        "run": f"ganbench run config.toml --out results/{folder}-again" if config else "",
        "compare": f"ganbench compare results/{folder} results/{folder}-again",
        "config": config,
    }
