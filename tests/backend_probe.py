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
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from ganbench import parity_trace, plugins, selectors
from ganbench.contracts import Dataset, RunOptions, Samples, Split, Task
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.errors import EnvironmentNotReady
from ganbench.streams import draw_weights
from ganbench_recipes.recipe import Recipe

SAMPLES = 256
SEED = 5
TORCH_COMPILED = {"name": "torch", "options": {"compile": "step", "precision": "float32"}}

# --------------------------------------------------------------------------- losses


@dataclass(frozen=True)
class AnnealedR2:
    """R2 that is faded out by progress and step, which no shipped penalty computes with."""

    name = "annealed-r2"
    differentiates = frozenset({"fake"})

    def discriminator_term(self, ops, discriminator, real, fake):
        _, gradients = ops.logits_and_input_gradients(discriminator, fake)
        gamma = (1 - ops.progress) / (1 + ops.step)
        return gamma * ops.mean(ops.sum_per_sample(ops.square(gradients)))


def loss_and_penalties(text):
    """The objects that a selector such as 'relativistic+r1[gamma=1]' stands for."""
    from ganbench_losses.plugin import ganbench_losses, ganbench_penalties

    known = {part.name: part for part in (*ganbench_losses(), *ganbench_penalties(), AnnealedR2)}
    ((*parts,),) = selectors.parse_sum(text)
    loss, *penalties = (selectors.build(known[part.name], part) for part in parts)
    return loss, tuple(penalties)


# --------------------------------------------------------------------------- what is trained


def synthetic_dataset(kind):
    """Images of one or three channels ("8x8x3") or points, from a fixed generator."""
    rng = np.random.default_rng(7)
    if kind == "zeros":
        split = Split("train", np.zeros((SAMPLES, 1), np.float32))
        return Dataset(Task("zeros", "points", (1,)), split, split, "")
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
        backend = self.backend(**self._options(job))
        options = RunOptions(1, device="cpu", dtype=job.get("dtype", "float64"))
        return backend.prepare(options)

    def _options(self, job):
        """What is compiled, as the job says, or a step where that takes no time; the precision."""
        if self.name == "jax":
            return {}
        form = job.get("compile", {"torch": "off", "tensorflow": "step"}[self.name])
        return {"compile": form, "precision": job.get("precision", "float32")}

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

    @contextlib.contextmanager
    def watching(self, ops, *tensors):
        """What TensorFlow's trainer does before the first logits; the others need nothing."""
        if self.name == "tensorflow":
            with ops.tape:
                ops.tape.watch(list(tensors))
                yield
        else:
            yield

    def tensor(self, array):
        array = np.array(array)
        if self.name == "torch":
            import torch

            return torch.from_numpy(array)
        if self.name == "tensorflow":
            import tensorflow as tf

            return tf.constant(array)
        import jax

        return jax.numpy.array(array)

    def ops(self, mixing=None, extras=(), progress=0.0):
        module = importlib.import_module(f"ganbench_{self.name}.ops")
        names = {"torch": "TorchOps", "tensorflow": "TensorFlowOps", "jax": "JaxOps"}
        mixing = None if mixing is None else self.tensor(mixing)
        tensors = {name: self.tensor(array) for name, array in dict(extras).items()}
        ops = getattr(module, names[self.name])
        return ops(mixing=mixing, extras=tensors, progress=progress)


class Trial:
    """One model, its trainer and its stream of chunks, as a job describes them."""

    def __init__(self, framework, job, seed=SEED):
        self.framework, self.job = framework, job
        self.dataset = synthetic_dataset(job["task"])
        task = self.dataset.task
        self.model = framework.models[job["model"]](**job.get("options", {}))
        assert self.model.unsuitable(task) is None
        self.step = self.model.step(task)
        loss, penalties = loss_and_penalties(job["loss"])
        self.source = ChunkSource(
            self.dataset, self.step, SEED, job.get("total_steps", 100), loss, penalties
        )
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
    """What `ganbench parity` compares, with a mistake in this backend where one is asked for."""
    if job["specification"]["backend"] == TORCH_COMPILED:
        import torch

        # A trial compiles its step once, whatever trials came before it in this process.
        torch._dynamo.config.recompile_limit = 1
    with MISTAKES[job["mistake"]]() if "mistake" in job else contextlib.nullcontext():
        return parity_trace.trace(job["specification"], plugins.load())


