"""The vocabulary of losses in NumPy, float64, and not one word more.

A loss that computes here computes on every backend: anything that `ganbench.contracts.Ops` does
not promise is refused in words.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from ganbench.contracts import Samples
from ganbench.testing.check import Failed

WORDS: tuple[str, ...] = (
    "mean",
    "square",
    "sqrt",
    "relu",
    "clip",
    "softplus",
    "sum_per_sample",
    "mix",
    "extra",
)
WORDS += ("logits_and_input_gradients", "step", "progress")
Gradients = Callable[[np.ndarray], np.ndarray]


class UnknownOperation(Failed):
    """Something is asked for that backends do not promise."""


class BranchOnValue(Failed):
    """A tensor is used as a condition, which a compiled graph cannot do."""


def _refused(word: str) -> Callable[..., NoReturn]:
    def refuse(self: Tensor, *_: object) -> NoReturn:
        raise UnknownOperation(
            f"uses {word} on a tensor; backends promise + - * / alone, and the rest through ops: "
            f"{', '.join(WORDS)}"
        )

    return refuse


def _condition(self: Tensor, *_: object) -> NoReturn:
    raise BranchOnValue(
        "branches on a tensor's value (if, and, or, not, a comparison), which a compiled graph "
        "cannot do; compute with ops.relu or ops.clip instead"
    )


def _arithmetic(operation: Callable[[Any, Any], Any], swap: bool) -> Callable[..., Tensor]:
    def compute(self: Tensor, other: object) -> Tensor:
        pair = (array_of(other), self.array) if swap else (self.array, array_of(other))
        return Tensor(operation(*pair))

    return compute


class Tensor:
    """A float64 array behind the arithmetic that every backend's tensors have."""

    __slots__ = ("array",)
    __array_ufunc__ = None  # NumPy leaves `array * tensor` to the tensor, which refuses it

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array, np.float64)

    __add__, __radd__ = (_arithmetic(operator.add, swap) for swap in (False, True))
    __sub__, __rsub__ = (_arithmetic(operator.sub, swap) for swap in (False, True))
    __mul__, __rmul__ = (_arithmetic(operator.mul, swap) for swap in (False, True))
    __truediv__, __rtruediv__ = (_arithmetic(operator.truediv, swap) for swap in (False, True))
    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _condition
    __hash__ = object.__hash__
    __pow__ = __rpow__ = _refused("**")
    __matmul__ = __rmatmul__ = _refused("@")
    __getitem__ = _refused("indexing")
    __iter__ = __len__ = _refused("iteration")
    __float__ = __int__ = __index__ = __array__ = _refused("a conversion to numbers")
    __abs__ = _refused("abs")

    def __neg__(self) -> Tensor:
        return Tensor(-self.array)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python itself asks for such names
            raise AttributeError(name)
        _refused(f"`.{name}`")(self)


def array_of(value: object) -> np.ndarray:
    """The array of a tensor or a Python number; raises UnknownOperation for anything else."""
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, int | float):
        return np.asarray(value, np.float64)
    raise UnknownOperation(
        f"computes with a {type(value).__name__}; take tensors and Python numbers alone"
    )


class StrictOps:
    """`ganbench.contracts.Ops` for one update; it notes whose gradients were asked for."""

    def __init__(
        self,
        mixing: np.ndarray | None = None,
        extras: Mapping[str, np.ndarray] | None = None,
        step: int = 3,
        progress: float = 0.25,
    ) -> None:
        self._mixing, self._extras = mixing, extras or {}
        self.step, self.progress = Tensor(step), Tensor(progress)
        self.differentiated: list[Samples] = []
        self.mixed: list[Samples] = []

    def __getattr__(self, name: str) -> NoReturn:
        near = difflib.get_close_matches(name, WORDS, n=1)
        hint = f"; did you mean ops.{near[0]}?" if near else ""
        raise UnknownOperation(
            f"asks for ops.{name}, which no backend promises{hint} ops has {', '.join(WORDS)}"
        )

    def mean(self, values: Any) -> Tensor:
        """Mean over all elements."""
        return Tensor(array_of(values).mean())

    def square(self, values: Any) -> Tensor:
        """Elementwise square."""
        return Tensor(np.square(array_of(values)))

    def sqrt(self, values: Any) -> Tensor:
        """Elementwise square root."""
        return Tensor(np.sqrt(array_of(values)))

    def relu(self, values: Any) -> Tensor:
        """max(0, x)."""
        return Tensor(np.maximum(array_of(values), 0))

    def clip(self, values: Any, low: float, high: float) -> Tensor:
        """The nearest number in [low, high]."""
        return Tensor(np.clip(array_of(values), low, high))

    def softplus(self, values: Any) -> Tensor:
        """log(1 + exp(x))."""
        return Tensor(np.logaddexp(0, array_of(values)))

    def sum_per_sample(self, values: Any) -> Tensor:
        """Sum over every axis but the first."""
        array = array_of(values)
        return Tensor(array.reshape(len(array), -1).sum(axis=1))

    def mix(self, real: Samples, fake: Samples) -> Samples:
        """real * a + fake * (1 - a), one a per sample."""
        if self._mixing is None:
            raise Failed("asks for ops.mix in the generator's update, which has no coefficients")
        images = array_of(real.images)
        share = self._mixing.reshape(-1, *[1] * (images.ndim - 1))
        mixed = Samples(Tensor(images * share + array_of(fake.images) * (1 - share)), real.labels)
        self.mixed.append(mixed)
        return mixed

    def extra(self, name: str) -> Tensor:
        """The declared array of this update."""
        if name not in self._extras:
            raise Failed(
                f"asks for ops.extra({name!r}), which its `extra` does not declare "
                f"(declared: {', '.join(self._extras) or 'none'}); add it there"
            )
        return Tensor(self._extras[name])

    def logits_and_input_gradients(
        self, discriminator: Any, samples: Samples
    ) -> tuple[Tensor, Tensor]:
        """Logits [n] and their gradients by the images [n, ...]."""
        self.differentiated.append(samples)
        logits = discriminator(samples)
        return logits, Tensor(discriminator.gradients(array_of(samples.images)))


class Discriminator:
    """A function of arrays as losses see it; `gradients` gives its slopes by the inputs."""

    def __init__(self, judge: Callable[[np.ndarray], np.ndarray], gradients: Gradients) -> None:
        self._judge, self.gradients = judge, gradients

    def __call__(self, samples: Any) -> Tensor:
        """Logits [n] of Samples."""
        if samples is None:
            raise Failed(
                "takes real samples in generator_loss, where there are none; "
                "say `generator_needs_real = True`"
            )
        if not isinstance(samples, Samples):
            raise UnknownOperation(
                f"calls discriminator with a {type(samples).__name__}; give it Samples, such as "
                "`real` or `real._replace(images=...)`"
            )
        return Tensor(self._judge(array_of(samples.images)))


def slopes(function: Callable[[np.ndarray], float], at: np.ndarray, step: float) -> np.ndarray:
    """Central finite differences of a scalar function by every element of an array."""
    result = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        moved = np.zeros_like(at)
        moved[place] = step
        result[place] = (function(at + moved) - function(at - moved)) / (2 * step)
    return result
