"""Find the column that a user means by a name such as `fd`, `coverage` or `fd-cls-digits-v1`."""

from __future__ import annotations

from collections.abc import Iterable

from ganbench.columns import Column
from ganbench.errors import ConfigError, UnknownName
from ganbench.metric_names import ALIASES

# Feature spaces that are made for no data set, by the beginning of their names. Commands that read
# results import no plugins, so they cannot ask an extractor's class.
GENERAL_SPACES = ("pca-train", "random-conv", "inception", "vgg", "clip", "dinov2")


def resolve(columns: Iterable[Column], text: str, where: str = "") -> Column:
    """The column that `text` names among the columns of one data set, in the order of scoring.

    `text` is a full name such as `fd-cls-digits-v1`, a name without its feature space such as
    `fd`, or a metric with one ranked column, such as `frechet`. A name without a space means the
    first space that was made for the data set, otherwise the first space.

    Raises UnknownName for other names, and ConfigError for a metric with several ranked columns
    and for the alias of a metric without scores.
    `where` is the folder or option that the error names.
    """
    columns = list(columns)
    column = find(columns, text)
    if column:
        return column
    several = _of_metric(columns, text)
    if several:
        names = ", ".join(one.short_name for one in several)
        place = f" in {where}" if where else ""
        raise ConfigError(f"{text!r}{place} is a metric with the columns {names}; name one")
    if text in ALIASES:
        place = where or "these results"
        raise ConfigError(
            f"{text!r} is the metric {ALIASES[text]}, which has no scores in {place}; "
            f"`ganbench score DIR --metric {text}` adds them"
        )
    short = {one.short_name for one in columns}
    raise UnknownName("column", text, short, where, also={one.name for one in columns})


def find(columns: Iterable[Column], text: str) -> Column | None:
    """The same as `resolve`, or None where that raises."""
    columns = list(columns)
    for one in columns:
        if one.name == text:
            return one
    matches = [one for one in columns if one.short_name == text] or _of_metric(columns, text)
    if len({one.short_name for one in matches}) != 1:
        return None
    return next((one for one in matches if not _is_general(one)), matches[0])


def _of_metric(columns: list[Column], text: str) -> list[Column]:
    """The shown columns of the metric `text` that have a better direction, one for each name."""
    name = ALIASES.get(text, text)
    ranked = (one for one in columns if one.direction != "none" and not one.is_beside)
    found = [one for one in ranked if one.made_from.get("metric") == name and one.number == 1]
    return sorted(found, key=_is_general)


def _is_general(column: Column) -> bool:
    return column.space.startswith(GENERAL_SPACES)
