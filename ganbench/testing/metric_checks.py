"""Checks of a metric, on sets of samples whose quality is known."""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

import numpy as np

from ganbench.contracts import Direction, FeatureSet, Metric, Reading, Scale
from ganbench.corruptions import CORRUPTIONS
from ganbench.errors import GanbenchError
from ganbench.testing import metric_inputs as inputs
from ganbench.testing.check import Check, NotApplicable, require
from ganbench.testing.subject import Subject, ready, tasks
from ganbench.testing.surroundings import unchanged

_NEEDS = get_args(get_type_hints(Metric)["needs"])
_SEEDS = 5
_SENTENCE = re.compile(r"\S((?!\.\s)[^\n])*\.")  # one line, one full stop before a space
Values = dict[str, float]


def facts_are_sound(subject: Subject) -> None:
    """`version`, `needs`, `columns` and what goes with them are what the contract says."""
    metric = subject.part
    version = metric.version
    require(
        isinstance(version, int) and not isinstance(version, bool) and version >= 1,
        f"version is {version!r}; begin with 1, and raise it when a value would change",
    )
    require(metric.needs in _NEEDS, f"needs is {metric.needs!r}; it is one of {list(_NEEDS)}")
    require(metric.columns, "columns is empty; name at least one, with its better direction")
    for column, direction in metric.columns.items():
        require(
            direction in get_args(Direction),
            f"the better direction of {column!r} is {direction!r}; it is one of "
            f"{list(get_args(Direction))}",
        )
    known = {corruption.name for corruption in CORRUPTIONS}
    for fact in ("sees", "ignores"):
        for column, promised in getattr(metric, fact, {}).items():
            require(
                column in metric.columns and set(promised) <= known,
                f"{fact} promises {sorted(promised)} of {column!r}; columns are "
                f"{list(metric.columns)} and corruptions {sorted(known)}",
            )
    _require_sound_readings(metric)
    beside = set(getattr(metric, "beside", ()))
    require(
        beside <= set(metric.columns),
        f"beside has {sorted(beside - set(metric.columns))}, which are no columns",
    )


def _require_sound_readings(metric: Any) -> None:
    """Raise Failed for a reading that no column has or that readers of results cannot use."""
    for column, reading in getattr(metric, "readings", {}).items():
        require(
            column in metric.columns,
            f"readings explains {column!r}, which is no column; columns are {list(metric.columns)}",
        )
        require(
            isinstance(reading, Reading),
            f"the reading of {column!r} is a {type(reading).__name__}; use "
            "ganbench.contracts.Reading",
        )
        require(
            isinstance(reading.plain, str) and _SENTENCE.fullmatch(reading.plain),
            f"the reading of {column!r} explains it as {reading.plain!r}; write one sentence on "
            "one line that ends with a full stop",
        )
        require(
            reading.scale in get_args(Scale),
            f"the scale of {column!r} is {reading.scale!r}; it is one of {list(get_args(Scale))}",
        )
        require(
            reading.resolution is None or _is_positive(reading.resolution),
            f"the resolution of {column!r} is {reading.resolution!r}; it is a positive number, or "
            "None for the default of the scale",
        )


def _is_positive(number: Any) -> bool:
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and 0 < number < math.inf


def gives_the_columns_it_promises(subject: Subject) -> None:
    """`compute` gives a number for each of its columns, and none beside."""
    for fake in (inputs.good(subject.part), inputs.noise(subject.part)):
        _values(subject, fake)


def is_finite_on_good_samples(subject: Subject) -> None:
    """Every column is finite for other samples of the data's own distribution."""
    for column, value in _values(subject, inputs.good(subject.part)).items():
        require(
            math.isfinite(value),
            f"{column} is {value} for {inputs.ROWS} good samples; nan is for what cannot be known",
        )


def noise_is_worse(subject: Subject) -> None:
    """Noise is not better than good samples or than the real ones, and worse in some column.

    A metric that says what it `sees` is held to that by `ganbench validate-metrics`; here only
    those of its columns that see noise are looked at.
    """
    metric, real = subject.part, inputs.reference(subject.part)
    directed = [name for name, direction in metric.columns.items() if direction != "none"]
    sees = getattr(metric, "sees", {})
    if sees:
        directed = [name for name in directed if "noise" in sees.get(name, ())]
    if not directed:
        raise NotApplicable("no column promises to be worse on noise")
    bad = _values(subject, inputs.noise(metric))
    worse = set()
    for name, fake in (("good", inputs.good(metric)), ("the real", replace(real, training=None))):
        found = _values(subject, fake)
        for column in directed:
            gain = _gain(metric.columns[column], found[column], bad[column])
            require(
                gain >= 0,
                f"{column} is {bad[column]:.4g} for noise and {found[column]:.4g} for {name} "
                f"samples, and {metric.columns[column]} is said to be better; is the direction "
                "wrong, or are real and fake exchanged?",
            )
            worse |= {column} if gain > 0 else set()
    require(
        worse,
        f"no column of {', '.join(directed)} tells noise from good samples; columns without a "
        'better direction say "none"',
    )


def _gain(direction: str, good: float, bad: float) -> float:
    """How much better the good value is; one that cannot be computed is the worst."""
    if math.isnan(bad):
        return 0.0 if math.isnan(good) else math.inf
    return bad - good if direction == "lower" else good - bad


