"""The headline in a terminal: golden texts, and what holds at every width."""

import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from headlines import completed, folder_of, headline_of, many

from ganbench.cli import main
from ganbench.cli_output import STYLES, output, print_headlines
from ganbench.report import wide
from ganbench.report.layout import fitting
from ganbench.report.notes import notes
from ganbench.report.terminal import PLAIN_SIGNS, Screen, grid_lines, heading_lines, headline_lines
from report.tables import FOLDERS, MADE, committed, plain, tied, usual, won

EVERY_WIDTH = ("digits-losses", "fashion-long")
MARKED = "`*` (bold)"


def shown(headline, width, **options):
    return plain(headline_lines(headline, Screen(width, **options)))


GOLDEN = """\
 specks · hinge · toy · 80 images each · 5 seeds · 1 thread

    model  fd ↓  95 % interval  0.900                    3.20  images/s  train s
 ───────────────────────────────────────────────────────────────────────────────
 *  a      1.00  [0.90, 1.10]   ─●─                                 120    0.500
    b      3.05  [2.90, 3.20]                           ──●──       120    0.500
 for scale ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
    real   0.10                 ‹

 Best fd: a, 1.00, ahead of every other ranked row. Differences below a factor
   of 1.13 may go unnoticed.
 For scale: real images 0.10.
"""
GOLDEN_OF_A_FAILURE = """\
 specks · toy · 80 images each · 2 to 5 seeds · 1 thread
 with r1[gamma=0.1]

    model         loss        fd ↓  interval or seeds   images/s  remark
 ──────────────────────────────────────────────────────────────────────────────
 ~  a_b           hinge+r1    1.00  [0.90, 1.10]             120
    mlp[width=8]  hinge+r1    3.05  [2.90, 3.20]             120
 not ranked: 1 seed each ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
    mlp[width=9]  lsgan     failed  2.00 · fails             120  1 of 2 failed
 for scale ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
    real                      0.10
    pixel-gaussian            0.51  0.50 · 0.51 · 0.52

 Best fd: a_b hinge+r1, 1.00. Every other ranked row is worse; some rows have
   too few seeds to be ranked. Differences below a factor of 1.13 may go
   unnoticed.
 For scale: real images 0.10 and pixel-gaussian 0.51.
 1 of 20 trials failed: --notes says why.
"""


def test_failures_and_rows_that_are_not_ranked_are_the_golden_text():
    assert "\n".join(shown(usual(), 80)) + "\n" == GOLDEN_OF_A_FAILURE


def test_a_table_is_the_golden_text():
    assert "\n".join(shown(won(), 80)) + "\n" == GOLDEN


# --------------------------------------------------------------------------- every width


def widths(name):
    return range(60, 201) if name in EVERY_WIDTH else range(60, 201, 7)


@pytest.mark.parametrize("name", FOLDERS)
def test_at_every_width_committed_tables_fit_and_show_every_value(name):
    for headline in committed(name):
        for width in widths(name):
            check(headline, width)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("width", [20, 39, 40, 50, 60, 80, 120, 200])
def test_at_every_width_made_tables_fit(name, width):
    headline = MADE[name]()
    if width >= 40:
        check(headline, width)
    assert all(len(line) <= width for line in shown(headline, width))


def check(headline, width):
    grid = fitting(headline, width)
    lines = plain(grid_lines(grid, Screen(width)))
    assert max(map(len, lines)) <= width, (width, lines)
    headings = [item.text.strip() for item in grid.headings]
    rows = [row for row in grid.rows if row.rule is None]
    assert len(rows) == len(headline.rows)
    if headline.primary is not None:
        place = headings.index(shown_heading(headline))
        for own, row, line in zip(headline.rows, rows, whole_rows(lines), strict=True):
            value = own.cells["primary"].text
            assert row.cells[place].text.strip() == value
            assert value in line.split(), (width, line)
    names = [name_of(grid, row) for row in rows]
    assert len(set(names)) == len(names), (width, names)
    assert all(len(line) <= width for line in shown(headline, width))


def shown_heading(headline):
    arrow = {"lower": " ↓", "higher": " ↑"}[headline.primary.direction]
    return headline.primary.short_name + arrow


def whole_rows(lines):
    """The lines of rows: no heading and no rule."""
    return [line for line in lines[2:] if "╌" not in line]


def name_of(grid, row):
    marks = grid.headings[0].text == ""
    return tuple(cell.text for cell in row.cells[marks : grid.identity])


@pytest.mark.parametrize("name", EVERY_WIDTH)
def test_eighty_columns_and_forty_lines_show_value_spread_and_speed(name):
    (headline,) = committed(name)
    lines = shown(headline, 80)
    assert len(lines) <= 40
    for row in headline.rows:
        texts = [row.cells[key].text for key in ("primary", "spread", "speed")]
        assert any(all(text in line for text in texts) for line in lines), row.name


