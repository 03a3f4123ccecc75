"""Write docs/performance.md from a run of benchmarks/perf.

With JSON files of pytest-benchmark as arguments, their rows are first taken over into
results/performance/rows.json, with the machine and the versions: nothing else of them, since they
name the host. Of a row that is in several files the last one counts.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from pathlib import Path
from typing import Any

from ganbench import environment
from ganbench.report.grid import NO_BREAK

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
    "test_contention": "Parallel trials",
    "test_sweep": "A sweep",
    "test_scoring": "Scoring",
    "test_startup": "The command line",
    "test_table": "The command line",
}
# Why a row misses its aim, where that is known.
PLAIN = (
    "On this CPU with AVX-512, oneDNN's convolutions leave little to gain: channels last gains "
    "15 % elsewhere and nothing here, and both loops are near the rate of their layers."
)
REASONS: dict[str, str] = {
    "torch, dcgan 28x28: the best hand-written loop over a plain one": PLAIN,
    "torch, dcgan[width=64] 32x32x3: the best hand-written loop over a plain one": PLAIN,
    "tensorflow, dcgan 28x28: the best hand-written loop over a plain one": PLAIN,
    "tensorflow, dcgan[width=64] 32x32x3: the best hand-written loop over a plain one": PLAIN,
    "torch, dcgan[width=64] 32x32x3: the harness as it is over the plain loop": PLAIN,
    "torch, mlp 28x28: the harness as it is over the usual script loop": (
        "The best hand-written loop, compiled, is not faster than the harness (above) either."
    ),
    "tensorflow, dcgan[width=64] 32x32x3: the harness as it is over the tutorial loop": (
        "The aim comes from a CPU without oneDNN, see the row below. With oneDNN the graph of the "
        "tutorial is as fast as its layers allow. XLA does not use oneDNN and takes 1.3 times as "
        "long, so `auto` chooses the graph here."
    ),
    "table of 1,000 records": (
        "In the measured version the interpreter and imports took 0.7 s, reading 35 MB of JSON "
        "0.2 s, and resampling 0.3 s. The tables no longer resample."
    ),
}
# Plain wording of rows.
WORDING = (
    (
        r"two trials of one thread over one of two",
        "two parallel 1-thread trials versus one 2-thread",
    ),
    (
        r"beside (\d) busy processes: waiting",
        r"next to \1 busy processes: our waiting versus OpenMP's",
    ),
    (r"the harness as it is over", "the harness versus"),
    (r"the harness over", "the harness versus"),
    (r"loop over a plain one", "loop versus a plain one"),
    (r"in turn over one thread", "in turn versus on one thread"),
    (r"ahead over in turn", "ahead versus in turn"),
    (r"a plain step's rate over that with", "rate of a plain step versus one with"),
    (r"theirs: the first two", "torch-fidelity: the first two"),
    (r"theirs in its own batch of 64", "torch-fidelity in its own batch of 64"),
    (r"known ones, theirs extracted again", "known ones, which torch-fidelity extracts again"),
    (r"memory over theirs", "memory relative to torch-fidelity"),
)

PAGE = """\
# How fast it is

`benchmarks/perf` measures this page. A row compares two ways of doing the same work. They run in
alternating spans of about a second. The ratio is the median over 30 pairs of spans, or fewer where
one takes long, with its 95 % bootstrap interval. A ratio above 1 means that the first way is
faster. Single rates vary with the machine, so the page shows ratios only;
[rows.json](../results/performance/rows.json) has the rates and the number of pairs.

Training is compared in images per second, with everything that the harness does: drawing inputs,
passing them on, timing. The loops that it is compared with are in `loops_torch.py` and
`loops_tensorflow.py`:

- *plain* and *tutorial* do what the frameworks' own examples do,
- the *usual script* uses a DataLoader,
- *best* is the fastest loop that we could write by hand.

Both ways of a row are from one run. The rows are from several runs, between which the harness still
became faster.

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
    measured_on = (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, "
        f"{machine['system']}, Python {machine['python']}, on {kept['date']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )
    return PAGE.format(machine=measured_on, commands=COMMANDS, sections=sections)


def _section(title: str, rows: list[dict[str, Any]]) -> str:
    has_intervals = any("low" in row for row in rows)
    lines = [
        f"## {title}",
        "",
        "| what | result | 95 % interval | aim | met |"
        if has_intervals
        else "| what | result | aim | met |",
        "| --- | ---: | ---: | ---: | --- |" if has_intervals else "| --- | ---: | ---: | --- |",
        *(_line(row, has_intervals) for row in rows),
        "",
    ]
    reasons: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if _met(row) == "no":
            reasons.setdefault(REASONS.get(row["row"], "The reason is not known."), []).append(row)
    for reason, missed in reasons.items():
        names = "; ".join(f"{_words(row)} (by {_gap(row):.1%})" for row in missed)
        lines.append(f"- Missed: {names}. {reason}")
    return "\n".join([*lines, *([""] if reasons else [])])


def _line(row: dict[str, Any], has_intervals: bool) -> str:
    interval = f"{row['low']:.2f} to {row['high']:.2f}" if "low" in row else ""
    aim = "" if _aim(row) is None else f"{'≥' if row.get('at_least') else '≤'} {_aim(row):g}"
    units = {"ratio": "{:.2f}", "seconds": "{:.2f} s", "mib": "{:,.0f} MiB"}
    (result,) = (text.format(row[name]) for name, text in units.items() if name in row)
    numbers = [result, *([interval] if has_intervals else []), aim]
    cells = [_words(row), *(text.replace(" ", NO_BREAK) for text in numbers), _met(row)]
    return "| " + " | ".join(cell.replace("[", r"\[") for cell in cells) + " |"


def _words(row: dict[str, Any]) -> str:
    """What a row compares."""
    text: str = row["row"]
    for pattern, plain in WORDING:
        text = re.sub(pattern, plain, text)
    return text


def _aim(row: dict[str, Any]) -> float | None:
    return row.get("at_least") or row.get("at_most")


def _met(row: dict[str, Any]) -> str:
    """Whether a row meets its aim, if it has one."""
    if _aim(row) is None:
        return ""
    return "yes" if _gap(row) <= 0 else "no"


def _gap(row: dict[str, Any]) -> float:
    """How far a row misses its aim, as a share of the aim; negative if it meets it."""
    result, aim = row.get("ratio") or row.get("seconds") or row["mib"], _aim(row)
    return (aim - result) / aim if row.get("at_least") else (result - aim) / aim


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take_over([Path(name) for name in sys.argv[1:]])
    (ROOT / "docs" / "performance.md").write_text(page(json.loads(ROWS.read_text())))
