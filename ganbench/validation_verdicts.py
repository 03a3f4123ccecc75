"""Judge measurements: which promises of a metric's columns held, and by how much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganbench.contracts import Metric
from ganbench.corruptions import CORRUPTIONS
from ganbench.errors import PluginError
from ganbench.scoring import Scoring
from ganbench.validation import FLOOR, Key, Measurements, Values, key_of

LEVEL = 2  # the moderate level of five, at which a defect has to stand out of the floor
FLOOR_DEVIATIONS = 3.0  # that a defect has to make up, and that noise is not expected to
EVERY, MOST = 1.0, 0.9  # Spearman in one of the spaces, and in each of the others
FLOOR_TOLERANCE = 0.15  # relative, of a floor that a column foretells
FLOOR_ERRORS = 2.0  # standard errors of the mean over draws beyond the tolerance that are chance
FEW_IMAGES = 1000  # a side; with fewer the floor hides moderate defects, and a hundredth is nothing
HELD, BROKEN, UNDECIDED = "held", "broken", "undecided"
# A column that sees one of these defects must rank real images above the baseline that has it.
DEFECTS = {"memorizer": ("duplication",), "pixel-gaussian": ("noise", "contamination")}


@dataclass(frozen=True)
class Response:
    """What one column in one space makes of one corruption. Badness is better when it is lower."""

    space: str | None
    spearman: list[float]  # per seed, of level and badness; 0 for a column that does not move
    rise: float  # of the mean badness, from clean to LEVEL, in the column's unit
    error: float  # standard error of that mean over seeds
    final_rise: float  # the same from clean to the last level
    final_error: float
    floor_deviation: float  # standard deviation of the clean value over draws

    @property
    def mean_spearman(self) -> float:
        """Over seeds."""
        return float(np.mean(self.spearman))

    def effect(self, rise: float) -> float:
        """A rise of this column in standard deviations of its floor."""
        return in_deviations(rise, self.floor_deviation)

    def worsens(self, last: bool) -> bool:
        """Whether the last level or LEVEL is worse than clean by more than noise explains."""
        rise, error = (self.final_rise, self.final_error) if last else (self.rise, self.error)
        noise = max(self.floor_deviation, error)
        return not rise <= FLOOR_DEVIATIONS * noise  # what is not a number is worse


def in_deviations(rise: float, deviation: float) -> float:
    """A rise in standard deviations; infinite where there is no deviation."""
    if deviation > 0:
        return rise / deviation
    return math.copysign(math.inf, rise) if rise else 0.0


@dataclass(frozen=True)
class Check:
    """One promise and what came of it."""

    promise: str  # sees, ignores, floor or order
    metric: str
    column: str
    subject: str  # the corruption, the baseline, or nothing for a floor
    outcome: str  # held, broken or undecided
    told: str  # the numbers that decided


def refuse_impossible(wanted: list[Scoring]) -> None:
    """Raise PluginError for a promise about no column, no corruption or no direction."""
    known = {item.name for item in CORRUPTIONS}
    for metric in {key_of(scoring, ""): scoring.metric for scoring in wanted}.values():
        for name in ("sees", "ignores"):
            for column, subjects in getattr(metric, name, {}).items():
                place = f"metric {metric.name!r}: {name} of {column!r}"
                if metric.columns.get(column, "none") == "none":
                    raise PluginError(f"{place}: that is no column of which a direction is better")
                if unknown := set(subjects) - known:
                    raise PluginError(
                        f"{place}: no corruption is named {min(unknown)!r} "
                        f"(known: {', '.join(sorted(known))})"
                    )


def promised(metric: Metric, column: str, corruption: str) -> str:
    """`sees`, `ignores` or "": what a column promises of a corruption."""
    for name in ("sees", "ignores"):
        if corruption in getattr(metric, name, {}).get(column, ()):
            return name
    return ""


def response(key: Key, direction: str, corruption: str, found: Measurements) -> Response:
    """Judge one column in one space under one corruption; `direction` is not "none"."""
    sign = {"lower": 1.0, "higher": -1.0}[direction]
    levels = found.corrupted[corruption]
    badness = sign * np.array([[values[key] for values in seed] for seed in levels])
    rises = badness - badness[:, :1]
    errors = np.std(rises, axis=0, ddof=1) / math.sqrt(len(rises))
    clean = [values[key] for values in found.clean]
    return Response(
        key.space,
        [spearman(row) for row in badness],
        float(rises[:, LEVEL].mean()),
        float(errors[LEVEL]),
        float(rises[:, -1].mean()),
        float(errors[-1]),
        float(np.std(clean, ddof=1)),
    )


def spearman(badness: np.ndarray) -> float:
    """Rank correlation of a row with its order; 0 if it is constant or not all numbers."""
    from scipy.stats import rankdata

    if not np.isfinite(badness).all() or np.ptp(badness) == 0:
        return 0.0
    correlation = np.corrcoef(rankdata(badness), np.arange(len(badness)))[0, 1]
    return round(float(correlation), 12)  # so that a perfect one is 1


def sees(responses: list[Response], count: int) -> str:
    """Whether a defect is seen in the spaces of one column; RULES of the report in code.

    On few images a column that sees the severe defect, and sees it grow, is not found wrong.
    """
    always = any(min(item.spearman) >= EVERY for item in responses)
    mostly = all(item.mean_spearman >= MOST - 1e-12 for item in responses)
    clearly = any(item.effect(item.rise) > FLOOR_DEVIATIONS for item in responses)
    if always and mostly and clearly:
        return HELD
    severe = any(
        item.effect(item.final_rise) > FLOOR_DEVIATIONS and min(item.spearman) > 0
        for item in responses
    )
    return UNDECIDED if count < FEW_IMAGES and severe else BROKEN


def ignores(responses: list[Response], count: int) -> str:
    """Whether a defect makes no space's value worse; on few images LEVEL has to show it, too."""
    if not any(item.worsens(last=True) for item in responses):
        return HELD
    moderate = any(item.worsens(last=False) for item in responses)
    return UNDECIDED if count < FEW_IMAGES and not moderate else BROKEN


