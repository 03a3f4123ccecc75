"""A sweep of small trials, side by side, over the training alone; the aim is 1.25 times."""

from __future__ import annotations

import json
import os
import time

import pytest

import ganbench

TRIALS, UPDATES, AIM = 40, 1000, 1.25


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_sweep(benchmark, finding, tmp_path):
    pytest.importorskip("torch")
    asked = {"backend": "torch", "model": "mlp-toy", "loss": "hinge", "dataset": "ring"}
    asked |= {"baseline": [], "seeds": TRIALS, "budget": f"updates={UPDATES}", "out": tmp_path}
    start = time.perf_counter()
    benchmark.pedantic(ganbench.run, kwargs={**asked, "jobs": 2}, rounds=1)
    taken = time.perf_counter() - start
    found = [json.loads(path.read_text()) for path in tmp_path.glob("trials/*/record.json")]
    trained = sum(record["training"]["train_seconds"] for record in found)
    ratio = taken / (trained / 2)
    row = f"sweep of {TRIALS} mlp-toy trials over its training, two at a time"
    benchmark.extra_info.update(row=row, ratio=ratio, at_most=AIM)
    finding(f"{row}: {ratio:.2f}; {taken:.0f} s for {trained / 2:.0f} s; aim at most {AIM}")
