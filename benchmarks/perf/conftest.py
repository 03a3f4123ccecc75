"""Prints what the benchmarks note beside their timings: shares, ratios and memory."""

from __future__ import annotations

import pytest

FINDINGS: list[str] = []


@pytest.fixture
def finding():
    """Note one line for the summary at the end."""
    return FINDINGS.append


def pytest_terminal_summary(terminalreporter):
    for line in FINDINGS:
        terminalreporter.write_line(f"finding: {line}")
