"""Drop stale verdicts from results/parity and write docs/parity.md from the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ganbench import sources, verdict
from ganbench.report.grid import escape
from ganbench.results import parity_verdict
from ganbench.results.parity_verdict import Verdict
from ganbench.selectors import parse, parse_sum
from ganbench.store import Store
from ganbench.verdict import SIZES

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
LOSSES = (
    "minimax",
    "non-saturating",
    "lsgan",
    "wgan",
    "hinge",
    "relativistic",
    "relativistic-average",
)
MAIN = ("torch", "tensorflow[compile=off]", "float64")
HIDDEN = SIZES | {"generator_batch_size"}
RELATIVE = ("losses", "gradients", "weights", "buffers")

PAGE = """\
# Do the backends train the same GAN?

<img src="strips-perceptron.png" width="790"
 alt="Ten real digits, and ten samples of one perceptron on torch and TensorFlow that look alike">

<sub>A perceptron after 60,000 images in float32, seed 0; each column has the same noise.</sub>

`ganbench parity` trains one model with one loss on two backends and compares them step by step.
The same seed gives both the same initial weights, rows, order of rows and noise. Each backend
trains on one CPU thread in its own process. The data are synthetic: noise images with labels, or
points. After every step the command compares

- both losses,
- the norm of the gradient of every tensor,
- every weight after the optimizer's update,
- every buffer: running statistics, vectors of spectral normalization, averaged weights,

and at the end generated samples.

## torch and TensorFlow

The table shows the largest deviation in float64 of any loss, gradient norm, weight or buffer in
any step. The limit is 1e-9. An empty cell was not compared.

{table}

{facts}

## All pairs of backends

`compile=off` is eager torch, or a TensorFlow graph without XLA. `compile=step` compiles one step
with inductor or XLA. `compile=chunk` compiles a loop of steps with XLA.

{pairs}

{failures}
## Tolerances

Two numbers a and b agree if |a - b| <= tolerance * max(|a|, |b|, scale).

| quantity | scale | float64 | float32 |
| --- | --- | ---: | ---: |
| losses | mean absolute logit of the update | 1e-9 | 1e-5 |
| gradient norms | the network's largest of the step | 1e-9 | 1e-2 |
| weights, buffers | the network's largest of the step | 1e-9 | not judged |
| samples | images: one grey level; points: one float32 rounding of the largest coordinate | | \
not judged |

- float64: rounding stays far below the tolerance over hundreds of steps. Only a different
  algorithm fails.
- float32: rounding alone separates any two trainings after some dozens of steps, also one backend
  from its own float64. At most ten steps are compared.
- A number that is not finite fails. A tensor that only one backend has fails.

## What rounding alone can do

The gradient of some biases is zero except for rounding. Adam divides that rounding by its own size
and epsilon = 1e-8. With `relativistic-average` the weights lose six digits this way. Three
combinations exceed the tolerance for this reason alone:

- `hinge+consistency` on `mlp-toy[width=32,batch_size=8]`, torch and TensorFlow: losses differ by
  2e-9 within 60 steps. They stay within 3e-11 over 200 steps with `epsilon=1e-6`, and within 4e-16
  with `optimizer=sgd`. The table has the first five steps.
- `relativistic-average+clip` on the same model, torch and JAX: a bias of 1e-11 differs in the third
  step. All weights lie within 0.01. The table has `limit=0.1`.
- `relativistic-average` on `dcgan[width=4,batch_size=8]`, torch and JAX: weights differ by
  2e-9 within 50 steps. They stay within 1e-11 with `epsilon=1e-6`.

## Run it again

```bash
ganbench parity benchmarks/parity.toml
ganbench parity benchmarks/parity-compiled.toml
ganbench parity benchmarks/parity.toml --backends torch,jax --steps 50
ganbench parity --model mlp --loss hinge --backends 'torch,tensorflow[compile=off]'
python benchmarks/update_parity_docs.py
```

