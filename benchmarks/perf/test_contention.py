"""Trials side by side, and a trial beside other busy processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from trainers import Trainer, started

SECONDS = 1.0
needs_two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")


@needs_two_cores
@pytest.mark.parametrize(("model", "at_least"), [("mlp", 1.2), ("dcgan", None)])
def test_two_trials_of_one_thread_over_one_of_two(compare, model, at_least):
    pytest.importorskip("torch")
    pair, alone = [Trainer("torch", model, 1) for _ in range(2)], Trainer("torch", model, 2)

    def both():
        for trainer in pair:
            trainer.begin(SECONDS)
        return sum(trainer.rate() for trainer in pair)

    with started(*pair, alone):
        row = f"torch {model} 28x28: two trials of one thread over one of two"
        names = ("side by side", "alone")
        compare(row, both, lambda: alone.measure(SECONDS), at_least, names=names)


@needs_two_cores
@pytest.mark.parametrize("busy", [0, 1, 2])
@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_short_waiting_over_openmp_s_own(compare, model, busy):
    pytest.importorskip("torch")
    ours, default = (Trainer("torch", model, 2, **own) for own in ({}, {"GOMP_SPINCOUNT": None}))
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        with started(ours, default):
            row = f"torch {model} 28x28 beside {busy} busy processes: waiting"
            ways = [lambda own=own: own.measure(SECONDS) for own in (ours, default)]
            compare(row, *ways, at_least=0.98 if busy == 0 else None, names=("ours", "OpenMP's"))
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
