"""Every format on every kind of folder, whole or damaged: it is written, or one line says why."""

import csv
import io
import json
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner
from headlines import baseline, completed, ended, folder_of, many, missing
from pydantic import TypeAdapter
from toys import make_score

from ganbench.cli import main
from ganbench.headline import folder
from ganbench.report import notebook
from ganbench.report.document import Document
from ganbench.report.folder import FILES, FORMATS, to_text, write_tables
from report.tables import FOLDERS, RESULTS, committed

LONG = "x" * 200
STYLES = ("rich", *FORMATS)


def points():
    values = {"reverse-kl": 0.1, "modes": 24.0}
    score = make_score(
        0.0,
        metric="mixture",
        extractor=None,
        extractor_id=None,
        values=values,
        directions={"reverse-kl": "lower", "modes": "higher"},
        beside=[],
    )
    return [completed(scores=[score], training={"sample_kind": "points"})]


def older():
    """Records as an older ganbench wrote them: no readings, no timing, no date, no libraries."""
    score = make_score(1.0)
    for name in ("readings", "weights_sha256", "preprocessing"):
        del score[name]
    trial, found = completed(scores=[score])
    return [(trial, replace(found, environment={**found.environment}))]


def losses():
    return [
        completed(f"t{place}", 1.0 + place, loss=f"hinge+r1[gamma={place},every=4]")
        for place in range(30)
    ]


def no_numbers():
    return [completed(f"t{seed}", None, seed=seed) for seed in range(3)]


FOLDERS_MADE = {
    "nothing has run": lambda: [missing("t0"), missing("t1", model="b")],
    "one trial": lambda: [completed()],
    "all failed": lambda: [*many("a", [None] * 3), ended("b0", "timeout", model="b")],
    "one interrupted": lambda: [ended("t0", "interrupted")],
    "baselines alone": lambda: [*baseline("real", [0.1, 0.2]), *baseline("memorizer", [0.5])],
    "only None": no_numbers,
    "unscored": lambda: [completed(scores=[])],
    "points": points,
    "two data sets": lambda: [completed("t0"), completed("t1", 2.0, dataset="dots")],
    "long names": lambda: [
        completed("t0", 1.5, model=f"{LONG}a", loss=LONG),
        completed("t1", 2.5, model=f"{LONG}b", loss=LONG),
    ],
    "thirty losses": losses,
    "one shared option": lambda: [
        completed("t0", 1.5, loss="hinge+r1[gamma=0.1,every=4]"),
        completed("t1", 2.5, loss="hinge+r1[gamma=0.1,every=8]"),
    ],
    "older records": older,
    "markup": lambda: [completed("t0", model="a|b_c*d`e<f>[x=1]~$&#{}\\^%")],
}


@pytest.fixture(params=FOLDERS_MADE)
def made(request, tmp_path):
    return folder_of(tmp_path / "run", *FOLDERS_MADE[request.param]())


def run(store, *options):
    arguments = ["table", str(store.root), "--no-report", *options]
    done = CliRunner(env={"COLUMNS": "80"}).invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return done.stdout


def test_every_format_is_written(made):
    headlines = folder.read(made)
    rows = [row for headline in headlines for row in headline.rows]
    found = {style: to_text(headlines, style, "run") for style in FORMATS}
    found["rich"] = run(made)
    assert all(found.values())
    for style in ("rich", "md", "latex"):
        assert "nan" not in found[style].lower() and "None" not in found[style]
    TypeAdapter(Document).validate_json(found["json"], strict=True)
    tables = json.loads(found["json"])["tables"]
    assert sum(len(table["rows"]) for table in tables) == len(rows)
    wide = list(csv.DictReader(io.StringIO(found["csv-wide"])))
    assert [line["model"] for line in wide] == [row.source.key[1] for row in rows]
    assert all(value not in ("nan", "inf", "None") for line in wide for value in line.values())
    long = list(csv.DictReader(io.StringIO(found["csv"])))
    assert all(line["value"] not in ("nan", "inf", "None") for line in long)


def test_all_columns_and_notes_are_written(made):
    text = run(made, "--all", "--notes")
    assert "trials and costs" in text and "A value is the median over the seeds." in text
    assert text.splitlines()[-1].startswith(" more ")


