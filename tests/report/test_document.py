"""The JSON document: its schema, its numbers and what is null."""

import json
import re

import pytest
from click.testing import CliRunner
from headlines import baseline, completed, ended, headline_of, headlines_of, many, missing
from pydantic import TypeAdapter, ValidationError
from toys import make_score

from ganbench import __version__
from ganbench.cli import main
from ganbench.report.document import SCHEMA_VERSION, Document, to_json
from ganbench.targets import parse
from report.tables import FOLDERS, MADE, committed, usual, won

SCHEMA = TypeAdapter(Document)


def read(headlines, name="run"):
    text = to_json(headlines, name)
    SCHEMA.validate_json(text, strict=True)
    assert "NaN" not in text and "Infinity" not in text
    return json.loads(text)


@pytest.mark.parametrize("name", FOLDERS)
def test_committed_folders_keep_the_schema(name):
    found = read(committed(name), name)
    assert (found["schema_version"], found["name"]) == (SCHEMA_VERSION, name)
    assert found["ganbench"] == __version__
    assert found["machines"] and found["backends"]
    for table, headline in zip(found["tables"], committed(name), strict=True):
        assert [row["name"] for row in table["rows"]] == [row.name for row in headline.rows]
        assert table["sentences"] == headline.sentences
        assert len({row["name"] for row in table["rows"]}) == len(table["rows"])
        columns = {column["name"] for column in table["columns"]}
        assert table["primary"] in columns
        assert all(set(row["values"]) == columns for row in table["rows"])


@pytest.mark.parametrize("name", MADE)
def test_every_kind_of_table_keeps_the_schema(name):
    headline = MADE[name]()
    (table,) = read([headline])["tables"]
    assert len(table["rows"]) == len(headline.rows)


def test_nothing_planned_is_a_document_without_tables():
    assert read([])["tables"] == [] and read([])["date"] is None


def test_the_command_prints_the_schema_of_the_document():
    done = CliRunner().invoke(main, ["schema"])
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    assert schema == SCHEMA.json_schema()
    fields = {"schema_version", "name", "ganbench", "date", "machines", "libraries", "backends"}
    assert set(schema["required"]) == {*fields, "tables"}
    assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_the_schema_refuses_what_is_no_document():
    text = to_json([won()], "run")
    for change in ('"schema_version": 2', '"schema_version": "1"'):
        with pytest.raises(ValidationError):
            SCHEMA.validate_json(text.replace('"schema_version": 1', change), strict=True)
    with pytest.raises(ValidationError):
        SCHEMA.validate_json(re.sub(r'"n": \d+', '"n": "five"', text), strict=True)


def test_numbers_are_those_of_the_summaries():
    (table,) = read([won()])["tables"]
    row = table["rows"][0]
    value = row["values"]["fd-pixels"]
    assert (value["median"], value["low"], value["high"]) == (1.0, 0.9, 1.1)
    assert value["mean"] == pytest.approx(1.0) and value["sd"] > 0
    assert value["seeds"] == {"0": 1.0, "1": 1.1, "2": 0.9, "3": 1.05, "4": 0.95}
    assert (row["mark"], row["rank"], row["group"]) == ("best", [1, 1], "ranked")
    assert (row["n"], row["planned"], row["failed"], row["missing"]) == (5, 5, 0, 0)
    assert row["costs"]["images_per_second"]["median"] == 120
    assert (row["parameters_generator"], row["parameters_discriminator"]) == (48, 3)
    assert table["title"] == "specks · hinge · toy · 80 images each · 5 seeds · 1 thread"
    assert table["detectable"].startswith("a factor of")


def test_what_is_not_known_is_null():
    rows = {row["model"]: row for row in read([usual()])["tables"][0]["rows"]}
    failed = rows["mlp[width=9]"]
    value = failed["values"]["fd-pixels"]
    assert (value["median"], value["low"], value["mean"]) == (None, None, 2.0)
    assert value["seeds"] == {"0": 2.0, "1": None}
    assert (failed["rank"], failed["mark"], failed["remark"]) == (None, "too few", "1 of 2 failed")
    assert rows["real"]["mark"] is None
    (row,) = read([headline_of(missing("t0"))])["tables"][0]["rows"]
    assert row["values"] == row["costs"] == {} and row["missing"] == 1


def test_columns_say_what_they_are():
    (table,) = read([won()])["tables"]
    assert table["columns"] == [
        {
            **{"name": "fd-pixels", "metric": "frechet", "features": "pixels"},
            **{"direction": "lower", "scale": "log", "plain": "A distance."},
            **{"auxiliary": False, "samples": 20, "reference": "test"},
        },
        {
            **{"name": "fd-floor-pixels", "metric": "frechet", "features": "pixels"},
            **{"direction": "none", "scale": "raw", "plain": ""},
            **{"auxiliary": True, "samples": 20, "reference": "test"},
        },
    ]


def test_targets_and_areas_are_there_where_training_was_followed():
    start = {"images": 0, "updates": 0, "train_seconds": 0.0, "validation": None}
    curve = [{**start, "values": {"fd-pixels": 9.0}}]
    followed = completed(scores=[make_score(1.0, curve=curve)])
    (headline,) = headlines_of(followed, goals=[parse("fd-pixels=5")])
    (row,) = read([headline])["tables"][0]["rows"]
    assert row["areas"]["fd-pixels"]["median"] == 5.0
    assert row["targets"]["fd-pixels_to_5_reached"] == 1.0
    assert row["targets"]["fd-pixels_to_5_images"] == 40.0


def test_the_document_says_what_it_was_made_by():
    pairs = [
        completed("t0", training={"environment": {"date": "2026-01-02", "libraries": {"x": "2"}}}),
        completed("t1", seed=1, training={"environment": {"date": "2026-01-03"}}),
        ended("t2", seed=2),
        *baseline("real", [0.1]),
    ]
    found = read([headline_of(*pairs)])
    assert found["date"] == "2026-01-03"
    assert found["libraries"] == {"x": ["2"]}
    assert list(found["backends"]) == ["numpy", "toy"]
    assert found["machines"] == ["Toy, 2 cores, 4 GiB, Linux x86_64, cpu"]


def test_the_same_folder_gives_the_same_bytes():
    pairs = many("a", [1.0, 2.0])
    assert to_json([headline_of(*pairs)], "x") == to_json([headline_of(*pairs)], "x")


@pytest.mark.parametrize("name", FOLDERS)
def test_no_output_names_a_home_or_a_user(name):
    text = to_json(committed(name), name)
    assert "/root" not in text and "/home" not in text
