"""What each way of drawing the inputs gains, where drawing takes the largest share of a step."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("backend", "drawing", "other"),
    [("torch", "in turn", "one thread"), ("tensorflow", "ahead", "in turn")],
)
def test_drawing_of_a_perceptron_s_inputs(compare, way, backend, drawing, other):
    names = drawing, other
    ways = (way(backend, "harness", "mlp 28x28", drawing=name) for name in names)
    row = f"{backend}, mlp 28x28: inputs drawn {drawing} over {other}"
    compare(row, *ways, at_least=1.0, names=names)
