"""A folder of a thousand records: committed ones, again and again under other seeds."""

from __future__ import annotations

import copy
import json
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "results" / "digits-losses"


def make(folder: Path, count: int = 1000) -> None:
    """Write so many trials, their records and the manifest into an empty folder."""
    manifest = json.loads((SOURCE / "manifest.json").read_text())
    seeds = 1 + max(trial["seed"] for trial in manifest["trials"])
    planned = manifest["trials"]
    manifest["trials"] = [_again(planned, number, seeds) for number in range(count)]
    for number, trial in enumerate(manifest["trials"]):
        own = planned[number % len(planned)]
        record = json.loads((SOURCE / "trials" / own["id"] / "record.json").read_text())
        changed = {name: trial[name] for name in ("id", "seed", "specification")}
        place = folder / "trials" / trial["id"]
        place.mkdir(parents=True)
        text = json.dumps({**record, **changed}, indent=1, sort_keys=True)
        (place / "record.json").write_text(text + "\n")
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _again(planned: list, number: int, seeds: int) -> dict:
    trial = copy.deepcopy(planned[number % len(planned)])
    trial["seed"] += seeds * (number // len(planned))
    trial["specification"]["seed"] = trial["seed"]
    trial["id"] += f"-{number}"
    return trial
