"""Pictures of a validation: what the corruptions look like, and what metrics make of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench.contracts import Dataset
from ganbench.corruptions import CORRUPTIONS, Material
from ganbench.pictures import grid
from ganbench.streams import Stream

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_INCHES = 3.4
STRIP_IMAGES = 8  # a row of a grid
STRIP_COUNT = 40  # images that are corrupted, of which the first are shown
STYLES = {"sees": "-", "ignores": "--"}


def draw(report: dict[str, Any], dataset: Dataset, folder: Path) -> None:
    """Write corruptions.png and .svg, and a picture of curves for each corruption."""
    _save(_strips(dataset, list(report["corruptions"])), folder / "corruptions")
    for name in report["corruptions"]:
        _save(_curves(report, name), folder / name)


def _save(figure: Figure, stem: Path) -> None:
    import matplotlib as mpl

    # Without these a picture of the same numbers would be another file each time.
    with mpl.rc_context({"svg.hashsalt": "ganbench"}):
        figure.savefig(stem.with_suffix(".png"), dpi=80, metadata={"Software": None})
        figure.savefig(stem.with_suffix(".svg"), metadata={"Date": None, "Creator": None})


def _strips(dataset: Dataset, names: list[str]) -> Figure:
    """A row for each corruption, a column for each level, the same few images in each cell.

    A defect that concerns a share of the images shows on eight of them only roughly.
    """
    from matplotlib.figure import Figure

    split = dataset.reference
    order = Stream(0, "validation/split").at(0).permutation(len(split.samples))
    labels = split.labels
    if labels is not None:  # side by side, images of one class show what is repeated
        few = order[:STRIP_COUNT]
        order[:STRIP_COUNT] = few[np.argsort(labels[few], kind="stable")]
        labels = labels[order]
    material = Material(split.samples[order], STRIP_COUNT, dataset.train.samples, labels)
    shown = [item for item in CORRUPTIONS if item.name in names]
    figure = Figure(figsize=(16, 0.75 * len(shown) + 0.4), layout="constrained")
    axes = figure.subplots(len(shown), len(shown[0].levels), squeeze=False)
    for row, item in zip(axes, shown, strict=True):
        for level, cell in enumerate(row):
            rng = Stream(0, f"corruption/{item.name}").at(0)
            images = item.apply(material, level, rng)[:STRIP_IMAGES]
            picture = grid(images)
            gray = picture.shape[2] == 1
            # Not interpolated, so that the SVG keeps the images' own pixels and stays small.
            cell.imshow(
                picture[..., 0] if gray else picture,
                cmap="gray" if gray else None,
                interpolation="none",
            )
            cell.set(xticks=[], yticks=[])
            cell.set_title(f"{item.levels[level]:g}", fontsize=7, pad=2)
        row[0].set_ylabel(item.name, fontsize=7, rotation=0, ha="right", va="center")
    return figure


def _curves(report: dict[str, Any], name: str) -> Figure:
    """Badness over the levels, as a share of each column's largest change, a panel per space."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    told = [column for column in report["columns"] if column["direction"] != "none"]
    spaces = list(dict.fromkeys(column["space"] for column in told))
    promises = _promises(report)
    keys = list(dict.fromkeys(map(_key, told)))
    # Strong colours first, then their pale siblings.
    order = [*range(0, 20, 2), *range(1, 20, 2)]
    colors = {key: mpl.colormaps["tab20"](order[number % 20]) for number, key in enumerate(keys)}
    figure = Figure(figsize=(PANEL_INCHES * len(spaces) + 2, PANEL_INCHES), layout="constrained")
    panels = figure.subplots(1, len(spaces), squeeze=False, sharey=True)[0]
    for axes, space in zip(panels, spaces, strict=True):
        for column in told:
            if column["space"] == space:
                promise = promises.get((*_key(column), name), "")
                _draw_curve(axes, column, name, promise, colors[_key(column)])
        axes.axhline(0, color="black", linewidth=0.5)
        axes.set_title(space or "images", fontsize=9)
        axes.set_xlabel(f"{name}: {report['corruptions'][name]['unit']}", fontsize=8)
        axes.set_xticks(range(len(report["corruptions"][name]["levels"])))
        axes.set_xticklabels([f"{level:g}" for level in report["corruptions"][name]["levels"]])
    panels[0].set_ylabel("worse → (share of the largest change)", fontsize=8)
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(), handles.keys(), loc="outside right center", fontsize=7, frameon=False
    )
    return figure


def _draw_curve(axes: Axes, column: dict[str, Any], name: str, promise: str, color: Any) -> None:
    """Solid where the corruption is promised to be seen, dashed where ignored, else thin."""
    sign = 1 if column["direction"] == "lower" else -1
    values = sign * np.array(column["corrupted"][name], float).mean(axis=0)  # None becomes nan
    change = values - values[0]
    largest = np.max(np.abs(change), initial=0, where=np.isfinite(change))
    label = column["column"] + (f", {promise}" if promise else "")
    axes.plot(
        change / largest if largest else change,
        STYLES.get(promise, ":"),
        color=color,
        linewidth=1.6 if promise else 0.8,
        marker="o" if promise else None,
        markersize=3,
        label=label,
    )


def _promises(report: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    return {
        (check["metric"], check["column"], check["subject"]): check["promise"]
        for check in report["checks"]
    }


def _key(column: dict[str, Any]) -> tuple[str, str]:
    return column["metric"], column["column"]
