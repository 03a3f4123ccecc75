"""Tables for people and for papers: rich, Markdown, CSV, JSON and LaTeX of the same numbers."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganbench.table import KEYS, PARITY, Section, to_frame

if TYPE_CHECKING:
    from rich.console import RenderableType

ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
COST_HEADINGS = {
    "images_per_second": "images/s",
    "compile_seconds": "compile s",
    "peak_memory_mib": "peak MiB",
    "parameters": "parameters",
}
PARITY_CAPTION = (
    "parity: whether the backends train the same GAN, by `ganbench parity`: verified, every loss, "
    "gradient and weight agreed to 1e-9 in float64, step by step (sizes of layers and batches and "
    "options of backends aside); failed, they did not; changed, a source has changed since; "
    "unverified, never compared."
)
SMALLEST_DECIMAL = 1e-5  # smaller numbers are written with an exponent
WIDE_COLUMNS = 160  # terminals narrower than this get quality and cost in two tables


def to_text(sections: list[Section], style: str) -> str:
    """The whole table in one of the text formats."""
    if style == "json":
        return json.dumps(_json_rows(sections), indent=1, allow_nan=False) + "\n"
    if style == "csv":
        return str(to_frame(sections).to_csv(index=False, lineterminator="\n"))
    if style == "latex":
        return "\n".join(_latex(section) for section in sections)
    return "\n".join(_markdown(section) for section in sections)


def to_rich(sections: list[Section], width: int) -> RenderableType:
    """The whole table for a terminal of this width."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = []
    for section in sections:
        headings, rows = cells(section)
        quality = len(headings) - len(COST_HEADINGS)
        views = [list(range(len(headings)))]
        if width < WIDE_COLUMNS:
            views = [views[0][:quality], views[0][: len(KEYS)] + views[0][quality:]]
        for number, view in enumerate(views):
            table = Table(title=_title(section) if number == 0 else None, title_justify="left")
            for index in view:
                justify: Any = "left" if index < len(KEYS) else "right"
                heading = Text(_broken(headings[index], section))
                table.add_column(heading, justify=justify, overflow="fold", no_wrap=index < 3)
            for row in rows:
                table.add_row(*(Text(row[index]) for index in view))
            parts.append(table)
        parts += [Text(line, style="dim") for line in captions(section)]
    return Group(*parts)


def cells(section: Section) -> tuple[list[str], list[list[str]]]:
    """Headings and formatted rows: names, trials, quality, then cost."""
    shown = [column for column in section.columns if not column.is_beside]
    parity = [PARITY] if section.has_parity else []
    headings = [*KEYS, "n", *parity, *(column.name + ARROWS[column.direction] for column in shown)]
    headings += COST_HEADINGS.values()
    rows = []
    for _, row in section.frame.iterrows():
        measured = [*(column.name for column in shown), *COST_HEADINGS]
        values = [_mean_and_spread(row[name], row[f"{name}_sd"]) for name in measured]
        marks = [row[name] or "—" for name in parity]
        rows.append([*(str(row[key]) for key in KEYS), _trials(row), *marks, *values])
    return headings, rows


def captions(section: Section) -> list[str]:
    """How to read the table: what the numbers are and what each metric was made with."""
    lines = [
        "Mean ± standard deviation over n seeds, of the final model at the end of the budget. "
        "images/s leaves out compilation and scoring."
    ]
    by_fingerprint: dict[str, list[str]] = {}
    for column in section.columns:
        by_fingerprint.setdefault(column.fingerprint, [])
        values = section.frame[column.name].dropna()
        # A constant that is no result, such as a sampling floor, is said once.
        is_fact = column.is_beside and column.direction == "none"
        if is_fact and len(values) and values.max() - values.min() < 1e-12:
            by_fingerprint[column.fingerprint].append(f"{column.name} {_number(values.iloc[0])}")
    lines += [PARITY_CAPTION] if section.has_parity else []
    return lines + ["; ".join([text, *more]) + "." for text, more in by_fingerprint.items()]


def _broken(heading: str, section: Section) -> str:
    """A heading on two lines: the metric, then the feature space."""
    for space in {column.space for column in section.columns} - {""}:
        heading = heading.replace(f"-{space}", f"\n{space}")
    return heading


def _title(section: Section) -> str:
    threads = f"{section.threads} thread{'s' if section.threads > 1 else ''}"
    device = "" if section.device == "auto" else f", device {section.device}"
    return f"{section.dataset}, budget {section.budget}, {threads}{device}"


def _trials(row: pd.Series[Any]) -> str:
    """How many seeds a row is made of, and what became of the others."""
    text = str(row["n"]) if row["n"] == row["planned"] else f"{row['n']} of {row['planned']}"
    notes = [f"{row[name]} {name}" for name in ("failed", "missing") if row[name]]
    return f"{text} ({', '.join(notes)})" if notes else text


def _mean_and_spread(mean: Any, spread: Any) -> str:
    if mean is None or pd.isna(mean):
        return "—"
    if spread is None or pd.isna(spread) or spread == 0:
        return _number(mean)
    if 0 < abs(mean) < SMALLEST_DECIMAL:
        return f"{mean:.1e} ± {spread:.1e}"
    digits = _decimals(mean or spread)
    return f"{mean:,.{digits}f} ± {spread:,.{digits}f}"


def _decimals(value: float) -> int:
    """Decimals that leave about three significant digits."""
    return min(6, max(0, 2 - math.floor(math.log10(abs(value)))))


def _number(value: float) -> str:
    if 0 < abs(value) < SMALLEST_DECIMAL:
        return f"{value:.1e}"
    digits = 0 if float(value).is_integer() else _decimals(value)
    return f"{value:,.{digits}f}"


def _markdown(section: Section) -> str:
    headings, rows = cells(section)
    align = ["---" if index < len(KEYS) else "---:" for index in range(len(headings))]
    lines = ["| " + " | ".join(map(escape, row)) + " |" for row in [headings, *rows]]
    lines.insert(1, "| " + " | ".join(align) + " |")
    return "\n".join([f"**{_title(section)}**", "", *lines, "", *captions(section), ""])


def escape(text: str) -> str:
    """Keep a cell from being read as markup."""
    for character in "\\|`<[]*_":
        text = text.replace(character, "\\" + character)
    return text


def _latex(section: Section) -> str:
    headings, rows = cells(section)
    arrows = {" ↑": r" $\uparrow$", " ↓": r" $\downarrow$"}
    styler = pd.DataFrame(rows, columns=headings).style.hide(axis="index")
    styler = styler.format(escape="latex").format_index(escape="latex", axis="columns")
    text: str = styler.to_latex(
        hrules=True,
        column_format="l" * len(KEYS) + "r" * (len(headings) - len(KEYS)),
        caption=re.sub(r"([&%$#_{}])", r"\\\1", f"{_title(section)}. {captions(section)[0]}"),
        position_float="centering",
    )
    for arrow, command in {**arrows, "±": r"$\pm$", "—": "---"}.items():
        text = text.replace(arrow, command)
    return text


def _json_rows(sections: list[Section]) -> list[dict[str, Any]]:
    """Rows without NaN: a value that is not known is null."""
    frame = to_frame(sections)
    rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows
