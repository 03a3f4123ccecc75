"""Checks of a loss: first as a formula in NumPy, then on every backend against that formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ganbench.contracts import Samples
from ganbench.testing import agreement
from ganbench.testing.check import Check, require
from ganbench.testing.strict import (
    BranchOnValue,
    Discriminator,
    StrictOps,
    Tensor,
    UnknownOperation,
    slopes,
)
from ganbench.testing.subject import Subject

SIDES = ("discriminator", "generator")
_BATCH = 7
_STEP = 1e-6
_UNDECIDED = 0.4  # all logits near this are a discriminator that cannot tell real from fake
# A logit is its own input.
_IDENTITY = Discriminator(lambda inputs: inputs[:, 0], np.ones_like)


def value(loss: Any, side: str, real: np.ndarray, fake: np.ndarray) -> Any:
    """What a side minimises, at these logits [n]."""
    ops = StrictOps()
    images = (Samples(Tensor(real[:, None])), Samples(Tensor(fake[:, None])))
    if side == "discriminator":
        return loss.discriminator_loss(ops, _IDENTITY, *images)
    given = images[0] if getattr(loss, "generator_needs_real", False) else None
    return loss.generator_loss(ops, _IDENTITY, given, images[1])


def number(loss: Any, side: str, real: np.ndarray, fake: np.ndarray) -> float:
    """The same as a number; raises Failed where it is no scalar tensor."""
    found = value(loss, side, real, fake)
    require(
        isinstance(found, Tensor) and found.array.shape == (),
        f"{side}_loss() gave {_described(found)}; give a scalar, such as ops.mean(...)",
    )
    return float(found.array)


def _described(found: Any) -> str:
    if isinstance(found, Tensor):
        return f"a tensor of shape {found.array.shape}"
    return f"a {type(found).__name__}"


def logits(center: float = 0.0, spread: float = 1.0, n: int = _BATCH) -> list[np.ndarray]:
    """Logits of reals and of fakes, the same each time."""
    rng = np.random.Generator(np.random.Philox(key=11))
    return [center + spread * rng.standard_normal(n) for _ in SIDES]


def uses_only_the_vocabulary(subject: Subject) -> None:
    """It computes with + - * / and ops alone, so that every backend can compute it."""
    _tried(subject.part, UnknownOperation)


def never_branches_on_values(subject: Subject) -> None:
    """It takes no tensor as a condition, which a compiled graph cannot do."""
    _tried(subject.part, BranchOnValue)


def _tried(loss: Any, looked_for: type[Exception]) -> None:
    for side in SIDES:
        try:
            value(loss, side, *logits())
        except looked_for:
            raise
        except Exception:  # another check's to tell
            continue


def generator_real_is_declared(subject: Subject) -> None:
    """`generator_needs_real` is true if and only if generator_loss takes real samples."""
    value(subject.part, "generator", *logits())
    if getattr(subject.part, "generator_needs_real", False):
        real, fake = logits()
        by_real = slopes(lambda at: number(subject.part, "generator", at, fake), real, _STEP)
        require(
            np.abs(by_real).max() > 0,
            "it says `generator_needs_real = True` and does not use them in generator_loss; leave "
            "it out, since fresh reals cost time",
        )


def gives_a_finite_scalar(subject: Subject) -> None:
    """Both sides are finite scalars at usual logits."""
    for side in SIDES:
        found = number(subject.part, side, *logits())
        require(np.isfinite(found), f"{side}_loss() is {found} at logits around 0")


def is_finite_for_large_logits(subject: Subject) -> None:
    """Values and slopes are finite for logits of 10,000 of either sign."""
    for side in SIDES:
        for real_sign in (-1, 1):
            for fake_sign in (-1, 1):
                real, fake = real_sign * np.full(_BATCH, 1e4), fake_sign * np.full(_BATCH, 1e4)
                with np.errstate(all="ignore"):
                    found = number(subject.part, side, real, fake)
                    by_fake = slopes(_of_fake(subject.part, side, real), fake, 1e-2)
                require(
                    np.isfinite(found) and np.isfinite(by_fake).all(),
                    f"{side}_loss() is {found} at real logits of {real[0]:g} and fake ones of "
                    f"{fake[0]:g}; write it with ops.softplus, which does not overflow, instead of "
                    "logarithms and exponentials",
                )


def order_of_samples_does_not_matter(subject: Subject) -> None:
    """The same pairs of samples in another order have the same loss."""
    order = np.random.Generator(np.random.Philox(key=3)).permutation(_BATCH)
    real, fake = logits()
    for side in SIDES:
        usual = number(subject.part, side, real, fake)
        shuffled = number(subject.part, side, real[order], fake[order])
        require(
            np.isclose(usual, shuffled, rtol=1e-10, atol=1e-12),
            f"{side}_loss() is {usual:.9g}, and {shuffled:.9g} with the batch in another order; a "
            "batch has no order",
        )


def discriminator_pulls_real_above_fake(subject: Subject) -> None:
    """An undecided discriminator lowers its loss by raising real logits and lowering fake ones."""
    real, fake = logits(_UNDECIDED, 0.05)
    by_real = slopes(_of_real(subject.part, "discriminator", fake), real, _STEP).sum()
    by_fake = slopes(_of_fake(subject.part, "discriminator", real), fake, _STEP).sum()
    require(
        by_real < 0 < by_fake,
        f"discriminator_loss() has the slope {by_real:.3g} by real and {by_fake:.3g} by fake "
        "logits where both are alike; real samples are meant to score high, so the first has to be "
        "below 0 and the second above. Is a sign wrong, or a side left out?",
    )


def generator_pushes_fake_up(subject: Subject) -> None:
    """Against an undecided discriminator, the generator gains by raising fake logits."""
    real, fake = logits(_UNDECIDED, 0.05)
    by_fake = slopes(_of_fake(subject.part, "generator", real), fake, _STEP)
    require(
        by_fake.sum() < 0,
        f"generator_loss() has the slope {by_fake.sum():.3g} by fake logits; the generator wants "
        "them high, so it has to be below 0. Is the sign wrong, or the discriminator left out?",
    )


def _of_real(loss: Any, side: str, fake: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda real: number(loss, side, real, fake)


def _of_fake(loss: Any, side: str, real: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda fake: number(loss, side, real, fake)


def agrees_with_numpy(subject: Subject) -> None:
    """One step on this backend, in float64, moves every weight by NumPy's finite differences."""
    agreement.require_same_step(subject, subject.part, ())


_BEFORE = ("uses_only_the_vocabulary", "never_branches_on_values", "generator_real_is_declared")
_FINITE = (*_BEFORE, "gives_a_finite_scalar")
CHECKS = (
    Check(uses_only_the_vocabulary),
    Check(never_branches_on_values, after=_BEFORE[:1]),
    Check(generator_real_is_declared, after=_BEFORE[:2]),
    Check(gives_a_finite_scalar, after=_BEFORE),
    Check(is_finite_for_large_logits, after=_FINITE),
    Check(order_of_samples_does_not_matter, after=_FINITE),
    Check(discriminator_pulls_real_above_fake, after=_FINITE),
    Check(generator_pushes_fake_up, after=_FINITE),
    Check(agrees_with_numpy, on_backend=True, after=_FINITE),
)
