"""What marks and columns mean, how values were measured, and what failed: for `--notes`."""

from __future__ import annotations

from collections.abc import Iterator

from ganbench.analysis.table import Table
from ganbench.headline.headline import Headline
from ganbench.headline.numbers import plain
from ganbench.report.clean import clean
from ganbench.results.parity_verdict import VERIFIED
from ganbench.verdict import CHANGED, UNVERIFIED

VALUE = (
    "A value is the median over the seeds. A failed trial counts as worse than any value. "
    "[low, high] is the 95 % interval of the median (n = 5: smallest and largest, 94 %); up to "
    "four seeds, each value is shown."
)
APART = (
    "The speeds of two rows were measured at different times. A difference does not show that one "
    "is faster."
)
SPEED = (
    "{unit} counts training alone, without compilation, checkpoints and scoring. `?`: the timing "
    "of at least half of the trials is doubtful. noisy: a fixed probe ran more than 5 % faster or "
    "slower after training than before. unstable: the chunks of a trial differ too much. busy: "
    "more than half of the cores had work when the run began. clock: the clocks of the trial and "
    f"of its parent differ by more than 2 %. {APART}"
)
_SCALES = {
    "log": "on the log scale",
    "share": "as arcsin(sqrt(x))",
    "raw": "as they are",
}
_PARITY = {
    VERIFIED: "parity verified: every loss, gradient and weight agrees to 1e-9 in float64",
    CHANGED: "parity changed: a source has changed since the backends were compared",
    UNVERIFIED: "parity unverified: the backends were never compared",
}


def notes(headline: Headline) -> list[str]:
    """Return the notes of a headline, one a line, without local paths and names of users."""
    table = headline.table
    lines = [
        VALUE,
        *marks(headline),
        *_columns(headline),
        *speed(headline),
        *_parity(table),
        *fingerprints(table),
        *table.notes,
        *failures(table),
    ]
    return [clean(line) for line in lines]


def marks(headline: Headline) -> Iterator[str]:
    """How the rows were compared, and which differences the comparison can find."""
    primary, ranked = headline.primary, headline.group("ranked")
    if primary is None or len(ranked) < 2:
        yield "A row needs three completed trials to be ranked."
        return
    assert headline.scale is not None
    scale = _SCALES[headline.scale]
    if headline.scale != primary.reading.scale:
        scale += f" (not {_SCALES[primary.reading.scale]}: a value lies outside that scale)"
    yield (
        "`*` (bold): better than every other row. `~`: no row is shown to be better. Blank: some "
        f"row is better. All {len(ranked)} ranked rows are compared together by "
        f"{headline.metric}, {scale}: if all were equal, about 5 in 100 such tables would show "
        "a difference. Other columns are not tested. A row with a failed or collapsed trial is "
        "never best."
    )
    if headline.detectable:
        runs = {len(row.summary.values) for row in ranked if row.summary}
        seeds = f"{min(runs)} to {max(runs)}" if len(runs) > 1 else str(min(runs))
        yield (
            f"With {len(ranked)} rows and {seeds} seeds this table finds differences of "
            f"{headline.detectable} in four of five cases, smaller ones less often."
        )


def _columns(headline: Headline) -> Iterator[str]:
    for column in headline.columns:
        if column.plain and column.role in ("primary", "second", "third"):
            yield f"{column.name}: {column.plain}"


def speed(headline: Headline) -> Iterator[str]:
    """What the column of speeds and its timing marks mean, where there is one."""
    column = headline.column("speed")
    if column is not None:
        yield SPEED.format(unit=column.name)


def _parity(table: Table) -> Iterator[str]:
    states = list(dict.fromkeys(row.parity for row in table.gans if row.parity in _PARITY))
    for state in states:
        rows = sum(row.parity == state for row in table.gans)
        yield f"{_PARITY[state or '']} ({rows} of {len(table.gans)} rows)."


def fingerprints(table: Table) -> Iterator[str]:
    """A line for each feature space: how its metrics were computed, and constants among them."""
    lines: dict[str, dict[str, list[str]]] = {}
    for column in table.columns:
        facts = lines.setdefault(column.made_with, {}).setdefault(column.metric, [])
        values = [value for row in table.rows for value in row.summary(column.name).values]
        # A constant that is no result, such as a sampling floor, is stated once.
        is_fact = column.is_beside and column.direction == "none"
        if is_fact and values and max(values) - min(values) < 1e-12:
            facts.append(f"{column.short_name} {plain(values[0])}")
    for made_with, metrics in lines.items():
        parts = [", ".join([metric, *facts]) for metric, facts in metrics.items()]
        yield f"{made_with[0].upper()}{made_with[1:]}: {'; '.join(parts)}."


def failures(table: Table) -> Iterator[str]:
    """A line for each trial that failed, and for each problem of a row."""
    for row in table.rows:
        for record in row.row.failed:
            yield f"{record.status}: {record.id}: {record.reason}"
        for problem in row.problems:
            since = f" since {', '.join(problem.onsets)} images" if problem.onsets else ""
            name = " ".join(row.key)
            yield f"{name}: {problem.words} in {problem.trials} trials{since}"
