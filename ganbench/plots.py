"""The pictures of a folder of results: which there are to draw, and how their files are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganbench import (
    plot_columns,
    plot_curves,
    plot_files,
    plot_grids,
    plot_profiles,
    plot_samples,
    plot_speed,
    plot_style,
    sections,
)
from ganbench.analysis import column_names
from ganbench.columns import Column
from ganbench.errors import NothingMatched
from ganbench.plot_frame import Words
from ganbench.sections import Section
from ganbench.specification import slug
from ganbench.store import Store

FOLDER = "plots"
OF_COLUMNS = {
    "curves": plot_curves.draw,
    "quality-throughput": plot_speed.draw,
    "profile": plot_profiles.draw,
}


@dataclass(frozen=True)
class Drawn:
    """The files that were written, and a line on each picture that could not be drawn whole."""

    paths: list[Path]
    remarks: list[str]


def draw(store: Store, folder: Path, wanted: Sequence[str] = ()) -> Drawn:
    """Draw what the records of a folder give; with `wanted`, the pictures of these columns alone.

    Raises UnknownName for a column that no record has, NothingMatched where nothing can be drawn,
    StorageError where a file cannot be written.
    """
    trials = store.planned()
    records = [record for trial in trials if (record := store.load(trial.id))]
    parts = sections.group(trials, records)
    known = [column for section in parts for column in plot_columns.columns(section)]
    for name in wanted:
        column_names.resolve(known, name, str(store.root))
    paths: list[Path] = []
    remarks: list[str] = []
    with plot_style.rules():
        for number, section in enumerate(parts, 1):
            place = f"-{slug(section.dataset, length=40)}-{number}" if len(parts) > 1 else ""
            chosen = _chosen(section, wanted)
            found = [
                path for column in chosen for path in _of_column(section, column, folder, place)
            ]
            if chosen and not any(path.name.startswith("curves-") for path in found):
                remarks.append(
                    f"{section.dataset}: no curves, for there are no values along training; "
                    "run with --checkpoints, or score the ones there are"
                )
            paths += found
            if not wanted:
                grids, said = _grids(section, store, folder, place)
                paths += grids
                remarks += said
    if not paths:
        raise NothingMatched("; ".join([f"{store.root}: nothing to draw yet", *remarks]))
    return Drawn(paths, remarks)


def _chosen(section: Section, wanted: Sequence[str]) -> list[Column]:
    """The columns of a section to draw: all of them, or those that `wanted` names."""
    columns = plot_columns.columns(section)
    if not wanted:
        return columns
    named = {column_names.find(columns, name) for name in wanted}
    return [column for column in columns if column in named]


def _of_column(section: Section, column: Column, folder: Path, place: str) -> list[Path]:
    paths = []
    for kind, drawing in OF_COLUMNS.items():
        drawn = drawing(section, column)
        if drawn:
            name = f"{kind}-{column.name.replace('#', '-')}{place}"
            paths += plot_files.save(*drawn, folder, name)
    return paths


def _grids(
    section: Section, store: Store, folder: Path, place: str
) -> tuple[list[Path], list[str]]:
    """The pictures of samples, and what is to be said of samples that are not there."""
    paths = []
    place = place or f"-{slug(section.dataset, length=40)}"
    strips = plot_samples.ends(section, store)
    gone = [strip.row.label for strip in strips if strip.reason == plot_samples.GONE]
    remarks = []
    if gone:
        told = f"{gone[0]} and {len(gone) - 1} more" if len(gone) > 1 else gone[0]
        remarks.append(
            f"{section.dataset}: the samples of {told} are gone or changed and not drawn; "
            "train them again for that"
        )
    pictures: list[tuple[str, tuple[Any, Words] | None]] = [
        ("grid", plot_grids.draw_ends(section, strips)),
        ("progress", plot_grids.draw_progress(section, plot_samples.progress(section, store))),
    ]
    for kind, drawn in pictures:
        if drawn:
            paths += plot_files.save(*drawn, folder, f"{kind}{place}")
    return paths, remarks
