import json
import math

import pytest
from toys import make_record, make_score, make_trial

from ganbench import record
from ganbench.errors import ConfigError

KEYS = ("metric", "options", "version", "sources", "extractor", "extractor_id")


def key_of(score):
    return {name: score[name] for name in KEYS}


def test_a_record_survives_being_written_and_read():
    made = make_record(make_trial(), scores=[make_score(1.5)])
    assert record.from_json(record.to_json(made), "here") == made


def test_the_same_record_is_the_same_bytes():
    first = make_record(make_trial(), images=80, losses={"a": 1.0, "b": None})
    second = make_record(make_trial(), losses={"b": None, "a": 1.0}, images=80)
    assert record.to_json(first) == record.to_json(second)
    assert record.to_json(first).endswith("}\n")


def test_a_record_joins_what_was_planned_with_what_came_of_it():
    trial = make_trial("t7", seed=3)
    result = {"status": "timeout", "reason": "took longer than 3 seconds", "images": 5}
    made = record.make(trial, result, {"python": "3.11"}, [{"name": "toy"}], attempt=2)
    assert (made.id, made.seed, made.status, made.attempt) == ("t7", 3, "timeout", 2)
    assert made.reason == "took longer than 3 seconds"
    assert made.training == {"images": 5}
    assert made.specification == trial.specification
    assert made.schema_version == record.SCHEMA_VERSION
    assert made.scores == []


def test_not_a_number_is_never_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.to_json(make_record(make_trial(), images=math.nan))


def test_what_is_not_the_models_own_verdict_is_tried_again():
    assert {"failed", "timeout", "interrupted"} == set(record.RETRIED)


# --------------------------------------------------------------------------- damage


def test_a_record_cut_anywhere_is_refused_with_its_place():
    text = record.to_json(make_record(make_trial(), scores=[make_score(1.5)]))
    for length in range(len(text) - 2):  # without its last brace at least
        with pytest.raises(ConfigError, match=r"^some/record\.json: not a whole record"):
            record.from_json(text[:length], "some/record.json")


@pytest.mark.parametrize("text", ["", "null", "[]", "3", '"x"', "{}", "{]", "[1]", '{"id": 3}'])
def test_what_is_no_record_is_refused(text):
    with pytest.raises(ConfigError, match="not a whole record"):
        record.from_json(text, "here")


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, 1.5])
def test_another_schema_is_refused_naming_both_versions(version):
    values = json.loads(record.to_json(make_record(make_trial())))
    text = json.dumps({**values, "schema_version": version, "new_key": 1})
    with pytest.raises(ConfigError, match=rf"^here: has schema {version} and .* reads 1"):
        record.from_json(text, "here")


def test_missing_and_unknown_keys_are_named():
    values = json.loads(record.to_json(make_record(make_trial())))
    del values["seed"]
    with pytest.raises(ConfigError, match="here: missing or unknown keys: extra, seed"):
        record.from_json(json.dumps({**values, "extra": 1}), "here")


# --------------------------------------------------------------------------- scores


def test_new_scores_replace_those_of_the_same_metric_options_and_space():
    old = [
        make_score(1.0),
        make_score(2.0, extractor="other", extractor_id="other-1"),
        make_score(3.0, options={"k": 5}),
        make_score(4.0, metric="other"),
    ]
    new = make_score(9.0, version=2)
    found = make_record(make_trial(), scores=old).with_scores([new])
    assert [score["values"]["fd-pixels"] for score in found.scores] == [2.0, 3.0, 4.0, 9.0]


def test_a_record_lacks_what_was_never_scored_or_scored_otherwise():
    scored = make_score(1.0)
    found = make_record(make_trial(), scores=[scored])
    assert not found.lacking([key_of(scored)])
    assert not found.lacking([])
    other = key_of(make_score(1.0, metric="other"))
    assert found.lacking([key_of(scored), other]) == [other]
    for change in (
        {"metric": "other"},
        {"options": {"k": 5}},
        {"version": 2},
        {"sources": {"toy": "edited"}},
        {"extractor_id": "pixels-2"},
    ):
        assert found.lacking([key_of(make_score(1.0, **change))]), change
    assert make_record(make_trial()).lacking([key_of(scored)])


def test_a_value_that_is_null_counts_as_scored():
    scored = make_score(None)
    assert not make_record(make_trial(), scores=[scored]).lacking([key_of(scored)])
