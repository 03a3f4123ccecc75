"""How long the command line takes to answer; the aim is 0.3 s for --help and 1.5 s for list."""

from __future__ import annotations

import subprocess
import sys

import pytest

AIMS = {"--help": 0.3, "list": 1.5}  # seconds


@pytest.mark.parametrize("command", AIMS)
def test_start(benchmark, finding, command):
    arguments = [sys.executable, "-P", "-m", "ganbench.cli", command]
    result = benchmark.pedantic(
        subprocess.run,
        args=(arguments,),
        kwargs={"capture_output": True, "check": True},
        rounds=10,
        warmup_rounds=1,
    )
    assert b"ganbench" in result.stdout or b"dcgan" in result.stdout
    seconds, aim = benchmark.stats.stats.median, AIMS[command]
    benchmark.extra_info.update(row=f"ganbench {command}", seconds=seconds, at_most=aim)
    finding(f"ganbench {command}: {seconds:.2f} s; aim at most {aim}")
