"""Headlines that the tests of every format share."""

from pathlib import Path

from headlines import baseline, completed, ended, headline_of, many, missing

from ganbench.headline import folder
from ganbench.store import Store

RESULTS = Path(__file__).resolve().parents[2] / "results"
FOLDERS = sorted(path.parent.name for path in RESULTS.glob("*/manifest.json"))
_READ = {}

GOOD, CLOSE, BAD = (
    [1.0, 1.1, 0.9, 1.05, 0.95],
    [1.02, 1.05, 0.93, 1.0, 1.01],
    [3.0, 3.2, 2.9, 3.1, 3.05],
)


def committed(name):
    """The headlines of a committed folder, read once."""
    if name not in _READ:
        _READ[name] = folder.read(Store(RESULTS / name))
    return _READ[name]


def usual():
    """A winner, a loser, a row that is not ranked, one with failures and two baselines."""
    return headline_of(
        *many("a", GOOD, model="a_b", loss="hinge+r1[gamma=0.1]"),
        *many("b", BAD, model="mlp[width=8]", loss="hinge+r1[gamma=0.1]"),
        *many("c", [2.0, None], model="mlp[width=9]", loss="lsgan"),
        *baseline("real", [0.1] * 5),
        *baseline("pixel-gaussian", [0.5, 0.51, 0.52]),
    )


def tied():
    """Two rows that cannot be told apart and one that is worse."""
    rows = {"a": GOOD, "b": CLOSE, "c": BAD}
    return headline_of(
        *(pair for name, own in rows.items() for pair in many(name, own, model=name))
    )


def won():
    """One row ahead of another, and real samples."""
    return headline_of(
        *many("a", GOOD, model="a"), *many("b", BAD, model="b"), *baseline("real", [0.1] * 5)
    )


def failed():
    """Every trial failed."""
    return headline_of(*many("a", [None, None]), ended("b", "timeout", model="b"))


def planned():
    """Nothing has run yet."""
    return headline_of(missing("a"), missing("b", model="b"))


def scale():
    """Reference rows alone."""
    return headline_of(*baseline("real", [0.1, 0.2]), *baseline("memorizer", [0.5, 0.6]))


def one():
    """One trial."""
    return headline_of(completed())


MADE = {made.__name__: made for made in (usual, tied, won, failed, planned, scale, one)}


def plain(lines):
    """Lines of a terminal as texts."""
    return ["".join(text for text, _ in line).rstrip() for line in lines]
