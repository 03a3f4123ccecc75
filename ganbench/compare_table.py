"""Comparisons of two folders as tables: for terminals, for documents and for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ganbench.cells import UNKNOWN, number
from ganbench.compare import Pair, Report
from ganbench.comparison import Comparison
from ganbench.fail_on import Finding
from ganbench.measured import Side
from ganbench.render import escape

if TYPE_CHECKING:
    from rich.console import RenderableType

HEADINGS = ("backend", "model", "loss", "failed", "n", "A", "B", "B - A", "change", "p", "")
NUMBERS = range(3, 10)  # columns that are aligned to the right
CAPTION = (
    "Means of A and B, where failures count as the worst value of the column in either; of 4 runs "
    "or fewer the values themselves. B - A with its 95 % interval: Student's paired test over 5 or "
    "more shared seeds, else Welch's (w). p is adjusted for the rows of a column (Holm); better "
    "and worse are those below 0.05, if of costs the means also differ by more than either side's "
    "standard deviation. failed: runs that did not complete, in A and in B; ! marks rows of which "
    "more fail than before."
)
Table = tuple[str, list[list[str]]]  # title and rows


def to_rich(report: Report, findings: list[Finding]) -> RenderableType:
    """A table for each column of each data set, then what was not compared, and the limits."""
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    parts: list[RenderableType] = []
    for title, rows in tables(report):
        table = RichTable(title=Text(title), title_justify="left")
        for index, heading in enumerate(HEADINGS):
            justify: Any = "right" if index in NUMBERS else "left"
            table.add_column(heading, justify=justify, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        parts.append(table)
    return Group(*parts, Text(CAPTION, style="dim"), *map(Text, notes(report, findings)))


def to_markdown(report: Report, findings: list[Finding]) -> str:
    """The same for documents."""
    align = ("---:" if index in NUMBERS else "---" for index in range(len(HEADINGS)))
    head = [f"| {' | '.join(HEADINGS)} |", f"| {' | '.join(align)} |"]
    lines = []
    for title, rows in tables(report):
        cells = ["| " + " | ".join(map(escape, row)) + " |" for row in rows]
        lines += [f"**{escape(title)}**", "", *head, *cells, ""]
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


def tables(report: Report) -> list[Table]:
    """A title and rows for each column that is shown, of what could be compared."""
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
        rows = [_cells(pair, item) for pair, item in members]
        result.append((f"{dataset}, {name}{better}: {counts}", rows))
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
        return " · ".join(map(number, points))
    return number(sum(points) / len(points))


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{number(abs(value))}"


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
