"""The headlines of a results folder."""

from __future__ import annotations

import gc
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ganbench import selection, targets
from ganbench.analysis import table
from ganbench.analysis.table import Table
from ganbench.errors import ConfigError
from ganbench.headline import order
from ganbench.headline.build import build
from ganbench.headline.headline import Headline
from ganbench.record import Record
from ganbench.results import parity_verdict
from ganbench.store import Store
from ganbench.targets import Target


@dataclass(frozen=True)
class Wishes:
    """What the benchmark file of a folder says of its table."""

    headline: tuple[str, ...] = ()
    description: str = ""


def read(
    store: Store,
    rule: str = selection.FINAL,
    goals: Sequence[Target] = (),
    sort: str | None = None,
) -> list[Headline]:
    """Return the headlines of everything that was planned into a folder, one a table.

    `rule` selects the checkpoint that represents a trial, see `selection.select`; `goals` are
    values whose first crossing is looked up; `sort` names a column to sort by. Raises ConfigError
    where there are no curves to select from or to follow.
    """
    wanted = wishes(store).headline if rule == selection.FINAL else ()
    headlines = [build(own, wanted) for own in read_tables(store, rule, goals)]
    return headlines if sort is None else order.sort(headlines, sort)


def read_tables(
    store: Store, rule: str = selection.FINAL, goals: Sequence[Target] = ()
) -> list[Table]:
    """Return the tables of everything that was planned into a folder; see `read`."""
    if goals and rule != selection.FINAL:
        raise ConfigError("--target follows the whole training; leave --select out")
    with uncollected():
        trials = store.planned()
        records, remarks = selection.select(read_records(store), rule)
        targets.check(goals, records)
        tables = table.build(
            trials,
            records,
            parity_verdict.read_with_shipped(store.root.resolve().parent / "parity"),
            goals,
        )
    for own in tables:
        own.notes[:0] = remarks
    return tables


def wishes(store: Store) -> Wishes:
    """Return what the folder's own config.toml says of its table; nothing where it is damaged."""
    try:
        values = tomllib.loads((store.root / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return Wishes()
    names = values.get("headline", [])
    description = values.get("description", "")
    return Wishes(
        tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else (),
        description if isinstance(description, str) else "",
    )


def read_records(store: Store) -> list[Record]:
    """Return the records of everything that was planned into a folder."""
    with uncollected():
        records = [store.load(trial.id) for trial in store.planned()]
    return [record for record in records if record]


@contextmanager
def uncollected() -> Iterator[None]:
    """Put off the search for cycles, which records have none of and which visits all of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
