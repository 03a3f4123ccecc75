"""Every metric that others compute too, against their code; docs/metrics.md tells the same."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMPARED = {
    *("fd", "kd", "is", "precision", "recall", "coverage", "density", "copied-ratio"),
    "log-likelihood",
}


@cache
def script():
    path = ROOT / "benchmarks" / "update_metric_docs.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_tells_the_metrics_and_promises_of_the_classes():
    text = script().FILE.read_text("utf-8")
    assert text == script().page(script().written_deviations(text)), (
        "run `python benchmarks/update_metric_docs.py`"
    )


def test_the_page_s_deviations_are_within_their_bounds():
    lines = script().written_deviations(script().FILE.read_text("utf-8")).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {row[0] for row in cells} == COMPARED
    assert all(float(row[3]) <= float(row[4]) for row in cells)


def test_a_change_of_a_class_makes_the_page_out_of_date(monkeypatch):
    from ganbench_metrics.frechet import FrechetDistance

    text = script().FILE.read_text("utf-8")
    monkeypatch.setattr(FrechetDistance, "version", 99)
    assert text != script().page(script().written_deviations(text))


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "torch_fidelity")),
    reason="torch-fidelity is not installed",
)
def test_other_people_s_code_gives_the_same_values():
    rows = script().measure()
    assert {row["column"] for row in rows} == COMPARED
    assert [
        (row["column"], row["reference"], row["deviation"])
        for row in rows
        if not row["deviation"] <= row["bound"]
    ] == []
    # Values that say nothing would agree too.
    values = {row["column"]: row["ours"] for row in rows}
    assert values["fd"] > 1 and values["is"] > 2 and values["kd"] > 0.1
    assert 0.2 < values["recall"] < values["precision"] < 0.95 < values["coverage"] < 1
