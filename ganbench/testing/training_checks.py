"""Checks of a model in training: fairness, repeatability, and that the budget is what is spent."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np

from ganbench.contracts import RunOptions
from ganbench.testing.check import Check, NotApplicable, require
from ganbench.testing.model_checks import NETWORKS
from ganbench.testing.subject import Subject
from ganbench.testing.surroundings import unchanged
from ganbench.testing.vehicle import SEED, STEPS, Run, difference, same

_REPORT = ("discriminator_loss", "generator_loss")


def losses_are_finite(subject: Subject) -> None:
    """`train` reports the last losses, as finite numbers."""
    run = Run(subject)
    losses = run.train()
    require(isinstance(losses, dict), f"train() gave {losses!r}; give a dictionary of numbers")
    if getattr(subject.part, "needs_loss", True):
        absent = [name for name in _REPORT if name not in losses]
        require(not absent, f"train() reports no {' and no '.join(absent)}")
    for name, value in losses.items():
        require(
            isinstance(value, float | int) and math.isfinite(value),
            f"train() reports {name} = {value!r} after {STEPS} steps; a float that is finite is "
            "wanted, and the harness ends the trial as diverged without",
        )


def same_seed_same_result(subject: Subject) -> None:
    """Two trainings of one seed are equal bit for bit."""
    ends = []
    for _ in range(2):
        run = Run(subject)
        losses = run.train()
        ends.append((run.state(), run.sample(), losses))
    odd = difference(ends[0][0], ends[1][0])
    require(
        odd is None and same(ends[0][1], ends[1][1]) and repr(ends[0][2]) == repr(ends[1][2]),
        f"two trainings with the same seed differ, first in {odd or 'their samples or losses'}; "
        "take every random number from the chunk, and use deterministic kernels",
    )


def other_seed_other_result(subject: Subject) -> None:
    """Another seed gives other samples."""
    first, second = Run(subject), Run(subject, seed=SEED + 1)
    if len(first.weights) and sum(array.size for array in first.weights.values()) <= 2:
        raise NotApplicable("a model of at most two numbers may have nothing to draw")
    first.train()
    second.train()
    require(
        not same(first.sample(64), second.sample(64)),
        "two seeds give the same samples; use the weights and the chunk that are handed in",
    )


def both_networks_move(subject: Subject) -> None:
    """Training changes trainable arrays of the generator and of the discriminator."""
    run = Run(subject)
    before = run.state()
    parameters = subject.part.parameters(run.dataset.task)
    names = [name for name, item in parameters.items() if item.trainable and name in before]
    if not names:
        raise NotApplicable("it has no trainable arrays")
    run.train()
    after = run.state()
    moved = {name.partition(".")[0] for name in names if not same(before[name], after[name])}
    for network in NETWORKS:
        owned = any(name.startswith(network) for name in names)
        require(
            not owned or network in moved,
            f"no array of the {network} has moved in {STEPS} steps; is it given to its optimiser, "
            "and is its loss connected to it?",
        )


def every_step_counts(subject: Subject) -> None:
    """Each step of a chunk has an effect: a step is what the budget is counted in."""
    if not getattr(subject.part, "needs_loss", True) and not Run(subject).weights:
        raise NotApplicable("a baseline may forget what it was shown")
    usual = Run(subject)
    usual.train()
    for step in range(STEPS):
        run = Run(subject)
        chunk = run.chunk(0, STEPS)
        real = chunk.real.copy()
        real[step] = real[step][..., ::-1, :, :] if real.ndim > 5 else -1.5 * real[step]
        run.trainer.train(chunk._replace(real=real))
        require(
            difference(usual.state(), run.state()) is not None,
            f"other real samples in step {step + 1} of a chunk of {STEPS} change nothing; every "
            "step of the chunk has to be trained on, since the harness counts it",
        )


def chunk_length_changes_nothing(subject: Subject) -> None:
    """The same steps in chunks of 1, 2 and 3 give the same weights bit for bit."""
    whole = Run(subject)
    whole.train()
    for length in (1, 2):
        run = Run(subject)
        run.train(length=length)
        odd = difference(whole.state(), run.state())
        require(
            odd is None,
            f"{STEPS} steps in chunks of {length} differ from one chunk of {STEPS}, first in {odd};"
            " train step by step, whatever the chunk's length",
        )


def sampling_leaves_training_alone(subject: Subject) -> None:
    """Samples in the middle of a training change nothing of what follows."""
    usual, sampled = Run(subject), Run(subject)
    for run in (usual, sampled):
        run.train(0, 1)
        if run is sampled:
            before = run.state()
            run.sample()
            odd = difference(before, run.state())
            require(odd is None, f"sample() changes the state, first in {odd}")
        run.train(1, STEPS, 2)
    odd = difference(usual.state(), sampled.state())
    require(
        odd is None,
        f"a training that was sampled from goes on differently, first in {odd}; sample in "
        "evaluation mode and return to training mode",
    )


def state_restores_training(subject: Subject) -> None:
    """Another trainer that loads the state in the middle goes on bit for bit."""
    usual, other = Run(subject), Run(subject, seed=SEED + 1)
    usual.train(0, 1)
    middle = usual.state()
    other.source = usual.source
    other.trainer.load_state(middle)
    odd = difference(middle, other.state())
    require(odd is None, f"load_state() does not give the state back, first in {odd}")
    usual.train(1, STEPS, 2)
    other.train(1, STEPS, 2)
    odd = difference(usual.state(), other.state())
    require(
        odd is None and same(usual.sample(), other.sample()),
        f"a training that was loaded goes on differently, first in {odd or 'its samples'}; state() "
        "has to hold all that training depends on: buffers, averages, the optimisers' moments",
    )


def inputs_are_left_alone(subject: Subject) -> None:
    """Chunks, weights and noise are the same after they were used."""
    run = Run(subject)
    chunk, weights = run.chunk(0, STEPS), {name: a.copy() for name, a in run.weights.items()}
    copies = [np.array(array) for array in _arrays(chunk)]
    run.trainer.train(chunk)
    noise, labels = run.noise()
    copied = noise.copy()
    run.trainer.sample(noise, labels)
    require(
        all(map(same, copies, _arrays(chunk))),
        "train() changes the arrays of its chunk; copy what has to be changed",
    )
    require(same(copied, noise), "sample() changes the noise that it is given; copy it")
    require(
        difference(weights, run.weights) is None,
        "training changes the initial weights that it was given; copy them into the networks",
    )


def leaves_the_process_alone(subject: Subject) -> None:
    """Training and sampling leave generators, environment, folder, signals and threads alone."""
    # What a framework sets when it begins is its backend's affair.
    subject.backend.prepare(RunOptions(1, "cpu", "float32"))
    with unchanged(f"training {subject.part.name}"), suppress(Exception):  # others tell of that
        run = Run(subject)
        run.train()
        run.sample()


def trace_agrees_with_training(subject: Subject) -> None:
    """`trace` makes the same updates as `train` and tells finite losses of every one."""
    run, traced = Run(subject), Run(subject)
    if not hasattr(traced.trainer, "trace"):
        raise NotApplicable("it has no trace(), so `ganbench parity` cannot compare it")
    losses = run.train()
    found = traced.trainer.trace(traced.chunk(0, STEPS))
    if not getattr(subject.part, "needs_loss", True):
        raise NotApplicable("it has no losses to trace")
    shapes = {
        "discriminator_loss": (STEPS, run.step.discriminator_updates),
        "generator_loss": (STEPS,),
    }
    for name, shape in shapes.items():
        array = np.asarray(found.get(name, ()))
        require(
            array.shape == shape and np.isfinite(array).all(),
            f"trace()[{name!r}] has the shape {array.shape}; give {shape} finite numbers",
        )
        last = float(array.ravel()[-1])
        require(
            math.isclose(last, losses[name], rel_tol=1e-4, abs_tol=1e-5),
            f"trace() ends with {name} = {last:.6g} and train() with {losses[name]:.6g}; both make "
            "the same updates",
        )
    one, other = run.state(), traced.state()
    odd = next((n for n in one if not np.allclose(one[n], other[n], rtol=1e-3, atol=1e-5)), None)
    require(odd is None, f"trace() and train() lead to other weights, first in {odd}")


def _arrays(chunk: Any) -> list[np.ndarray]:
    groups = [[item] if isinstance(item, np.ndarray) else item for item in chunk]
    found: list[np.ndarray] = []
    for group in groups:
        if isinstance(group, list):
            found += group
        elif isinstance(group, dict):
            found += group.values()
    return found


_BEFORE = ("parameters_are_named", "trainer_has_its_methods", "samples_are_as_told")
# What is only set once shows only once, so this comes before everything else.
FIRST = (Check(leaves_the_process_alone, on_backend=True, after=("parameters_are_named",)),)
CHECKS = (
    Check(losses_are_finite, on_backend=True, after=_BEFORE),
    Check(same_seed_same_result, on_backend=True, after=_BEFORE),
    Check(other_seed_other_result, on_backend=True, after=(*_BEFORE, "same_seed_same_result")),
    Check(both_networks_move, on_backend=True, after=_BEFORE),
    Check(every_step_counts, on_backend=True, after=(*_BEFORE, "same_seed_same_result")),
    Check(
        chunk_length_changes_nothing,
        on_backend=True,
        after=(*_BEFORE, "same_seed_same_result", "every_step_counts"),
    ),
    Check(
        sampling_leaves_training_alone, on_backend=True, after=(*_BEFORE, "same_seed_same_result")
    ),
    Check(state_restores_training, on_backend=True, after=(*_BEFORE, "same_seed_same_result")),
    Check(inputs_are_left_alone, on_backend=True, after=_BEFORE),
    Check(trace_agrees_with_training, on_backend=True, after=(*_BEFORE, "same_seed_same_result")),
)