`ganbench parity` prints every quantity of every comparison; `--format json` adds the first
disagreement, all options and the hashes of the compared sources. It stores the verdicts in
`results/parity/verdicts.jsonl`, and ganbench ships that file. A table of results says `verified`
only where the hashes are those of the sources that the results were made with. The last command
drops verdicts of sources that neither the present code nor a committed result has.
"""


def kept(verdicts: list[Verdict], results: Path) -> list[Verdict]:
    """Return the verdicts of the present sources and of those of the results in a folder."""
    folders = sorted(path.parent for path in results.glob("*/manifest.json"))
    trials = (Store(folder).planned() for folder in folders)
    used = [item for part in trials for item in verdict.applicable(part, verdicts)]
    return [
        item for item in verdicts if item in used or verdict.is_current(item, sources.module_hash)
    ]


def page(verdicts: list[Verdict]) -> str:
    """Return the page about these verdicts."""
    main = [item for item in verdicts if _pair(item) == MAIN]
    return PAGE.format(
        table=_table(main),
        facts="\n".join(_facts(main)),
        pairs=_pairs(verdicts),
        failures="".join(f"- Failed: {line}\n" for line in _failures(verdicts)),
    )


def _table(verdicts: list[Verdict]) -> str:
    """Models and their penalties by losses."""
    cells: dict[tuple[str, ...], dict[str, list[Verdict]]] = {}
    for item in verdicts:
        loss, *penalties = (part.name for part in parse_sum(item.loss)[0])
        row = (parse(item.model)[0].name, *penalties)
        cells.setdefault(row, {}).setdefault(loss, []).append(item)
    order = sorted(cells, key=lambda row: (len(row) > 1, row))
    columns = [loss for loss in LOSSES if any(loss in row for row in cells.values())]
    lines = [_row(["model", *columns]), _row(["---", *["---:"] * len(columns)])]
    for row in order:
        worst = (_worst(cells[row].get(loss, []), RELATIVE) for loss in columns)
        lines.append(_row([" + ".join(row), *worst]))
    return "\n".join(lines)


def _facts(verdicts: list[Verdict]) -> list[str]:
    """What the table leaves out: steps, options and samples."""
    steps = Counter(steps for *_, steps in {_labels(item) for item in verdicts})
    parts = [f"{count} of {number} steps" for number, count in sorted(steps.items(), reverse=True)]
    options: dict[str, dict[str, None]] = {}
    penalties: dict[str, None] = {}
    for item in verdicts:
        model = parse(item.model)[0]
        shown = [f"{key}={_text(value)}" for key, value in model.options if key not in HIDDEN]
        if shown:
            options.setdefault(model.name, {})[",".join(shown)] = None
        penalties |= dict.fromkeys(re.findall(r"[a-z0-9-]+\[[^\]]*\]", item.loss))
    listed = [f"{name} {_code(texts)}" for name, texts in sorted(options.items())]
    images = [item for item in verdicts if item.task not in ("points", "line")]
    points = [item for item in verdicts if item not in images]
    older = len(verdicts) - sum(steps.values())
    if older:
        parts.append(f"{older} of earlier sources that committed results were made with")
    pixels, coordinates = (_worst(items, ("samples",)) for items in (images, points))
    return [
        f"- Comparisons: {', '.join(parts)}.",
        "- `mlp-toy` has every loss with every penalty.",
        f"- The table includes these options of models: {'; '.join(listed)}.",
        f"- It includes these penalties with options: {_code(penalties)}.",
        f"- Generated samples: the largest difference is {pixels} grey levels in images and "
        f"{coordinates} in points.",
    ]


def _pairs(verdicts: list[Verdict]) -> str:
    """One line for each pair of backends and precision."""
    groups: dict[tuple[str, ...], list[Verdict]] = {}
    for item in verdicts:
        groups.setdefault(_pair(item), []).append(item)
    headings = ["backends", "precision", "verified", "losses", "gradients", "weights, buffers"]
    lines = [_row(headings), _row(["---", "---", *["---:"] * 4])]
    for (one, other, dtype), members in groups.items():
        labels = {_labels(item) for item in members}
        failed = {_labels(item) for item in members if not item.agrees}
        numbers = [f"{len(labels) - len(failed)} of {len(labels)}"]
        numbers += [_worst(members, (name,)) for name in RELATIVE[:2]]
        numbers.append(_worst(members, RELATIVE[2:]))
        lines.append(_row([escape(f"{one} and {other}"), dtype, *numbers]))
    return "\n".join(lines)


def _failures(verdicts: list[Verdict]) -> list[str]:
    return [
        escape(f"{' and '.join(item.backends)}, {item.model}, {item.loss}: {item.reason}")
        for item in verdicts
        if not item.agrees
    ]


def _worst(verdicts: Iterable[Verdict], quantities: Iterable[str]) -> str:
    """The largest deviation; nothing if there is none."""
    values = [
        item.deviations[name] for item in verdicts for name in quantities if name in item.deviations
    ]
    if None in values:
        return "not finite"
    largest = max(values, default=None)
    return "" if largest is None else f"{largest:.0e}" if largest else "0"


def _code(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in sorted(texts))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _pair(item: Verdict) -> tuple[str, ...]:
    return (*item.backends, item.dtype)


def _labels(item: Verdict) -> tuple[str | int, ...]:
    return (*_pair(item), item.model, item.loss, item.task, item.steps)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    folder = RESULTS / "parity"
    current = kept(parity_verdict.read(folder), RESULTS)
    parity_verdict.write_all(folder, current)
    (ROOT / "docs" / "parity.md").write_text(page(current), "utf-8")
