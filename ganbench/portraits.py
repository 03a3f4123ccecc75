"""Phase portraits: the paths of tiny models of two parameters, one against the other."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 4
PANEL_INCHES = 2.4
TITLE_CHARACTERS = 30  # that fit above a panel
FRAME_RADII = 2.5  # a path that leaves is shown up to so many radii of its start
# The first backend is drawn widest and at the bottom, so that it is seen where others coincide.
LINES = [("tab:orange", "-", 3.0), ("tab:blue", "--", 1.2), ("black", ":", 1.2)]


@dataclass(frozen=True)
class Path2D:
    """One trial's path: float64 [steps + 1, 2], and what it is drawn as."""

    backend: str
    panel: tuple[str, str]  # model and loss
    names: list[str]  # of the two parameters
    points: np.ndarray


def of_trial(
    backend: str, model: str, loss: str, training: dict[str, Any], points: np.ndarray
) -> Path2D | None:
    """The path of a trial by its labels and what its record keeps, None unless p is 2.

    The order of updates, on which a path depends most, is told where a model's label leaves it out.
    """
    if points.shape[1] != 2:
        return None
    order = training["recipe"].get("update_order")
    shown = model if order is None or order in model else f"{model}, {order}"
    return Path2D(backend, (shown, loss), training["trajectory_parameters"], points)


def draw_path(path: Path2D, file: Path) -> None:
    """Write a PNG of one path, with start, end and origin marked."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4.2), layout="constrained")
    axes = figure.subplots()
    _draw_panel(axes, [path], [path.backend])
    axes.legend(loc="upper right", fontsize="small")
    figure.savefig(file, dpi=100, metadata={"Software": None})


def draw_overview(paths: list[Path2D], file: Path) -> None:
    """Write a PNG with a panel for each model and loss, all backends and seeds in one panel.

    Each model begins a row of its own.
    """
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], list[Path2D]] = {}
    for path in paths:
        panels.setdefault(path.panel, []).append(path)
    places = _places(list(panels))
    rows = 1 + max(row for row, _ in places)
    columns = 1 + max(column for _, column in places)
    size = (PANEL_INCHES * columns, (PANEL_INCHES + 0.5) * rows + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    backends = list(dict.fromkeys(path.backend for path in paths))
    for (row, column), members in zip(places, panels.values(), strict=True):
        grid[row, column].set_axis_on()
        _draw_panel(grid[row, column], members, backends)
    shown = {
        label: handle
        for axes in grid.flat
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(shown.values(), shown.keys(), loc="outside upper center", ncols=6, frameon=False)
    figure.savefig(file, dpi=80, metadata={"Software": None})


def _places(panels: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Row and column of each panel."""
    models = list(dict.fromkeys(model for model, _ in panels))
    places: dict[tuple[str, str], tuple[int, int]] = {}
    row = 0
    for model in models:
        members = [panel for panel in panels if panel[0] == model]
        for place, panel in enumerate(members):
            places[panel] = (row + place // COLUMNS, place % COLUMNS)
        row += -(-len(members) // COLUMNS)
    return [places[panel] for panel in panels]


def _draw_panel(axes: Axes, paths: list[Path2D], backends: list[str]) -> None:
    start = max(float(np.hypot(*path.points[0])) for path in paths)
    radii = np.concatenate([np.hypot(*path.points.T) for path in paths])
    farthest = float(np.max(radii[np.isfinite(radii)], initial=start))
    frame = 1.1 * max(min(farthest, FRAME_RADII * start), 1e-9)
    axes.plot(0, 0, "+", color="black", markersize=10, label="origin")
    for path in sorted(paths, key=lambda path: backends.index(path.backend)):
        color, style, width = LINES[backends.index(path.backend) % len(LINES)]
        visible = np.abs(path.points).max(axis=1, keepdims=True) < 10 * frame
        line = np.where(visible, path.points, np.nan)
        axes.plot(*line.T, style, color=color, linewidth=width, alpha=0.8, label=path.backend)
        axes.plot(*line[0], "o", color="black", fillstyle="none", label="start")
        axes.plot(*line[-1], "o", color=color, markersize=4, label=f"end, {path.backend}")
    if farthest > FRAME_RADII * start:
        last = float(np.hypot(*paths[0].points[-1]))
        axes.text(0.03, 0.03, f"ends at distance {last:.2g}", transform=axes.transAxes, size=8)
    axes.set(xlim=(-frame, frame), ylim=(-frame, frame), aspect="equal")
    model, loss = paths[0].panel
    axes.set_title(f"{_wrapped(loss)}\n{_wrapped(model)}", fontsize=7.5)
    axes.set_xlabel(paths[0].names[0], fontsize=8)
    axes.set_ylabel(paths[0].names[1], fontsize=8)
    axes.tick_params(labelsize=7)


def _wrapped(label: str) -> str:
    return textwrap.fill(label.replace(",", ", "), TITLE_CHARACTERS)
