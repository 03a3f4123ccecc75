"""Write docs/performance.md from a run of benchmarks/perf.

With JSON files of pytest-benchmark as arguments, their rows are first taken over into
results/performance/rows.json, with the machine and the versions: nothing else of them, since they
name the host. Of a row that is in several files the last one counts.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

from ganbench import environment

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "results" / "performance" / "rows.json"
LIBRARIES = ("torch", "tensorflow", "keras", "numpy", "scipy", "torch-fidelity", "pytest-benchmark")
COMMANDS = """\
pytest benchmarks/perf --benchmark-json=perf.json
python benchmarks/update_performance.py perf.json
"""
TITLES = {
    "test_training": "Training",
    "test_drawing_ahead": "Drawing the inputs",
    "test_contention": "Trials side by side",
    "test_sweep": "A sweep",
    "test_scoring": "Scoring",
    "test_startup": "The command line",
    "test_table": "The command line",
}
# Why a row misses its aim, where that is known.
PLAIN = (
    "This CPU has AVX-512, and oneDNN's convolutions on it leave little else to save: channels "
    "last, which gains 15 % elsewhere, gains nothing, and both loops are near their layers' rate."
)
REASONS: dict[str, str] = {
    "torch, dcgan 28x28: the best hand-written loop over a plain one": PLAIN,
    "torch, dcgan[width=64] 32x32x3: the best hand-written loop over a plain one": PLAIN,
    "tensorflow, dcgan 28x28: the best hand-written loop over a plain one": PLAIN,
    "tensorflow, dcgan[width=64] 32x32x3: the best hand-written loop over a plain one": PLAIN,
    "torch, dcgan[width=64] 32x32x3: the harness as it is over the plain loop": PLAIN,
    "torch, mlp 28x28: the harness as it is over the usual script loop": (
        "The best hand-written loop, compiled, is no faster than the harness (above), and so not "
        "twice as fast as that script either."
    ),
    "tensorflow, dcgan[width=64] 32x32x3: the harness as it is over the tutorial loop": (
        "The aim comes from a CPU without oneDNN, see the row below. With it the tutorial's own "
        "graph is as fast as its layers allow, and XLA, which does not use it, takes 1.3 times as "
        "long; so `auto` takes the graph here."
    ),
    "table of 1,000 records": (
        "0.7 s are the interpreter's start and end and imports (pandas, NumPy, SciPy), 0.2 s "
        "reading 35 MB of JSON, 0.3 s the 10,000 resamples of each of some 900 means."
    ),
}

PAGE = """\
# How fast it is

Measured by `benchmarks/perf`. A row compares two ways of doing the same work in alternating spans
of about a second: the ratio is the median over pairs, with its 95 % bootstrap interval, and
counts more than either rate, which wanders with the machine. Training is compared in images per
second, all that the harness does included: drawing, handing over, timing. The loops that it is
compared with are written for the purpose, in `loops_torch.py` and `loops_tensorflow.py`: *plain*
and *tutorial* are what the frameworks' own examples do, the *usual script* has a DataLoader, and
*best* is the fastest that we could write by hand. Both ways of a row are of one run; the rows are
of several, between which the harness was still being made faster.

{machine}

```bash
{commands}```

{sections}"""


def take_over(files: list[Path]) -> None:
    """Keep the rows of runs, the machine and the versions."""
    runs = [json.loads(file.read_text()) for file in files]
    rows = {
        entry["extra_info"]["row"]: {
            "module": Path(entry["fullname"].partition("::")[0]).stem,
            **entry["extra_info"],
        }
        for run in runs
        for entry in run["benchmarks"]
        if "row" in entry["extra_info"]
    }
    machine = {key: value for key, value in environment.describe().items() if key in MACHINE}
    versions = {name: _version(name) for name in LIBRARIES}
    kept = {
        "machine": machine,
        "versions": versions,
        "date": runs[-1]["datetime"][:10],
        "rows": list(rows.values()),
    }
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    ROWS.write_text(json.dumps(kept, indent=1) + "\n")


MACHINE = ("python", "system", "cpu", "cores", "memory_gib")


def page(kept: dict[str, Any]) -> str:
    """The page of what `take_over` has kept."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in kept["rows"]:
        parts.setdefault(TITLES.get(row["module"], "More"), []).append(row)
    sections = "\n".join(_section(title, rows) for title, rows in parts.items())
    machine, versions = kept["machine"], kept["versions"]
    told = (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, "
        f"{machine['system']}, Python {machine['python']}, on {kept['date']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )
    return PAGE.format(machine=told, commands=COMMANDS, sections=sections)


def _section(title: str, rows: list[dict[str, Any]]) -> str:
    lines = [
        f"## {title}",
        "",
        "| what | found | 95 % interval | aim | met | rates | pairs |",
        "| --- | ---: | ---: | ---: | --- | ---: | ---: |",
        *(_line(row) for row in rows),
        "",
    ]
    missed = [row for row in rows if _met(row) == "no"]
    for row in missed:
        reason = REASONS.get(row["row"], "Why is not known.")
        lines.append(f"- Missed: {row['row']}, by {_gap(row):.1%}. {reason}")
    return "\n".join([*lines, *([""] if missed else [])])


def _line(row: dict[str, Any]) -> str:
    interval = f"{row['low']:.2f} to {row['high']:.2f}" if "low" in row else ""
    aim = "" if _aim(row) is None else f"{'≥' if row.get('at_least') else '≤'} {_aim(row):g}"
    rates = ""
    if "rates" in row:
        named = zip(row["names"], row["rates"], strict=True)
        rates = ", ".join(f"{name} {_number(rate)}" for name, rate in named)
    units = {"ratio": "{:.2f}", "seconds": "{:.2f} s", "mib": "{:,.0f} MiB"}
    (found,) = (text.format(row[name]) for name, text in units.items() if name in row)
    cells = [row["row"], found, interval, aim, _met(row), rates, str(row.get("pairs", ""))]
    return "| " + " | ".join(cell.replace("[", r"\[") for cell in cells) + " |"


def _aim(row: dict[str, Any]) -> float | None:
    return row.get("at_least") or row.get("at_most")


def _met(row: dict[str, Any]) -> str:
    """Whether what was found meets the aim, if there is one."""
    if _aim(row) is None:
        return ""
    return "yes" if _gap(row) <= 0 else "no"


def _gap(row: dict[str, Any]) -> float:
    """How far beyond its aim a row is on the wrong side, as a share of the aim."""
    found, aim = row.get("ratio") or row.get("seconds") or row["mib"], _aim(row)
    return (aim - found) / aim if row.get("at_least") else (found - aim) / aim


def _number(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take_over([Path(name) for name in sys.argv[1:]])
    (ROOT / "docs" / "performance.md").write_text(page(json.loads(ROWS.read_text())))