def judge(wanted: list[Scoring], found: Measurements) -> list[Check]:
    """Every promise: corruptions, then floors, then the order of the baselines."""
    checks = []
    rules = {"sees": sees, "ignores": ignores}
    for scorings in _by_metric(wanted).values():
        metric = scorings[0].metric
        for column, direction in metric.columns.items():
            keys = [key_of(scoring, column) for scoring in scorings]
            for corruption in found.corrupted:
                promise = promised(metric, column, corruption)
                if promise:
                    responses = [response(key, direction, corruption, found) for key in keys]
                    outcome = rules[promise](responses, found.count)
                    told = "; ".join(map(describe, responses))
                    checks.append(Check(promise, keys[0].metric, column, corruption, outcome, told))
            if column + FLOOR in metric.columns:
                checks += [_floor(key, found) for key in keys]
            checks += _orders(keys, metric, column, found)
    order = ("sees", "ignores", "floor", "order")
    return sorted(checks, key=lambda check: order.index(check.promise))


def describe(item: Response) -> str:
    """A response in words."""
    ranks = ", ".join(f"{value:.2g}" for value in item.spearman)
    effects = [effect_text(rise, item.floor_deviation) for rise in (item.rise, item.final_rise)]
    return (
        f"{item.space or 'images'}: Spearman {ranks}; level {LEVEL} {effects[0]} sd, "
        f"last level {effects[1]} sd"
    )


def effect_text(rise: float | None, deviation: float | None) -> str:
    """A rise in standard deviations of the floor."""
    if rise is None or deviation is None or not math.isfinite(rise):
        return "no number"
    effect = in_deviations(rise, deviation)
    if math.isinf(effect):
        return "+∞" if effect > 0 else "-∞"
    return f"{effect:+.0f}" if abs(effect) >= 10 else f"{effect:+.1f}"


def _floor(key: Key, found: Measurements) -> Check:
    """Value over floor on each number of images, and the same of their slopes over 1/n."""
    sizes = {found.count: found.clean, **found.smaller}
    values = _drawn(key, sizes)  # [sizes, draws]
    # A metric may have no value on the fewest images, but it has one on all of them.
    known = np.isfinite(values).all(axis=1)
    known[0] = True
    floors = _drawn(key._replace(column=key.column + FLOOR), sizes)[known].mean(axis=1)
    counts, values = np.array(list(sizes))[known], values[known]
    ratios = {f"n={n}": row / floor for n, row, floor in zip(counts, values, floors, strict=True)}
    if len(counts) > 1:
        slope = np.polyfit(1 / counts, floors, 1)[0]
        ratios["slope over 1/n"] = np.polyfit(1 / counts, values, 1)[0] / slope
    told, outcomes = [], set()
    for name, drawn in ratios.items():
        error = float(np.std(drawn, ddof=1) / math.sqrt(len(drawn)))
        outcomes.add(agrees(float(drawn.mean()), error))
        told.append(f"{name} {drawn.mean():.2f} ± {error:.2f}")
    outcome = next(found for found in (BROKEN, UNDECIDED, HELD) if found in outcomes)
    text = f"{key.space or 'images'}: value / floor at {', '.join(told)}"
    return Check("floor", key.metric, key.column, "", outcome, text)


def agrees(ratio: float, error: float) -> str:
    """Whether a ratio is 1 within the tolerance, or could be for all that its draws say."""
    beyond = abs(ratio - 1) - FLOOR_TOLERANCE
    if beyond <= 0:
        return HELD
    return UNDECIDED if beyond <= FLOOR_ERRORS * error else BROKEN


def _drawn(key: Key, sizes: dict[int, list[Values]]) -> np.ndarray:
    return np.array([[values[key] for values in draws] for draws in sizes.values()])


def _orders(keys: list[Key], metric: Any, column: str, found: Measurements) -> list[Check]:
    checks = []
    for baseline, defects in DEFECTS.items():
        concerned = any(promised(metric, column, defect) == "sees" for defect in defects)
        if not (concerned and found.baselines["real"] and found.baselines[baseline]):
            continue
        sign = {"lower": 1.0, "higher": -1.0}[metric.columns[column]]
        parts, held = [], False
        for key in keys:
            real, other = (
                np.array([values[key] for values in found.baselines[name]])
                for name in ("real", baseline)
            )
            held |= bool(np.all(sign * real < sign * other))
            parts.append(
                f"{key.space or 'images'}: real {real.mean():.3g}, {baseline} {other.mean():.3g}"
            )
        checks.append(
            Check(
                "order",
                keys[0].metric,
                column,
                baseline,
                HELD if held else BROKEN,
                "; ".join(parts),
            )
        )
    return checks


def _by_metric(wanted: list[Scoring]) -> dict[str, list[Scoring]]:
    groups: dict[str, list[Scoring]] = {}
    for scoring in wanted:
        groups.setdefault(key_of(scoring, "").metric, []).append(scoring)
    return groups
