"""Several folders of results as one, such as the runs of two machines."""

from __future__ import annotations

from ganbench.errors import ConfigError
from ganbench.plan import Plan, Skipped
from ganbench.record import Record
from ganbench.results import checkpoint_samples
from ganbench.specification import Trial
from ganbench.store import Store, question


def merge(sources: list[Store], target: Store) -> int:
    """Write the records and pictures of all sources into a new folder; give how many records.

    Its manifest is the union. Samples and trajectories are left behind, for they are large, but
    for the few that reports show: score before merging. Raises ConfigError, before anything is
    written, for fewer than two sources, a target that has results, different records of one trial,
    and different trials that a table could not tell apart.
    """
    if len(sources) < 2:
        raise ConfigError("merge needs two folders or more")
    if (target.root / "manifest.json").exists() or any(target.root.glob("trials/*")):
        raise ConfigError(f"{target.root}: has results already; name a folder that has none")
    plan, found = _union(sources)
    target.prepare()
    for record, source in found:
        target.trial_folder(record.id)
        target.publish(record)
        folder = source.root / "trials" / record.id
        for file in [*sorted(folder.glob("*.png")), *folder.glob(checkpoint_samples.FILE)]:
            target.copy(file, f"trials/{record.id}/{file.name}")
    target.write_manifest(plan, target.root.resolve().name)
    return len(found)


def _union(sources: list[Store]) -> tuple[Plan, list[tuple[Record, Store]]]:
    """Every trial once, in the order of the folders, and each record with the folder it is in."""
    trials: dict[object, tuple[Trial, Store]] = {}
    records: dict[str, tuple[Record, Store]] = {}
    skipped: dict[Skipped, None] = {}
    for source in sources:
        skipped |= dict.fromkeys(source.skipped())
        for trial in source.planned():
            first, holder = trials.setdefault(question(trial), (trial, source))
            if first.id != trial.id:
                raise ConfigError(
                    f"{_place(holder, first.id)} and {_place(source, trial.id)} ask the same and "
                    "were made with other sources or defaults; merge what one version made"
                )
            _add(records, source, trial.id)
    return Plan([trial for trial, _ in trials.values()], list(skipped)), list(records.values())


def _add(records: dict[str, tuple[Record, Store]], source: Store, trial_id: str) -> None:
    record = source.load(trial_id)
    if record is None:
        return
    known, holder = records.setdefault(trial_id, (record, source))
    if known != record:
        raise ConfigError(
            f"{_place(holder, trial_id)} and {_place(source, trial_id)} are different records of "
            "one trial; merge the folders that do not share it"
        )


def _place(store: Store, trial_id: str) -> str:
    return str(store.root / "trials" / trial_id)
