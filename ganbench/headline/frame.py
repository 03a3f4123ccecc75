"""Headlines as pandas data frames, which notebooks show as the headline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ganbench.headline.headline import Headline, HeadlineRow


class Results(pd.DataFrame):  # type: ignore[misc]  # pandas has no types
    """A data frame that a notebook shows as the headline.

    Selecting rows or columns gives ordinary data frames.
    """

    _metadata = ["_html"]
    _html: str = ""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # type: ignore[no-any-return]

    def _repr_html_(self) -> str:
        return self._html


def to_frame(headlines: Sequence[Headline], html: str = "") -> Results:
    """Return the headline's rows and columns, in the order in which every format shows them.

    Columns: `dataset`, `budget`, `model`, `loss`, `backend`; `group` (ranked, unranked, scale),
    `mark`, `rank_low` and `rank_high`; the primary metric under its short name with `_low` and
    `_high`, the second and third metric; `images_per_second`, `n`, `failed`, `missing` and
    `remark`. `html` is what a notebook shows. `.attrs` has the titles, sentences and full names of
    columns.
    """
    rows = [_row(headline, row) for headline in headlines for row in headline.rows]
    frame = Results(pd.DataFrame(rows))
    frame._html = html
    frame.attrs = {
        "titles": [" · ".join(headline.title) for headline in headlines],
        "shared": [list(headline.shared) for headline in headlines],
        "sentences": [list(headline.sentences) for headline in headlines],
        "primary": [headline.primary.name if headline.primary else None for headline in headlines],
        "notes": [list(headline.table.notes) for headline in headlines],
    }
    return frame


def _row(headline: Headline, row: HeadlineRow) -> dict[str, Any]:
    backend, model, loss = row.source.key
    own = row.source.row
    low, high = row.rank or (None, None)
    parts: dict[str, Any] = {
        "dataset": headline.table.dataset,
        "budget": headline.table.budget,
        "model": model,
        "loss": loss,
        "backend": backend,
        "group": row.group,
        "mark": row.mark,
        "rank_low": low,
        "rank_high": high,
    }
    if headline.primary is not None:
        name = headline.metric
        interval = row.summary.interval if row.summary else None
        parts[name] = _number(row.cells["primary"].value)
        parts[f"{name}_low"] = _number(interval.low if interval else None)
        parts[f"{name}_high"] = _number(interval.high if interval else None)
    for column in headline.columns:
        if column.role in ("second", "third"):
            parts[column.name] = _number(row.cells[column.key].value)
    return parts | {
        "images_per_second": _number(row.cells["speed"].value),
        "n": len(own.completed),
        "failed": len(own.failed),
        "missing": own.missing,
        "remark": row.cells["remark"].text,
    }


def _number(value: float | None) -> float:
    """NaN where there is no finite number."""
    return value if value is not None and math.isfinite(value) else math.nan
