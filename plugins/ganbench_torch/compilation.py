"""How much of training torch compiles at once."""

from __future__ import annotations

# Compiling a perceptron's step takes 12 to 30 s and saves about 1 ms of each, on two cores.
FEWEST_STEPS = 20_000
FEWEST_SECONDS = 60.0  # of a budget in seconds

WORDS = {"off": "none (eager)", "step": "inductor, step by step"}


def form(runtime, recipe, task):
    """Give what `compile` stands for: off or step.

    auto compiles where the budget wins the compilation back: long trainings of perceptrons, whose
    many small operations it joins. Convolutions gain little or nothing (`benchmarks/perf`).
    """
    if runtime.compile != "auto":
        return runtime.compile
    shapes = [parameter.shape for parameter in recipe.parameters(task).values()]
    if runtime.dtype.itemsize > 4 or any(len(shape) == 4 for shape in shapes):
        return "off"
    return "step" if _is_long(runtime) else "off"


def _is_long(runtime):
    if runtime.seconds is not None:
        return runtime.seconds >= FEWEST_SECONDS
    return runtime.steps is not None and runtime.steps >= FEWEST_STEPS
