import json
from dataclasses import replace

import pytest
from toys import make_record, make_score, make_trial

from ganbench import columns, selection, targets
from ganbench.analysis import table
from ganbench.errors import ConfigError, UnknownName
from ganbench.headline import folder
from ganbench.store import Store


def followed(identifier, values, validation=None, **changes):
    """A trial with these values at the start, on the way and at the end, 40 images apart."""
    *early, final = values
    seen = validation or [None] * len(values)
    curve = [
        {
            "images": 40 * number,
            "updates": 10 * number,
            "train_seconds": 2.0 * number,
            "values": {"fd-pixels": value, "fd-floor-pixels": 0.25},
            "validation": checked and {"fd-pixels": checked, "fd-floor-pixels": 0.25},
        }
        for number, (value, checked) in enumerate(zip(early, seen[:-1], strict=True))
    ]
    last = seen[-1] and {"values": {"fd-pixels": seen[-1], "fd-floor-pixels": 0.25}}
    trial = make_trial(identifier, **changes)
    end = {
        "images": 40 * len(early),
        "generator_updates": 10 * len(early),
        "train_seconds": 2.0 * len(early),
        "compile_seconds": 0.5,
    }
    score = make_score(final, curve=curve, validation=last)
    return trial, make_record(trial, scores=[score], **end)


def values(records, column="fd-pixels"):
    return [score["values"][column] for record in records for score in record.scores]


RISING = followed("t0", [9.0, 2.0, 5.0], validation=[8.0, 4.0, 3.0])


def test_the_final_checkpoint_speaks_unless_another_is_asked_for():
    chosen, remarks = selection.select([RISING[1]], "final")
    assert chosen == [RISING[1]] and remarks == []


def test_validation_chooses_and_the_reference_is_reported():
    dipping = followed("t1", [9.0, 2.0, 5.0], validation=[8.0, 3.0, 4.0])
    chosen, (remark,) = selection.select([RISING[1], dipping[1]], "best-by-validation")
    # Of the first the end is best by validation, though it is not by the reference.
    assert values(chosen) == [5.0, 2.0]
    assert "best by fd-pixels against the validation split, of 3 looks" in remark


def test_lucics_minimum_is_optimistic_and_has_its_own_name():
    chosen, (remark,) = selection.select([RISING[1]], "lucic-minimum")
    assert values(chosen, "lucic-minimum fd-pixels") == [2.0]
    assert set(chosen[0].scores[0]["values"]) == {"lucic-minimum fd-pixels"}
    assert "best of 3 looks at the reference itself, which flatters" in remark
    (found,) = table.build([RISING[0]], chosen)
    assert [column.short_name for column in found.columns] == ["lucic-minimum fd"]


def test_the_readings_follow_the_names_of_lucics_minimum():
    reading = {"plain": "A distance.", "scale": "log", "resolution": None}
    score = {**RISING[1].scores[0], "readings": {"fd-pixels": reading}}
    (chosen,), _ = selection.select([replace(RISING[1], scores=[score])], "lucic-minimum")
    assert chosen.scores[0]["readings"] == {"lucic-minimum fd-pixels": reading}


def test_nan_is_never_the_best_checkpoint():
    broken = followed("t2", [None, 7.0, 5.0])
    chosen, _ = selection.select([broken[1]], "lucic-minimum")
    assert values(chosen, "lucic-minimum fd-pixels") == [5.0]


def test_without_a_validation_split_or_checkpoints_there_is_nothing_to_choose():
    without = followed("t3", [9.0, 2.0])
    with pytest.raises(ConfigError, match="specks has no validation split"):
        selection.select([without[1]], "best-by-validation")
    trial = make_trial("t4")
    alone = make_record(trial, scores=[make_score(1.0)])
    for rule in ("best-by-validation", "lucic-minimum"):
        with pytest.raises(ConfigError, match="no trial here has scores of checkpoints"):
            selection.select([alone], rule)


# --------------------------------------------------------------------------- targets and areas


def row_of(*pairs, goal="fd-pixels=4"):
    wanted = [targets.parse(goal)]
    (found,) = table.build(
        [trial for trial, _ in pairs], [found for _, found in pairs], goals=wanted
    )
    return found.rows[0]


def places_of(*pairs, goal="fd-pixels=4"):
    """When the only row reaches the target."""
    return targets.reached(row_of(*pairs, goal=goal).row, targets.parse(goal))


def test_a_target_is_reached_at_the_first_crossing_by_interpolation():
    row = places_of(followed("t0", [9.0, 2.0, 5.0]))
    share = 5 / 7  # of the way from 9 to 2
    assert row["fd-pixels_to_4_reached"] == 1.0
    assert row["fd-pixels_to_4_images"] == pytest.approx(40 * share)
    assert row["fd-pixels_to_4_updates"] == pytest.approx(10 * share)
    # Whoever waits for a quality waits for the compiler too.
    assert row["fd-pixels_to_4_seconds"] == pytest.approx(2.5 * share)


def test_a_trial_that_never_reaches_it_takes_for_ever():
    pairs = [
        followed("t0", [9.0, 2.0, 5.0], seed=0),
        followed("t1", [9.0, 8.0, 7.0], seed=1),
        followed("t2", [9.0, 8.0, 4.0], seed=2),
    ]
    row = places_of(*pairs)
    assert row["fd-pixels_to_4_reached"] == pytest.approx(2 / 3)
    assert row["fd-pixels_to_4_images"] == 80.0  # the median of 28.6, 80 and never
    lost = make_trial("t3", seed=3), make_record(make_trial("t3", seed=3), "diverged")
    assert places_of(*pairs, lost)["fd-pixels_to_4_reached"] == 0.5
    never = places_of(*pairs[1:2])
    assert never["fd-pixels_to_4_reached"] == 0.0 and never["fd-pixels_to_4_images"] != 80


def test_the_area_is_the_mean_over_the_budget():
    row = row_of(followed("t0", [9.0, 2.0, 5.0]))
    assert row.summary("fd-pixels_area").median == pytest.approx(((9 + 2) / 2 + (2 + 5) / 2) / 2)


@pytest.mark.parametrize("text", ["fd-pixels", "fd-pixels=", "fd-pixels=low", "=3", "fd=nan"])
def test_a_target_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="write COLUMN=NUMBER"):
        targets.parse(text)


def test_a_target_has_to_be_a_column_with_a_curve():
    with pytest.raises(UnknownName, match="did you mean 'fd-pixels'"):
        targets.check([targets.parse("fd-pixel=1")], [RISING[1]])
    with pytest.raises(ConfigError, match="no better direction"):
        targets.check([targets.parse("fd-floor-pixels=1")], [RISING[1]])


def test_a_target_goes_with_the_final_checkpoint(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"manifest_version": 1, "trials": []}))
    with pytest.raises(ConfigError, match="leave --select out"):
        folder.read(Store(tmp_path), "lucic-minimum", [targets.parse("fd=1")])


def test_a_baseline_reaches_nothing():
    trial, found = followed("t0", [9.0, 2.0], loss="none")
    column = columns.Columns([found])
    assert [item.name for item in column] == ["fd-pixels", "fd-floor-pixels"]
    assert places_of((trial, found))["fd-pixels_to_4_reached"] != 1.0
