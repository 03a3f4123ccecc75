"""The report of a results folder as one HTML page."""

from ganbench.report.page.page import FILE, render, write

__all__ = ["FILE", "render", "write"]
