"""One line per row with every column, for spreadsheets: `--format csv-wide`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from ganbench.analysis.table import KEYS, NETWORKS, TableRow, settings
from ganbench.headline.headline import Headline, HeadlineRow
from ganbench.report.clean import clean_values
from ganbench.targets import reached

Value = str | int | float | None


def to_csv(headlines: Sequence[Headline]) -> str:
    """Write the rows of all tables.

    Each metric and cost has its median under its own name, then `_mean`, `_sd`, `_iqm`, `_low`,
    `_high` and `_points`, the values with spaces between them. `mark` is that of the primary
    column. Absent values are empty.
    """
    rows = [clean_values(_row(headline, row)) for headline in headlines for row in headline.rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else row[name] for name in names])
    return text.getvalue()


def _row(headline: Headline, row: HeadlineRow) -> dict[str, Value]:
    table, source = headline.table, row.source
    parts: dict[str, Value] = dict(zip(KEYS, source.key, strict=True))
    parts |= settings(table)
    parts |= {
        "group": row.group,
        "mark": row.mark,
        "n": len(source.row.completed),
        "planned": source.row.planned,
        "failed": len(source.row.failed),
        "missing": source.row.missing,
        "parity": source.parity,
        "timing": source.timing,
        "remark": row.cells["remark"].text,
    }
    areas = [f"{name}_area" for name in table.areas()]
    for name in [*(column.name for column in table.columns), *areas, *table.costs()]:
        parts |= _parts(source, name)
    for network in NETWORKS:
        parts[f"parameters_{network}"] = source.parameters(network)
    for goal in table.goals:
        parts |= reached(source.row, goal)
    return parts


def _parts(row: TableRow, name: str) -> dict[str, Value]:
    summary = row.summary(name)
    ends = summary.interval
    return {
        name: _finite(summary.median),
        f"{name}_mean": summary.mean,
        f"{name}_sd": summary.sd,
        f"{name}_iqm": summary.iqm,
        f"{name}_low": _finite(ends.low) if ends else None,
        f"{name}_high": _finite(ends.high) if ends else None,
        f"{name}_points": " ".join(map(repr, summary.values)),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
