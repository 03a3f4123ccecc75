"""What came of validating metrics: for terminals, for documents and for programs."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench.contracts import Dataset
from ganbench.corruptions import CORRUPTIONS
from ganbench.report.grid import Grid, GridCell, GridRow, Heading, escape
from ganbench.scoring import Scoring
from ganbench.validation import TRAINING_IMAGES, Key, Measurements, Values, key_of
from ganbench.validation_verdicts import (
    BROKEN,
    EVERY,
    FEW_IMAGES,
    FLOOR_DEVIATIONS,
    FLOOR_ERRORS,
    FLOOR_TOLERANCE,
    LEVEL,
    MOST,
    Check,
    Response,
    effect_text,
    response,
)

if TYPE_CHECKING:
    pass

SCHEMA_VERSION = 1
HEADINGS = ("promise", "column", "of", "outcome", "measured")
RULES = (
    f"sees: Spearman of level and badness is {EVERY:g} for every seed in at least one space and on "
    f"average at least {MOST:g} in the others, and level {LEVEL} is more than {FLOOR_DEVIATIONS:g} "
    "standard deviations of the clean value worse in at least one space.",
    f"ignores: in no space is the last level worse on average by more than {FLOOR_DEVIATIONS:g} "
    "standard deviations of the clean value and as many standard errors over seeds.",
    f"floor: the mean value of clean images is within {100 * FLOOR_TOLERANCE:g} % of its -floor "
    "column on each of several numbers n of images, and so is its slope over 1/n.",
    "order: a column that sees duplication ranks real above memorizer, and one that sees noise or "
    "contamination above pixel-gaussian, for every seed in at least one space.",
    f"undecided: a floor that is farther off by no more than {FLOOR_ERRORS:g} standard errors of "
    f"the mean over draws; and, with fewer than {FEW_IMAGES:,} images a side, what sees only the "
    f"severe levels, or ignores level {LEVEL} and not the last.",
)
KEY = (
    "Mean Spearman of level and badness / rise in badness at level "
    f"{LEVEL} / at the last level, in standard deviations of the clean value. "
    "**s**: seen as promised; **i**: ignored as promised; **?**: undecided; **✗**: promise broken."
)


def values_of(
    dataset: Dataset, wanted: list[Scoring], found: Measurements, checks: list[Check]
) -> dict[str, Any]:
    """Everything measured and judged on one data set, as plain data for report.json."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dataset": dataset.task.dataset,
        "data_sha256": dataset.sha256,
        "images_a_side": found.count,
        "reference_images": len(dataset.reference.samples),
        "training_images": min(TRAINING_IMAGES, len(dataset.train.samples)),
        "corruptions": {
            item.name: {"levels": list(item.levels), "unit": item.unit}
            for item in CORRUPTIONS
            if item.name in found.corrupted
        },
        "metrics": [metric_of(scoring) for scoring in wanted],
        "columns": [
            _column(key_of(scoring, column), direction, found)
            for scoring in wanted
            for column, direction in scoring.metric.columns.items()
        ],
        "checks": [asdict(check) for check in checks],
    }


def metric_of(scoring: Scoring) -> dict[str, Any]:
    """What decides a metric's values in a space, and what it promises."""
    key = scoring.key()
    promises = {
        name: {column: sorted(subjects) for column, subjects in promise.items()}
        for name in ("sees", "ignores")
        if (promise := getattr(scoring.metric, name, {}))
    }
    return {**key, "columns": dict(scoring.metric.columns), **promises}


def _column(key: Key, direction: str, found: Measurements) -> dict[str, Any]:
    judged = {
        name: _response(response(key, direction, name, found))
        for name in found.corrupted
        if direction != "none"
    }
    return {
        **key._asdict(),
        "direction": direction,
        "clean": _numbers(found.clean, key),
        "smaller": {
            size: _numbers(values, key)
            for size, values in found.smaller.items()
            if key in values[0]
        },
        "corrupted": {
            name: [_numbers(levels, key) for levels in seeds]
            for name, seeds in found.corrupted.items()
        },
        "baselines": {name: _numbers(values, key) for name, values in found.baselines.items()},
        "responses": judged,
    }


