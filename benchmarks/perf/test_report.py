"""How long the report of a published folder takes; the aim is 3 s."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

AIM_SECONDS = 3.0
FOLDER = Path(__file__).parents[2] / "results" / "digits-losses"


def test_report_of_digits_losses(benchmark, finding, tmp_path):
    copy = tmp_path / "digits-losses"
    shutil.copytree(FOLDER, copy)
    arguments = [sys.executable, "-P", "-m", "ganbench", "report", str(copy)]
    benchmark.pedantic(
        subprocess.run,
        args=(arguments,),
        kwargs={"capture_output": True, "check": True},
        rounds=10,
        warmup_rounds=1,
    )
    seconds = benchmark.stats.stats.median
    benchmark.extra_info.update(row="report of digits-losses", seconds=seconds, at_most=AIM_SECONDS)
    finding(f"report of digits-losses: {seconds:.2f} s; aim at most {AIM_SECONDS}")
