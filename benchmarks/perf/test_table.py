"""How long the table of a thousand records takes; the aim is 1.5 s."""

from __future__ import annotations

import subprocess
import sys

import thousand

AIM_SECONDS = 1.5


def test_table_of_a_thousand_records(benchmark, finding, tmp_path):
    thousand.make(tmp_path)
    arguments = [sys.executable, "-P", "-m", "ganbench.cli", "table", "--format", "md"]
    benchmark.pedantic(
        subprocess.run,
        args=([*arguments, str(tmp_path)],),
        kwargs={"capture_output": True, "check": True},
        rounds=10,
        warmup_rounds=1,
    )
    seconds = benchmark.stats.stats.median
    benchmark.extra_info.update(row="table of 1,000 records", seconds=seconds, at_most=AIM_SECONDS)
    finding(f"table of 1,000 records: {seconds:.2f} s; aim at most {AIM_SECONDS}")
