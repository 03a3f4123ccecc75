"""Limits of `ganbench compare --fail-on`: which difference of two folders is too large."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ganbench.analysis.column_names import find, resolve
from ganbench.columns import Column
from ganbench.compare import Report
from ganbench.comparison import Comparison
from ganbench.errors import ConfigError
from ganbench.measured import Labels

_FORM = re.compile(r"(?P<name>.+):(?P<sign>[+-])(?P<amount>\d+(\.\d+)?([eE][+-]?\d+)?)(?P<unit>%?)")
Verdict = Literal["exceeded", "unsupported", "held", "not comparable"]


@dataclass(frozen=True)
class Limit:
    """How much worse a column may become: `amount` of its units, or as a share of the baseline."""

    text: str
    name: str
    direction: Literal["lower", "higher"]  # of the columns whose values may change by so much
    amount: float
    is_share: bool

    def covered(self, columns: list[Column]) -> list[Column]:
        """The columns of one row that the limit is about: one, and others made in another way."""
        column = find(columns, self.name)
        if column is None:
            return []
        if self.name == column.name:
            return [column]
        return [one for one in columns if one.key == column.key]


@dataclass(frozen=True)
class Finding:
    """What a limit says of one row: a line, and whether it decides."""

    limit: str
    row: Labels
    column: str
    verdict: Verdict
    text: str


def read(texts: tuple[str, ...], report: Report) -> list[Limit]:
    """Read limits such as 'fd:+5%', 'classes:-1' or 'images_per_second:-10%'.

    Raises ConfigError for another form, for a sign that would be an improvement and for a column
    that has no better or worse, and UnknownName for one that neither folder has.
    """
    columns = list(dict.fromkeys(item.column for item in report.comparisons))
    return [_read(text, columns) for text in texts]


def judge(limits: list[Limit], report: Report) -> list[Finding]:
    """Hold every comparison that a limit covers against it."""
    return [
        _judge(limit, item)
        for limit in limits
        for pair in report.pairs
        for covered in [limit.covered([item.column for item in pair.comparisons])]
        for item in pair.comparisons
        if item.column in covered
    ]


def _read(text: str, columns: list[Column]) -> Limit:
    where = f"--fail-on {text!r}"
    form = _FORM.fullmatch(text)
    if not form:
        raise ConfigError(f"{where}: not a limit; write COLUMN:+N%, COLUMN:-N% or COLUMN:+N")
    amount, is_share = float(form["amount"]), bool(form["unit"])
    limit = Limit(
        text,
        form["name"],
        "lower" if form["sign"] == "+" else "higher",
        amount / 100 if is_share else amount,
        is_share,
    )
    resolve(columns, limit.name, where)
    for column in limit.covered(columns):
        if column.direction == "none":
            raise ConfigError(f"{where}: {column.name} has no better or worse; name another column")
        if column.direction != limit.direction:
            mended = text.replace(f":{form['sign']}", ":+" if form["sign"] == "-" else ":-")
            raise ConfigError(
                f"{where}: {column.name} is better when {column.direction}, so a limit on what is "
                f"worse has the other sign: {mended!r}"
            )
    return limit


def _judge(limit: Limit, item: Comparison) -> Finding:
    def found(verdict: Verdict, text: str) -> Finding:
        told = f"{limit.text}: {item.row}, {item.column.name}: {text}"
        return Finding(limit.text, item.row, item.column.name, verdict, told)

    if item.broken:  # what never worked cannot have become worse
        return found("exceeded" if item.broken == "B" else "held", item.reason)
    difference = item.difference
    if difference is None or difference.mean is None:
        return found("not comparable", f"not comparable: {item.reason}")
    sign = 1.0 if limit.direction == "lower" else -1.0
    allowed = limit.amount * abs(item.mean_a or 0.0) if limit.is_share else limit.amount
    text = f"{difference.mean:+.4g}"
    if item.relative is not None:
        text += f" ({item.relative:+.1%})"
    if sign * difference.mean <= allowed:
        return found("held", text)
    if difference.low is None or difference.high is None:
        return found("exceeded", f"{text}, by the means alone (4 runs or fewer)")
    text += f", 95 % interval {difference.low:+.4g} to {difference.high:+.4g}"
    if min(sign * difference.low, sign * difference.high) <= 0:
        return found("unsupported", f"{text}, which holds 0")
    return found("exceeded", text)
