import csv
import io
import json
from dataclasses import asdict, replace

import pandas as pd
import pytest
from rich.console import Console
from toys import make_record, make_score, make_trial, make_verdict

from ganbench import benchmark, parity_table, render, table, table_views, verdict
from ganbench.errors import ConfigError
from ganbench.plan import Plan, Skipped
from ganbench.store import Store

# --------------------------------------------------------------------------- files


def test_a_verdict_is_read_as_it_was_written(tmp_path):
    written = make_verdict(
        verdict="failed",
        reason="step 1, generator_loss: 1.0 on torch and nan on tensorflow",
        deviations={"losses": None},
        first_disagreement={"step": 1, "name": "generator_loss", "values": [1.0, None]},
    )
    verdict.write(tmp_path / "parity", written)
    assert verdict.read(tmp_path / "parity") == [written]
    assert not written.agrees


def test_the_files_name_is_readable_and_says_what_was_asked_of_which_sources():
    name = make_verdict().file_name()
    assert name.startswith("torch-tensorflow-compile-off-toy-width-8-hinge-float64-")
    same = make_verdict(verdict="failed", deviations={}, frameworks={}, reason="x")
    assert same.file_name() == name
    for change in (
        {"sources": {"for_torch": "3" * 16}},
        {"steps": 10},
        {"task": "8x8x1"},
        {"seed": 1},
        {"dtype": "float32"},
    ):
        assert make_verdict(**change).file_name() != name


def test_a_verdict_takes_the_place_of_that_on_older_sources_and_of_no_other(tmp_path):
    older, longer = make_verdict(sources={"for_torch": "old"}), make_verdict(steps=400)
    for item in (older, longer, make_verdict()):
        verdict.write(tmp_path, item)
    assert sorted(item.steps for item in verdict.read(tmp_path)) == [200, 400]
    assert older not in verdict.read(tmp_path)


def test_other_files_are_left_alone_and_no_folder_is_no_verdict(tmp_path):
    assert verdict.read(tmp_path / "absent") == []
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "environment.json").write_text("{}")
    assert verdict.read(tmp_path) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1}'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "x-01234567.json").write_text(text)
    with pytest.raises(ConfigError, match=r"x-01234567.json: not a whole verdict"):
        verdict.read(tmp_path)


def test_a_newer_schema_is_refused(tmp_path):
    values = {**asdict(make_verdict()), "schema_version": 2}
    (tmp_path / "x-01234567.json").write_text(json.dumps(values))
    with pytest.raises(ConfigError, match="has schema 2 and this ganbench reads 1"):
        verdict.read(tmp_path)


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


# --------------------------------------------------------------------------- in tables


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
    verdict.write(tmp_path / "parity", make_verdict())
    return store


def test_the_mark_is_in_every_format_of_the_table(results):
    sections = benchmark.read_table(results)
    marks = ["verified", "verified", None, None, None]
    rows = json.loads(render.to_text(sections, "json"))
    assert [row["parity"] for row in rows] == marks
    rows = csv.DictReader(io.StringIO(render.to_text(sections, "csv")))
    assert [row["parity"] or None for row in rows] == marks
    markdown = render.to_text(sections, "md")
    assert "| loss | n | parity | fd ↓ |" in markdown
    assert "| torch | toy | hinge | 1 | verified | 1 |" in markdown
    assert "| torch | alone | hinge | 1 | — | 1 |" in markdown
    assert r"toy & hinge & 1 & verified & 1 " in render.to_text(sections, "latex")
    for width in (80, 240):
        with io.StringIO() as text:
            Console(file=text, width=width).print(render.to_rich(sections))
            assert text.getvalue().count("verified") >= 2
            assert "ganbench parity" in text.getvalue()


def test_a_section_without_a_pair_has_no_such_column(results):
    with_pair, without = benchmark.read_table(results)
    assert "parity" in with_pair.frame and "parity" not in without.frame
    assert "parity" not in " ".join(table_views.captions(without))
    assert "ganbench parity" in " ".join(table_views.captions(with_pair))
    assert "parity" not in table.to_frame([without])
    assert pd.isna(table.to_frame([without, with_pair])["parity"][0])


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
    assert lines[0] == "**torch and tensorflow[compile=off], float64**"
    assert lines[2].startswith("| model | loss | task | steps | losses | gradients | weights |")
    assert lines[4] == (
        "| toy\\[width=8\\] | hinge | points | 200 | 2e-13 | 1e-14 | 0 | — | — | verified |"
    )
    assert lines[5].endswith("| points | 200 | 5e-01 | — | not finite | — | 2e+00 | failed |")
    assert lines[-2].startswith("- failed: torch and tensorflow")
    assert lines[-1].startswith("- skipped: torch dcgan")


def test_verdicts_of_other_pairs_and_precisions_have_tables_of_their_own(both):
    more = [*both, make_verdict(dtype="float32", steps=10)]
    assert parity_table.to_markdown(more, []).count("| model | loss |") == 2
    with io.StringIO() as text:
        Console(file=text, width=240).print(parity_table.to_rich(more, SKIPPED))
        assert text.getvalue().count("parity") == 0
        assert "torch and tensorflow[compile=off], float32" in text.getvalue()
        assert "generator_loss: 1.0 on torch and 2.0 on tensorflow" in text.getvalue()


def test_verdicts_as_json_are_what_their_files_hold(both):
    values = json.loads(parity_table.to_json(both, SKIPPED))
    assert [verdict.Verdict(**item) for item in values["verdicts"]] == both
    assert values["skipped"][0]["reason"] == SKIPPED[0].reason
