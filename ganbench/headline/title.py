"""The title line: what all rows of a table have in common."""

from __future__ import annotations

from ganbench.analysis.table import Table
from ganbench.headline.identity import Names

_BUDGETS = {"images": "images", "updates": "updates", "seconds": "seconds", "flops": "FLOPs"}


def title(table: Table, names: Names) -> tuple[str, ...]:
    """Return the parts of the title: `digits`, `dcgan`, `60k images each`, `10 seeds`, ..."""
    kind, _, amount = table.budget.partition("=")
    parts = [table.dataset, *names.common, f"{amount} {_BUDGETS.get(kind, kind)} each"]
    if seeds := _seeds(table):
        parts.append(seeds)
    parts.append(f"{table.threads} thread{'' if table.threads == 1 else 's'}")
    if table.device != "auto":
        parts.append(f"device {table.device}")
    return tuple(parts)


def seeds_each(count: int) -> str:
    """Write a number of seeds."""
    return f"{count} seed{'' if count == 1 else 's'}"


def _seeds(table: Table) -> str:
    planned = {row.row.planned for row in table.gans or table.rows}
    if not planned:
        return ""
    low, high = min(planned), max(planned)
    return seeds_each(low) if low == high else f"{low} to {high} seeds"