def test_columns_come_in_the_order_of_their_priority():
    (headline,) = committed("digits-losses")
    assert headings_at(headline, 60) == ["", "loss", "backend", "fd ↓", "images/s", "n"]
    assert headings_at(headline, 80) == [
        *("", "loss", "backend", "fd ↓", "interval or seeds", "images/s", "n")
    ]
    assert headings_at(headline, 100)[5] == "coverage ↑"
    wide = headings_at(headline, 160)
    assert wide[-4:] == ["images/s", "n", "train s", "peak MiB"]
    assert wide[6:8] == ["coverage ↑", "recall ↑"]


def headings_at(headline, width):
    return [item.text.strip() for item in fitting(headline, width).headings]


def test_costs_of_last_priority_appear_only_where_all_others_do():
    for width in widths("digits-losses"):
        headings = headings_at(committed("digits-losses")[0], width)
        if "train s" in headings:
            assert {"coverage ↑", "recall ↑", "n", "interval or seeds"} <= set(headings)


def test_where_the_spread_does_not_fit_its_short_form_is_shown():
    values = {"a": [1.011, 1.022, 1.033, 1.044], "b": [2.0, 2.1, 2.2, 2.3]}
    headline = headline_of(
        *(pair for name, own in values.items() for pair in many(name, own, model=name))
    )
    assert "1.01 · 1.02 · 1.03 · 1.04" in "\n".join(shown(headline, 80))
    narrow = "\n".join(shown(headline, 45))
    assert "1.01 … 1.04" in narrow and "1.01 · 1.02" not in narrow


def test_below_forty_columns_a_row_has_two_lines():
    lines = shown(won(), 30)
    assert lines[lines.index(" a") + 1].split() == ["*", "fd", "1.00"]
    assert lines[lines.index(" real") + 1].split() == ["fd", "0.10"]


# --------------------------------------------------------------------------- names


LONG = "x" * 200


def test_names_of_two_hundred_characters_are_cut_and_stay_apart():
    pairs = [*many("a", [1.0, 2.0], model=f"{LONG}a"), *many("b", [1.5, 2.5], model=f"{LONG}b")]
    headline = headline_of(*pairs)
    for width in (40, 60, 80, 120, 200):
        check(headline, width)
    assert any("…" in line for line in shown(headline, 80))


def test_thirty_losses_with_options_fit():
    pairs = [
        completed(f"t{place}", 1.0 + place, loss=f"non-saturating+r1[gamma={place}]", backend=name)
        for place, name in enumerate(("torch", "tensorflow") * 15)
    ]
    headline = headline_of(*pairs)
    for width in range(40, 201, 20):
        check(headline, width)


def test_two_rows_that_differ_in_one_option_have_two_names_at_every_width():
    options = "gamma=0.1,annealed=false,every="
    pairs = [
        completed(f"t{place}", 1.5 + place, loss=f"non-saturating+r1[{options}{place}]")
        for place in (1, 2)
    ]
    headline = headline_of(*pairs)
    assert headline.shared == ("r1[gamma=0.1,annealed=false]",)
    for width in range(40, 121, 5):
        check(headline, width)


# --------------------------------------------------------------------------- notes and sentences


@pytest.mark.parametrize("name", FOLDERS)
def test_without_notes_no_line_explains_a_mark(name):
    for headline in committed(name):
        lines = "\n".join(shown(headline, 200))
        assert MARKED not in lines and "is the median over the seeds" not in lines
        assert "compared together" not in lines
        explained = "\n".join(notes(headline))
        assert "is the median over the seeds" in explained


def test_the_first_sentence_tells_the_detectable_difference():
    line = shown(tied(), 200)[-1]
    assert line.startswith(" Best fd: a, 1.00. One other, marked ~, cannot be told from it. ")
    assert line.endswith(" may go unnoticed.") and "Differences below a factor of 1." in line


def test_shared_options_stand_below_the_title():
    lines = plain(heading_lines(usual(), Screen(80)))
    assert lines[1] == " with r1[gamma=0.1]"
    assert plain(heading_lines(won(), Screen(80)))[1:] == []


# --------------------------------------------------------------------------- characters


@pytest.mark.parametrize("name", FOLDERS)
def test_without_unicode_every_character_is_ascii_and_lines_still_fit(name):
    for headline in committed(name):
        for width in (60, 80, 120, 160):
            lines = shown(headline, width, is_unicode=False)
            assert "".join(lines).isascii()
            assert "?" not in "".join(lines).replace("(?)", "").replace("?", "", count(headline))
            assert max(map(len, lines)) <= width


def count(headline):
    """Speeds that are doubtful; there is no other question mark."""
    return sum(row.cells["speed"].text.endswith("?") for row in headline.rows)


