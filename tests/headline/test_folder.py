"""The headlines of a folder, and what its configuration says of them."""

import json

import pytest
from headlines import completed, folder_of, many, missing
from toys import make_score

from ganbench.errors import ConfigError, UnknownName
from ganbench.headline import folder
from ganbench.store import Store
from ganbench.targets import parse


def test_a_folder_has_one_headline_a_table(tmp_path):
    store = folder_of(
        tmp_path / "run", completed("t0"), completed("t1", dataset="dots"), missing("t2", seed=1)
    )
    first, second = folder.read(store)
    assert (first.title[0], second.title[0]) == ("specks", "dots")
    assert first.rows[0].source.row.missing == 1


def test_records_that_the_manifest_does_not_name_stay_out(tmp_path):
    store = folder_of(tmp_path / "run", completed("t0"))
    trial, found = completed("t9", 9.0)
    store.trial_folder(trial.id)
    store.publish(found)
    assert [record.id for record in folder.read_records(store)] == ["t0"]


def test_an_empty_folder_is_one_clear_line(tmp_path):
    with pytest.raises(ConfigError, match="no ganbench results here") as error:
        folder.read(Store(tmp_path))
    assert "\n" not in str(error.value)


def test_a_manifest_without_records_has_rows_that_are_missing(tmp_path):
    store = folder_of(tmp_path / "run", missing("t0"), missing("t1", model="b"))
    (headline,) = folder.read(store)
    assert [row.cells["remark"].text for row in headline.rows] == ["1 missing"] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('headline = ["kd", "fd"]\ndescription = "Two words."\n', (("kd", "fd"), "Two words.")),
        ("", ((), "")),
        ('headline = "kd"\ndescription = 3\n', ((), "")),
        ("headline = [1, 2]\n", ((), "")),
        ("headline = [\n", ((), "")),  # damaged
    ],
)
def test_the_configuration_of_the_folder_chooses_columns(tmp_path, text, expected):
    store = folder_of(tmp_path / "run", completed())
    store.write("config.toml", text)
    found = folder.wishes(store)
    assert (found.headline, found.description) == expected
    assert len(folder.read(store)) == 1


def test_a_configuration_that_is_no_text_is_as_good_as_none(tmp_path):
    store = folder_of(tmp_path / "run", completed())
    (store.root / "config.toml").write_bytes(b"\xff\xfe\x00")
    assert folder.wishes(store) == folder.Wishes()


def test_the_wanted_column_leads(tmp_path):
    scores = [make_score(1.0), make_score(2.0, "kd-pixels", metric="kernel")]
    store = folder_of(tmp_path / "run", completed(scores=scores))
    assert folder.read(store)[0].primary.name == "fd-pixels"
    store.write("config.toml", 'headline = ["kd"]\n')
    assert folder.read(store)[0].primary.name == "kd-pixels"


def test_rows_can_be_sorted_and_an_unknown_column_is_told(tmp_path):
    pairs = [*many("a", [2.0, 2.1, 2.2], model="a"), *many("b", [1.0, 1.1, 1.2], model="b")]
    store = folder_of(tmp_path / "run", *pairs)
    assert [row.name for row in folder.read(store, sort="model")[0].rows] == ["a", "b"]
    with pytest.raises(UnknownName, match="no column named 'fdd'"):
        folder.read(store, sort="fdd")


def test_a_folder_of_two_data_sets_is_sorted_where_it_has_the_column(tmp_path):
    points = [make_score(value, "reverse-kl", extractor=None) for value in (3.0, 2.0)]
    pairs = [
        *many("a", [2.0, 2.1, 2.2], model="a"),
        *many("b", [1.0, 1.1, 1.2], model="b"),
        completed("r0", scores=[points[0]], model="a", dataset="ring"),
        completed("r1", scores=[points[1]], model="b", dataset="ring"),
    ]
    images, ring = folder.read(folder_of(tmp_path / "run", *pairs), sort="fd-pixels")
    assert [row.name for row in images.rows] == ["b", "a"]
    assert [row.name for row in ring.rows] == ["b", "a"]  # by its own metric, as without --sort


def test_targets_follow_the_whole_training(tmp_path):
    store = folder_of(tmp_path / "run", completed())
    with pytest.raises(ConfigError, match="leave --select out"):
        folder.read(store, "lucic-minimum", [parse("fd=1")])


def test_a_damaged_manifest_is_one_clear_line(tmp_path):
    store = folder_of(tmp_path / "run", completed())
    (store.root / "manifest.json").write_text(json.dumps({"manifest_version": 1}))
    with pytest.raises(ConfigError, match="damaged"):
        folder.read(store)


def test_the_configured_columns_are_those_of_the_final_checkpoint(tmp_path):
    start = {"images": 0, "updates": 0, "train_seconds": 0.0, "validation": None}
    curve = [{**start, "values": {"fd-pixels": 0.5, "fd-floor-pixels": 0.25}}]
    store = folder_of(tmp_path / "run", completed(scores=[make_score(1.0, curve=curve)]))
    store.write("config.toml", 'headline = ["fd"]\n')
    (final,), (best,) = folder.read(store), folder.read(store, "lucic-minimum")
    assert (final.primary.name, final.rows[0].summary.median) == ("fd-pixels", 1.0)
    assert best.primary.name == "lucic-minimum fd-pixels"
    assert best.rows[0].summary.median == 0.5
    assert any("flatters" in note for note in best.table.notes)
