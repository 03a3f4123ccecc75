"""What `ganbench run` promises with nothing else given, seen on the run itself."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BACKENDS = ["torch", "tensorflow"]


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in BACKENDS),
    reason="torch and tensorflow are not both installed",
)
def test_every_row_finds_nine_digits_and_beats_the_pixel_gaussian(tmp_path):
    (table,) = json.loads((results(tmp_path) / "tables/table.json").read_text())["tables"]
    rows = table["rows"]
    by_name = {(row["backend"], row["model"], row["loss"]): row for row in rows}
    assert set(by_name) >= {
        *((b, m, loss) for b in BACKENDS for m in ("mlp", "dcgan") for loss in LOSSES),
        *(("numpy", name, "none") for name in ("real", "memorizer", "pixel-gaussian")),
    }
    baseline = median(by_name["numpy", "pixel-gaussian", "none"], "fd-cls-digits-v1")
    for row in rows:
        assert (row["n"], row["failed"], row["missing"]) == (2, 0, 0)
        if row["loss"] != "none":
            assert min(row["values"]["classes-cls-digits-v1"]["seeds"].values()) >= 9
            assert median(row, "fd-cls-digits-v1") < baseline


def median(row, column):
    return row["values"][column]["median"]


def results(tmp_path):
    """The folder of a run: one that was just made from this source, as CI says, or a new one."""
    if made := os.environ.get("GANBENCH_DEFAULT_RESULTS"):
        return Path(made)
    command = [sys.executable, "-P", "-m", "ganbench.cli", "run"]
    # Named, since a developer has a backend more than `ganbench[all]` installs.
    command += [part for name in BACKENDS for part in ("--backend", name)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=290)
    assert done.returncode == 0, done.stderr
    return tmp_path / "results/digits"


LOSSES = ("non-saturating", "hinge")
