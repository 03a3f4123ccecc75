"""What the tests of the harness share: the toy plugin, small configurations, hand-made records."""

import os
import subprocess
import sys
from pathlib import Path

from ganbench import config, plugins, record
from ganbench.results import parity_verdict
from ganbench.specification import Trial

PLUGINS = Path(__file__).with_name("plugins")
TOY, ABSENT, CLASH, TWINS = (
    str(PLUGINS / f"{name}.py") for name in ("toy", "absent", "clash", "twins")
)

SMALL = {
    "name": "toy",
    "backends": ["toy"],
    "models": ["toy"],
    "losses": ["hinge"],
    "datasets": ["specks"],
    "metrics": ["brightness", "frechet"],
    "baselines": [],
    "seeds": 1,
    "budget": "updates=20",
    "threads": 1,
    "plugins": [TOY],
}
# The same as options of the command line.
SMALL_OPTIONS = [
    *("--backend", "toy", "--model", "toy", "--loss", "hinge", "--dataset", "specks"),
    *("--metric", "brightness", "--metric", "frechet", "--no-baselines", "--seeds", "1"),
    *("--budget", "updates=20", "--threads", "1", "--plugin", TOY),
]


def small_config(**changes):
    """A benchmark of one toy trial, with these keys changed."""
    return config.resolve({}, {**SMALL, **changes}, "test")


def toy_catalog(*more_files):
    return plugins.load([TOY, *more_files])


def run_ganbench(*arguments, folder, timeout=120, **settings):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ganbench.cli", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=timeout,
        **settings,
    )


def make_trial(identifier="t0", **changes):
    """A trial as the plan would make it, without any plugin behind it."""
    values = {
        "backend": "toy",
        "model": "toy",
        "loss": "hinge",
        "dataset": "specks",
        "budget": "images=80",
        "seed": 0,
        **changes,
    }
    specification = {
        "backend": {"name": values["backend"], "options": {}},
        "model": {"name": values["model"], "options": {}},
        "loss": None if values["loss"] == "none" else {"name": values["loss"], "options": {}},
        "penalties": [],
        "seed": values["seed"],
        "samples": values.pop("samples", 20),
        "threads": values.pop("threads", 1),
        "device": values.pop("device", "auto"),
        "dtype": values.pop("dtype", "float32"),
        "protocol": values.pop("protocol", 1),
        "sources": values.pop("sources", {"toy": "0123456789abcdef"}),
    }
    return Trial(id=identifier, **values, specification=specification)


def make_score(value, column="fd-pixels", **changes):
    """One score as `evaluate` makes it, with a constant beside the value."""
    floor = f"{column.removesuffix('-pixels')}-floor-pixels"
    return {
        "metric": "frechet",
        "options": {},
        "version": 1,
        "sources": {"toy": "0123456789abcdef"},
        "extractor": "pixels",
        "extractor_id": "pixels-1",
        "weights_sha256": "1" * 64,
        "preprocessing": "none",
        "reference": {
            "dataset": "specks",
            "split": "test",
            "n": 24,
            "data_sha256": "0" * 64,
            "split_sha256": "2" * 64,
        },
        "n": 20,
        "values": {column: value, floor: 0.25},
        "directions": {column: "lower", floor: "none"},
        "beside": [floor],
        "readings": {column: {"plain": "A distance.", "scale": "log", "resolution": None}},
        **changes,
    }


def make_record(
    trial, status="completed", scores=(), reason="", attempt=1, environment=None, **training
):
    """What came of a trial; only completed ones have counters. `environment` changes the host's."""
    result = {"status": status, "reason": reason}
    if status == "completed":
        result |= {
            "images": 80,
            "generator_updates": 20,
            "timed_images": 60,
            "train_seconds": 0.5,
            "compile_seconds": 0.25,
            "peak_memory_mib": 100.0,
            "parameters": {"generator": 48, "discriminator": 3},
            "backend_description": {"device_name": "cpu"},
            **training,
        }
    host = {"system": "Linux x86_64", "cpu": "Toy", "cores": 2, "memory_gib": 4.0}
    surroundings = {"python": "3.11", **host, **(environment or {})}
    made = record.make(trial, result, surroundings, [], attempt)
    return made.with_scores(list(scores))


def make_verdict(**changes):
    """A verdict about the toy model and the hinge loss on two backends, without running any."""
    values = {
        "backends": ["torch", "tensorflow[compile=off]"],
        "model": "toy[width=8]",
        "loss": "hinge",
        "task": "points",
        "steps": 200,
        "dtype": "float64",
        "seed": 0,
        "verdict": "verified",
        "reason": "",
        "deviations": {"losses": 2.5e-13, "gradients": 1e-14, "weights": 0.0},
        "first_disagreement": None,
        "asked": {
            "backends": [
                {"name": "torch", "options": {}},
                {"name": "tensorflow", "options": {"compile": "off"}},
            ],
            "model": {"name": "toy", "options": {"width": 8, "order": "alternating"}},
            "loss": {"name": "hinge", "options": {}},
            "penalties": [],
        },
        "sources": {"for_torch": "0" * 16, "for_tensorflow": "1" * 16, "losses": "2" * 16},
        "frameworks": {"torch": {"torch": "2.13"}, "tensorflow[compile=off]": {"tf": "2.21"}},
    }
    return parity_verdict.Verdict(**{**values, **changes})
