"""Tables of texts: widths, splits, and what each format escapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.report.grid import (
    Grid,
    GridCell,
    GridRow,
    Heading,
    escape,
    latex,
    latex_text,
    markdown,
    split,
    terminal_lines,
)


def grid(*rows, headings=("name", "fd", "n"), identity=1):
    kinds = [Heading(headings[0], False), *map(Heading, headings[1:])]
    made = [row if isinstance(row, GridRow) else GridRow(list(map(GridCell, row))) for row in rows]
    return Grid("", kinds, made, identity)


def lines(own):
    return ["".join(text for text, _ in line).rstrip() for line in terminal_lines(own, "─", "╌")]


def test_a_terminal_has_texts_on_the_left_and_numbers_on_the_right():
    own = grid(("hinge", "0.343", "10"), GridRow(rule="for scale"), ("real", "1,234.0", "3"))
    assert lines(own) == [
        " name        fd   n",
        " ──────────────────",
        " hinge    0.343  10",
        " for scale ╌╌╌╌╌╌╌╌",
        " real   1,234.0   3",
    ]


def test_a_name_may_run_over_the_columns_after_it():
    row = GridRow([GridCell("pixel-gaussian", "dim", span=2), GridCell(""), GridCell("3")])
    own = Grid(
        "",
        [Heading("a", False), Heading("b", False), Heading("n")],
        [GridRow(list(map(GridCell, ("x", "y", "1")))), row],
        identity=2,
    )
    assert own.widths() == [1, 11, 1]
    assert lines(own)[2:] == [" x  y            1", " pixel-gaussian  3"]


def test_a_rule_without_text_is_a_line():
    assert lines(grid(("a", "1", "2"), GridRow(rule="")))[-1] == " ╌╌╌╌╌╌╌╌╌╌╌"


def test_a_wide_grid_is_split_by_columns_with_the_names_repeated():
    own = grid(("hinge", "0.343", "10"))
    parts = split(own, 13)
    assert [[item.text for item in part.headings] for part in parts] == [
        *(["name", "fd"], ["name", "n"])
    ]
    assert [part.rows[0].cells[1].text for part in parts] == ["0.343", "10"]
    assert split(own, 80) == [own]


@given(st.integers(20, 200), st.lists(st.integers(1, 12), min_size=1, max_size=20))
def test_every_part_of_a_split_fits_and_no_column_is_lost(width, sizes):
    names = ["name", *(f"c{place}" for place in range(len(sizes)))]
    own = grid(("row", *("x" * size for size in sizes)), headings=names)
    parts = split(own, width)
    assert [item.text for part in parts for item in part.headings[1:]] == names[1:]
    assert all(len(line) <= width for part in parts for line in lines(part))


# --------------------------------------------------------------------------- Markdown


def test_markdown_is_the_golden_text():
    best = GridRow([GridCell("a_b"), GridCell("0.343", "best"), GridCell("0.1 · 0.2")])
    dim = GridRow([GridCell("real", "dim"), GridCell("", "dim"), GridCell("3", "dim")])
    own = Grid(
        "a title",
        [Heading("name", False), Heading("fd ↓"), Heading("each seed", False)],
        [best, GridRow(rule="for scale"), dim],
    )
    assert markdown(own) == (
        "*a title*\n\n"
        "| name | fd ↓ | each seed |\n"
        "| --- | ---: | --- |\n"
        "| a\\_b | **0.343** | 0.1\u00a0·\u00a00.2 |\n"
        "| *for scale* |  |  |\n"
        "| *real* |  | *3* |"
    )


@pytest.mark.parametrize("character", list("\\|`<[]*_~"))
def test_no_cell_is_read_as_markdown(character):
    line = markdown(grid((f"a{character}b", "1", "2"))).splitlines()[2]
    assert f"| a\\{character}b |" in line
    assert line.replace("\\|", "").count("|") == 4
    assert escape(f"a{character}b") == f"a\\{character}b"


# --------------------------------------------------------------------------- LaTeX


def test_latex_is_the_golden_text():
    own = grid(("a_b", "0.343", "10"), GridRow(rule="for scale"), ("real", "0.1", "3"))
    own.rows[0].cells[1] = GridCell("0.343", "best")
    assert latex(own, "5 % of [x]") == (
        "\\begin{table}\n\\centering\n\\caption{5 \\% of {[}x{]}}\n\\begin{tabular}{lrr}\n"
        "\\toprule\nname & fd & n \\\\\n\\midrule\n"
        "a\\_b & \\textbf{0.343} & 10 \\\\\n\\midrule\n"
        "\\multicolumn{3}{l}{\\emph{for scale}} \\\\\n"
        "real & 0.1 & 3 \\\\\n"
        "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        *((character, f"\\{character}") for character in "&%$#_{}"),
        ("\\", "\\textbackslash "),
        ("^", "\\^{}"),
        ("~", "$^{\\sim}$"),
        ("↓", "$\\downarrow$"),
        ("↑", "$\\uparrow$"),
        ("·", "$\\cdot$"),
        ("…", "\\dots{}"),
        ("—", "---"),
        ("[", "{[}"),
    ],
)
def test_no_text_is_read_as_latex(text, command):
    assert latex_text(f"a{text}b") == f"a{command}b"
