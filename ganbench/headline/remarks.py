"""Remarks of a row: only what is wrong with it."""

from __future__ import annotations

from ganbench.analysis.table import TableRow
from ganbench.record import SCORING_ERROR
from ganbench.results.parity_verdict import FAILED
from ganbench.stats.summary import failure_rate_interval


def remark(row: TableRow) -> str:
    """Return what is wrong with a row, or "".

    `1 of 10 failed`, with the interval of the rate where most failed; `2 missing`;
    `collapsed 2 of 10`; `parity failed`.
    """
    completed, failed = len(row.row.completed), len(row.row.failed)
    ended = completed + failed
    parts = []
    if failed:
        text = f"{failed} of {ended} failed"
        if 2 * failed > ended:
            rate = failure_rate_interval(failed, ended)
            text += f" (95 %: {rate.low:.2f} to {rate.high:.2f})"
        parts.append(text)
    if unscored := sum(SCORING_ERROR in record.training for record in row.row.completed):
        parts.append(f"scoring failed {unscored} of {completed}")
    if row.row.missing:
        parts.append(f"{row.row.missing} missing")
    parts += [f"{problem.words} {problem.trials} of {completed}" for problem in row.problems]
    if row.parity == FAILED:
        parts.append("parity failed")
    return ", ".join(parts)
