"""Headlines as Markdown and LaTeX."""

import re
import shutil
import subprocess

import pytest
from headlines import completed, headline_of

from ganbench.report.text import MOST_COLUMNS, document_grid, to_latex, to_markdown
from report.tables import FOLDERS, MADE, committed, tied, usual, won

GOLDEN = """\
**specks · toy · 80 images each · 2 to 5 seeds · 1 thread**

with r1\\[gamma=0.1\\]

| model | loss | fd ↓ | interval or seeds | images/s | n | remark |
| --- | --- | ---: | --- | ---: | ---: | --- |
| a\\_b | hinge+r1 | \\~ 1.00 | \\[0.90, 1.10\\] | 120 | 5 |  |
| mlp\\[width=8\\] | hinge+r1 | 3.05 | \\[2.90, 3.20\\] | 120 | 5 |  |
| *not ranked: 1 seed each* |  |  |  |  |  |  |
| mlp\\[width=9\\] | lsgan | failed | 2.00 · fails | 120 | 1/2 | 1 of 2 failed |
| *for scale* |  |  |  |  |  |  |
| *real* |  | *0.10* |  |  | *5* |  |
| *pixel-gaussian* |  | *0.51* | *0.50 · 0.51 · 0.52* |  | *3* |  |

Best fd: a\\_b hinge+r1, 1.00. Every other ranked row is worse; some rows have too few seeds to be \
ranked. \
For scale: real images 0.10 and pixel-gaussian 0.51. \
1 of 20 trials failed: --notes says why.

- A value is the median over the seeds."""


def test_markdown_is_the_golden_text():
    text = to_markdown([usual()])
    cells = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    assert " · " not in cells and "\u00a0·\u00a0" in cells
    assert text.replace("\u00a0", " ").startswith(GOLDEN)


def test_the_best_is_bold_and_ties_are_not():
    assert "| **1.00** |" in to_markdown([won()])
    text = to_markdown([tied()])
    assert text.count("| \\~\u00a01.00 |") == 1 and text.count("\\~\u00a0") == 2
    assert "**1.00**" not in text


def test_reference_rows_alone_are_in_italics():
    text = to_markdown([usual()])
    rows = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    italic = [line for line in rows[1:] if re.search(r"(?<!\*)\*[^*]+\*(?!\*)", line)]
    assert len(italic) == 4  # two headings of groups and two reference rows


@pytest.mark.parametrize("name", FOLDERS)
def test_committed_tables_have_seven_columns_and_no_ordinary_space_in_a_number(name):
    for headline in committed(name):
        grid = document_grid(headline)
        assert len(grid.headings) <= MOST_COLUMNS == 7
        numbers = [
            place
            for place, heading in enumerate(grid.headings)
            if heading.is_number or heading.text in SPREADS
        ]
        assert numbers
        lines = [line for line in to_markdown([headline]).splitlines() if line.startswith("|")]
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
        for row in rows:
            assert len(row) == len(grid.headings)
            assert all(" " not in row[place].strip(" ") for place in numbers)
        assert len(rows) >= len(headline.rows)


SPREADS = ("95 % interval", "each seed", "interval or seeds")


def test_columns_beyond_the_seventh_give_way_by_priority():
    (headline,) = committed("digits-losses")
    assert [item.text for item in document_grid(headline).headings] == [
        *("loss", "backend", "fd ↓", "interval or seeds", "coverage ↑", "images/s", "n")
    ]


def test_several_tables_stand_below_each_other():
    text = to_markdown(committed("mixtures"))
    assert text.count("| model | loss | backend |") == 2
    assert text.index("**ring · ") < text.index("**grid · ")


@pytest.mark.parametrize("name", MADE)
def test_every_kind_of_table_is_written(name):
    headline = MADE[name]()
    text = to_markdown([headline])
    assert headline.sentences[0].split(":")[0] in text.replace("\\", "")
    check_latex(to_latex([headline]))


def test_no_headline_is_an_empty_text():
    assert to_markdown([]) == to_latex([]) == ""


# --------------------------------------------------------------------------- LaTeX


def check_latex(text):
    assert text.count("{") - text.count("\\{") == text.count("}") - text.count("\\}")
    begun = re.findall(r"\\begin\{(\w+)\}", text)
    ended = re.findall(r"\\end\{(\w+)\}", text)
    assert sorted(begun) == sorted(ended) and begun[::2] == ["table"] * (len(begun) // 2)
    for command in (r"\toprule", r"\bottomrule"):
        assert text.count(command) == begun.count("tabular")
    assert not set("↑↓·—~…") & set(text.replace(r"$^{\sim}$", ""))
    for part in text.split(r"\begin{tabular}")[1:]:
        columns = re.match(r"\{([lr]+)\}", part)[1]
        body = part.partition(r"\end{tabular}")[0]
        for line in body.splitlines():
            if line.endswith(r"\\") and r"\multicolumn" not in line:
                assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1, line
    return text


@pytest.mark.parametrize("name", FOLDERS)
def test_committed_tables_are_balanced_latex(name):
    check_latex(to_latex(committed(name)))


def test_latex_escapes_what_latex_would_read():
    text = to_latex([usual()])
    assert r"a\_b" in text and "a_b" not in text
    assert r"2.00 $\cdot$ fails" in text and r"fd $\downarrow$" in text
    assert r"{[}0.90, 1.10{]}" in text
    assert r"\emph{real}" in text
    assert r"$^{\sim}$ 1.00" in text
    assert r"\textbf{1.00}" in to_latex([won()])


def test_latex_escapes_the_caption_too():
    text = to_latex([headline_of(completed(dataset="my_set[share=5%]"))])
    assert r"my\_set{[}share=5\%{]}" in text and "my_set" not in text
    assert "95 \\% interval of the median" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", FOLDERS)
def test_committed_tables_compile(name, tmp_path):
    source = (
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
        + to_latex(committed(name))
        + "\\end{document}\n"
    )
    (tmp_path / "table.tex").write_text(source, "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-2000:]
