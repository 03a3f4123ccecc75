"""What the metrics of this project declare for readers of results."""

import pytest

from ganbench.contracts import Reading
from ganbench_fidelity.plugin import ganbench_metrics as fidelity_metrics
from ganbench_metrics.plugin import ganbench_metrics

CLASSES = [*ganbench_metrics(), *fidelity_metrics()]
SHARES = {
    *("precision", "recall", "coverage", "coverage-ceiling", "copied", "duplicates"),
    *("health-coverage", "health-copied", "prc-precision", "prc-recall", "prc-f-score"),
}
# Counts, percentages, estimates that may be negative, and ratios that are 0 for a copying model.
RAW = {
    *("classes", "classes-half", "modes", "modes-half", "high-quality", "high-quality-ceiling"),
    *("fd-infinity", "fd-infinity-low", "fd-infinity-high", "fd-infinity-floor", "converges"),
    *("kd", "kd-subsets", "kd-error", "kid", "kid-std", "isc-std", "fd-training-gap"),
    *("log-likelihood", "log-likelihood-of-data", "density", "copied-ratio"),
    *("health-spacing", "health-variety"),
}
LOG = {
    *("fd", "fd-floor", "effective-dimensions", "effective-dimensions-fake", "gk", "health-fd"),
    *("class-kl", "is", "is-10-splits", "sliced-w2", "sliced-w2-floor", "reverse-kl"),
    *("reverse-kl-floor", "radius", "tail-radius", "isc", "fid"),
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
def test_every_column_has_a_reading(cls):
    assert set(cls.readings) == set(cls.columns)
    assert len({reading.plain for reading in cls.readings.values()}) == len(cls.columns)


def test_the_scale_of_every_column_is_the_intended_one():
    scales = {name: item.scale for cls in CLASSES for name, item in cls.readings.items()}
    for scale, names in {"share": SHARES, "raw": RAW, "log": LOG}.items():
        assert {name for name, found in scales.items() if found == scale} == names


def test_a_reading_is_raw_unless_it_says_otherwise():
    assert Reading("A count.") == Reading("A count.", "raw", None)
