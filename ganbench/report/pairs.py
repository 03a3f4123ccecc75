"""Every two rows against each other, as tables."""

from __future__ import annotations

from ganbench.analysis.pairs import Comparison, RowPair
from ganbench.headline.numbers import plain
from ganbench.report.clean import clean
from ganbench.report.grid import Grid, GridCell, GridRow, Heading

CAPTION = (
    "Ratio or difference: of typical values (geometric means where a ratio is shown), with an "
    "interval that holds for all pairs together (95 %). p is adjusted for all pairs. rank: the "
    "places that the comparisons leave open. The table's marks come from the same comparison."
)


def grids(comparisons: list[Comparison]) -> list[Grid]:
    """Return the ranks and the pairs of each table."""
    return [grid for item in comparisons for grid in (_ranks(item), _pairs(item)) if grid.rows]


def _title(item: Comparison) -> str:
    return f"{item.column} on {clean(item.dataset)}, budget {item.budget}"


def _ranks(item: Comparison) -> Grid:
    headings = [Heading("row", False), Heading("seeds"), Heading("rank")]
    rows = [
        GridRow(
            [
                GridCell(clean(" ".join(own.row))),
                GridCell(str(own.seeds)),
                GridCell(_rank(own.rank)),
            ]
        )
        for own in sorted(item.ranks, key=lambda own: own.rank or (len(item.ranks) + 1, 0))
    ]
    return Grid(_title(item), headings, rows)


def _rank(rank: tuple[int, int] | None) -> str:
    if rank is None:
        return "not ranked"
    return str(rank[0]) if rank[0] == rank[1] else f"{rank[0]}-{rank[1]}"


def _pairs(item: Comparison) -> Grid:
    kind = "ratio" if item.scale == "log" else "difference"
    headings = [
        *(Heading("row", False), Heading("against", False), Heading("seeds")),
        *(Heading(kind), Heading("95 % interval"), Heading("p"), Heading("", False)),
    ]
    return Grid(_title(item), headings, [GridRow(_cells(pair)) for pair in item.pairs], identity=2)


def _cells(pair: RowPair) -> list[GridCell]:
    seeds = dict.fromkeys(map(str, pair.seeds))
    interval = f"[{plain(pair.low)}, {plain(pair.high)}]"
    texts = [
        *(clean(" ".join(pair.row)), clean(" ".join(pair.against)), ", ".join(seeds)),
        *(plain(pair.estimate), interval, _p(pair.p), pair.verdict),
    ]
    return [GridCell(text) for text in texts]


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
