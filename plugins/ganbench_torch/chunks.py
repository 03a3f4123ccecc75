"""The way through the steps of a chunk: one call for each step."""

from __future__ import annotations

import torch

from ganbench_torch.step import owner

CUDA_GRAPHS = "reduce-overhead"  # inductor's mode that replays a step's kernels as one


class Stepwise:
    """Calls the step, eager or compiled, for every step; on a GPU a compiled one is a graph."""

    def __init__(self, step, traced, compiled):
        self.step, self.traced, self.compiled, self.call = step, traced, compiled, step
        self.graphed = compiled and step.batches.runtime.device.type == "cuda"
        if compiled:
            mode = CUDA_GRAPHS if self.graphed else None
            self.call = torch.compile(step.__call__, fullgraph=True, dynamic=False, mode=mode)
        for tensor in step.kept().values() if self.graphed else ():
            # What a graph writes to has to stay where it is, or inductor makes no graph of it.
            torch._dynamo.mark_static_address(tensor)

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
            if self.graphed:
                torch.compiler.cudagraph_mark_step_begin()
            losses, trace = self.call(inputs, self.traced)
            if self.graphed:  # the next step of a graph overwrites what this one gave
                trace = {name: [it.clone() for it in values] for name, values in trace.items()}
            traces.append(trace)
        return losses, {name: _joined(name, traces) for name in traces[0]}


def _joined(name, traces):
    """Values [s] of the generator's updates, or [s, k] of the discriminator's."""
    values = torch.stack([torch.stack(trace[name]) for trace in traces]).cpu().numpy()
    return values if owner(name) == "discriminator" else values[:, 0]
