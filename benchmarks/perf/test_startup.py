"""How long the command line takes to answer; the aim is 0.3 s for --help and 1.5 s for list."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["--help", "list"])
def test_start(benchmark, command):
    arguments = [sys.executable, "-P", "-m", "ganbench.cli", command]
    result = benchmark.pedantic(
        subprocess.run,
        args=(arguments,),
        kwargs={"capture_output": True, "check": True},
        rounds=10,
        warmup_rounds=1,
    )
    assert b"ganbench" in result.stdout or b"dcgan" in result.stdout