def _response(item: Response) -> dict[str, Any]:
    return {
        "spearman": item.spearman,
        "floor_deviation": _number(item.floor_deviation),
        "level_rise": _number(item.rise),
        "last_rise": _number(item.final_rise),
    }


def _numbers(values: list[Values], key: Key) -> list[float | None]:
    return [_number(found[key]) for found in values]


def _number(value: float) -> float | None:
    """Six digits: more would only change from machine to machine; JSON has no infinity."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


# --------------------------------------------------------------------------- rendering


def to_json(told: dict[str, Any] | list[dict[str, Any]]) -> str:
    """One report, or a list with one for each data set; a line for each list of numbers."""
    text = json.dumps(told, indent=1, allow_nan=False)
    # A list that holds no other list or object fits on a line.
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def grid(report: dict[str, Any]) -> Grid:
    """Return the table of a data set's promises."""
    rows = [GridRow(list(map(GridCell, _cells(check)))) for check in report["checks"]]
    return Grid(_title(report), [Heading(text, False) for text in HEADINGS], rows, identity=3)


def to_markdown(report: dict[str, Any]) -> str:
    """The page of one data set: promises, every response, the pictures."""
    rows = [_row(_cells(check)) for check in report["checks"]]
    return "\n".join(
        [
            f"# {_title(report)}",
            "",
            summary(report),
            "",
            *(f"- {rule}" for rule in RULES),
            "",
            "![the corruptions' levels](corruptions.png)",
            "",
            _row(HEADINGS),
            _row(["---"] * len(HEADINGS)),
            *rows,
            "",
            *_matrix(report),
            *(f"![{name}]({name}.png)" for name in report["corruptions"]),
            "",
        ]
    )


def summary(report: dict[str, Any]) -> str:
    """How many promises were tested and what became of them."""
    counts = Counter(check["outcome"] for check in report["checks"])
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    return f"{len(report['checks'])} promises: {told or 'none is made'}"


def broken(report: dict[str, Any]) -> list[str]:
    """A line for each promise that did not hold."""
    failed = [check for check in report["checks"] if check["outcome"] == BROKEN]
    return [f"{report['dataset']}: {' '.join(filter(None, _cells(check)))}" for check in failed]


def _title(report: dict[str, Any]) -> str:
    return f"Metrics on {report['dataset']}, {report['images_a_side']:,} images a side"


def _cells(check: dict[str, Any]) -> list[str]:
    return [check["promise"], check["column"], check["subject"], check["outcome"], check["told"]]


def _matrix(report: dict[str, Any]) -> list[str]:
    """Every column's response to every corruption, promised or not."""
    names = list(report["corruptions"])
    lines = [KEY, "", _row(["column", "space", *names]), _row(["---"] * (2 + len(names)))]
    marks = {
        (check["metric"], check["column"], check["subject"]): _mark(check)
        for check in report["checks"]
    }
    for column in report["columns"]:
        if not column["responses"]:
            continue
        found = [
            _effects(column["responses"][name])
            + marks.get((column["metric"], column["column"], name), "")
            for name in names
        ]
        lines.append(_row([column["column"], column["space"] or "images"], found))
    return [*lines, ""]


def _mark(check: dict[str, Any]) -> str:
    marks = {"held": check["promise"][0], "broken": "✗", "undecided": "?"}
    return f" **{marks[check['outcome']]}**"


def _effects(found: dict[str, Any]) -> str:
    rises = (found["level_rise"], found["last_rise"])
    told = (effect_text(rise, found["floor_deviation"]) for rise in rises)
    return " / ".join([f"{np.mean(found['spearman']):.2f}", *told])


def _row(texts: Any, formatted: Any = ()) -> str:
    return f"| {' | '.join([*map(escape, texts), *formatted])} |"
