"""Write docs/metrics.md: the metrics as their classes tell them, and how far from references."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ganbench_metrics.health import Health
from ganbench_metrics.plugin import ganbench_metrics

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "metrics.md"
ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}

PAGE = """\
# Metrics and how they are validated

Metrics are pure functions of features, logits or points, in float64. `ganbench info NAME` prints
the whole definition of a metric, its options and its source.

- The name of a column ends with its feature space: `fd-cls-digits-v1`. Values are not comparable
  between two feature spaces, two numbers of samples or two versions of a metric, and no table mixes
  them.
- A name from papers is used only for the network that it belongs to: `fd` is FID on Inception's
  features only, `kd` is KID there, and `gk` is CMMD on CLIP's features.
- [fidelity.md](fidelity.md) describes FID, KID and others by torch-fidelity, and its networks.
- A feature that is not finite is an error. A value that cannot be computed, because samples or a
  training split are missing, is empty.
- Distances and kernels are computed tile by tile: memory does not grow with the number of pairs.

## Metrics

Arrows show which direction is better. Columns in parentheses are in CSV and JSON only.

{metrics}
## Readings

Every score stores what each column means and the scale on which its values are compared: `log`,
`share` (values in [0, 1], as asin(sqrt(x))) or `raw`.

{readings}
## Verdicts

The metric `health` gives the first verdict of this list whose condition holds at the end. A look is
a checkpoint or the end of training. Tables show verdicts as
[remarks](reading-tables.md#remarks).

{verdicts}
## Promises

`ganbench validate-metrics` degrades real images level by level. A column has to become worse under
the defects in the second column, and must not become worse under those in the third. It promises
nothing about other defects. The rules, every number and pictures are in the reports on
[Fashion-MNIST](../results/metric-validation/fashion-mnist/report.md) and
[digits](../results/metric-validation/digits/report.md). Digits have 398 images a side, too few to
decide some promises.

{promises}
## Comparison with other code

The same float32 features, {features} from fixed seeds, are input to other libraries. Where a
library computes in float32, its rounding is the deviation.

{deviations}
`python benchmarks/update_metric_docs.py` writes this page, and a test checks every deviation
against its bound.
"""


def table(headings: list[str], rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [headings, ["---"] * len(headings), *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def metrics() -> str:
    """Name, needs, version, columns and the first sentence of each metric's description."""
    rows = []
    for cls in sorted(ganbench_metrics(), key=lambda cls: cls.name):
        beside = getattr(cls, "beside", frozenset())
        shown = [
            f"({name}{ARROWS[direction]})" if name in beside else f"**{name}**{ARROWS[direction]}"
            for name, direction in cls.columns.items()
        ]
        text = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
        sentence = re.split(r"(?<=\.) (?=[A-Z`])", text)[0]
        rows.append([cls.name, str(cls.version), cls.needs, ", ".join(shown), sentence])
    return table(["metric", "version", "of", "columns", "what it is"], rows)


def readings() -> str:
    """The scale and the explanation of each column."""
    rows = [
        [column, cls.readings[column].scale, cls.readings[column].plain]
        for cls in sorted(ganbench_metrics(), key=lambda cls: cls.name)
        for column in cls.columns
        if column in cls.readings
    ]
    return table(["column", "scale", "what it is"], rows)


def verdicts() -> str:
    """The verdicts of the metric `health` and their conditions."""
    return table(["verdict", "condition"], [list(item) for item in Health.thresholds.items()])


def promises() -> str:
    """What each column sees and ignores."""
    rows = []
    for cls in sorted(ganbench_metrics(), key=lambda cls: cls.name):
        sees, ignores = getattr(cls, "sees", {}), getattr(cls, "ignores", {})
        rows += [
            [
                column,
                *(", ".join(sorted(kinds.get(column, ()))) or "—" for kinds in (sees, ignores)),
            ]
            for column in cls.columns
            if column in sees or column in ignores
        ]
    return table(["column", "sees", "ignores"], rows)


def deviations(comparisons: list[dict[str, Any]]) -> str:
    """How far our values are from theirs."""
    rows = [
        [
            row["column"],
            row["reference"],
            f"{row['ours']:.6g}",
            f"{row['deviation']:.0e}" if row["deviation"] else "0",
            f"{row['bound']:.0e}" if row["bound"] else "0",
            row["kind"],
        ]
        for row in comparisons
    ]
    return table(["column", "reference", "value", "deviation", "bound", ""], rows)


def measure() -> list[dict[str, Any]]:
    """Compute the comparisons, in a process of their own."""
    script = ROOT / "benchmarks" / "metric_references.py"
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=280
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def page(deviation_table: str) -> str:
    """The page with this table of deviations."""
    return PAGE.format(
        metrics=metrics(),
        readings=readings(),
        verdicts=verdicts(),
        promises=promises(),
        features="1,000 samples of 48 a side",
        deviations=deviation_table,
    )


def written_deviations(text: str) -> str:
    """The table of deviations that a page has."""
    section = text.partition("## Comparison with other code")[2]
    return "".join(re.findall(r"^\|.*\n", section, re.MULTILINE))


if __name__ == "__main__":
    FILE.write_text(page(deviations(measure())), "utf-8")
