"""The gate of parity: do two traces of one training tell of the same GAN? Pure functions.

A trace is a mapping of arrays with one row per step, as `parity_trace.trace` makes it:
discriminator_loss and logit_magnitude [steps, k], generator_loss [steps], `gradient/NAME` norms
[steps, k] or [steps], `weight/NAME` and `buffer/NAME` [steps, ...]; and `samples` of the end.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Trace = Mapping[str, np.ndarray]

LOSSES = ("discriminator_loss", "generator_loss")
MAGNITUDE = "logit_magnitude"
QUANTITIES = ("losses", "gradients", "weights", "buffers", "samples")
# In float64 only another algorithm deviates by more than 1e-9. In float32 rounding alone drives
# weights apart, through Adam's division by small gradients and the kinks of ReLU.
TOLERANCES = {
    "float64": {"losses": 1e-9, "gradients": 1e-9, "weights": 1e-9, "buffers": 1e-9},
    "float32": {"losses": 1e-5, "gradients": 1e-2},
}
GREY_LEVELS = 1.0  # by which a pixel may differ: the same value rounded up and rounded down
POINTS = 2.0**-23  # points are float32 in any precision, so one rounding of the largest
NOT_JUDGED = sys.float_info.max  # any number will do, as long as it is one


@dataclass(frozen=True)
class Disagreement:
    """Where two traces part: the step, counted from 1, the array and its two values there."""

    step: int
    name: str
    values: tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """What came of comparing two traces.

    `deviations` has the largest one of every quantity that there is: relative to the scale,
    in grey levels for images, infinite where a value is not finite. `reason` is one line, empty
    where the traces agree.
    """

    agrees: bool
    reason: str
    deviations: dict[str, float]
    first: Disagreement | None


def compare(one: Trace, other: Trace, dtype: str, labels: tuple[str, str]) -> Comparison:
    """Judge two traces: |a - b| <= tolerance * max(|a|, |b|, scale), element by element.

    `labels` say in messages whose traces they are.
    """
    mismatch = _mismatch(one, other, labels)
    if mismatch:
        return Comparison(False, mismatch, {}, None)
    scales = _Scales(one, other)
    worst: dict[str, float] = {}
    found: list[tuple[tuple[float, ...], Disagreement]] = []
    for name in sorted(set(one) - {MAGNITUDE}):
        ours, theirs = one[name], other[name]
        values = deviations(ours, theirs, scales.of(name, ours))
        kind = quantity(name)
        worst[kind] = max(worst.get(kind, 0.0), values.max(initial=0.0))
        bad = values > _tolerance(name, ours, dtype)
        if bad.any():
            place = _first(bad, values, at_end=name == "samples")
            step = scales.steps if name == "samples" else int(place[0]) + 1
            pair = (float(ours[place]), float(theirs[place]))
            found.append((_order(step, name, values[place]), Disagreement(step, name, pair)))
    ordered = {kind: float(worst[kind]) for kind in QUANTITIES if kind in worst}
    if not found:
        return Comparison(True, "", ordered, None)
    first = min(found, key=lambda pair: pair[0])[1]
    return Comparison(False, _sentence(first, labels), ordered, first)


def deviations(one: np.ndarray, other: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """|a - b| / max(|a|, |b|, scale), float64; infinite where either value is not finite.

    Unsigned integers are pixels and deviate by their difference.
    """
    is_pixels = one.dtype.kind == other.dtype.kind == "u"
    one, other = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(one) & np.isfinite(other)
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(one - other)
        bound = np.maximum(np.maximum(np.abs(one), np.abs(other)), scale)
        if is_pixels:
            bound = np.ones_like(difference)
        values = np.divide(difference, bound, out=np.zeros_like(difference), where=bound > 0)
    return np.where(finite, values, math.inf)


def quantity(name: str) -> str:
    """The quantity that an array of a trace belongs to."""
    if name in LOSSES:
        return "losses"
    return "samples" if name == "samples" else f"{name.partition('/')[0]}s"


class _Scales:
    """What the deviations of each array are relative to, one number for each step."""

    def __init__(self, one: Trace, other: Trace) -> None:
        self.steps = len(one["generator_loss"])
        # The smaller one: an exploding magnitude must not excuse its own losses.
        self.magnitude = _finite(np.minimum(one[MAGNITUDE], other[MAGNITUDE]))
        self.networks: dict[tuple[str, str], np.ndarray] = {}
        for trace in (one, other):
            for name in set(trace) - {*LOSSES, MAGNITUDE, "samples"}:
                array = trace[name]
                rows = np.abs(array.astype(np.float64)).reshape(self.steps, -1)
                largest = _finite(rows).max(axis=1, initial=0.0)
                key = _network(name)
                self.networks[key] = np.maximum(self.networks.get(key, 0.0), largest)

    def of(self, name: str, array: np.ndarray) -> np.ndarray:
        """The scale of an array, in a shape that broadcasts with it."""
        if name == "discriminator_loss":
            return self.magnitude
        if name == "generator_loss":
            return self.magnitude[:, -1]
        if name == "samples":
            return np.array(_finite(np.abs(array.astype(np.float64))).max(initial=0.0))
        return self.networks[_network(name)].reshape(-1, *[1] * (array.ndim - 1))


def _mismatch(one: Trace, other: Trace, labels: tuple[str, str]) -> str:
    """Say in one line how names or shapes differ, or nothing."""
    for mine, yours, label in ((one, other, labels[0]), (other, one, labels[1])):
        alone = sorted(set(mine) - set(yours))
        if alone:
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            return f"only {label} has {alone[0]}{more}"
    for name in sorted(one):
        shapes = one[name].shape, other[name].shape
        if shapes[0] != shapes[1]:
            return f"{name} is {shapes[0]} on {labels[0]} and {shapes[1]} on {labels[1]}"
    return ""


def _network(name: str) -> tuple[str, str]:
    """The scale that an array shares: gradients or weights and buffers of one network."""
    kind, _, canonical = name.partition("/")
    parts = canonical.split(".")
    network = ".".join(parts[:2]) if parts[0] == "ema" else parts[0]
    return ("gradient" if kind == "gradient" else "state"), network


def _tolerance(name: str, array: np.ndarray, dtype: str) -> float:
    judged = TOLERANCES[dtype]
    if name == "samples" and "weights" in judged:
        return GREY_LEVELS if array.dtype.kind == "u" else POINTS
    return judged.get(quantity(name), NOT_JUDGED)


def _first(bad: np.ndarray, values: np.ndarray, at_end: bool) -> tuple[int, ...]:
    """The place of the largest deviation in the first step that has one too large."""
    if not at_end:
        step = int(bad.reshape(len(bad), -1).any(axis=1).argmax())
        inner = np.unravel_index(int(values[step].argmax()), values[step].shape)
        return (step, *map(int, inner))
    return tuple(map(int, np.unravel_index(int(values.argmax()), values.shape)))


def _order(step: int, name: str, deviation: float) -> tuple[float, ...]:
    """Of what disagrees in one step, the likely cause: in the order in which it is computed."""
    network = 0 if "discriminator" in name else 2 if "/ema." in name else 1
    return step, network, QUANTITIES.index(quantity(name)), -float(deviation)


def _sentence(first: Disagreement, labels: tuple[str, str]) -> str:
    pairs = zip(first.values, labels, strict=True)
    told = " and ".join(f"{value!r} on {label}" for value, label in pairs)
    return f"step {first.step}, {first.name}: {told}"


def _finite(values: np.ndarray) -> np.ndarray:
    """The same with zero for what is no number, which is told where it stands."""
    return np.where(np.isfinite(values), values, 0.0)
