"""Pages read well: few words, narrow tables, links that resolve, pictures that are redrawn."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganbench import plugins
from ganbench.report.tidy import TidyRow

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")
MOST_COLUMNS = 8  # what fits GitHub's 830 pixels; a headline has seven at most
HEAVIEST_PICTURE = 60_000  # bytes
CODE = re.compile(r"```.*?```", re.DOTALL)


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its data classes look their module up by name
    spec.loader.exec_module(module)
    return module


pictures, tables = load_script("update_pictures"), load_script("update_tables")


def table_lines(text):
    """The lines of tables, outside of code."""
    return [line for line in CODE.sub("", text).splitlines() if line.startswith("|")]


def columns(line):
    return len(re.sub(r"\\\|", "", line).strip().strip("|").split("|"))


def anchors(text):
    """The anchors that GitHub gives the headings of a page."""
    for heading in re.findall(r"(?m)^#+ (.*)$", CODE.sub("", text)):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# --------------------------------------------------------------------------- the README


def test_the_readme_has_300_to_500_words():
    text = re.sub(r"<!--.*?-->|<[^>]+>", "", CODE.sub("", README), flags=re.DOTALL)
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    assert 300 <= len(prose.split()) <= 500


def test_the_readmes_first_screen_has_one_picture_then_one_table_then_the_command():
    top = README.partition("\n## ")[0]
    assert re.findall(r'<img src="([^"]+)"', top) == ["docs/strips-fashion.png"]
    assert len(re.search(r'alt="([^"]+)"', top)[1]) > 40
    order = ["<img ", "<!-- readme table: ", "<!-- end of table -->", "<!-- command: main -->"]
    places = [README.index(mark) for mark in order]
    assert places == sorted(places)


def test_the_readmes_tables_are_small():
    lines = table_lines(README)
    assert all(columns(line) <= 5 for line in lines)
    assert len(lines) <= 2 + 5  # heading, rule, rows


def test_the_readmes_table_has_the_best_rows_and_real_images():
    text = tables.updated("<!-- readme table: results/fashion-losses -->\n<!-- end of table -->")
    lines = table_lines(text)
    assert lines[0] == "| GAN, 5 seeds of 60k images | fd ↓ | 95 % interval | images/s |"
    rows = [line.strip("| ").split(" | ") for line in lines[2:]]
    assert [row[0] for row in rows[:1]] == ["lsgan on torch"]
    assert rows[-1][0] == "*real images*" and len(rows) == 5
    values = [float(re.search(r"[\d.]+", row[1])[0]) for row in rows[:-1]]
    assert values == sorted(values)
    assert "**" not in text and r"\~" in rows[0][1]  # nobody wins there
    assert all(" " not in row[1] for row in rows)
    assert "\nBest fd: lsgan on torch" in text


def test_a_table_whose_folder_is_absent_stays():
    block = "<!-- table: results/absent -->\nkept\n<!-- end of table -->"
    assert tables.updated(block) == block
    assert tables.missing(block) == ["results/absent"]


# --------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("picture", pictures.PICTURES, ids=lambda picture: picture.file)
def test_a_picture_is_drawn_identically_from_the_records(picture, tmp_path):
    if not pictures.is_there(picture):
        pytest.skip(f"{picture.folder} is absent")
    path = ROOT / "docs" / picture.file
    assert path.stat().st_size < HEAVIEST_PICTURE
    kept, drawn = Image.open(path), pictures.draw(picture)
    assert (kept.size, kept.mode) == (drawn.size, drawn.mode)
    left = pictures.LABEL_WIDTH  # labels depend on the version of FreeType
    assert (np.asarray(kept)[:, left:] == np.asarray(drawn)[:, left:]).all()
    difference = np.asarray(kept)[:, :left].astype(int) - np.asarray(drawn)[:, :left]
    assert np.abs(difference).mean() < 2


def test_strips_are_transparent_and_show_the_same_seed_of_each_backend():
    picture = replace(pictures.PICTURES[0], folder="results/fashion-losses")
    drawn = pictures.draw(picture)
    assert drawn.size == (850, 218) and drawn.mode == "LA"
    assert np.asarray(drawn)[0, 0, 1] == 0
    store = pictures.Store(ROOT / picture.folder)
    runs = pictures._runs(store, picture)
    assert list(runs) == ["real", "torch", "tensorflow"]
    assert {record.seed for record in runs.values()} == {0}
    assert pictures._tiles(store, runs["torch"]).shape == (10, 28, 28, 1)


def test_a_backend_without_a_completed_run_is_named():
    picture = replace(pictures.PICTURES[1], backends=("torch", "jax"))
    with pytest.raises(LookupError, match="real, torch, jax"):
        pictures.draw(picture)


# --------------------------------------------------------------------------- all pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_narrow(page):
    wide = [line for line in table_lines(page.read_text("utf-8")) if columns(line) > MOST_COLUMNS]
    assert not wide, wide[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_resolve(page):
    text = CODE.sub("", page.read_text("utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if _comes_later(target):
            continue
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def _comes_later(target):
    """Whether a file is written from records: a report, or all of a run that is not there yet."""
    absent = [picture for picture in pictures.PICTURES if not pictures.is_there(picture)]
    folders = {ROOT / picture.folder for picture in absent}
    drawn = {ROOT / "docs" / picture.file for picture in absent}
    is_report = target.name == "report.html" and target.parent.parent == ROOT / "results"
    return is_report or target in drawn or target in folders


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_the_short_run_on_fashion_mnist(page):
    assert not re.search(r"(results|benchmarks)/fashion-mnist\b", page.read_text("utf-8"))


def test_the_page_of_commands_has_every_name():
    catalog = plugins.load()
    for kind in ("models", "losses", "penalties", "datasets", "backends"):
        for entry in catalog.entries(kind):
            name = entry.cls.name
            assert re.search(rf"`{name}[`:]", COMMANDS) or name in ("numpy",), (kind, name)


def test_the_page_of_commands_has_the_columns_of_csv():
    assert " ".join(f"`{name}`" for name in TidyRow._fields) in COMMANDS.replace("\n", " ")
