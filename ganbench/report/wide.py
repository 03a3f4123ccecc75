"""Tables of many columns: every column of `--all`, the chosen ones of `--columns`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ganbench.analysis.column_names import find
from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column as MetricColumn
from ganbench.contracts import Direction
from ganbench.errors import UnknownName
from ganbench.headline.cells import decimals_of
from ganbench.headline.headline import Headline, HeadlineRow
from ganbench.headline.numbers import UNKNOWN, Decimals, plain, speed, spread
from ganbench.report.clean import clean_headline
from ganbench.report.grid import Grid, GridCell, GridRow, Heading
from ganbench.report.layout import ARROWS
from ganbench.targets import AXES, Target, reached

# Names of costs as a table heads them; the first name is what users type.
COSTS = {
    "images_per_second": "images/s",
    "step_ms_p50": "ms/step",
    "step_ms_p95": "p95 ms",
    "compile_seconds": "compile s",
    "train_seconds": "train s",
    "peak_memory_mib": "peak MiB",
    "peak_device_memory_mib": "peak MiB on GPU",
    "parameters": "parameters",
    "share_of_peak": "MFU",
    "joules_per_image": "J/image",
}
COST_NAMES = {heading: name for name, heading in COSTS.items()} | {"points/s": "images_per_second"}


@dataclass(frozen=True)
class WideColumn:
    """A heading and how the text of a row's cell is made."""

    heading: str
    text: Callable[[TableRow], str]


def every_column(headline: Headline) -> list[Grid]:
    """Return a grid for each feature space, one for each target and one of costs."""
    table = headline.table
    shown = [column for column in table.columns if not column.is_beside]
    shown.sort(key=lambda column: column != headline.primary)  # the column that ranks comes first
    spaces = list(dict.fromkeys(column.space for column in shown))
    grids = []
    for space in spaces:
        columns = [_metric(table, column) for column in shown if column.space == space]
        grids.append(_grid(headline, f"features of {space}" if space else "metrics", columns))
    grids += [_target(headline, goal) for goal in table.goals]
    costs = [_cost(headline, name, heading) for name, heading in COSTS.items() if _has(table, name)]
    states = [WideColumn("n", trials)]
    if any(row.parity for row in table.rows):
        states.append(WideColumn("parity", lambda row: row.parity or ""))
    if any(row.timing for row in table.rows):
        states.append(WideColumn("timing", lambda row: row.timing or ""))
    return [*grids, _grid(headline, "trials and costs", [*states, *costs])]


def targets(headline: Headline) -> list[Grid]:
    """Return a grid for each target: when it is first reached."""
    return [_target(headline, goal) for goal in headline.table.goals]


