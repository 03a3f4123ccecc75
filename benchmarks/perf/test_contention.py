"""Trials side by side, and a trial beside other busy processes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

needs_two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")


@needs_two_cores
@pytest.mark.parametrize(("protocol", "at_least"), [("mlp 28x28", 1.2), ("dcgan 28x28", None)])
def test_two_trials_of_one_thread_over_one_of_two(compare, way, protocol, at_least):
    pair = [way("torch", "harness", protocol, threads=1, compile="off") for _ in range(2)]
    alone = way("torch", "harness", protocol, threads=2, compile="off")

    with ThreadPoolExecutor(2) as pool:
        row = f"torch {protocol}: two trials of one thread over one of two"
        compare(
            row,
            lambda: sum(pool.map(lambda train: train(), pair)),
            alone,
            at_least,
            names=("side by side", "alone"),
        )


@needs_two_cores
@pytest.mark.parametrize("busy", [0, 1, 2])
@pytest.mark.parametrize("protocol", ["mlp 28x28", "dcgan 28x28"])
def test_short_waiting_over_openmp_s_own(compare, way, protocol, busy):
    ours, default = (
        way("torch", "harness", protocol, threads=2, compile="off", environment=changes)
        for changes in ({}, {"GOMP_SPINCOUNT": None})
    )
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        row = f"torch {protocol} beside {busy} busy processes: waiting"
        names = ("ours", "OpenMP's")
        compare(row, ours, default, at_least=0.98 if busy == 0 else None, names=names)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
