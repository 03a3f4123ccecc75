"""Two ways through the steps of a chunk: a graph called for each step, or one loop for many."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ganbench_tensorflow.runtime import Graph
from ganbench_tensorflow.step import LOSSES, owner

MOST_STEPS, MOST_BYTES = 64, 16 * 2**20  # of one call of a loop


class Stepwise:
    """Calls one graph for every step."""

    def __init__(self, step, traced, compiled):
        self.step, self.traced = step, traced
        self.graph = Graph(lambda inputs: step(inputs, traced), compiled)

    def run(self, chunk):
        """Make every step; gives the last losses and, if it traces, the arrays of `trace`."""
        traces = []
        for number in range(len(chunk.noise)):
            rates = np.array(self.step.rates(chunk.progress[number], chunk.noise.shape[1]))
            losses, trace = self.graph(self.step.batches.inputs(chunk, number, rates))
            if self.traced:
                traces.append({name: np.array(values) for name, values in trace.items()})
        return losses, _joined([{name: trace[name][None] for name in trace} for trace in traces])


class Loop:
    """Calls one compiled loop for many steps, always of the same length: a short chunk is padded.

    So the same program makes every step, whatever the chunk's length, and nothing is compiled
    again. Within XLA a loop's body costs no more than its operations.
    """

    def __init__(self, step, traced):
        self.step, self.traced = step, traced
        self.graph = Graph(self._loop, compiled=True)
        self.length = None

    def run(self, chunk):
        """The same as `Stepwise.run`."""
        steps, updates = chunk.noise.shape[:2]
        if self.length is None:
            self.length = max(1, min(MOST_STEPS, MOST_BYTES // _bytes_per_step(chunk)))
        traces = []
        for first in range(0, steps, self.length):
            part = slice(first, min(first + self.length, steps))
            progress = chunk.progress[part]
            rates = np.array([self.step.rates(share, updates) for share in progress])
            inputs = self.step.batches.inputs(chunk, part, rates)
            padded = tf.nest.map_structure(self._padded, inputs)
            losses, trace = self.graph({"steps": padded, "count": np.int32(len(progress))})
            traces.append({name: array[: len(progress)].numpy() for name, array in trace.items()})
        return losses, _joined(traces)

    def _padded(self, array):
        if len(array) == self.length:
            return array
        whole = np.zeros((self.length, *array.shape[1:]), array.dtype)
        whole[: len(array)] = array
        return whole

    def _loop(self, inputs):
        steps, dtype = inputs["steps"], self.step.batches.runtime.dtype
        updates = steps["noise"].shape[1]
        shapes = self.step.trace_shapes(updates) if self.traced else {}
        traces = {
            name: tf.TensorArray(dtype, self.length, element_shape=shape)
            for name, shape in shapes.items()
        }

        def body(index, losses, traces):
            # An index by a tensor, a[index], would be compiled again for each value.
            inputs = tf.nest.map_structure(lambda array: tf.gather(array, index), steps)
            losses, trace = self.step(inputs, self.traced)
            traces = {
                name: array.write(index, tf.stack(trace[name])) for name, array in traces.items()
            }
            return index + 1, losses, traces

        nothing = {name: tf.zeros([], dtype) for name in LOSSES}
        _, losses, traces = tf.while_loop(
            lambda index, *_: index < inputs["count"],
            body,
            (0, nothing, traces),
            parallel_iterations=1,
        )
        return losses, {name: array.stack() for name, array in traces.items()}


def _joined(parts):
    """Traces [steps of a part, updates] as the contract has them: the generator's are [s]."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in (parts or [{}])[0]}
    return {
        name: array if owner(name) == "discriminator" else array[:, 0]
        for name, array in joined.items()
    }


def _bytes_per_step(chunk):
    arrays = [array for array in chunk if isinstance(array, np.ndarray)]
    return sum(array.nbytes for array in arrays) // len(chunk.noise)
