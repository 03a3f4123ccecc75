"""Which models and losses are verified: the column `parity` of a results table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from ganbench.results.parity_verdict import FAILED, VERIFIED, Verdict
from ganbench.specification import NO_LOSS, Trial

CHANGED, UNVERIFIED = "changed", "unverified"
# A comparison of small layers and batches also verifies larger ones: the algorithm is the same.
SIZES = frozenset({"width", "batch_size", "latent_size"})


def marks(trials: Iterable[Trial], verdicts: list[Verdict]) -> dict[tuple[str, str], str]:
    """Return the parity mark of every model and loss that was run on several backends.

    The mark is `verified` if verified pairs connect all backends and no pair has failed.
    """
    marked = {}
    for key, backends in _groups(trials).items():
        pairs = {
            (one, other): _mark(backends[one], backends[other], verdicts)
            for one, other in itertools.combinations(backends, 2)
        }
        if pairs:
            marked[key] = _together(list(backends), pairs)
    return marked


def applicable(trials: Iterable[Trial], verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts that compare the very sources that these trials were made with."""
    used: list[Verdict] = []
    for backends in _groups(trials).values():
        for one, other in itertools.combinations(backends.values(), 2):
            used += _of_same_sources(one, other, _about(one, other, verdicts))
    return [verdict for verdict in verdicts if verdict in used]


def is_current(verdict: Verdict, hash_of: Callable[[str], str]) -> bool:
    """Return whether the compared sources are the present ones.

    `hash_of` gives the present hash of a module, as `sources.module_hash` does.
    """
    return all(hash_of(module) == compared for module, compared in verdict.sources.items())


def _groups(trials: Iterable[Trial]) -> dict[tuple[str, str], dict[str, list[Trial]]]:
    """Return the trials by model and loss, then by backend; baselines are left out."""
    groups: dict[tuple[str, str], dict[str, list[Trial]]] = {}
    for trial in trials:
        if trial.loss != NO_LOSS:
            backends = groups.setdefault((trial.model, trial.loss), {})
            backends.setdefault(trial.specification["backend"]["name"], []).append(trial)
    return groups


def _together(backends: list[str], pairs: dict[tuple[str, str], str]) -> str:
    """Return one mark for all pairs of backends."""
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
    """Return the mark of one model and loss on two backends."""
    about = _about(one, other, verdicts)
    current = _of_same_sources(one, other, about)
    if any(not verdict.agrees for verdict in current):
        return FAILED
    if any(verdict.dtype == "float64" for verdict in current):
        return VERIFIED
    return CHANGED if any(item.dtype == "float64" for item in about) else UNVERIFIED


def _about(one: list[Trial], other: list[Trial], verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts on this model and loss on these backends, whatever the sources."""
    specification = one[0].specification
    pair = {specification["backend"]["name"], other[0].specification["backend"]["name"]}
    return [verdict for verdict in verdicts if _is_about(verdict, specification, pair)]


def _of_same_sources(
    one: list[Trial], other: list[Trial], verdicts: list[Verdict]
) -> list[Verdict]:
    return [item for item in verdicts if all(_is_made_with(item, a, b) for a in one for b in other)]


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
    """Return whether both trials come from the compared sources; a data set has none of them."""
    for trial in (one, other):
        sources = trial.specification["sources"]
        if any(verdict.sources.get(name, known) != known for name, known in sources.items()):
            return False
    together = {**one.specification["sources"], **other.specification["sources"]}
    return set(verdict.sources) <= set(together)
