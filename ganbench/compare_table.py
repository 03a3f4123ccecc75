"""Comparisons of two folders as tables: for terminals, for documents and for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from ganbench.compare import Pair, Report
from ganbench.comparison import Comparison
from ganbench.fail_on import Finding
from ganbench.headline.numbers import UNKNOWN, plain
from ganbench.measured import Side
from ganbench.report.grid import Grid, GridCell, GridRow, Heading, escape, markdown

HEADINGS = [
    *(Heading("backend", False), Heading("model", False), Heading("loss", False)),
    *map(Heading, ("failed", "n", "A", "B", "B - A", "change", "p")),
    Heading("", False),
]
CAPTION = (
    "Means of A and B, where failures count as the worst value of the column in either; of 4 runs "
    "or fewer the values themselves. B - A with its 95 % interval: Student's paired test over 5 or "
    "more shared seeds, else Welch's (w). p is adjusted for the rows of a column (Holm); better "
    "and worse are those below 0.05, if of costs the means also differ by more than either side's "
    "standard deviation. failed: runs that did not complete, in A and in B; ! marks rows of which "
    "more fail than before."
)


def to_markdown(report: Report, findings: list[Finding]) -> str:
    """A table for each column of each data set, then what was not compared, and the limits."""
    lines = []
    for grid in grids(report):
        lines += [markdown(grid), ""]
    told = [f"- {escape(line)}" for line in notes(report, findings)]
    return "\n".join([*lines, CAPTION, *(["", *told] if told else []), ""])


def to_json(report: Report, findings: list[Finding]) -> str:
    """Everything, the columns that stand beside others too; a share is a number from 0 to 1."""
    values = {
        "schema_version": 1,
        "rows": [_json_row(pair) for pair in report.pairs],
        "only_a": [_json_side(side) for side in report.only_a],
        "only_b": [_json_side(side) for side in report.only_b],
        "limits": [{**asdict(item), "row": asdict(item.row)} for item in findings],
    }
    return json.dumps(values, indent=1, allow_nan=False) + "\n"


def grids(report: Report) -> list[Grid]:
    """A table for each column that is shown, of what could be compared."""
    found: dict[tuple[str, str], list[tuple[Pair, Comparison]]] = {}
    for pair in report.pairs:
        for item in pair.comparisons:
            if item.difference and not item.column.is_beside:
                place = (item.row.dataset, item.column.name)
                found.setdefault(place, []).append((pair, item))
    result = []
    for (dataset, name), members in found.items():
        direction = members[0][1].column.direction
        better = "" if direction == "none" else f" ({direction} is better)"
        words = Counter(item.word for _, item in members)
        counts = ", ".join(f"{count} {word}" for word, count in words.items())
        rows = [GridRow(list(map(GridCell, _cells(pair, item)))) for pair, item in members]
        result.append(Grid(f"{dataset}, {name}{better}: {counts}", HEADINGS, rows, identity=3))
    return result


def notes(report: Report, findings: list[Finding]) -> list[str]:
    """Lines on new failures, on what was not compared and why, and on limits."""
    lines = []
    for pair in report.pairs:
        if pair.has_new_failures:
            lines.append(f"! {pair.a.row}: failed {_failed(pair.a)} in A, {_failed(pair.b)} in B")
    lines += _grouped([item for item in report.comparisons if item.reason], "reason")
    lines += _grouped([item for item in report.comparisons if item.note], "note")
    for name, only in (("A", report.only_a), ("B", report.only_b)):
        lines += [f"only in {name}: {side.row} ({_setting(side)})" for side in only]
    for limit in dict.fromkeys(item.limit for item in findings):
        verdicts = [item.verdict for item in findings if item.limit == limit]
        lines.append(f"limit {limit}: holds in {verdicts.count('held')} of {len(verdicts)}")
    words = {"exceeded": "exceeded", "unsupported": "beyond the limit and within chance"}
    lines += [f"{words[item.verdict]}: {item.text}" for item in findings if item.verdict in words]
    return lines


def _grouped(items: list[Comparison], attribute: str) -> list[str]:
    """A line for each row and text, with all columns that it is about."""
    found: dict[tuple[str, str], list[str]] = {}
    for item in items:
        text = getattr(item, attribute)
        found.setdefault((str(item.row), text), []).append(item.column.name)
    word = {"reason": "not comparable", "note": "note"}[attribute]
    return [f"{word}: {row}, {', '.join(of)}: {text}" for (row, text), of in found.items()]


def _cells(pair: Pair, item: Comparison) -> list[str]:
    difference = item.difference
    assert difference and difference.mean is not None
    change = _signed(difference.mean)
    if difference.low is not None and difference.high is not None:
        change += f" [{_signed(difference.low)}, {_signed(difference.high)}]"
        change += "" if item.is_paired else " w"
    failed = f"{_failed(pair.a)}, {_failed(pair.b)}{' !' if pair.has_new_failures else ''}"
    return [
        *(item.row.backend, item.row.model, item.row.loss, failed, _runs(item)),
        *(_value(item, points) for points in (item.points_a, item.points_b)),
        change,
        UNKNOWN if item.relative is None else f"{item.relative:+.1%}",
        UNKNOWN if item.p is None else f"{item.p:.2g}",
        item.word,
    ]


def _runs(item: Comparison) -> str:
    """How many runs a comparison is made of, on both sides where these differ."""
    return ", ".join(dict.fromkeys(str(len(points)) for points in (item.points_a, item.points_b)))


def _value(item: Comparison, points: tuple[float, ...]) -> str:
    """The mean, or the few values that there are."""
    if item.p is None:
        return " · ".join(map(plain, points))
    return plain(sum(points) / len(points))


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{plain(abs(value))}"


def _failed(side: Side) -> str:
    return f"{side.failed}/{side.completed + side.failed}"


def _setting(side: Side) -> str:
    budget, samples, threads, device, dtype = side.setting
    return f"budget {budget}, {samples} samples, {threads} threads, device {device}, {dtype}"


def _json_row(pair: Pair) -> dict[str, Any]:
    compared = [
        {
            "column": item.column.name,
            **{key: getattr(item.column, key) for key in ("direction", "is_cost", "is_beside")},
            **{key: getattr(item, key) for key in ("word", "reason", "note", "is_paired")},
            **{key: getattr(item, key) for key in ("points_a", "points_b", "mean_a", "mean_b")},
            "relative": item.relative,
            "p_adjusted": item.p,
            "difference": asdict(item.difference) if item.difference else None,
        }
        for item in pair.comparisons
    ]
    return {
        **asdict(pair.a.row),
        "a": _json_side(pair.a),
        "b": _json_side(pair.b),
        "has_new_failures": pair.has_new_failures,
        "columns": compared,
    }


def _json_side(side: Side) -> dict[str, Any]:
    names = ("budget", "samples", "threads", "device", "dtype")
    counts = {key: getattr(side, key) for key in ("completed", "failed", "missing", "failure_rate")}
    return {**asdict(side.row), **dict(zip(names, side.setting, strict=True)), **counts}
