"""The documents say what is so: snippets run, tables and trees are compared with the disk."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from snippets import PLUGINS, distribution, snippet, write
from toys import make_trial, make_verdict, run_ganbench

from ganbench import hookspecs, parity_matrix, plugins
from ganbench.parity import QUANTITIES, TOLERANCES
from ganbench.plan import Plan
from ganbench.plugins import KINDS
from ganbench.results import parity_verdict
from ganbench.sources import module_hash
from ganbench.store import Store

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BACKENDS = ["torch", "tensorflow"]


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_has_its_two_commands_where_ci_finds_them():
    commands = dict(re.findall(r"<!-- command: (\w+) -->\n```bash\n(.*?)\n```", README, re.DOTALL))
    assert commands["main"].endswith(".venv/bin/ganbench run")
    assert commands["test"].endswith("-m pytest")


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in BACKENDS),
    reason="torch and tensorflow are not both installed",
)
def test_the_readmes_loss_trains_on_both_backends(tmp_path):
    file = tmp_path / "squared_hinge.py"
    file.write_text(snippet(file.name))
    command = [sys.executable, "-P", "-m", "ganbench.cli", "run", "--plugin", str(file)]
    command += ["--loss", "squared-hinge", "--loss", "hinge", "--model", "mlp", "--no-baselines"]
    command += [part for name in BACKENDS for part in ("--backend", name)]
    command += ["--seeds", "1", "--budget", "updates=20", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=280)
    assert done.returncode == 0, done.stderr
    (table,) = json.loads((tmp_path / "out/tables/table.json").read_text())["tables"]
    rows = table["rows"]
    assert {(row["backend"], row["loss"], row["n"]) for row in rows} == {
        (backend, loss, 1) for backend in BACKENDS for loss in ("squared-hinge", "hinge")
    }
    for backend in BACKENDS:  # it is a loss of its own, not the hinge under another name
        mine, hinge = (
            next(row for row in rows if row["backend"] == backend and row["loss"] == loss)
            for loss in ("squared-hinge", "hinge")
        )
        column = "fd-cls-digits-v1"
        assert mine["values"][column]["median"] != hinge["values"][column]["median"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in ("drift", "tiny_torch") else name
        for name in PLUGINS
    ],
)
def test_every_documented_plugin_keeps_the_rules(tmp_path, name):
    (path,) = write(tmp_path, name)
    backend = {"plain": "plain", "spiral": "numpy"}.get(name, "torch")
    if backend == "torch" and importlib.util.find_spec("torch") is None:
        backend = "numpy"
    done = run_ganbench("check", path, "--backend", backend, folder=tmp_path)
    assert done.returncode == (5 if (name, backend) == ("tiny_torch", "numpy") else 0), done.stdout
    assert "FAILED" not in done.stdout and done.stdout.count("passed") > 10


def documented_runs(folder, *options):
    """Train, score and read what the documented plugins bring; give the quality of each row."""
    runs = {
        "points": "--backend plain --model scaler --backend torch --model tiny-torch "
        "--loss squared-hinge+drift --dataset spiral --no-baselines --budget updates=20",
        "images": "--backend numpy --model pixel-gaussian --no-baselines --dataset digits "
        "--metric energy --extractor thumbnails --budget images=640",
    }
    found = {}
    for name, arguments in runs.items():
        out = folder / name
        common = [*options, "--seeds", "1", "--threads", "1", "--out", out]
        done = run_ganbench("run", *arguments.split(), *common, folder=folder)
        assert done.returncode == 0, done.stderr
        for table in json.loads((out / "tables" / "table.json").read_text())["tables"]:
            for row in table["rows"]:
                found[row["model"], row["loss"]] = {
                    name: value["median"]
                    for name, value in row["values"].items()
                    if name.startswith(("energy", "sliced-w2"))
                }
    return found


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_the_documented_plugins_do_the_same_as_files_and_as_an_installed_package(
    tmp_path, monkeypatch
):
    (tmp_path / "files").mkdir()
    paths = write(tmp_path / "files", *PLUGINS)
    from_files = documented_runs(tmp_path / "files", *(f"--plugin={path}" for path in paths))
    site = tmp_path / "site"
    site.mkdir()
    write(site, *PLUGINS)
    distribution(site, "documented", PLUGINS)
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    installed = documented_runs(tmp_path / "site")
    assert set(installed) == {
        ("scaler", "none"),
        ("tiny-torch", "squared-hinge+drift"),
        ("pixel-gaussian", "none"),
    }
    assert installed == from_files
    assert installed["pixel-gaussian", "none"]["energy-thumbnails"] > 0
    records = [json.loads(path.read_text()) for path in site.glob("*/trials/*/record.json")]
    used = {
        (plugin["name"], plugin["distribution"], plugin["version"])
        for record in records
        for plugin in [*record["plugins"], *(p for s in record["scores"] for p in s["plugins"])]
    }
    assert {(name, "documented", "0.1") for name in PLUGINS} <= used


def test_documented_plugins_stay_as_short_as_promised():
    limits = {"squared_hinge": 20, "drift": 17, "energy_distance": 30, "tiny_torch": 40}
    for name, limit in limits.items():
        code = [line for line in snippet(f"{name}.py").splitlines() if line.strip()]
        assert len(code) <= limit, name


def test_every_table_is_the_one_of_the_committed_records():
    assert "<!-- readme table: results/fashion-long -->" in README
    script = load_script("update_tables")
    for page in script.pages():
        text = page.read_text("utf-8")
        assert script.updated(text) == text, page


def penalised(loss, *penalties, **changes):
    """A verdict on `toy` with this loss."""
    return make_verdict(loss="+".join([loss, *penalties]), **changes)


def test_the_parity_page_has_a_table_of_models_by_losses_with_the_worst_deviation():
    script = load_script("update_parity_docs")
    more = make_verdict(model="toy[width=8,order=other]", deviations={"losses": 3e-11})
    page = script.page(
        [
            *(make_verdict(), more, make_verdict(dtype="float32", deviations={"losses": 1e-3})),
            penalised("wgan", "gp1[weight=0.1]", deviations={"weights": 4e-13, "samples": 1.0}),
            make_verdict(backends=["torch", "jax"], deviations={"losses": 2e-2}),
            make_verdict(backends=["torch", "jax"], verdict="failed", steps=3, reason="step 2"),
        ]
    )
    assert '<img src="strips-perceptron.png"' in page
    assert "| model | wgan | hinge |\n| --- | ---: | ---: |\n| toy |  | 3e-11 |" in page
    assert "\n| toy + gp1 | 4e-13 |  |\n" in page
    assert "- Comparisons: 3 of 200 steps.\n" in page
    assert "options of models: toy `order=other`.\n" in page and "`gp1[weight=0.1]`" in page
    assert "the largest difference is  grey levels in images and 1e+00 in points" in page
    assert r"| torch and jax | float64 | 1 of 2 | 2e-02 | 1e-14 | 0 |" in page
    assert r"| torch and tensorflow\[compile=off\] | float32 | 1 of 1 | 1e-03 |  |  |" in page
    assert r"- Failed: torch and jax, toy\[width=8\], hinge: step 2" in page


def test_the_parity_page_counts_verdicts_of_earlier_sources_once():
    script = load_script("update_parity_docs")
    page = script.page([make_verdict(), make_verdict(sources={"for_torch": "old"})])
    assert "1 of 200 steps, 1 of earlier sources that committed results were made with." in page
    assert "| float64 | 1 of 1 |" in page and "Failed" not in page


def test_the_parity_page_has_the_tolerances_that_are_applied():
    page = load_script("update_parity_docs").page([make_verdict()])
    for quantity in QUANTITIES[:2]:
        row = next(line for line in page.splitlines() if line.startswith(f"| {quantity[:-1]}"))
        tolerances = [TOLERANCES[dtype][quantity] for dtype in ("float64", "float32")]
        assert [float(cell) for cell in row.split("|")[-3:-1]] == tolerances


def test_the_parity_page_is_that_of_the_committed_verdicts():
    script = load_script("update_parity_docs")
    verdicts = parity_verdict.read(ROOT / "results" / "parity")
    page = script.page(verdicts)
    assert (ROOT / "docs" / "parity.md").read_text("utf-8") == page
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| mlp-toy + ")]
    complete = [row[1].strip(" ").removeprefix("mlp-toy + ") for row in rows if "  " not in row]
    penalties = {cls.name for cls in (entry.cls for entry in plugins.load().entries("penalties"))}
    assert {name for name in complete if name in penalties} == penalties


def test_stale_verdicts_are_dropped_unless_committed_results_have_their_sources(tmp_path):
    script = load_script("update_parity_docs")
    hashes = ("ganbench_losses.hinge", "ganbench_recipes.mlp")
    current = make_verdict(sources={name: module_hash(name) for name in hashes})
    edited = make_verdict(sources={**current.sources, hashes[0]: "0" * 16}, steps=3)
    used = make_verdict()  # its sources are those of the trials
    store = Store(tmp_path / "run")
    trials = [
        make_trial("t0", backend="torch", sources={"for_torch": "0" * 16, "losses": "2" * 16}),
        make_trial("t1", backend="tensorflow", sources={"for_tensorflow": "1" * 16}),
    ]
    for trial in trials:
        trial.specification["penalties"] = []
        trial.specification["model"]["options"] = {}
    store.prepare()
    assert script.kept([current, edited, used], tmp_path) == [current]
    store.write_manifest(Plan(trials, []), "run")
    assert script.kept([current, edited, used], tmp_path) == [current, used]


def test_the_performance_page_tells_what_met_its_aim_and_what_did_not():
    script = load_script("update_performance")
    ratio = {"low": 1.1, "high": 1.3, "pairs": 30, "names": ["a", "b"], "rates": [1234.5, 2.5]}
    rows = [
        {"module": "test_training", "row": "a over b", "ratio": 1.2, "at_least": 1.2, **ratio},
        {"module": "test_training", "row": "b[x=1]", "ratio": 1.14, "at_least": 1.2, **ratio},
        {"module": "test_startup", "row": "--help", "seconds": 0.15, "at_most": 0.3},
        {"module": "test_startup", "row": "list", "seconds": 0.33, "at_most": 0.3},
        {"module": "test_scoring", "row": "memory", "mib": 1807.6, "at_most": 2048},
        {"module": "test_scoring", "row": "no aim", "ratio": 2.0, **ratio},
    ]
    machine = {"cpu": "C", "cores": 2, "memory_gib": 8.0, "system": "S", "python": "3"}
    kept = {"machine": machine, "versions": {"torch": "2"}, "date": "2026-01-01", "rows": rows}
    page = script.page(kept)
    assert "| a over b | 1.20 | 1.10\u00a0to\u00a01.30 | ≥\u00a01.2 | yes |" in page
    assert "| b\\[x=1] | 1.14 | 1.10\u00a0to\u00a01.30 | ≥\u00a01.2 | no |" in page
    assert "- Missed: b[x=1] (by 5.0%). The reason is not known." in page
    assert "| what | result | aim | met |" in page  # of the command line: no intervals
    assert "| --help | 0.15\u00a0s | ≤\u00a00.3 | yes |" in page
    assert "- Missed: list (by 10.0%)." in page
    assert "| memory | 1,808\u00a0MiB |  | ≤\u00a02048 | yes |" in page
    assert "| no aim | 2.00 | 1.10\u00a0to\u00a01.30 |  |  |" in page
    assert "C, 2 cores, 8 GiB, S, Python 3, on 2026-01-01; torch 2." in page
    file = ROOT / "docs" / "performance.md"
    if file.exists():
        assert file.read_text("utf-8") == script.page(json.loads(script.ROWS.read_text()))


@pytest.mark.parametrize("name", ["parity.toml", "parity-compiled.toml"])
def test_the_parity_matrices_are_such(name):
    matrix = parity_matrix.resolve_file(ROOT / "benchmarks" / name, {})
    assert (matrix.steps, matrix.dtype) == (200, "float64")
    assert all(group.models and group.losses for group in matrix.group)


def test_the_page_of_commands_names_every_command():
    from ganbench.cli import main

    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for name in main.commands:
        assert f"| `ganbench {name}" in page


def test_every_hook_is_described_and_belongs_to_a_kind():
    hooks = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("ganbench_")}
    assert {name.removeprefix("ganbench_") for name in hooks} == set(KINDS)
    for hook in hooks.values():
        assert inspect.getdoc(hook).startswith("Return the ")


def tree_paths():
    """Paths of the tree in ARCHITECTURE.md; two spaces of indent are one folder."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    block = re.search(r"```tree\n(.*?)```", text, re.DOTALL)[1]
    folders: list[str] = []
    for line in block.splitlines():
        name = line.strip().split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders[depth:] = [name.rstrip("/")]
        yield "/".join(folders) + ("/" if name.endswith("/") else "")


def test_the_tree_in_the_architecture_page_is_the_one_on_disk():
    listed = set(tree_paths())
    for path in listed:
        assert (ROOT / path).exists(), f"{path} is listed and absent"
    on_disk = {
        str(path.relative_to(ROOT))
        for folder in ("ganbench", "plugins", "benchmarks")
        for pattern in ("*.py", "*.toml")
        for path in (ROOT / folder).rglob(pattern)
    }
    # Every package has an __init__.py; listing those would say nothing.
    missing = {path for path in on_disk if not path.endswith("/__init__.py")} - listed
    missing -= {"ganbench/__init__.py"}
    assert not missing, f"not listed: {sorted(missing)}"
