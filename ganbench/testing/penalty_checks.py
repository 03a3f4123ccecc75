"""Checks of a penalty, on a discriminator whose gradients are known, and on every backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganbench.contracts import Samples
from ganbench.testing import agreement
from ganbench.testing.check import Check, NotApplicable, require
from ganbench.testing.strict import (
    BranchOnValue,
    Discriminator,
    StrictOps,
    Tensor,
    UnknownOperation,
)
from ganbench.testing.subject import Subject
from ganbench.testing.vehicle import Logistic

_SHAPE = (6, 2)
_IMAGES = ("real", "fake", "mixed")
# D(x) = x'Ax / 2 + w'x with a symmetric A, whose gradient is Ax + w.
_MATRIX, _LINEAR = np.array([[2.0, 0.5], [0.5, -1.0]]), np.array([0.3, -0.7])
_QUADRATIC = Discriminator(
    lambda x: np.einsum("ni,ij,nj->n", x, _MATRIX, x) / 2 + x @ _LINEAR,
    lambda x: x @ _MATRIX + _LINEAR,
)


class Trial:
    """A penalty with everything that it may ask for; `order` permutes the batch."""

    def __init__(self, penalty: Any, order: np.ndarray | None = None) -> None:
        rng = np.random.Generator(np.random.Philox(key=13))
        rows = np.arange(_SHAPE[0]) if order is None else order
        arrays = [rng.standard_normal(_SHAPE)[rows], 1 + rng.standard_normal(_SHAPE)[rows]]
        mixing = rng.random(_SHAPE[0])[rows]
        extras = {
            name: (rng.standard_normal if kind == "normal" else rng.random)(_SHAPE)[rows]
            for name, kind in getattr(penalty, "extra", {}).items()
        }
        self.penalty, self.ops = penalty, StrictOps(mixing, extras)
        self.real, self.fake = (Samples(Tensor(array)) for array in arrays)

    def term(self) -> Any:
        """What is added to the discriminator's loss."""
        return self.penalty.discriminator_term(self.ops, _QUADRATIC, self.real, self.fake)

    def transformed(self) -> dict[str, Any]:
        """What the discriminator judges instead of each side."""
        sides = {"real": self.real, "fake": self.fake}
        return {
            side: self.penalty.transform_input(self.ops, samples, side)
            for side, samples in sides.items()
        }

    def everything(self) -> None:
        """Call every method that there is."""
        if hasattr(self.penalty, "discriminator_term"):
            self.term()
        if hasattr(self.penalty, "transform_input"):
            self.transformed()
        if hasattr(self.penalty, "after_update"):
            self.penalty.after_update(self.ops, self.real.images)


def uses_only_the_vocabulary(subject: Subject) -> None:
    """It computes with + - * / and ops alone, so that every backend can compute it."""
    _tried(subject.part, UnknownOperation)


def never_branches_on_values(subject: Subject) -> None:
    """It takes no tensor as a condition, which a compiled graph cannot do."""
    _tried(subject.part, BranchOnValue)


def _tried(penalty: Any, looked_for: type[Exception]) -> None:
    try:
        Trial(penalty).everything()
    except looked_for:
        raise
    except Exception:  # another check's to tell
        return


def declares_its_arrays(subject: Subject) -> None:
    """`extra` names every array that it asks for, as normal or uniform numbers."""
    for name, kind in getattr(subject.part, "extra", {}).items():
        require(
            kind in ("normal", "uniform"),
            f"`extra` says that {name!r} is {kind!r}; the harness draws 'normal' or 'uniform'",
        )
    Trial(subject.part).everything()


def declares_what_it_differentiates(subject: Subject) -> None:
    """`differentiates` names the images by which it takes gradients, and no others."""
    declared = frozenset(getattr(subject.part, "differentiates", ()))
    require(
        declared <= set(_IMAGES),
        f"differentiates has {sorted(declared - set(_IMAGES))}; it may have {list(_IMAGES)}",
    )
    trial = Trial(subject.part)
    if hasattr(subject.part, "discriminator_term"):
        trial.term()
    taken = set()
    for samples in trial.ops.differentiated:
        known = {"real": [trial.real], "fake": [trial.fake], "mixed": trial.ops.mixed}
        names = [
            name for name, all_ in known.items() if any(samples.images is s.images for s in all_)
        ]
        require(
            names,
            "it takes gradients by images that it made itself, which no backend watches; take "
            "those of real, of fake or of ops.mix(...)",
        )
        taken.update(names)
    require(
        taken == declared,
        f"it takes gradients by the images of {sorted(taken) or 'no side'} and declares "
        f"{sorted(declared) or 'none'}; write differentiates = frozenset({sorted(taken)})",
    )


