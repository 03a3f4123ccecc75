"""Hold one step of a backend against the same step in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganbench.selectors import Selector, build
from ganbench.testing import perceptron
from ganbench.testing.check import Failed, NotApplicable
from ganbench.testing.subject import Subject
from ganbench.testing.vehicle import Run

_TOLERANCE = 1e-6  # of the largest slope; the finite differences are good to about 1e-9


def require_same_step(subject: Subject, loss: Any, penalties: tuple[Any, ...]) -> None:
    """Train the smallest perceptrons for one step; raises Failed naming a weight that differs."""
    backend = subject.backend
    cls = subject.catalog.model(perceptron.MODEL, backend.name) if _offered(subject) else None
    if cls is None:
        raise NotApplicable(f"{backend.name} has no model {perceptron.MODEL!r} to try it on")
    model = build(cls, Selector(perceptron.MODEL, tuple(perceptron.OPTIONS.items())))
    run = Run(subject, model=model, loss=(loss, penalties), dtype="float64")
    chunk = run.chunk(0, 1)
    state = run.state()
    start = {name: state[name].astype(np.float64) for name in run.weights}
    expected = perceptron.step(loss, penalties, start, chunk)
    run.trainer.train(chunk)
    found = run.state()
    for name, array in expected.items():
        slope, wanted = start[name] - found[name], start[name] - array
        scale = max(1.0, float(np.abs(wanted).max()))
        if not np.allclose(slope, wanted, rtol=0, atol=_TOLERANCE * scale):
            place = np.unravel_index(np.abs(slope - wanted).argmax(), slope.shape)
            raise Failed(
                f"on {backend.name} one step of plain descent moves {name}{list(map(int, place))} "
                f"by {-slope[place]:.9g} and NumPy by {-wanted[place]:.9g}; is a tensor cut from "
                "what it was made of, or computed outside ops?"
            )


def _offered(subject: Subject) -> bool:
    return perceptron.MODEL in subject.catalog.names("models")
