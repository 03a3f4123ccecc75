"""Checks of a model before it is trained: its parameters, its step, its first samples."""

from __future__ import annotations

import math

import numpy as np

from ganbench.contracts import Constant, Normal, Parameter, Step, TruncatedNormal, Uniform
from ganbench.testing.check import Check, NotApplicable, require
from ganbench.testing.subject import Subject
from ganbench.testing.vehicle import Run, dataset_for, same

NETWORKS = ("generator", "discriminator")
_DISTRIBUTIONS = (Normal, TruncatedNormal, Uniform, Constant)


def step_is_whole(subject: Subject) -> None:
    """`step` gives a Step of positive whole numbers, the same each time."""
    model, task = subject.part, dataset_for(subject.part).task
    step = model.step(task)
    require(isinstance(step, Step), f"step() gave {step!r}; give a ganbench.contracts.Step")
    counts = (step.batch_size, step.latent_size, step.discriminator_updates, step.generator_samples)
    require(
        all(isinstance(count, int) and count >= 1 for count in counts),
        f"step() gave {step}; batch_size, latent_size and discriminator_updates have to be at "
        "least 1",
    )
    require(model.step(task) == step, "step() gives something else the second time")


def parameters_are_named(subject: Subject) -> None:
    """`parameters` gives Parameters of positive shapes under generator.* and discriminator.*."""
    model, task = subject.part, dataset_for(subject.part).task
    found = model.parameters(task)
    for name, parameter in found.items():
        require(
            name.partition(".")[0] in NETWORKS and "." in name,
            f"parameters() names {name!r}; names begin with `generator.` or `discriminator.`",
        )
        require(
            isinstance(parameter, Parameter) and isinstance(parameter.initial, _DISTRIBUTIONS),
            f"parameters()[{name!r}] is {parameter!r}; give a Parameter with its distribution",
        )
        require(
            all(isinstance(size, int) and size >= 1 for size in parameter.shape),
            f"parameters()[{name!r}] has the shape {parameter.shape}; sizes are whole and positive",
        )
    require(model.parameters(task) == found, "parameters() gives something else the second time")
    if getattr(model, "needs_loss", True):
        owners = {name.partition(".")[0] for name, item in found.items() if item.trainable}
        require(
            owners == set(NETWORKS),
            f"parameters() has trainable arrays of {sorted(owners) or 'no network'}; a model that "
            "takes a loss trains both, or says `needs_loss = False`",
        )


def begins_with_the_weights_given(subject: Subject) -> None:
    """The state begins with the weights that the harness has drawn, under their names."""
    run = Run(subject)
    if not run.weights:
        raise NotApplicable("it has no parameters")
    state = run.state()
    for name, array in run.weights.items():
        require(
            name in state,
            f"state() has no {name!r}, which parameters() promises; give every array its name",
        )
        require(
            state[name].shape == array.shape and np.allclose(state[name], array, rtol=1e-6),
            f"state()[{name!r}] does not begin with the values that the harness has drawn; copy "
            "`weights` into the networks, and draw nothing",
        )


def trainer_has_its_methods(subject: Subject) -> None:
    """Its trainer can train, sample, and give and take its state."""
    trainer = Run(subject).trainer
    for method in ("train", "sample", "state", "load_state"):
        require(
            callable(getattr(trainer, method, None)),
            f"{type(trainer).__name__} has no method {method!r}; see Trainer in "
            "ganbench/contracts.py",
        )


def samples_are_as_told(subject: Subject) -> None:
    """One uint8 image or float32 point for each row of noise, before training and after it."""
    run = Run(subject)
    for when in ("before training", "after training"):
        for count in (1, 9):
            samples = run.sample(count)
            task = run.dataset.task
            shape = (count, *task.shape)
            dtype = np.dtype(np.uint8 if task.kind == "images" else np.float32)
            require(
                isinstance(samples, np.ndarray)
                and (samples.dtype, samples.shape) == (dtype, shape),
                f"sample() of {count} rows {when} gave "
                f"{getattr(samples, 'dtype', type(samples).__name__)} "
                f"{getattr(samples, 'shape', '')}; give {dtype} {shape}",
            )
            require(np.isfinite(samples).all(), f"sample() {when} gave values that are not finite")
        run.train()


def samples_follow_their_noise(subject: Subject) -> None:
    """The same noise gives the same samples; other noise gives others."""
    run = Run(subject)
    run.train()
    first, second = run.sample(), run.sample()
    require(
        same(first, second),
        "sample() gives something else for the same noise the second time; make samples from the "
        "noise alone",
    )
    if sum(math.prod(array.shape) for array in run.weights.values()) <= 2:
        raise NotApplicable("a model of at most two numbers may ignore its noise")
    noise, labels = run.noise()
    require(
        not same(first, run.trainer.sample(-3 * noise, labels)),
        "sample() gives the same for other noise; use the rows of noise that it is given",
    )


STATIC = (
    Check(step_is_whole),
    Check(parameters_are_named, after=("step_is_whole",)),
)
CHECKS = (
    Check(trainer_has_its_methods, on_backend=True, after=("parameters_are_named",)),
    Check(samples_are_as_told, on_backend=True, after=("trainer_has_its_methods",)),
    Check(begins_with_the_weights_given, on_backend=True, after=("trainer_has_its_methods",)),
    Check(samples_follow_their_noise, on_backend=True, after=("samples_are_as_told",)),
)
