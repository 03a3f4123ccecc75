import importlib.util
import json
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from toys import make_record, make_score, make_trial, make_verdict

from ganbench import config, parity_table, plan, plugins, verdict
from ganbench.errors import ConfigError, StorageError
from ganbench.headline import folder
from ganbench.plan import Plan, Skipped
from ganbench.report import document, notes, text, wide, wide_csv
from ganbench.report.grid import markdown
from ganbench.results import parity_verdict
from ganbench.store import Store

ROOT = Path(__file__).resolve().parents[1]

# --------------------------------------------------------------------------- the file


def lines(folder):
    return (folder / parity_verdict.FILE).read_text().splitlines()


def test_a_verdict_is_read_as_it_was_written(tmp_path):
    written = make_verdict(
        verdict="failed",
        reason="step 1, generator_loss: 1.0 on torch and nan on tensorflow",
        deviations={"losses": None, "weights": 1.076536380136825e-15},
        first_disagreement={"step": 1, "name": "generator_loss", "values": [1.0, None]},
    )
    parity_verdict.write(tmp_path / "parity", written)
    assert parity_verdict.read(tmp_path / "parity") == [written]
    assert not written.agrees


@pytest.mark.parametrize(
    "change", [{"steps": 10}, {"task": "8x8x1"}, {"seed": 1}, {"dtype": "float32"}]
)
def test_a_verdict_replaces_that_on_older_sources_and_no_other(tmp_path, change):
    older, other = make_verdict(sources={"for_torch": "old"}), make_verdict(**change)
    for item in (older, other, make_verdict()):
        parity_verdict.write(tmp_path, item)
    kept = parity_verdict.read(tmp_path)
    assert len(kept) == 2 and other in kept and make_verdict() in kept


def test_the_same_verdicts_give_the_same_bytes_in_any_order(tmp_path):
    verdicts = [make_verdict(steps=steps) for steps in (3, 200, 50)]
    for name, order in (("a", verdicts), ("b", verdicts[::-1])):
        for item in order:
            parity_verdict.write(tmp_path / name, item)
    assert lines(tmp_path / "a") == lines(tmp_path / "b")
    parity_verdict.write_all(tmp_path / "a", verdicts)
    assert lines(tmp_path / "a") == lines(tmp_path / "b")


def test_what_verdicts_share_is_stored_once_and_each_verdict_is_a_line(tmp_path):
    parity_verdict.write_all(tmp_path, [make_verdict(steps=steps) for steps in range(1, 101)])
    text = (tmp_path / parity_verdict.FILE).read_text()
    assert text.count("for_tensorflow") == text.count("alternating") == text.count('"2.21"') == 1
    assert len(lines(tmp_path)) == 1 + 4 + 100  # sources, frameworks, backends and model
    parity_verdict.write_all(tmp_path, [make_verdict(sources={"new": "1"})])
    assert 'for_tensorflow":' not in (tmp_path / parity_verdict.FILE).read_text()


def test_commands_that_write_into_one_folder_at_once_lose_nothing(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda n: parity_verdict.write(tmp_path, make_verdict(steps=n)), range(1, 41))
        )
    assert [item.steps for item in parity_verdict.read(tmp_path)] == list(range(1, 41))
    assert [path.name for path in tmp_path.iterdir()] == [parity_verdict.FILE]


def test_other_files_are_left_alone_and_no_file_is_no_verdict(tmp_path):
    assert parity_verdict.read(tmp_path / "absent") == []
    (tmp_path / "manifest.json").write_text("{}")
    assert parity_verdict.read(tmp_path) == []
    parity_verdict.write(tmp_path, make_verdict())
    assert (tmp_path / "manifest.json").read_text() == "{}"


