"""The way through the steps of a chunk: one call for each step."""

from __future__ import annotations

import torch

from ganbench_torch.step import owner


class Stepwise:
    """Calls the step, eager or compiled, for every step."""

    def __init__(self, step, traced, compiled):
        self.step, self.traced, self.compiled, self.call = step, traced, compiled, step
        if compiled:
            self.call = torch.compile(step.__call__, fullgraph=True, dynamic=False)

    def run(self, chunk):
        """Make every step; gives the last losses and, if it traces, the arrays of `trace`."""
        if self.compiled:
            # Without this, torch.autograd.grad and all that follows it would not be compiled. Every
            # thread has its own setting.
            torch._dynamo.config.trace_autograd_ops = True
        traces = []
        for number in range(len(chunk.noise)):
            rates = self.step.rates(float(chunk.progress[number]), chunk.noise.shape[1])
            inputs = self.step.batches.inputs(chunk, number, rates)
            losses, trace = self.call(inputs, self.traced)
            traces.append(trace)
        return losses, {name: _joined(name, traces) for name in traces[0]}


def _joined(name, traces):
    """Values [s] of the generator's updates, or [s, k] of the discriminator's."""
    values = torch.stack([torch.stack(trace[name]) for trace in traces]).cpu().numpy()
    return values if owner(name) == "discriminator" else values[:, 0]
