"""Run jobs on one backend in its own process: python tests/backend_probe.py BACKEND JOBS RESULTS.

TensorFlow and torch cannot share a process, so the parity tests start this script once for each
and compare the arrays. JOBS is a JSON list of objects whose `kind` names one of the functions in
KINDS; RESULTS is an .npz file with arrays named JOB/ARRAY.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ganbench.contracts import Dataset, RunOptions, Samples, Split, Task
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.streams import draw_weights

SAMPLES = 256
SEED = 5

# --------------------------------------------------------------------------- test-local losses


@dataclass(frozen=True)
class Relativistic:
    """Relativistic pairing GAN: it needs fresh reals for the generator."""

    name = "relativistic"
    generator_needs_real = True

    def discriminator_loss(self, ops, discriminator, real, fake):
        return ops.mean(ops.softplus(discriminator(fake) - discriminator(real)))

    def generator_loss(self, ops, discriminator, real, fake):
        return ops.mean(ops.softplus(discriminator(real) - discriminator(fake)))


@dataclass(frozen=True)
class R1:
    """Gamma / 2 mean |gradient of D at real|^2, Mescheder et al. 2018, arXiv:1801.04406."""

    name = "r1"
    differentiates = frozenset({"real"})
    extra: ClassVar = {}

    def discriminator_term(self, ops, discriminator, real, fake):
        _, gradients = ops.logits_and_input_gradients(discriminator, real)
        return 0.5 * ops.mean(ops.sum_per_sample(ops.square(gradients)))


@dataclass(frozen=True)
class AnnealedR2:
    """The same at fakes, faded out by progress and step."""

    name = "r2"
    differentiates = frozenset({"fake"})
    extra: ClassVar = {}

    def discriminator_term(self, ops, discriminator, real, fake):
        _, gradients = ops.logits_and_input_gradients(discriminator, fake)
        gamma = (1 - ops.progress) / (1 + ops.step)
        return gamma * ops.mean(ops.sum_per_sample(ops.square(gradients)))


@dataclass(frozen=True)
class GradientPenalty:
    """10 mean (|gradient of D between real and fake| - 1)^2, Gulrajani et al. 2017."""

    name = "gradient-penalty"
    differentiates = frozenset()
    extra: ClassVar = {}

    def discriminator_term(self, ops, discriminator, real, fake):
        mixed = ops.mix(real, fake)
        _, gradients = ops.logits_and_input_gradients(discriminator, mixed)
        norms = ops.sqrt(ops.sum_per_sample(ops.square(gradients)) + 1e-12)
        return 10 * ops.mean(ops.square(norms - 1))


@dataclass(frozen=True)
class NoisyR1:
    """The gradient at real images moved by noise that the harness draws."""

    name = "noisy-r1"
    differentiates = frozenset({"real"})
    extra: ClassVar = {"nudge": "normal"}

    def discriminator_term(self, ops, discriminator, real, fake):
        noisy = Samples(real.images + 0.1 * ops.extra("nudge"), real.labels)
        _, gradients = ops.logits_and_input_gradients(discriminator, noisy)
        return ops.mean(ops.sum_per_sample(ops.square(gradients)))


PENALTIES = {part.name: part for part in (R1, AnnealedR2, GradientPenalty, NoisyR1)}


def loss_named(name):
    from ganbench_losses.plugin import ganbench_losses

    return {loss.name: loss for loss in (*ganbench_losses(), Relativistic)}[name]()


def own_penalty(name):
    from ganbench_losses.plugin import ganbench_penalties

    return {penalty.name: penalty for penalty in ganbench_penalties()}[name]()


# --------------------------------------------------------------------------- what is trained


def synthetic_dataset(kind):
    """Images of one or three channels ("8x8x3") or points, from a fixed generator."""
    rng = np.random.default_rng(7)
    if kind == "points":
        angles = rng.integers(8, size=SAMPLES) * (np.pi / 4)
        samples = np.stack([np.cos(angles), np.sin(angles)], 1) + 0.02 * rng.normal(
            size=(SAMPLES, 2)
        )
        split = Split("train", samples.astype(np.float32))
        return Dataset(Task("ring", "points", (2,)), split, split, "")
    shape = tuple(int(size) for size in kind.split("x"))
    samples = rng.integers(256, size=(SAMPLES, *shape), dtype=np.uint8)
    labels = rng.integers(10, size=SAMPLES).astype(np.int32)
    split = Split("train", samples, labels)
    return Dataset(Task(kind, "images", shape, 10), split, split, "")


class Framework:
    """One backend's plugin classes and what the losses' tests need of its tensors."""

    def __init__(self, name):
        self.name = name
        self.plugin = importlib.import_module(f"ganbench_{name}.plugin")
        self.models = {model.name: model for model in self.plugin.ganbench_models()}
        (self.backend,) = self.plugin.ganbench_backends()

    def prepare(self, job):
        backend = self.backend()
        if self.name == "tensorflow":
            backend = self.backend(compile=job.get("compile", "step"))
        options = RunOptions(1, device="cpu", dtype=job.get("dtype", "float64"))
        return backend.prepare(options)

    def value_and_gradients(self, function, arrays):
        """A scalar function's value, its gradients by the arrays and what it saw on the way.

        `function` takes tensors and gives the scalar and a dictionary of tensors.
        """
        return {
            "torch": self._value_and_gradients_in_torch,
            "tensorflow": self._value_and_gradients_in_tensorflow,
            "jax": self._value_and_gradients_in_jax,
        }[self.name](function, [np.array(array) for array in arrays])

    def _value_and_gradients_in_torch(self, function, arrays):
        import torch

        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        value, seen = function(*tensors)
        gradients = torch.autograd.grad(value, tensors, allow_unused=True)
        gradients = [
            np.zeros_like(array) if gradient is None else gradient.numpy()
            for array, gradient in zip(arrays, gradients, strict=True)
        ]
        return value.item(), gradients, {name: it.detach().numpy() for name, it in seen.items()}

    def _value_and_gradients_in_tensorflow(self, function, arrays):
        import tensorflow as tf

        variables = [tf.Variable(array) for array in arrays]
        with tf.GradientTape() as tape:
            value, seen = function(*variables)
        gradients = tape.gradient(value, variables, unconnected_gradients="zero")
        seen = {name: it.numpy() for name, it in seen.items()}
        return float(value), [gradient.numpy() for gradient in gradients], seen

    def _value_and_gradients_in_jax(self, function, arrays):
        import jax

        positions = tuple(range(len(arrays)))
        differentiated = jax.value_and_grad(function, argnums=positions, has_aux=True)
        (value, seen), gradients = differentiated(*(jax.numpy.array(array) for array in arrays))
        seen = {name: np.asarray(it) for name, it in seen.items()}
        return float(value), [np.asarray(gradient) for gradient in gradients], seen

    def ops(self, mixing=None):
        ops = importlib.import_module(f"ganbench_{self.name}.ops")
        if self.name == "torch":
            import torch

            return ops.TorchOps(mixing=None if mixing is None else torch.from_numpy(mixing))
        if self.name == "tensorflow":
            import tensorflow as tf

            return ops.TensorFlowOps(mixing=None if mixing is None else tf.constant(mixing))
        return ops.JaxOps(mixing=mixing)


class Trial:
    """One model, its trainer and its stream of chunks, as a job describes them."""

    def __init__(self, framework, job, seed=SEED):
        self.framework, self.job = framework, job
        self.dataset = synthetic_dataset(job["task"])
        task = self.dataset.task
        self.model = framework.models[job["model"]](**job.get("options", {}))
        assert self.model.unsuitable(task) is None
        self.step = self.model.step(task)
        loss = loss_named(job["loss"])
        penalties = tuple(PENALTIES[name]() for name in job.get("penalties", []))
        penalties += tuple(own_penalty(name) for name in job.get("own_penalties", []))
        self.source = ChunkSource(self.dataset, self.step, SEED, 100, loss, penalties)
        weights = draw_weights(seed, self.model.parameters(task))
        runtime = framework.prepare(job)
        self.trainer = self.model.trainer(loss, penalties, task, weights, runtime)

    def train(self, start, stop, length):
        """Train from step to step in chunks of this length and a remainder."""
        for first in range(start, stop, length):
            report = self.trainer.train(self.source.chunk(first, min(length, stop - first)))
        return report

    def sample(self, count=9):
        noise, labels = evaluation_noise(self.dataset, self.step, SEED, count)
        return self.trainer.sample(noise, labels)


def named(prefix, arrays):
    return {f"{prefix}/{name}": np.asarray(array) for name, array in arrays.items()}


# --------------------------------------------------------------------------- kinds of jobs


def trace(framework, job):
    """States before and after `steps` traced steps, the trace, and samples from the end."""
    undo = use_float32_slope() if job.get("float32_slope") else None
    trial = Trial(framework, job)
    results = named("initial", trial.trainer.state())
    results |= named("trace", trial.trainer.trace(trial.source.chunk(0, job["steps"])))
    results |= named("final", trial.trainer.state())
    results["samples"] = trial.sample()
    if undo:
        undo()
    return results


def use_float32_slope():
    """Train perceptrons with tf.nn.leaky_relu, whose slope is a float32 attribute."""
    import tensorflow as tf

    from ganbench_tensorflow import mlp

    exact = mlp.leaky_relu
    mlp.leaky_relu = lambda values, slope: tf.nn.leaky_relu(values, slope)
    return lambda: setattr(mlp, "leaky_relu", exact)


def chunk_lengths(framework, job):
    """The state after the same steps from the same start in chunks of several lengths."""
    trial = Trial(framework, job)
    start = trial.trainer.state()
    results = {}
    for length in job["lengths"]:
        trial.trainer.load_state(start)
        report = trial.train(0, job["steps"], length)
        results |= named(f"{length}/report", report) | named(f"{length}", trial.trainer.state())
    return results


def continuation(framework, job):
    """Sampling in the middle, and moving the state to another trainer, against neither."""
    trial = Trial(framework, job)
    trial.train(0, 4, 4)
    middle = trial.trainer.state()
    results = named("middle", middle)
    results["first-samples"] = trial.sample()
    results |= named("sampled", trial.trainer.state())
    results["second-samples"] = trial.sample()
    # A large sample is made in batches of 500 and a remainder.
    results["many-samples"] = trial.sample(1003)
    trial.train(4, 8, 2)
    results |= named("continued", trial.trainer.state())
    other = Trial(framework, job, seed=SEED + 1)
    results |= named("other", other.trainer.state())
    other.trainer.load_state(middle)
    results |= named("loaded", other.trainer.state())
    other.train(4, 8, 2)
    results |= named("resumed", other.trainer.state())
    broken = {
        name: np.full_like(array, np.nan) if name.startswith("generator.") else array
        for name, array in middle.items()
    }
    other.trainer.load_state(broken)
    try:
        other.sample()
        results["refusal"] = "none"
    except FloatingPointError as error:
        results["refusal"] = str(error)
    return results


def losses(framework, job):
    """Values and logit gradients of every loss at given logits."""
    framework.prepare(job)
    results = {}
    for name in job["losses"]:
        for owner in ("discriminator", "generator"):
            method = getattr(loss_named(name), f"{owner}_loss")

            def value(real, fake, method=method):
                # The samples are their own logits.
                return method(framework.ops(), lambda it: it.images, Samples(real), Samples(fake)), {}

            arrays = [job["real"], job["fake"]]
            number, gradients, _ = framework.value_and_gradients(value, arrays)
            results[f"{name}/{owner}"] = np.array(number)
            results[f"{name}/{owner}/real"], results[f"{name}/{owner}/fake"] = gradients
    return results


def softplus(framework, job):
    """Values and slopes of ops.softplus, one by one."""
    framework.prepare(job)
    values, slopes = [], []

    def value(number):
        return framework.ops().mean(framework.ops().softplus(number)), {}

    for number in job["at"]:
        result, (slope,), _ = framework.value_and_gradients(value, [[number]])
        values.append(result)
        slopes.append(slope[0])
    return {"values": np.array(values), "slopes": np.array(slopes)}


def quadratic(framework, job):
    """Input gradients of D(x) = x'Ax / 2 between real and fake, and the penalty's slope by A."""
    framework.prepare(job)
    ops = framework.ops(np.array(job["mixing"]))
    # TensorFlow's trainer enters this tape before the first logits.
    tape = ops.tape if framework.name == "tensorflow" else contextlib.nullcontext()

    def penalty(matrix, real, fake):
        def discriminator(samples):
            return ops.sum_per_sample((samples.images @ matrix) * samples.images) / 2

        with tape:
            mixed = ops.mix(Samples(real), Samples(fake))
            logits, gradients = ops.logits_and_input_gradients(discriminator, mixed)
            seen = {"mixed": mixed.images, "logits": logits, "gradients": gradients}
            return ops.mean(ops.sum_per_sample(ops.square(gradients))), seen

    names = ("matrix", "real", "fake")
    arrays = [job[name] for name in names]
    number, gradients, seen = framework.value_and_gradients(penalty, arrays)
    by_names = {f"by-{name}": by for name, by in zip(names, gradients, strict=True)}
    return {"penalty": np.array(number), **seen, **by_names}


KINDS = {
    function.__name__: function
    for function in (trace, chunk_lengths, continuation, losses, softplus, quadratic)
}


def main(backend, jobs_file, results_file):
    framework = Framework(backend)
    results = {}
    for job in json.loads(Path(jobs_file).read_text()):
        if job.get("only", backend) == backend:
            started = time.process_time()
            results |= named(job["name"], KINDS[job["kind"]](framework, job))
            print(f"{time.process_time() - started:6.2f} s {job['name']}", flush=True)
    np.savez(results_file, **results)


# --------------------------------------------------------------------------- for the tests


def run(backends, jobs):
    """Run the jobs on every backend, side by side; give each one's arrays by JOB/ARRAY."""
    import subprocess

    with tempfile.TemporaryDirectory() as folder:
        jobs_file = Path(folder, "jobs.json")
        jobs_file.write_text(json.dumps(jobs))
        children = {}
        for backend in backends:
            results_file = Path(folder, f"{backend}.npz")
            command = [sys.executable, __file__, backend, str(jobs_file), str(results_file)]
            with Path(folder, f"{backend}.txt").open("w") as output:
                children[backend] = subprocess.Popen(
                    command, stdout=output, stderr=subprocess.STDOUT
                )
        codes = {backend: child.wait() for backend, child in children.items()}
        results = {}
        for backend, code in codes.items():
            if code != 0:
                output = Path(folder, f"{backend}.txt").read_text()
                raise RuntimeError(f"the probe of {backend} failed:\n{output[-4000:]}")
            with np.load(Path(folder, f"{backend}.npz")) as arrays:
                results[backend] = dict(arrays)
        return results


if __name__ == "__main__":
    main(*sys.argv[1:])