def same_generator_same_values(subject: Subject) -> None:
    """The same samples and generator give the same values bit for bit."""
    fake = inputs.good(subject.part)
    one, other = _values(subject, fake), _values(subject, fake)
    require(
        _equal(one, other),
        f"the same samples gave {one} and then {other}; draw from the `rng` that is handed in",
    )


def order_of_samples_does_not_matter(subject: Subject) -> None:
    """Samples in another order have the same values, within what the metric's own draws do."""
    metric = subject.part
    if metric.needs == "trajectory":
        raise NotApplicable("the order of a path is what it is about")
    real, fake = inputs.reference(metric), inputs.good(metric)
    usual = [_values(subject, fake, seed=seed) for seed in range(_SEEDS)]
    shuffled = [
        _values(subject, inputs.permuted(fake, 21), inputs.permuted(real, 22), seed)
        for seed in range(_SEEDS)
    ]
    for column in metric.columns:
        before, after = (np.array([run[column] for run in runs]) for runs in (usual, shuffled))
        spread = 6 * np.ptp(before) + 1e-6 * np.abs(before).max() + 1e-9
        moved = abs(before.mean() - after.mean())
        require(
            moved <= spread,
            f"{column} is {before.mean():.9g}, and {after.mean():.9g} with the samples in another "
            "order; a set of samples has no order, so take no row for its place",
        )


def inputs_are_left_alone(subject: Subject) -> None:
    """Both sides are the same after they were compared."""
    real, fake = inputs.reference(subject.part), inputs.good(subject.part)
    copies = [_copies(real), _copies(fake)]
    _compute(subject, fake, real, seed=0)
    for side, before, after in zip(("real", "fake"), copies, (real, fake), strict=True):
        for name, array in before.items():
            require(
                np.array_equal(array, getattr(after, name)),
                f"compute() changes the {name} of the {side} side; copy what has to be changed",
            )


def leaves_the_process_alone(subject: Subject) -> None:
    """Computing leaves generators, environment, folder, signals and threads as they are."""
    with unchanged(f"computing {subject.part.name}"):
        _values(subject, inputs.good(subject.part))


def small_sets_are_handled(subject: Subject) -> None:
    """Of two, three and five samples it gives its columns, or says in one line what it lacks."""
    for rows in (2, 3, 5):
        try:
            with np.errstate(all="ignore"):
                _values(
                    subject,
                    inputs.good(subject.part, rows),
                    inputs.reference(subject.part, rows),
                )
        except GanbenchError as error:
            require(
                "\n" not in str(error),
                f"{rows} samples are refused in several lines; say in one what is wanted",
            )
        except (ArithmeticError, IndexError, ValueError, np.linalg.LinAlgError) as error:
            require(
                False,
                f"{rows} samples a side raise {type(error).__name__}: {error}; give nan, or raise "
                "ganbench.errors.ConfigError with what is wanted",
            )


def _values(
    subject: Subject, fake: FeatureSet, real: FeatureSet | None = None, seed: int = 0
) -> Values:
    """What the metric computes of copies; raises Failed where these are not its columns."""
    real = real or inputs.reference(subject.part)
    return _compute(subject, _copy(fake), _copy(real), seed)


def _compute(subject: Subject, fake: FeatureSet, real: FeatureSet, seed: int) -> Values:
    metric = subject.part
    _require_fit(subject)
    rng = np.random.Generator(np.random.Philox(key=100 + seed))
    values = ready(metric).compute(real, fake, rng)
    require(
        isinstance(values, dict) and set(values) == set(metric.columns),
        f"compute() gave {values if not isinstance(values, dict) else sorted(values)} and promises "
        f"the columns {sorted(metric.columns)}; give a number for each, nan if there is none",
    )
    for column, value in values.items():
        require(
            isinstance(value, float | int | np.floating | np.integer),
            f"{column} is a {type(value).__name__}; give a float",
        )
    return {column: float(values[column]) for column in metric.columns}


def _require_fit(subject: Subject) -> None:
    """Raise NotApplicable for a metric whose `fits` refuses sets such as these."""
    metric = subject.part
    suitable = [inputs.task_for(metric)]
    if metric.needs not in ("images", "points"):  # features and paths do not show a task's shape
        suitable += tasks(subject.catalog)
    fits = getattr(metric, "fits", None)
    if fits is not None and not any(fits(task) for task in suitable):
        raise NotApplicable("it fits none of the tasks of the checks and of the data sets")


def _equal(one: Values, other: Values) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def _copy(side: FeatureSet) -> FeatureSet:
    return replace(side, **_copies(side))


def _copies(side: FeatureSet) -> dict[str, Any]:
    parts = {item.name: getattr(side, item.name) for item in fields(side)}
    return {name: part.copy() for name, part in parts.items() if isinstance(part, np.ndarray)}


_BEFORE = ("facts_are_sound", "gives_the_columns_it_promises")
CHECKS = (
    Check(facts_are_sound),
    Check(gives_the_columns_it_promises, after=("facts_are_sound",)),
    Check(is_finite_on_good_samples, after=_BEFORE),
    Check(noise_is_worse, after=(*_BEFORE, "is_finite_on_good_samples")),
    Check(same_generator_same_values, after=_BEFORE),
    Check(
        order_of_samples_does_not_matter,
        after=(*_BEFORE, "is_finite_on_good_samples", "same_generator_same_values"),
    ),
    Check(inputs_are_left_alone, after=_BEFORE),
    Check(leaves_the_process_alone, after=_BEFORE),
    Check(small_sets_are_handled, after=_BEFORE),
)
