"""What every benchmark here uses: comparing two ways by pairs, and a summary at the end."""

from __future__ import annotations

import importlib.util
import os

import pytest
from ratios import Comparison
from spans import Child

FINDINGS: list[str] = []
THREADS = len(os.sched_getaffinity(0))


def pytest_addoption(parser):
    parser.addoption(
        "--pairs", type=int, default=30, help="pairs of spans of a comparison; fewer for a look"
    )


@pytest.fixture
def finding():
    """Note one line for the summary at the end."""
    return FINDINGS.append


@pytest.fixture
def compare(benchmark, finding, request):
    """Compare two ways of doing the same work in alternating spans, and note the ratio.

    `compare(row, first, second, at_least=0.97)`: both are functions that work for about a second
    and give a rate (work per second); the ratio is first over second. What was found goes into
    pytest-benchmark's `extra_info`, from which docs/performance.md is made.
    """

    def run(row, first, second, at_least=None, at_most=None, pairs=None, names=("first", "second")):
        pairs = pairs or request.config.getoption("pairs")
        comparison = Comparison(row, first, second, names, at_least, at_most)
        comparison.warm_up()
        benchmark.pedantic(comparison.pair, rounds=pairs, iterations=1)
        found = comparison.found()
        benchmark.extra_info.update(found)
        finding(comparison.told())
        return found

    return run


@pytest.fixture
def way():
    """Starts a process for each way of training, and ends it after the test.

    Side by side in one process they would share what the harness sets, determinism for one.
    """
    children = []

    def start(backend, name, protocol, threads=THREADS, environment=None, **options):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
        children.append(Child(f"loops_{backend}", threads, environment or {}))
        return children[-1].way(name, protocol, **options)

    yield start
    for each in children:
        each.close()


def pytest_terminal_summary(terminalreporter):
    for line in FINDINGS:
        terminalreporter.write_line(f"finding: {line}")
