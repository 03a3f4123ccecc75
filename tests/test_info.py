from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from click.testing import CliRunner
from toys import TOY

from ganbench import info_page, option_notes, option_table, plugins
from ganbench.cli import main
from ganbench.contracts import Task


def info(*arguments, columns="200"):
    done = CliRunner(env={"COLUMNS": columns}).invoke(main, ["info", *map(str, arguments)])
    return done


def options(*arguments):
    """Default and values of every option that a page shows."""
    lines = info(*arguments).stdout.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith("option ")]
    heading = lines[start]
    cuts = [heading.index(word) for word in ("default", "values")]
    found = {}
    for line in lines[start + 1 :]:
        if not line[cuts[0] - 1 : cuts[0]].isspace():
            break
        name, default, values = line[: cuts[0]], line[cuts[0] : cuts[1]], line[cuts[1] :]
        found[name.strip()] = (default.strip(), values.strip())
    return found


@dataclass(frozen=True)
class Base:
    early: int = 1  # of the base
    late: int = 2  # of the base


@dataclass(frozen=True)
class Noted(Base):
    # A comment of its own. With a second sentence.
    above: int = 0
    trailing: str = "#"  # at the end of the line
    below: int = 0
    """A string below. And more."""
    long: tuple[int, ...] = (
        1,
        2,
    )  # after several lines

    apart: int = 0
    late: int = 3  # of the class itself

    # This is about nothing.

    silent: int = 0


def test_a_phrase_comes_from_the_line_the_string_below_or_the_comment_above():
    assert option_notes.notes(Noted) == {
        "early": "of the base",
        "late": "of the class itself",
        "above": "A comment of its own",
        "trailing": "at the end of the line",
        "below": "A string below",
        "long": "after several lines",
    }


def test_a_class_without_a_source_has_no_phrases():
    assert option_notes.notes(type("Made", (), {})) == {}
    assert option_notes.notes(int) == {}


def test_every_option_has_a_line_with_default_values_and_phrase():
    found = options("dcgan")
    assert found["width"] == ("16", "int >= 1")
    assert found["shared_noise"][0] == "false"
    assert found["discriminator_updates"] == ("1", "int >= 1; per generator update")
    assert found["generator_batch_size"] == ("none", "int >= 1 or none; None: the same")
    assert list(found) == [item.name for item in fields(plugins.load().get("models", "dcgan"))]


def test_without_a_data_set_the_options_that_it_decides_are_named_so():
    found = options("dcgan")
    by_dataset = {name for name, (default, _) in found.items() if default == "by data set"}
    assert by_dataset == {"batch_size", "latent_size", "learning_rate", "beta1"}
    assert "by data set: depends on the data set; --dataset D shows it" in info("dcgan").stdout


@pytest.mark.parametrize(
    ("dataset", "rate", "beta1"), [("digits", "0.002", "0.0"), ("fashion-mnist", "0.0002", "0.5")]
)
def test_with_a_data_set_they_have_their_values(dataset, rate, beta1):
    found = options("dcgan", "--dataset", dataset)
    assert found["learning_rate"][0] == rate and found["beta1"][0] == beta1
    assert found["batch_size"][0] == found["latent_size"][0] == "64"
    page = info("dcgan", "--dataset", dataset).stdout
    assert f"defaults of {dataset}: batch_size, latent_size, learning_rate, beta1" in page


def test_a_data_set_that_the_model_cannot_do_is_named_with_the_reason():
    assert "on ring: not supported, dcgan makes images" in info("dcgan", "--dataset", "ring").stdout


def test_a_data_set_that_is_unknown_or_several_is_an_error(tmp_path):
    assert info("dcgan", "--dataset", "digit").exit_code == 2
    file = tmp_path / "sized.py"
    text = (
        Path(TOY).read_text().replace('name = "specks"\n', 'name = "specks"\n    side: int = 8\n')
    )
    file.write_text(text)
    several = info("dcgan", "--dataset", "specks[side=4|8]", "--plugin", file)
    assert several.exit_code == 2 and "name one data set" in several.stderr


def test_a_page_fits_80_columns():
    for name in ("dcgan", "health", "fidelity-kid", "folder", "wgan", "gp1", "random-conv-v1"):
        lines = info(name, columns="80").stdout.splitlines()
        prose = [line for line in lines if "  " not in line]
        assert max(map(len, prose)) <= 80, name


def test_an_alias_shows_the_metric_that_it_stands_for():
    page = info("fid").stdout
    assert page.startswith("metric fidelity-fid\n") and "aliases: fid" in page
    assert "columns: fd ↓" in info("fd").stdout
    assert "columns of CSV and JSON: fd-floor" in info("frechet").stdout


def test_an_unknown_name_may_be_near_an_alias():
    assert "did you mean 'kid'?" in info("kidd").stderr


class Judging:
    """Says something in words."""

    name, version, needs = "judging", 1, "features"
    columns = {"x": "lower"}
    thresholds = {"bad": "x > 3", "worse": "x > 4"}

    def compute(self, real, fake, rng): ...


def test_a_metric_that_judges_states_its_thresholds():
    catalog = plugins.Catalog()
    plugin = plugins.Plugin("judge", "judge", "judge.py")
    catalog.add(plugin, plugins.entries_of([("metrics", Judging)], plugin))
    text = [str(part) for part in info_page.info(catalog, "judging").renderables]
    assert "bad: x > 3" in text and "worse: x > 4" in text


@dataclass(frozen=True)
class Picky:
    """A model whose size the data set decides."""

    size: int | None = None

    def unsuitable(self, task):
        return None if task.kind == "images" else "images only"

    def for_task(self, task):
        return Picky(task.shape[0])


def test_what_a_data_set_decides_is_found_by_for_task():
    catalog = plugins.load([TOY])
    table, remark = option_table.of_class(Picky, catalog, Task("x", "images", (12, 12, 1)))
    assert str(table.columns[1]._cells[0]) == "12" and remark == "defaults of x: size"
