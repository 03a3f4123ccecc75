"""Every format on every kind of folder, whole or damaged: it is written, or one line says why."""

import csv
import io
import json
import re
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
from ganbench.report.folder import FILES, FORMATS, to_text, write_page, write_tables
from report.pages import parse
from report.tables import FOLDERS, committed

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


def markdown_rows(text):
    """The cells of a Markdown table's rows, without emphasis and escapes."""
    lines = [line for line in text.replace("\u00a0", " ").splitlines() if line.startswith("| ")]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [
        [re.sub(r"(?<!\\)\*", "", cell).strip().replace("\\", "") for cell in row] for row in rows
    ]


def html_rows(text):
    """The cells of an HTML table's rows."""
    rows = parse(text).one("table").all("tr")
    return [[cell.text for cell in [*row.all("th"), *row.all("td")]] for row in rows]


READERS = {"md": markdown_rows, "html": html_rows}


@pytest.mark.parametrize("style", READERS)
@pytest.mark.parametrize("name", FOLDERS)
def test_the_cells_of_every_row_are_those_of_the_headline(name, style):
    for headline in committed(name):
        own = [headline]
        text = notebook.to_html(own) if style == "html" else to_text(own, style, name)
        head, *rows = READERS[style](text)
        names = [column.name for column in headline.identity]
        assert head[: len(names)] == names
        place = next(at for at, own in enumerate(head) if own.startswith(headline.metric))
        shown = {tuple(row[: len(names)]): row[place] for row in rows if len(row) == len(head)}
        for row in headline.rows:
            value = shown[row.identity]
            mark = "~ " if row.mark == "tied" else ""
            assert value == f"{mark}{row.cells['primary'].text}", row.name


# --------------------------------------------------------------------------- names of computers

SECRET = "/home/bob/x/d.npz"
WHO = "bob@host"


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """A folder whose names, reasons, notes and logs have a path and a user."""
    model = f"toy[path={SECRET}]"
    score = make_score(1.0, unranked=f"{SECRET} of {WHO} is gone")
    changes = {"model": model, "dataset": f"npz[path={SECRET}]"}
    pairs = [completed(f"t{seed}", scores=[score], seed=seed, **changes) for seed in range(3)]
    trial, found = ended("t3", "failed", seed=3, **changes)
    pairs.append((trial, replace(found, reason=f"no file {SECRET} for {WHO}")))
    changes["model"] = f"{model}+{WHO}"
    pairs += [completed(f"u{seed}", 2.0 + seed / 9, seed=seed, **changes) for seed in range(3)]
    store = folder_of(tmp_path_factory.mktemp("private") / "run", *pairs)
    (store.root / "trials" / "t3" / "log.txt").write_text(f'File "{SECRET}", line 1\n{WHO}: no\n')
    store.write("config.toml", f'description = "by {WHO} in {SECRET}"\ndata = "{SECRET}"\n')
    return store


def html_of(store):
    return notebook.to_html(folder.read(store))


WRITERS = {
    **{style: lambda store, style=style: run(store, "--format", style) for style in STYLES},
    "notes": lambda store: run(store, "--notes"),
    "all": lambda store: run(store, "--all", "--notes"),
    "columns": lambda store: run(store, "--columns", "fd,images/s"),
    "pairs": lambda store: run(store, "--pairs", "fd"),
    "notebook": html_of,
    "page": lambda store: write_page(store, folder.read(store)).read_text("utf-8"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_no_output_names_a_folder_a_user_or_a_host(private, writer):
    text = " ".join(WRITERS[writer](private).replace(str(private.root), "").split())
    assert "d.npz" in text  # the name of the file stays
    for secret in ("bob", "/home", "home/", "@host"):
        assert secret not in text, text[max(0, text.find(secret) - 80) :][:160]


def test_the_reason_of_a_failed_trial_is_the_same_text_everywhere(private):
    reason = "no file …/d.npz for …"
    assert reason in " ".join(WRITERS["notes"](private).split())
    assert reason in WRITERS["page"](private)