def damaged(line, text):
    """A change of a line of the file; its last line is a verdict."""

    def change(folder):
        edited = lines(folder)
        edited[line] = text(edited[line])
        (folder / parity_verdict.FILE).write_text("\n".join(edited) + "\n")

    return change


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (damaged(0, lambda text: ""), 1),
        (damaged(0, lambda text: "[]"), 1),
        (damaged(0, lambda text: "{}"), 1),
        (damaged(1, lambda text: "<<<<<<< HEAD"), 2),
        (damaged(1, lambda text: '{"id": "01234567", "value": {}}'), 6),  # nothing has the old id
        (damaged(1, lambda text: "3"), 2),
        (damaged(-1, lambda text: text[:-9]), 6),
        (damaged(-1, lambda text: text.replace('"steps"', '"step"')), 6),
        (damaged(-1, lambda text: text.replace('"steps"', '"step":1,"steps"')), 6),
        (damaged(-1, lambda text: text.replace("200", '"many"')), 6),
        (damaged(-1, lambda text: text.replace('"reason":"",', "")), 6),
        (lambda folder: (folder / parity_verdict.FILE).write_text(""), 1),
        (lambda folder: (folder / parity_verdict.FILE).write_bytes(b"\xff\xfe"), 1),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, change, line):
    parity_verdict.write(tmp_path, make_verdict())
    change(tmp_path)
    message = rf"{parity_verdict.FILE}: line {line} is damaged; restore the file, or delete it and"
    with pytest.raises(ConfigError, match=message):
        parity_verdict.read(tmp_path)
    with pytest.raises(ConfigError, match=message):  # nothing is overwritten
        parity_verdict.write(tmp_path, make_verdict())


