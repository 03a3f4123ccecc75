"""Store the readings of this project's metrics with the scores of committed records.

    python benchmarks/update_readings.py [--before CHECKOUT]... [FOLDER]...

Every score of a metric whose name, version and columns are the present ones gets `readings`, as
the evaluator stores them. Values stay as they are, and a second run changes nothing.

A change of a metric's module changes its source hash, and a score with another hash is computed
again. After a change that leaves all values as they are, `--before CHECKOUT` names a checkout of
the revision before the change: scores that have the hashes of that checkout, and the present
version, get the present hashes. Scores with other hashes keep theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ganbench
from ganbench import record
from ganbench.evaluate import readings
from ganbench.sources import class_hashes
from ganbench_fidelity.plugin import ganbench_metrics as fidelity_metrics
from ganbench_metrics.plugin import ganbench_metrics

ROOT = Path(__file__).resolve().parents[1]
METRICS = {cls.name: cls for cls in (*ganbench_metrics(), *fidelity_metrics())}

# Run in a process of its own, since one process imports one version of a module.
ASK = """
import json, sys
from ganbench.sources import class_hashes
from ganbench_fidelity.plugin import ganbench_metrics as fidelity_metrics
from ganbench_metrics.plugin import ganbench_metrics
classes = [*ganbench_metrics(), *fidelity_metrics()]
files = [sys.modules[name].__file__ for name in ("ganbench", "ganbench_metrics")]
metrics = {cls.name: {"version": cls.version, "sources": class_hashes(cls)} for cls in classes}
print(json.dumps({"files": files, "metrics": metrics}))
"""

Score = dict[str, Any]
Hashes = dict[str, dict[str, Any]]  # version and sources by metric


def present_hashes() -> Hashes:
    """Version and source hashes of each metric, as they are now."""
    return {
        name: {"version": cls.version, "sources": class_hashes(cls)}
        for name, cls in METRICS.items()
    }


def hashes_of(checkout: Path) -> Hashes:
    """Version and source hashes of each metric in another checkout, by that one's own function."""
    paths = [checkout.resolve(), checkout.resolve() / "plugins"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{checkout}: is no checkout of ganbench: {done.stderr.strip()[-300:]}")
    answer = json.loads(done.stdout)
    if not all(Path(file).is_relative_to(checkout.resolve()) for file in answer["files"]):
        raise SystemExit(f"{checkout}: another ganbench was imported: {answer['files']}")
    found: Hashes = answer["metrics"]
    return found


def updated(score: Score, before: Iterable[Hashes], now: Hashes) -> Score:
    """The score with present readings, and with present hashes where it has those from before."""
    name = score["metric"]
    if name not in now or score["version"] != now[name]["version"]:
        return score
    columns = columns_of(score, list(METRICS[name].columns))
    if columns is None:
        return score
    score = {**score, "readings": readings(METRICS[name], columns)}
    own = {"version": score["version"], "sources": score["sources"]}
    if any(hashes.get(name) == own for hashes in before):
        score = with_sources(score, now[name]["sources"])
    return score


def columns_of(score: Score, names: Sequence[str]) -> dict[str, str] | None:
    """Map a metric's names of columns to those of a score, or None if it has others.

    The score's end with the name of the feature space, if there is one.
    """
    for column in score["directions"]:
        space = column.removeprefix(names[0])
        columns = {name: f"{name}{space}" for name in names}
        if set(columns.values()) == set(score["directions"]):
            return columns
    return None


def with_sources(score: Score, sources: dict[str, str]) -> Score:
    """The score with these hashes, in the description of its plugins too."""
    score = {**score, "sources": sources}
    if "plugins" in score:
        score["plugins"] = [
            {
                **plugin,
                "sources": {
                    module: sources.get(module, own) for module, own in plugin["sources"].items()
                },
            }
            for plugin in score["plugins"]
        ]
    return score


def main(arguments: Sequence[str] | None = None) -> None:
    """Update every record of the folders, and print how many scores changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, action="append", default=[], metavar="CHECKOUT")
    parser.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    options = parser.parse_args(arguments)
    if not Path(ganbench.__file__).is_relative_to(ROOT):
        raise SystemExit(f"{ganbench.__file__} was imported; set PYTHONPATH to {ROOT}")
    before, now = [hashes_of(checkout) for checkout in options.before], present_hashes()
    folders = options.folders or sorted(path.parent for path in ROOT.glob("results/*/trials"))
    for folder in folders:
        counts = {"scores": 0, "with readings": 0, "new hashes": 0, "hashes of now": 0}
        for path in sorted(folder.glob("trials/*/record.json")):
            text = path.read_text("utf-8")
            old = record.from_json(text, str(path))
            scores = [updated(score, before, now) for score in old.scores]
            new = record.to_json(replace(old, scores=scores))
            if new != text:
                path.write_text(new, "utf-8")
            counts["scores"] += len(scores)
            counts["with readings"] += sum("readings" in score for score in scores)
            for one, other in zip(old.scores, scores, strict=True):
                counts["new hashes"] += one["sources"] != other["sources"]
                current = now.get(other["metric"], {}).get("sources")
                counts["hashes of now"] += other["sources"] == current
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"{folder.name}: {told}")


if __name__ == "__main__":
    main()
