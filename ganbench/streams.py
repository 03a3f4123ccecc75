"""Named, counter-based random streams: every number that must be equal on all backends.

A stream is addressed by seed, name and index, so that drawing from one never shifts another and
the length of a chunk never changes a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ganbench.contracts import Constant, Normal, Parameter, TruncatedNormal


@dataclass(frozen=True)
class Stream:
    """Independent Philox generators, one per index, of one seed and one name."""

    seed: int
    name: str

    @cached_property
    def _generator(self) -> np.random.Generator:
        digest = hashlib.sha256(f"{self.seed}/{self.name}".encode()).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))

    @cached_property
    def _beginning(self) -> dict[str, Any]:
        """The state at the beginning of index 0, in plain numbers, which are read fastest."""
        state: Any = self._generator.bit_generator.state
        return {
            "bit_generator": state["bit_generator"],
            "state": {"counter": [0, 0, 0, 0], "key": state["state"]["key"].tolist()},
            "buffer": [0, 0, 0, 0],
            "buffer_pos": 4,  # the buffer is spent
            "has_uint32": 0,
            "uinteger": 0,
        }

    def at(self, index: int) -> np.random.Generator:
        """Give the generator of this index, at its beginning.

        The generator is one object that is moved about: draw from it before the next call.
        """
        # Setting a state takes 0.4 us, building a Philox 22. The index sits in the counter's high
        # half, so that 2**128 draws separate neighbours.
        self._beginning["state"]["counter"][2] = index
        self._generator.bit_generator.state = self._beginning
        return self._generator


def draw_weights(seed: int, parameters: Mapping[str, Parameter]) -> dict[str, np.ndarray]:
    """Draw float32 initial weights by name, so that the order of building never matters."""
    return {name: _draw(seed, name, parameter) for name, parameter in parameters.items()}


def _draw(seed: int, name: str, parameter: Parameter) -> np.ndarray:
    initial = parameter.initial
    if isinstance(initial, Constant):
        return np.full(parameter.shape, initial.value, np.float32)
    generator = Stream(seed, f"weights/{name}").at(0)
    if isinstance(initial, Normal):
        values = generator.normal(initial.mean, initial.standard_deviation, parameter.shape)
    elif isinstance(initial, TruncatedNormal):
        values = _truncated_normal(generator, initial, parameter.shape)
    else:
        values = generator.uniform(initial.low, initial.high, parameter.shape)
    return values.astype(np.float32)


def _truncated_normal(
    generator: np.random.Generator, initial: TruncatedNormal, shape: tuple[int, ...]
) -> np.ndarray:
    values = generator.standard_normal(shape)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = generator.standard_normal(np.count_nonzero(beyond))
    return initial.mean + initial.standard_deviation * values
