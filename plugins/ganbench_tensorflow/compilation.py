"""How much of training XLA compiles at once."""

from __future__ import annotations

# Compiling a step takes about 1 s for a perceptron and 2 to 4 s for convolutions. On two cores
# that many steps won it back (`benchmarks/perf`).
FEWEST_STEPS = 300
FEWEST_SECONDS = 5.0  # of a budget in seconds, whose steps nobody knows

WORDS = {
    "off": "none (graph)",
    "step": "XLA, step by step",
    "chunk": "XLA, many steps in one loop",
}


def form(runtime, recipe, task):
    """Give what `compile` stands for: off, step or chunk.

    auto is off where the budget is too short to win the compilation back, or where float64 would
    make it long; a whole chunk of steps for perceptrons, whose steps take less time than calling
    them does; and where there are convolutions, which XLA makes slow inside of a loop, a step, or
    off on a CPU that has oneDNN do them, which XLA would not.
    """
    if runtime.compile != "auto":
        return runtime.compile
    if runtime.dtype.name == "float64" or _is_short(runtime):
        return "off"
    shapes = [parameter.shape for parameter in recipe.parameters(task).values()]
    if all(len(shape) < 4 for shape in shapes):
        return "chunk"
    return "off" if runtime.has_onednn else "step"


def _is_short(runtime):
    if runtime.seconds is not None:
        return runtime.seconds < FEWEST_SECONDS
    return runtime.steps is not None and runtime.steps < FEWEST_STEPS
