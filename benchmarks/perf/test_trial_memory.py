"""Peak memory of a digits trial on each backend; the aim is 1.2 GB."""

from __future__ import annotations

import importlib.util

import pytest

import ganbench


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_peak_memory_of_a_digits_trial(benchmark, finding, tmp_path, backend, model):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    options = {"backend": backend, "model": model, "loss": "hinge", "baseline": [], "seeds": 1}
    frame = benchmark.pedantic(
        ganbench.run, kwargs={**options, "budget": "images=20k", "out": tmp_path}, rounds=1
    )
    finding(f"{backend} {model} on digits: peak {frame['peak_memory_mib'].item():.0f} MiB")