def term_is_a_finite_scalar(subject: Subject) -> None:
    """The term is a finite scalar on a quadratic discriminator."""
    if not hasattr(subject.part, "discriminator_term"):
        raise NotApplicable("it has no discriminator_term")
    found = Trial(subject.part).term()
    require(
        isinstance(found, Tensor) and found.array.shape == () and np.isfinite(found.array),
        f"discriminator_term() gave {_described(found)}; give a finite scalar, such as "
        "ops.mean(...)",
    )


def order_of_samples_does_not_matter(subject: Subject) -> None:
    """The same samples in another order have the same term."""
    if not hasattr(subject.part, "discriminator_term"):
        raise NotApplicable("it has no discriminator_term")
    order = np.random.Generator(np.random.Philox(key=3)).permutation(_SHAPE[0])
    usual, shuffled = (Trial(subject.part, rows).term().array for rows in (None, order))
    require(
        np.isclose(usual, shuffled, rtol=1e-10, atol=1e-12),
        f"discriminator_term() is {usual:.9g}, and {shuffled:.9g} with the batch in another order",
    )


def transform_keeps_the_shape(subject: Subject) -> None:
    """`transform_input` gives Samples of the same shape, with their labels."""
    if not hasattr(subject.part, "transform_input"):
        raise NotApplicable("it has no transform_input")
    for side, samples in Trial(subject.part).transformed().items():
        shape = getattr(getattr(getattr(samples, "images", None), "array", None), "shape", None)
        require(
            isinstance(samples, Samples) and shape == _SHAPE,
            f"transform_input() of the {side} samples gave "
            f"{type(samples).__name__} of shape {shape}; give samples._replace(images=...) of the "
            f"same shape {_SHAPE}",
        )


def update_keeps_the_shape(subject: Subject) -> None:
    """`after_update` gives a finite weight of the same shape."""
    if not hasattr(subject.part, "after_update"):
        raise NotApplicable("it has no after_update")
    for shape in ((3, 2), (3,), (2, 3, 4, 4)):
        weight = np.linspace(-2, 2, int(np.prod(shape))).reshape(shape)
        found = subject.part.after_update(StrictOps(), Tensor(weight))
        require(
            isinstance(found, Tensor)
            and found.array.shape == shape
            and np.isfinite(found.array).all(),
            f"after_update() of a weight of shape {shape} gave {_described(found)}; give the new "
            "value of the whole weight",
        )


def _described(found: Any) -> str:
    if isinstance(found, Tensor):
        return f"a tensor of shape {found.array.shape} with a mean of {found.array.mean():.4g}"
    return f"a {type(found).__name__}"


def agrees_with_numpy(subject: Subject) -> None:
    """One step with it on this backend, in float64, moves every weight by finite differences."""
    agreement.require_same_step(subject, Logistic(), (subject.part,))


_BEFORE = ("uses_only_the_vocabulary", "never_branches_on_values", "declares_its_arrays")
_TERM = (*_BEFORE, "term_is_a_finite_scalar")
CHECKS = (
    Check(uses_only_the_vocabulary),
    Check(never_branches_on_values, after=_BEFORE[:1]),
    Check(declares_its_arrays, after=_BEFORE[:2]),
    Check(term_is_a_finite_scalar, after=_BEFORE),
    Check(declares_what_it_differentiates, after=_BEFORE),
    Check(order_of_samples_does_not_matter, after=_TERM),
    Check(transform_keeps_the_shape, after=_BEFORE),
    Check(update_keeps_the_shape, after=_BEFORE),
    Check(
        agrees_with_numpy,
        on_backend=True,
        after=(
            *_TERM,
            "declares_what_it_differentiates",
            "transform_keeps_the_shape",
            "update_keeps_the_shape",
        ),
    ),
)