def test_signs_have_their_plain_form():
    screen = Screen(80, is_unicode=False)
    assert screen.write("fd ↓ · [0.1] … ──●── é") == "fd lower | [0.1] .. --|-- e"
    assert Screen(80).write("fd ↓ · …") == "fd ↓ · …"
    assert all(plain_sign.isascii() for plain_sign in PLAIN_SIGNS.values())


def test_every_style_of_a_line_is_known():
    used = {
        style.partition("[")[0]
        for headline in (usual(), won(), tied(), committed("digits-losses")[0])
        for line in headline_lines(headline, Screen(120))
        for _, style in line
    }
    assert used - {""} <= {*STYLES, "backend:toy", "backend:numpy"}
    assert {"bold", "dim", "best", "tied", "backend:torch"} <= used


# --------------------------------------------------------------------------- the command


def table(folder, *options, charset="utf-8", **environment):
    """What `ganbench table` prints into a pipe, as bytes."""
    arguments = ["table", str(folder), "--no-report", *options]
    done = CliRunner(charset=charset, env={"NO_COLOR": None, **environment}).invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return done.stdout_bytes


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a winner."""
    root = tmp_path_factory.mktemp("small") / "run"
    pairs = [*many("a", [1.0, 1.1, 0.9], model="a"), *many("b", [3.0, 3.2, 2.9], model="b")]
    return folder_of(root, *pairs).root


@pytest.mark.parametrize(
    "environment",
    [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}],
    ids=["pipe", "NO_COLOR", "dumb"],
)
@pytest.mark.parametrize("options", [(), ("--all", "--notes")], ids=["headline", "all"])
def test_a_pipe_gets_no_escape_code(small, environment, options):
    assert b"\x1b" not in table(small, *options, **environment)


def test_a_pipe_is_two_hundred_columns_wide(small):
    text = table(small).decode()
    assert "○" in text  # wide enough for drawings
    assert (
        text.splitlines()[-1] == f" more   ganbench table {small} and --all | --notes | --columns"
    )


@pytest.mark.parametrize("is_plain", [True, False])
def test_a_terminal_has_styles_unless_colours_are_unwanted(capsys, monkeypatch, is_plain):
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if is_plain:
        monkeypatch.setenv("NO_COLOR", "1")
    print_headlines([tied()], output())
    printed = capsys.readouterr().out
    assert ("\x1b" in printed) != is_plain
    clean = re.sub(r"\x1b\[[0-9;]*m", "", printed).splitlines()
    assert clean == shown(tied(), 80)


@pytest.mark.parametrize("options", [(), ("--all", "--notes")], ids=["headline", "all"])
def test_an_ascii_output_gets_ascii_only(small, options):
    printed = table(small, *options, charset="ascii")
    assert printed.isascii() and b"fd lower" in printed and b" | " in printed


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["PYTHONIOENCODING", "C"],
)
def test_an_ascii_locale_gets_ascii_only(small, environment):
    done = subprocess.run(
        [sys.executable, "-m", "ganbench.cli", "table", str(small), "--no-report", "--all"],
        capture_output=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and b"fd lower" in done.stdout


def test_an_ascii_locale_does_not_break_on_a_folder_with_other_letters(small, tmp_path):
    (tmp_path / "été").symlink_to(small)
    printed = table(tmp_path / "été", charset="ascii")
    assert printed.isascii() and printed.splitlines()[-1].startswith(b" more ")


@pytest.mark.parametrize("options", [(), ("--notes",), ("--all",), ("--columns", "fd,images/s,n")])
def test_nothing_follows_the_more_line(small, options):
    lines = table(small, *options).decode().splitlines()
    assert [place for place, line in enumerate(lines) if line.startswith(" more ")] == [
        len(lines) - 1
    ]


def test_several_tables_have_their_own_sentences_and_links_once(tmp_path):
    pairs = [completed("t0"), completed("t1", dataset="dots")]
    text = table(folder_of(tmp_path / "run", *pairs).root).decode()
    assert text.count("One seed is too few to name a winner") == 2
    assert text.count(" more   ganbench table") == 1


def test_notes_of_several_tables_are_printed_once_each(tmp_path):
    pairs = [completed("t0"), completed("t1", dataset="dots")]
    text = table(folder_of(tmp_path / "run", *pairs).root, "--notes").decode()
    assert text.count("A value is the median over the seeds.") == 1


def test_notes_are_printed_only_where_they_are_asked_for(small):
    assert MARKED not in table(small).decode()
    assert MARKED in table(small, "--notes").decode()


def test_the_links_of_committed_folders_fit_eighty_columns():
    for name in FOLDERS:
        assert len(f" page   results/{name}/report.html") <= 80


@pytest.mark.parametrize("width", [60, 72, 80])
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_cell_of_every_column_is_broken(folder, width):
    for headline in committed(folder):
        for grid in wide.every_column(headline):
            lines = ["".join(text for text, _ in line) for line in grid_lines(grid, Screen(width))]
            assert max(map(len, lines)) <= width, lines