def test_a_newer_schema_is_refused(tmp_path):
    parity_verdict.write(tmp_path, make_verdict())
    damaged(0, lambda text: '{"schema_version": 3}')(tmp_path)
    with pytest.raises(ConfigError, match="schema 3 is not supported, only 2; upgrade ganbench"):
        parity_verdict.read(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file: cannot be written"):
        parity_verdict.write(tmp_path / "file", make_verdict())


# --------------------------------------------------------------------------- shipped verdicts


@pytest.fixture
def package(tmp_path):
    """The folder of an installed package with one shipped verdict."""
    parity_verdict.write(tmp_path / "site-packages" / "ganbench", make_verdict())
    return tmp_path / "site-packages" / "ganbench"


def test_shipped_verdicts_are_in_the_package_or_in_the_checkout_around_it(package, tmp_path):
    assert parity_verdict.shipped(package) == [make_verdict()]
    assert parity_verdict.shipped(tmp_path / "empty" / "ganbench") == []
    checkout = tmp_path / "checkout"
    parity_verdict.write(checkout / "results" / "parity", make_verdict(steps=3))
    assert parity_verdict.shipped(checkout / "ganbench") == [make_verdict(steps=3)]


def test_a_folders_own_verdicts_come_first_and_replace_the_same_shipped_one(package, tmp_path):
    own = make_verdict(verdict="failed", reason="here it differs")
    assert parity_verdict.read_with_shipped(tmp_path / "absent", package) == [make_verdict()]
    parity_verdict.write(tmp_path / "parity", own)
    assert parity_verdict.read_with_shipped(tmp_path / "parity", package) == [own]
    for other in (replace(own, steps=3), replace(own, sources={"for_torch": "old"})):
        parity_verdict.write_all(tmp_path / "parity", [other])
        assert parity_verdict.read_with_shipped(tmp_path / "parity", package) == [
            other,
            make_verdict(),
        ]


def test_an_own_failure_wins_over_a_shipped_agreement_and_an_outdated_one_does_not(
    package, tmp_path
):
    failed = make_verdict(verdict="failed", steps=3)
    for own, expected in (
        (failed, "failed"),
        (replace(failed, sources={"for_torch": "old"}), "verified"),
    ):
        parity_verdict.write_all(tmp_path / "parity", [own])
        assert mark(parity_verdict.read_with_shipped(tmp_path / "parity", package)) == expected


def test_tables_anywhere_know_the_shipped_verdicts(tmp_path, monkeypatch):
    monkeypatch.setattr(parity_verdict, "read_with_shipped", lambda folder: [make_verdict()])
    assert {row["parity"] for row in table_rows(tmp_path, make_pair())} == {"verified"}


def test_the_default_benchmark_is_verified_without_any_verdict_of_its_own():
    if any(importlib.util.find_spec(name) is None for name in SOURCES):
        pytest.skip("torch and tensorflow are not both installed")
    values = config.read(ROOT / "benchmarks" / "digits.toml")
    values["backends"] = list(SOURCES)
    planned = plan.make(config.resolve(values, {}, "digits.toml"), plugins.load())
    marks = verdict.marks(planned.trials, parity_verdict.shipped())
    assert len(marks) == len(values["models"]) * len(values["losses"]) > 3
    assert set(marks.values()) == {"verified"}


def test_the_committed_file_is_small_and_as_it_would_be_written(tmp_path):
    committed = ROOT / "results" / "parity"
    assert [path.name for path in committed.iterdir()] == [parity_verdict.FILE]
    assert (committed / parity_verdict.FILE).stat().st_size < 500_000
    parity_verdict.write_all(tmp_path, parity_verdict.read(committed))
    assert lines(tmp_path) == lines(committed)


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling is absent")
def test_the_wheel_has_the_verdicts_also_when_it_is_built_from_the_sdist(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path), "-t"]
    subprocess.run([*build, "sdist"], cwd=ROOT, check=True, capture_output=True, timeout=120)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path / "sdist", filter="data")
    (unpacked,) = (tmp_path / "sdist").iterdir()
    subprocess.run([*build, "wheel"], cwd=unpacked, check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        archive.extractall(tmp_path / "site")
    assert (tmp_path / "site" / "ganbench" / "results" / "parity_verdict.py").is_file()
    assert parity_verdict.shipped(tmp_path / "site" / "ganbench") == parity_verdict.shipped()


# --------------------------------------------------------------------------- marks

DATA = {"datasets": "9" * 16}  # what a trial has beside what was compared
SOURCES = {
    "torch": {"for_torch": "0" * 16, "losses": "2" * 16, **DATA},
    "tensorflow": {"for_tensorflow": "1" * 16, "losses": "2" * 16, **DATA},
}


def make_pair(**changes):
    """The same model and loss on both backends, with the sources that make_verdict has."""
    pair = []
    for number, backend in enumerate(SOURCES):
        sources = {**SOURCES[backend], **changes.get("sources", {})}
        trial = make_trial(f"t{number}", backend=backend, sources=sources)
        options = {"width": 64, "order": "alternating", **changes.get("options", {})}
        trial.specification["model"]["options"] = options
        trial.specification["penalties"] = changes.get("penalties", [])
        pair.append(trial)
    return pair


def mark(verdicts, **changes):
    (found,) = verdict.marks(make_pair(**changes), verdicts).values()
    return found


def test_a_verdict_about_the_same_algorithm_and_sources_verifies():
    assert mark([make_verdict()]) == "verified"  # at another width, with XLA off


def test_no_verdict_verifies_nothing():
    asked = make_verdict().asked
    other_pair = [{"name": "torch", "options": {}}, {"name": "jax", "options": {}}]
    for verdicts in (
        [],
        [make_verdict(asked={**asked, "backends": other_pair})],
        [make_verdict(asked={**asked, "model": {"name": "other", "options": {}}})],
        [make_verdict(asked={**asked, "loss": {"name": "wgan", "options": {}}})],
        [make_verdict(asked={**asked, "penalties": [{"name": "r1", "options": {}}]})],
        [make_verdict(dtype="float32")],  # too coarse to tell algorithms apart
    ):
        assert mark(verdicts) == "unverified"


def test_an_option_that_is_no_size_is_another_algorithm():
    assert mark([make_verdict()], options={"order": "simultaneous"}) == "unverified"
    assert mark([make_verdict()], options={"batch_size": 999}) == "verified"


def test_penalties_match_by_name_whatever_their_weight():
    penalties = [{"name": "r1", "options": {"gamma": 1.0}}]
    found = make_verdict(asked={**make_verdict().asked, "penalties": penalties})
    heavier = [{"name": "r1", "options": {"gamma": 10.0}}]
    assert mark([found], penalties=heavier) == "verified"
    assert mark([found]) == "unverified"


@pytest.mark.parametrize("package", ["for_torch", "for_tensorflow", "losses"])
def test_a_source_that_differs_is_told(package):
    changed = {**make_verdict().sources, package: "edited"}
    assert mark([make_verdict(sources=changed)]) == "changed"
    assert mark([make_verdict(sources=changed), make_verdict()]) == "verified"


def test_a_source_that_is_gone_is_told_and_a_data_set_is_not():
    more = {**make_verdict().sources, "gone": "3" * 16}
    assert mark([make_verdict(sources=more)]) == "changed"
    assert mark([make_verdict()], sources={"datasets": "edited"}) == "verified"


def test_one_failure_outweighs_any_agreement_but_an_outdated_one_does_not():
    failed = make_verdict(verdict="failed")
    assert mark([make_verdict(), failed]) == "failed"
    assert mark([make_verdict(), replace(failed, dtype="float32")]) == "failed"
    outdated = replace(failed, sources={"for_torch": "old"})
    assert mark([make_verdict(), outdated]) == "verified"
    assert mark([outdated]) == "changed"


def test_three_backends_are_one_gan_if_verified_pairs_connect_them():
    third = make_trial("t2", backend="jax", sources={"for_jax": "4" * 16, "losses": "2" * 16})
    third.specification["model"]["options"] = {}
    trials = [third, *make_pair()]  # it is met first and was compared with torch alone
    asked = {**make_verdict().asked, "backends": [{"name": "torch"}, {"name": "jax"}]}
    sources = {"for_torch": "0" * 16, "for_jax": "4" * 16, "losses": "2" * 16}
    with_torch = make_verdict(asked=asked, sources=sources)
    for verdicts, expected in (
        ([make_verdict()], "unverified"),
        ([make_verdict(), with_torch], "verified"),
        ([make_verdict(), replace(with_torch, verdict="failed")], "failed"),
        ([make_verdict(), replace(with_torch, sources={"for_jax": "old"})], "changed"),
    ):
        assert verdict.marks(trials, verdicts) == {("toy", "hinge"): expected}


def test_one_backend_and_baselines_have_no_mark():
    both_ways = make_trial("t1", backend="torch[x=1]")
    both_ways.specification["backend"]["name"] = "torch"
    baselines = [make_trial(name, backend=name, loss="none") for name in ("torch", "numpy")]
    assert verdict.marks([make_trial(backend="torch"), both_ways, *baselines], []) == {}


def test_verdicts_of_present_sources_are_current():
    present = {"for_torch": "0" * 16, "for_tensorflow": "1" * 16, "losses": "2" * 16}
    assert verdict.is_current(make_verdict(), present.get)
    for module in present:
        assert not verdict.is_current(make_verdict(), {**present, module: "edited"}.get)
        assert not verdict.is_current(make_verdict(), {**present, module: "unknown"}.get)
    assert not verdict.is_current(make_verdict(), lambda module: "unknown")


def test_verdicts_of_the_sources_of_results_are_applicable_to_them():
    other_model = {**make_verdict().asked, "model": {"name": "other", "options": {}}}
    verdicts = [
        make_verdict(),
        make_verdict(verdict="failed", dtype="float32"),
        make_verdict(sources={"for_torch": "old"}),
        make_verdict(asked=other_model),
    ]
    assert verdict.applicable(make_pair(), verdicts) == verdicts[:2]
    assert verdict.applicable(make_pair()[:1], verdicts) == []


# --------------------------------------------------------------------------- in tables


def table_rows(place, trials):
    """The rows of the table of a results folder with these trials."""
    store = Store(place / "run")
    store.prepare()
    for trial in trials:
        store.trial_folder(trial.id)
        store.publish(make_record(trial, scores=[make_score(1.0)]))
    store.write_manifest(Plan(trials, []), "run")
    return rows_of(folder.read(store))


def rows_of(headlines):
    tables = json.loads(document.to_json(headlines, "run"))["tables"]
    return [row for table in tables for row in table["rows"]]


@pytest.fixture
def results(tmp_path):
    """A pair, a model on one backend alone and a baseline, with a verdict beside them."""
    store = Store(tmp_path / "run")
    store.prepare()
    alone = make_trial("t2", backend="torch", model="alone")
    baseline = make_trial("t3", backend="numpy", model="real", loss="none")
    other = make_trial("t4", backend="torch", budget="images=160")
    trials = [*make_pair(), alone, baseline, other]
    for trial in trials:
        store.trial_folder(trial.id)
        store.publish(make_record(trial, scores=[make_score(1.0)]))
    store.write_manifest(Plan(trials, []), "run")
    parity_verdict.write(tmp_path / "parity", make_verdict())
    return store


def test_the_mark_is_in_the_data_and_in_all_columns_and_the_notes(results):
    headlines = folder.read(results)
    marks = {"torch toy": "verified", "tensorflow toy": "verified", "torch alone": None}
    found = {f"{row['backend']} {row['model']}": row["parity"] for row in rows_of(headlines[:1])}
    assert found == {**marks, "numpy real": None}
    lines = [line.split(",") for line in wide_csv.to_csv(headlines).splitlines()]
    place = lines[0].index("parity")
    assert sorted(line[place] for line in lines[1:]) == ["", "", "", "verified", "verified"]
    every = "\n".join(map(markdown, wide.every_column(headlines[0])))
    assert every.count("| verified |") == 2
    assert (
        "parity verified: every loss, gradient and weight agrees" in notes.notes(headlines[0])[-2]
    )


def test_a_verified_row_needs_no_remark(results):
    headlines = folder.read(results)
    assert {row.cells["remark"].text for row in headlines[0].rows} == {""}
    assert "parity" not in text.to_markdown(headlines)


def test_a_failed_parity_is_a_remark_of_both_rows(results):
    parity_verdict.write(results.root.parent / "parity", make_verdict(verdict="failed", steps=400))
    (headline, _) = folder.read(results)
    remarks = {row.name: row.cells["remark"].text for row in headline.rows}
    assert list(remarks.values()).count("parity failed") == 2
    assert "parity failed" in text.to_markdown([headline])


def test_a_table_without_a_pair_has_no_word_of_parity(results):
    _, without = folder.read(results)
    assert not any(row.source.parity for row in without.rows)
    assert "parity" not in " ".join(notes.notes(without))
    headings = [item.text for grid in wide.every_column(without) for item in grid.headings]
    assert "parity" not in headings


# --------------------------------------------------------------------------- tables of verdicts


@pytest.fixture
def both():
    failed = make_verdict(
        loss="wgan+gp1",
        verdict="failed",
        reason="step 3, generator_loss: 1.0 on torch and 2.0 on tensorflow",
        deviations={"losses": 0.5, "weights": None, "samples": 2.0},
    )
    return [make_verdict(), failed]


SKIPPED = [Skipped("torch", "dcgan", "*", "points", "dcgan makes images and points has points")]


def test_verdicts_are_a_compact_table_for_documents(both):
    lines = parity_table.to_markdown(both, SKIPPED).splitlines()
    assert lines[0] == "*torch and tensorflow\\[compile=off\\], float64*"
    assert lines[2].startswith("| model | loss | task | steps | losses | gradients | weights |")
    assert lines[4] == (
        "| toy\\[width=8\\] | hinge | points | 200 | 2e-13 | 1e-14 | 0 | — | — | verified |"
    )
    assert lines[5].endswith("| 200 | 5e-01 | — | not\u00a0finite | — | 2e+00 | failed |")
    assert lines[-2].startswith("- failed: torch and tensorflow")
    assert lines[-1].startswith("- skipped: torch dcgan")


def test_verdicts_of_other_pairs_and_precisions_have_tables_of_their_own(both):
    more = [*both, make_verdict(dtype="float32", steps=10)]
    assert parity_table.to_markdown(more, []).count("| model | loss |") == 2
    first, second = parity_table.grids(more)
    assert second.title == "torch and tensorflow[compile=off], float32"
    assert [len(grid.rows) for grid in (first, second)] == [2, 1]
    failures = "\n".join(parity_table.notes(more, SKIPPED))
    assert "generator_loss: 1.0 on torch and 2.0 on tensorflow" in failures


def test_verdicts_as_json_have_all_their_fields(both):
    values = json.loads(parity_table.to_json(both, SKIPPED))
    assert [parity_verdict.Verdict(**item) for item in values["verdicts"]] == both
    assert values["skipped"][0]["reason"] == SKIPPED[0].reason