def check(tables: Sequence[Table], names: Sequence[str]) -> None:
    """Raise UnknownName for a column that none of the tables has."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    costs = [cost for cost in COSTS if any(_has(table, cost) for table in tables)]
    for name in names:
        if find(columns, name) is None and COST_NAMES.get(name, name) not in (*costs, "n"):
            shown = {column.short_name for column in columns if not column.is_beside}
            shown |= {COSTS[cost] for cost in costs} | {"n"}
            also = {column.name for column in columns}
            raise UnknownName("column", name, shown, "--columns", also=also)


def chosen(headline: Headline, names: Sequence[str]) -> Grid:
    """Return the grid of these columns; those that the table lacks are left out.

    A name is that of a metric's column (`fd`, `fd-cls-digits-v1`), or of a cost (`images/s`).
    """
    table = headline.table
    metrics = [metric for name in names if (metric := find(table.columns, name))]
    is_clear = len({metric.short_name for metric in metrics}) == len(metrics)
    columns = []
    for name in dict.fromkeys(names):
        metric, cost = find(table.columns, name), COST_NAMES.get(name, name)
        if metric is not None:
            columns.append(_metric(table, metric, is_clear))
        elif name == "n":
            columns.append(WideColumn("n", trials))
        elif cost in COSTS and _has(table, cost):
            columns.append(_cost(headline, cost, COSTS[cost]))
    return _grid(headline, "", columns)


def trials(row: TableRow) -> str:
    """Return how many trials of a row completed, failed and are missing."""
    own = row.row
    completed = len(own.completed)
    text = str(completed) if completed == own.planned else f"{completed} of {own.planned}"
    counts = {"failed": len(own.failed), "missing": own.missing}
    notes = [f"{count} {name}" for name, count in counts.items() if count]
    return f"{text} ({', '.join(notes)})" if notes else text


def _grid(headline: Headline, title: str, columns: list[WideColumn]) -> Grid:
    headline = clean_headline(headline)
    identity = headline.identity
    marks = any(row.sign for row in headline.rows)
    headings = [Heading("", False)] * marks
    headings += [Heading(column.name, False) for column in identity]
    headings += [Heading(column.heading, False) for column in columns]
    rows: list[GridRow] = []
    group = "ranked"
    for row in headline.rows:
        if row.group != group:
            group = row.group
            rule = headline.unranked if group == "unranked" else "for scale"
            rows += [GridRow(rule=rule)] if rule else []
        rows.append(GridRow(_cells(row, columns, marks)))
    return Grid(title, headings, rows, len(identity) + marks)


def _cells(row: HeadlineRow, columns: list[WideColumn], marks: bool) -> list[GridCell]:
    style = "dim" if row.group == "scale" else ""
    cells = [GridCell(row.sign, "best" if row.mark == "best" else "tied")] * marks
    span = len(row.identity) if row.group == "scale" else 1
    for place, text in enumerate(row.identity):
        cells.append(GridCell(text, style, span if place == 0 else 1))
    return cells + [GridCell(column.text(row.source), style) for column in columns]


def _metric(table: Table, column: MetricColumn, is_clear: bool = True) -> WideColumn:
    """A metric's column, with its feature space in the heading where two would be named alike."""
    heading = column.short_name if is_clear else column.name
    return _values(column.name, heading, column.direction, decimals_of(table, column))


def _values(name: str, heading: str, direction: Direction, decimals: Decimals) -> WideColumn:
    def text(row: TableRow) -> str:
        summary = row.summary(name)
        if summary.median is None:
            return UNKNOWN
        if not math.isfinite(summary.median) and not row.row.failed:
            return UNKNOWN  # the metric gave no number
        value = decimals.text(summary.median) if math.isfinite(summary.median) else "failed"
        full = spread(summary, decimals)[0]
        # Up to four seeds the values themselves say all, the median too.
        return f"{value} {full}" if full.startswith("[") else full or value

    return WideColumn(heading + ARROWS[direction], text)


def _cost(headline: Headline, name: str, heading: str) -> WideColumn:
    """A cost of training. Reference rows have none."""
    table = headline.table
    if name == "images_per_second":
        column = headline.column("speed")
        return WideColumn(column.name if column else heading, _speed)
    medians = [row.summary(name).median for row in table.gans]
    every = [value for row in table.gans for value in row.summary(name).values]
    decimals = Decimals.of([value for value in medians if value is not None], every)
    values = _values(name, heading, "none", decimals)
    return WideColumn(heading, lambda row: "" if row.is_baseline else values.text(row))


def _speed(row: TableRow) -> str:
    value = row.summary("images_per_second").median
    if row.is_baseline:
        return ""
    return UNKNOWN if value is None else speed(value, row.is_doubtful)


def _has(table: Table, name: str) -> bool:
    return any(row.summary(name).values for row in table.rows)


def _target(headline: Headline, goal: Target) -> Grid:
    """When a target is reached: medians over the trials, some of which may never reach it."""
    places = {row.key: reached(row.row, goal) for row in headline.table.rows}

    def column(name: str) -> WideColumn:
        def text(row: TableRow) -> str:
            value = places[row.key][f"{goal.label}_{name}"]
            if value is None:
                return UNKNOWN
            return f"{value:.0%}" if name == "reached" else plain(value)

        return WideColumn(name, text)

    title = f"first to reach {goal.column} {goal.value:g}, medians"
    return _grid(headline, title, [column(name) for name in ("reached", *AXES)])
