"""Verdicts of parity: one JSON file each, and what a results table may say because of them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ganbench.errors import ConfigError, StorageError
from ganbench.specification import NO_LOSS, Trial, digest, slug
from ganbench.store import Store

SCHEMA_VERSION = 1
VERIFIED, FAILED, CHANGED, UNVERIFIED = "verified", "failed", "changed", "unverified"
_FILE = re.compile(r".+-[0-9a-f]{8}\.json")
# The gate tells algorithms apart; how large the layers are is no part of an algorithm.
SIZES = frozenset({"width", "batch_size", "latent_size"})


@dataclass(frozen=True)
class Verdict:
    """What came of training one model with one loss on two backends.

    `deviations` are those of `parity.Comparison`, null where a value was not finite;
    `first_disagreement` has step, name and values, null where there is none. `asked` has the
    selections that the labels stand for, with every option.
    """

    schema_version: int
    backends: list[str]
    model: str
    loss: str
    task: str
    steps: int
    dtype: str
    seed: int
    verdict: str  # verified or failed
    reason: str
    deviations: dict[str, float | None]
    first_disagreement: dict[str, Any] | None
    asked: dict[str, Any]
    sources: dict[str, str]  # of both implementations
    frameworks: dict[str, dict[str, str]]  # what each backend says of itself

    @property
    def agrees(self) -> bool:
        """Whether the two backends train the same GAN."""
        return self.verdict == VERIFIED

    def question(self) -> dict[str, Any]:
        """What was asked, whatever sources answer it."""
        setting = {"task": self.task, "steps": self.steps, "dtype": self.dtype, "seed": self.seed}
        return {**setting, "asked": self.asked}

    def file_name(self) -> str:
        """A readable name that changes with the question and with the sources."""
        readable = slug("-".join(self.backends), self.model, self.loss, self.dtype, length=96)
        return f"{readable}-{digest([self.question(), self.sources])}.json"


def write(folder: Path, verdict: Verdict) -> None:
    """Write a verdict in one piece; those of the same question and other sources go."""
    text = json.dumps(asdict(verdict), indent=1, sort_keys=True, allow_nan=False)
    name = verdict.file_name()
    Store(folder).write(name, text + "\n")
    for path, older in _files(folder, name.rpartition("-")[0]):
        if older.question() == verdict.question() and path.name != name:
            path.unlink()


def read(folder: Path) -> list[Verdict]:
    """Every verdict in a folder, by model and loss; none if the folder is not there.

    Raises ConfigError for a damaged file.
    """
    found = [verdict for _, verdict in _files(folder)]
    return sorted(
        found, key=lambda item: (item.model, item.loss, item.backends, item.dtype, item.steps)
    )


def _files(folder: Path, readable: str | None = None) -> list[tuple[Path, Verdict]]:
    """The verdicts of a folder, or those of one readable name."""
    if not folder.is_dir():
        return []
    names = sorted(path for path in folder.iterdir() if _FILE.fullmatch(path.name))
    if readable is not None:
        names = [path for path in names if path.name.rpartition("-")[0] == readable]
    return [(path, _read(path)) for path in names]


def _read(path: Path) -> Verdict:
    try:
        values = json.loads(path.read_text("utf-8"))
        version = values["schema_version"]
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error}") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: not a whole verdict; remove it") from None
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{path}: has schema {version} and this ganbench reads {SCHEMA_VERSION}; upgrade it"
        )
    if set(values) != {item.name for item in fields(Verdict)}:
        raise ConfigError(f"{path}: not a whole verdict; remove it")
    return Verdict(**values)


# --------------------------------------------------------------------------- a table's marks


def marks(trials: Iterable[Trial], verdicts: list[Verdict]) -> dict[tuple[str, str], str]:
    """By model and loss that were run on several backends: what is known of their parity.

    Backends are the same GAN if verified pairs connect all of them and no pair has failed.
    """
    groups: dict[tuple[str, str], dict[str, list[Trial]]] = {}
    for trial in trials:
        if trial.loss != NO_LOSS:
            backends = groups.setdefault((trial.model, trial.loss), {})
            backends.setdefault(trial.specification["backend"]["name"], []).append(trial)
    found = {}
    for key, backends in groups.items():
        pairs = {
            (one, other): _mark(backends[one], backends[other], verdicts)
            for one, other in itertools.combinations(backends, 2)
        }
        if pairs:
            found[key] = _together(list(backends), pairs)
    return found


def _together(backends: list[str], pairs: dict[tuple[str, str], str]) -> str:
    """One mark for all pairs of backends."""
    if FAILED in pairs.values():
        return FAILED
    connected = {backends[0]}
    for _ in backends:
        for pair, mark in pairs.items():
            if mark == VERIFIED and connected & set(pair):
                connected |= set(pair)
    if connected == set(backends):
        return VERIFIED
    return CHANGED if CHANGED in pairs.values() else UNVERIFIED


def _mark(one: list[Trial], other: list[Trial], verdicts: list[Verdict]) -> str:
    """What is known of one model and loss on two backends."""
    asked, theirs = one[0].specification, other[0].specification
    pair = {asked["backend"]["name"], theirs["backend"]["name"]}
    about = [verdict for verdict in verdicts if _is_about(verdict, asked, pair)]
    current = [item for item in about if all(_is_made_with(item, a, b) for a in one for b in other)]
    if any(not verdict.agrees for verdict in current):
        return FAILED
    if any(verdict.dtype == "float64" for verdict in current):
        return VERIFIED
    return CHANGED if any(item.dtype == "float64" for item in about) else UNVERIFIED


def _is_about(verdict: Verdict, asked: dict[str, Any], pair: set[str]) -> bool:
    backends = {selection["name"] for selection in verdict.asked["backends"]}
    ours, theirs = verdict.asked["model"], asked["model"]
    # An option that one of the two does not know has come or gone, and the sources tell so.
    common = (set(ours["options"]) & set(theirs["options"])) - SIZES
    return (
        backends == pair
        and ours["name"] == theirs["name"]
        and all(ours["options"][name] == theirs["options"][name] for name in common)
        and _names(verdict.asked) == _names(asked)
    )


def _names(asked: dict[str, Any]) -> list[str]:
    return [asked["loss"]["name"], *(item["name"] for item in asked["penalties"])]


def _is_made_with(verdict: Verdict, one: Trial, other: Trial) -> bool:
    """Whether both trials come from the sources that were compared; a data set's are not."""
    for trial in (one, other):
        sources = trial.specification["sources"]
        if any(verdict.sources.get(name, known) != known for name, known in sources.items()):
            return False
    together = {**one.specification["sources"], **other.specification["sources"]}
    return set(verdict.sources) <= set(together)