def training(framework, job):
    """States before and after `steps` traced steps, the trace, and samples from the end."""
    trial = Trial(framework, job)
    results = named("initial", trial.trainer.state())
    results |= named("trace", trial.trainer.trace(trial.source.chunk(0, job["steps"])))
    results |= named("final", trial.trainer.state())
    return results | {"samples": trial.sample()}


def float32_slope():
    """tf.nn.leaky_relu keeps its slope as a float32 attribute."""
    import tensorflow as tf

    from ganbench_tensorflow import mlp

    return patch.object(mlp, "leaky_relu", tf.nn.leaky_relu)


@contextlib.contextmanager
def kernel_5():
    """A kernel of 5 with the padding that keeps sizes: frameworks pad on different sides."""
    import ganbench_recipes.dcgan as recipe

    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.object(recipe, "KERNEL_SIZE", 5))
        for name in ("torch", "tensorflow"):
            if name in sys.modules:
                networks = importlib.import_module(f"ganbench_{name}.dcgan")
                stack.enter_context(patch.object(networks, "KERNEL_SIZE", 5))
        if "torch" in sys.modules:
            stack.enter_context(patch.object(networks, "nn", _padded_layers()))
        yield


def _padded_layers():
    from torch import nn

    def convolution(inputs, outputs, *_, bias=True):
        return nn.Conv2d(inputs, outputs, 5, 2, 2, bias=bias)

    def transposed(inputs, outputs, *_, bias=True):
        return nn.ConvTranspose2d(inputs, outputs, 5, 2, 2, output_padding=1, bias=bias)

    return SimpleNamespace(**{**vars(nn), "Conv2d": convolution, "ConvTranspose2d": transposed})


def norm_over_the_batch():
    """One norm for all samples instead of one for each."""
    import tensorflow as tf

    from ganbench_tensorflow.ops import TensorFlowOps

    wrong = lambda self, values: tf.reduce_sum(values)[None]  # noqa: E731
    return patch.object(TensorFlowOps, "sum_per_sample", wrong)


def other_strides():
    """Gradients whose strides are not their weight's, which the fused optimiser does not see."""
    import torch

    from ganbench_torch.optimizer import FusedAdam

    def gradients(self, loss):
        found = torch.autograd.grad(loss, self.parameters)
        for weight, gradient in zip(self.parameters, found, strict=True):
            weight.grad = gradient.contiguous()
        return found

    return patch.object(FusedAdam, "gradients", gradients)


def float32_constant():
    """tf.cast(0.999, tf.float64) passes through float32; the bias correction has the exact one."""
    from ganbench_tensorflow.optimizer import Adam

    exact = Adam.apply

    def apply(self, gradients, step_size, epsilon):
        recipe = self.recipe
        self.recipe = replace(recipe, beta2=float(np.float32(recipe.beta2)))
        exact(self, gradients, step_size, epsilon)
        self.recipe = recipe

    return patch.object(Adam, "apply", apply)


def lost_one():
    """A conditional normalisation that scales by what should be added to one."""
    from ganbench_tensorflow.layers import ConditionalBatchNorm

    exact = ConditionalBatchNorm._normalized

    def normalized(self, images, scale, bias, training):
        return exact(self, images, scale - 1, bias, training)

    return patch.object(ConditionalBatchNorm, "_normalized", normalized)


MISTAKES = {
    "float32 slope": float32_slope,
    "constant through float32": float32_constant,
    "slope 0.3": lambda: patch.object(Recipe, "leaky_relu_slope", 0.3),
    "batch norm epsilon": lambda: patch.object(Recipe, "batch_norm_epsilon", 1e-3),
    "kernel 5": kernel_5,
    "norm over the batch": norm_over_the_batch,
    "other strides": other_strides,
    "lost one": lost_one,
}


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


def networks(framework, job):
    """Logits and images of both networks in training, from a state that `replaced` changes."""
    trial = Trial(framework, job)
    trainer, model = trial.trainer, trial.model
    state = trainer.state()
    for name, values in job.get("replaced", {}).items():
        state[name] = np.broadcast_to(values, state[name].shape).astype(state[name].dtype)
    trainer.load_state(state)
    noise, labels = evaluation_noise(trial.dataset, trial.step, SEED, job["samples"])
    labels = framework.tensor(np.array(job.get("labels", labels), np.int32))
    labels = trainer.batches.labels(labels, slice(None))
    noise_, samples = framework.tensor(noise), trial.dataset.train.samples[: job["samples"]]
    inputs = (trainer.batches.tensor(noise_), labels)[: 1 + model.conditional]
    real = trainer.batches.real(framework.tensor(samples), labels)
    found = {"images": trainer.step.generator(*inputs)}
    found["logits"] = trainer.step.discriminator(*real[: 1 + model.conditional])
    if framework.name == "torch":
        found = {name: tensor.detach() for name, tensor in found.items()}
        found["images"] = found["images"].permute(0, 2, 3, 1)
    found = {name: tensor.numpy() for name, tensor in found.items()}
    return found | {"noise": noise} | named("state", state)


