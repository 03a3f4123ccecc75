"""The adversarial loop in JAX."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ganbench.contracts import Samples
from ganbench_jax import optimizer
from ganbench_jax.batches import Batches
from ganbench_jax.ops import BoundDiscriminator
from ganbench_jax.weights import to_arrays, to_device

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two pure functions, as the recipe says.

    All that training depends on is in `arrays`, under the names of `state`; a step maps it and the
    step's inputs to a new one.
    """

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.batches, self.dtype = Batches(recipe, task, runtime), runtime.dtype
        self.generator, self.discriminator = generator, discriminator
        self.optimizers = {
            owner: optimizer.make(recipe) for owner in ("generator", "discriminator")
        }
        parameters = recipe.parameters(task)
        self.trainable = {owner: [] for owner in self.optimizers}
        for name, parameter in parameters.items():
            if parameter.trainable:
                self.trainable[_owner(name)].append(name)
        self.averages = self.trainable["generator"] if recipe.ema_decay else []
        self.layouts = self._layouts(parameters)
        self.arrays = self._initial(weights)
        # The new arrays take the memory of the old ones.
        self._train_step = jax.jit(partial(self._step, traced=False), donate_argnums=0)
        self._trace_step = jax.jit(partial(self._step, traced=True), donate_argnums=0)
        self._sample_batch = jax.jit(self._sampled)

    def train(self, chunk):
        """Make every step of the chunk."""
        for step in range(len(chunk.noise)):
            self.arrays, losses, _ = self._train_step(self.arrays, self._inputs(chunk, step))
        jax.block_until_ready(self.arrays)
        return {name: float(value) for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses, logits and gradient norms."""
        traces = []
        for step in range(len(chunk.noise)):
            self.arrays, _, trace = self._trace_step(self.arrays, self._inputs(chunk, step))
            traces.append({name: np.array(values) for name, values in trace.items()})
        steps, updates = chunk.noise.shape[:2]
        shapes = {"generator": (steps,), "discriminator": (steps, updates)}
        return {
            name: np.array([trace[name] for trace in traces]).reshape(shapes[_owner(name)])
            for name in traces[0]
        }

    def _inputs(self, chunk, step):
        updated = ["discriminator"] * chunk.noise.shape[1] + ["generator"]
        progress = float(chunk.progress[step])
        rates = np.array([self.optimizers[owner].next_update(progress) for owner in updated])
        return self.batches.inputs(chunk, step, rates)

    def _step(self, arrays, inputs, traced):
        """One step of adversarial training: noise, generate, judge, losses, both updates."""
        simultaneous = self.recipe.update_order == "simultaneous"
        rates = self.batches.tensor(inputs["rates"])
        trace = {}
        for update in range(inputs["noise"].shape[0]):
            ops = self.batches.ops(inputs, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            images, pull_back, arrays = self._generate(arrays, inputs["noise"][update])
            fake = Samples(self.batches.packed(images))
            real = self.batches.real(inputs["real"][update])
            real, fake = self._judged(ops, real, "real"), self._judged(ops, fake, "fake")
            # Its loss, gradients and update.
            loss, logits, gradients, arrays = self._discriminator_gradients(ops, arrays, real, fake)
            if not simultaneous:
                arrays = self._update_discriminator(ops, arrays, gradients, rates[update])
            if traced:
                magnitude = jnp.abs(jnp.concatenate(logits)).mean()
                trace.setdefault("logit_magnitude", []).append(magnitude)
                _record(trace, "discriminator", loss, gradients)

        # The generator's turn: fresh noise, unless the recipe shares the discriminator's.
        ops = self.batches.generator_ops(inputs)
        if not self.recipe.shared_noise:
            images, pull_back, arrays = self._generate(arrays, inputs["generator_noise"])
        real = None
        if "generator_real" in inputs:
            real = self._judged(ops, self.batches.real(inputs["generator_real"]), "real")
        generator_loss, by_images, arrays = self._generator_gradients(ops, arrays, real, images)
        (generator_gradients,) = pull_back(by_images)
        if simultaneous:
            arrays = self._update_discriminator(ops, arrays, gradients, rates[0])
        arrays = self._update_generator(arrays, generator_gradients, rates[-1])
        if traced:
            _record(trace, "generator", generator_loss, generator_gradients)
        losses = {
            "discriminator_loss": loss,
            "generator_loss": generator_loss,
            "real_probability": jax.nn.sigmoid(logits[0]).mean(),
            "fake_probability": jax.nn.sigmoid(logits[1]).mean(),
        }
        return arrays, losses, trace

    def _generate(self, arrays, noise):
        """Images, what leads from their gradients to the generator's, and the arrays after it."""

        def generate(weights):
            return self.generator({**arrays, **weights}, noise, training=True)

        noise = self.batches.tensor(noise)
        weights = self._weights("generator", arrays)
        images, pull_back, noted = jax.vjp(generate, weights, has_aux=True)
        return images, pull_back, {**arrays, **noted}

    def _judged(self, ops, samples, side):
        """The samples as penalties hand them to the discriminator."""
        for penalty in self.penalties:
            if hasattr(penalty, "transform_input"):
                samples = penalty.transform_input(ops, samples, side)
        return samples

    def _discriminator_gradients(self, ops, arrays, real, fake):
        """The loss with its penalties, both logits, the gradients, and the arrays after it."""

        def loss_of(weights):
            discriminator = BoundDiscriminator(self.discriminator, {**arrays, **weights})
            loss = self.loss.discriminator_loss(ops, discriminator, real, fake)
            for penalty in self.penalties:
                if hasattr(penalty, "discriminator_term"):
                    loss = loss + penalty.discriminator_term(ops, discriminator, real, fake)
            logits = [discriminator(samples) for samples in (real, fake)]
            return loss, (logits, discriminator.noted)

        weights = self._weights("discriminator", arrays)
        (loss, (logits, noted)), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
        return loss, logits, gradients, {**arrays, **noted}

    def _generator_gradients(self, ops, arrays, real, images):
        """The loss, its gradients by the generated images, and the arrays after it."""

        def loss_of(images):
            fake = self._judged(ops, Samples(self.batches.packed(images)), "fake")
            discriminator = BoundDiscriminator(self.discriminator, arrays)
            loss = self.loss.generator_loss(ops, discriminator, real, fake)
            return loss, discriminator.noted

        (loss, noted), by_images = jax.value_and_grad(loss_of, has_aux=True)(images)
        return loss, by_images, {**arrays, **noted}

    def _update_discriminator(self, ops, arrays, gradients, rates):
        moved = self._moved("discriminator", arrays, gradients, rates)
        for penalty in self.penalties:
            if hasattr(penalty, "after_update"):
                for name in gradients:
                    moved[name] = penalty.after_update(ops, moved[name])
        return {**arrays, **moved}

    def _update_generator(self, arrays, gradients, rates):
        moved = self._moved("generator", arrays, gradients, rates)
        decay = self.recipe.ema_decay
        for name in self.averages:
            moved[f"ema.{name}"] = decay * arrays[f"ema.{name}"] + (1 - decay) * moved[name]
        return {**arrays, **moved}

    def _moved(self, owner, arrays, gradients, rates):
        """The weights of one network, and their moments, after a step along the gradients."""
        moved = {}
        for name, gradient in gradients.items():
            names = self._moment_names(owner, name)
            moments = [arrays[moment] for moment in names]
            move = self.optimizers[owner].moved
            moved[name], moments = move(arrays[name], moments, gradient, *rates)
            moved |= zip(names, moments, strict=True)
        return moved

    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        parts = []
        for start in range(0, len(noise), SAMPLE_BATCH_SIZE):
            part = noise[start : start + SAMPLE_BATCH_SIZE]
            # Every part has the size for which the function is compiled; what is too much is cut.
            missing = SAMPLE_BATCH_SIZE - len(part)
            whole = np.pad(part, ((0, missing), (0, 0)), mode="edge")
            samples, finite = self._sample_batch(self.arrays, whole)
            if not finite:
                raise FloatingPointError("generated samples are not finite")
            parts.append(np.asarray(samples)[: len(part)])
        return np.concatenate(parts)

    def _sampled(self, arrays, noise):
        averaged = {name: arrays[f"ema.{name}"] for name in self.averages}
        noise = self.batches.tensor(noise)
        images, _ = self.generator({**arrays, **averaged}, noise, training=False)
        return self.batches.samples(images)

    def state(self):
        """Weights, buffers, averages and the optimisers' moments, under canonical names."""
        state = to_arrays(self.layouts, self.arrays)
        for owner, optimizer_ in self.optimizers.items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer_.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        self.arrays = to_device(self.layouts, state, self.dtype)
        for owner, optimizer_ in self.optimizers.items():
            optimizer_.restore(int(state[f"optimizer.{owner}.updates"]))

    def _layouts(self, parameters):
        """How each array is kept; averages and moments are kept as their weights are."""
        found = {**self.generator.layouts(), **self.discriminator.layouts()}
        layouts = {name: found[name] for name in parameters}
        layouts |= {f"ema.{name}": found[name] for name in self.averages}
        for owner, names in self.trainable.items():
            for name in names:
                layouts |= dict.fromkeys(self._moment_names(owner, name), found[name])
        return layouts

    def _initial(self, weights):
        """Arrays before the first step: averages begin at the weights, moments at zero."""
        initial = dict(weights)
        initial |= {f"ema.{name}": weights[name] for name in self.averages}
        for owner, names in self.trainable.items():
            for name in names:
                zeros = np.zeros_like(weights[name])
                initial |= dict.fromkeys(self._moment_names(owner, name), zeros)
        return to_device(self.layouts, initial, self.dtype)

    def _moment_names(self, owner, name):
        return [f"optimizer.{name}.{moment}" for moment in self.optimizers[owner].moments]

    def _weights(self, owner, arrays):
        """The trainable arrays of one network."""
        return {name: arrays[name] for name in self.trainable[owner]}


def _record(trace, owner, loss, gradients):
    trace.setdefault(f"{owner}_loss", []).append(loss)
    for name, gradient in gradients.items():
        norm = jnp.linalg.norm(gradient.ravel())
        trace.setdefault(f"gradient/{name}", []).append(norm)


def _owner(name):
    """The network that a canonical or trace name belongs to."""
    name = name.removeprefix("gradient/")
    return "generator" if name.startswith("generator") else "discriminator"