def test_a_notebook_shows_every_folder(made):
    headlines = folder.read(made)
    html = notebook.to_html(headlines)
    assert html.count('<div class="ganbench">') == len(headlines)
    assert html.count("<table") == html.count("</table>") == len(headlines)
    for headline in headlines:
        assert all(len(row.cells) for row in headline.rows)
    assert "<f>" not in html  # names are escaped


def test_the_tables_of_a_folder_are_written_in_every_format(made):
    headlines = folder.read(made)
    write_tables(made, headlines)
    assert {path.name for path in (made.root / "tables").iterdir()} == set(FILES)
    for name, style in FILES.items():
        written = (made.root / "tables" / name).read_text("utf-8")
        assert written == to_text(headlines, style, made.root.name)


def test_two_writings_of_one_folder_are_the_same_bytes(made):
    first, second = folder.read(made), folder.read(made)
    for style in FORMATS:
        assert to_text(first, style, "run") == to_text(second, style, "run")


# --------------------------------------------------------------------------- what is refused


def refused(place, *options):
    done = CliRunner().invoke(main, ["table", str(place), "--no-report", *options])
    assert done.stdout == "" and done.stderr.count("\n") == 1, done.output
    assert "Traceback" not in done.stderr
    return done.exit_code, done.stderr


@pytest.mark.parametrize("style", STYLES)
def test_an_empty_folder_is_one_line(tmp_path, style):
    code, line = refused(tmp_path, "--format", style)
    assert code == 2 and "no ganbench results here (manifest.json is missing)" in line


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    assert refused(tmp_path / "nowhere")[0] == 2


def test_a_manifest_without_trials_is_one_line(tmp_path):
    store = folder_of(tmp_path / "run")
    code, line = refused(store.root)
    assert code != 0 and "nothing was planned here" in line


def test_unknown_columns_are_one_line(tmp_path):
    store = folder_of(tmp_path / "run", completed())
    assert "did you mean 'fd-pixels'" in refused(store.root, "--columns", "fd-pixel")[1]
    assert "did you mean 'images/s'" in refused(store.root, "--sort", "images")[1]


def test_a_column_without_a_direction_in_the_configuration_is_one_line(tmp_path):
    store = folder_of(tmp_path / "run", completed())
    store.write("config.toml", 'headline = ["fd-floor"]\n')
    code, line = refused(store.root)
    assert code == 2 and "no better direction" in line


@pytest.mark.parametrize("content", [b"headline = [", b"\xff\xfe", b"", b"headline = 3\n"])
def test_a_damaged_configuration_costs_no_table(tmp_path, content):
    store = folder_of(tmp_path / "run", completed())
    (store.root / "config.toml").write_bytes(content)
    for style in STYLES:
        assert run(store, "--format", style)


def test_a_damaged_record_is_one_line(tmp_path):
    store = folder_of(tmp_path / "run", completed("t0"), completed("t1", seed=1))
    path = store.root / "trials" / "t0" / "record.json"
    path.write_text(path.read_text()[:-20])
    assert "not a whole record" in refused(store.root)[1]


def test_a_record_that_is_gone_is_a_missing_trial(tmp_path):
    store = folder_of(tmp_path / "run", completed("t0"), completed("t1", seed=1))
    shutil.rmtree(store.root / "trials" / "t0")
    assert "1 missing" in run(store)


# --------------------------------------------------------------------------- formats agree


@pytest.mark.parametrize("name", FOLDERS)
def test_the_value_of_every_row_is_the_same_text_in_every_document(name):
    headlines = committed(name)
    markdown = to_text(headlines, "md", name).replace("\u00a0", " ")
    latex = to_text(headlines, "latex", name)
    html = notebook.to_html(headlines)
    for headline in headlines:
        for row in headline.rows:
            text = row.cells["primary"].text
            for document in (markdown, latex, html):
                assert text in document


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("style", FORMATS)
def test_no_format_names_a_home_folder(name, style):
    text = to_text(committed(name), style, name)
    assert text and "/root" not in text and "/home" not in text
    assert str(RESULTS.parent) not in text