def refusal(framework, job):
    """What the backend says where it cannot be prepared so."""
    try:
        framework.prepare(job)
    except EnvironmentNotReady as error:
        return {"refusal": str(error)}
    return {"refusal": "none"}


def losses(framework, job):
    """Values and logit gradients of every loss at given logits."""
    framework.prepare(job)
    results = {}
    for name in job["losses"]:
        loss, _ = loss_and_penalties(name)
        for owner in ("discriminator", "generator"):
            method = getattr(loss, f"{owner}_loss")

            def value(real, fake, method=method):
                # The samples are their own logits.
                return method(
                    framework.ops(), lambda it: it.images, Samples(real), Samples(fake)
                ), {}

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
    ops = framework.ops(job["mixing"])

    def penalty(matrix, real, fake):
        def discriminator(samples):
            return ops.sum_per_sample((samples.images @ matrix) * samples.images) / 2

        with framework.watching(ops):
            mixed = ops.mix(Samples(real), Samples(fake))
            logits, gradients = ops.logits_and_input_gradients(discriminator, mixed)
            seen = {"mixed": mixed.images, "logits": logits, "gradients": gradients}
            return ops.mean(ops.sum_per_sample(ops.square(gradients))), seen

    names = ("matrix", "real", "fake")
    arrays = [job[name] for name in names]
    number, gradients, seen = framework.value_and_gradients(penalty, arrays)
    by_names = {f"by-{name}": by for name, by in zip(names, gradients, strict=True)}
    return {"penalty": np.array(number), **seen, **by_names}


def penalty(framework, job):
    """A penalty's term for D(x) = x'Ax / 2 and its slope by A, and its other two methods."""
    framework.prepare(job)
    _, (part,) = loss_and_penalties(f"hinge+{job['penalty']}")
    results = {}
    if hasattr(part, "discriminator_term"):
        ops = framework.ops(job["mixing"], job.get("extras", {}))

        def term(matrix, real, fake):
            def discriminator(samples):
                return ops.sum_per_sample((samples.images @ matrix) * samples.images) / 2

            with framework.watching(ops, real, fake):
                return part.discriminator_term(ops, discriminator, Samples(real), Samples(fake)), {}

        arrays = [job[name] for name in ("matrix", "real", "fake")]
        number, (slope, *_), _ = framework.value_and_gradients(term, arrays)
        results |= {"term": np.array(number), "slope": slope}
    if hasattr(part, "transform_input"):
        ops = framework.ops(extras=job["extras"], progress=job["progress"])
        for side in ("real", "fake"):
            samples = Samples(framework.tensor(job[side]))
            results[side] = np.asarray(part.transform_input(ops, samples, side).images)
    if hasattr(part, "after_update"):
        weight = framework.tensor(job["matrix"])
        results["weight"] = np.asarray(part.after_update(framework.ops(), weight))
    return results


def path(framework, job):
    """All trainable arrays before the first step and after each: [steps + 1]."""
    trial = Trial(framework, job)
    states = [trial.trainer.state()]
    for step in range(job["steps"]):
        trial.trainer.train(trial.source.chunk(step, 1))
        states.append(trial.trainer.state())
    chunk = trial.source.chunk(0, job["steps"])
    extras = {f"extra/{name}": array[:, 0].ravel() for name, array in chunk.extra.items()}
    extras |= {f"generator-extra/{n}": a.ravel() for n, a in chunk.generator_extra.items()}
    names = ("generator.theta", "discriminator.psi")
    return {name: np.array([state[name].item() for state in states]) for name in names} | extras


KINDS = {
    function.__name__: function
    for function in (
        trace,
        training,
        chunk_lengths,
        continuation,
        networks,
        refusal,
        losses,
        softplus,
        quadratic,
        penalty,
        path,
    )
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
