import csv
import dataclasses
import io
import json
import math

import pandas as pd
import pytest
from rich.console import Console
from toys import make_record, make_score, make_trial

from ganbench import cells, render, table, table_views

COST = {
    "timed_images": 6000,
    "train_seconds": 4.0,
    "compile_seconds": 0.25,
    "peak_memory_mib": 512.0,
    "parameters": {"generator": 114_064, "discriminator": 100_609},
}


def completed(identifier, value, **changes):
    trial = make_trial(identifier, **changes)
    return trial, make_record(trial, scores=[make_score(value)], **COST)


@pytest.fixture
def sections():
    failed = make_trial("t2", backend="odd_one", model="mlp[width=8]")
    pairs = [
        completed("t0", 1.5),
        completed("t1", 2.5, seed=1),
        (failed, make_record(failed, status="diverged", reason="broke")),
        (make_trial("t3", backend="odd_one", model="mlp[width=8]", seed=1), None),
        completed("t4", 0.0625, backend="numpy", model="real", loss="none"),
    ]
    return table.build([trial for trial, _ in pairs], [found for _, found in pairs if found])


# --------------------------------------------------------------------------- Markdown

GOLDEN = """\
**specks, budget images=80, 1 thread**

*features of pixels*

| backend | model | loss | n | fd ↓ |
| --- | --- | --- | ---: | ---: |
| toy | toy | hinge | 2 | 1.50 · 2.50 |
| odd\\_one | mlp\\[width=8\\] | hinge | 0 of 2 (1 failed, 1 missing) | — |
| numpy | real | none | 1 | 0.0625 |

*costs*

| backend | model | loss | images/s | compile s | peak MiB | parameters |
| --- | --- | --- | ---: | ---: | ---: | ---: |
| toy | toy | hinge | 1,500 | 0.250 | 512 | 214,673 |
| odd\\_one | mlp\\[width=8\\] | hinge | — | — | — | — |
| numpy | real | none | 1,500 | 0.250 | 512 | 214,673 |

- Mean and 95 % interval over the n seeds, or each value where they are four or fewer, of the \
final model at the end of the budget. images/s leaves out compilation and scoring.
- A failed trial counts as the worst value of its column.
- Features pixels-1, 20 samples against 24 of the test split: frechet version 1, fd-floor 0.250.
"""


def test_markdown_is_the_golden_text(sections):
    assert render.to_text(sections, "md") == GOLDEN


def test_a_result_that_happens_to_be_constant_is_not_said_in_the_caption(sections):
    (section,) = sections
    columns = [
        dataclasses.replace(column, direction="higher") if column.is_beside else column
        for column in section.columns
    ]
    assert "fd-floor 0.250" in " ".join(table_views.captions(section))
    result = dataclasses.replace(section, columns=columns)
    assert "fd-floor 0.250" not in " ".join(table_views.captions(result))


@pytest.mark.parametrize("character", list("\\|`<[]*_~"))
def test_no_cell_is_read_as_markup(character):
    trial, found = completed("t0", 1.0, model=f"a{character}b")
    line = render.to_text(table.build([trial], [found]), "md").splitlines()[6]
    assert f"| a\\{character}b |" in line
    assert line.replace("\\|", "").count("|") == 6


# --------------------------------------------------------------------------- numbers


def cell(points, mark="", **parts):
    """The cell of these values."""
    mean = sum(points) / len(points) if points else None
    row = {"x": mean, "x_points": points, "x_mark": mark}
    return cells.measured({**row, **{f"x_{name}": value for name, value in parts.items()}}, "x")


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ([214673.0], "214,673"),
        ([214673.0, 214673.0], "214,673"),
        ([8.0], "8"),
        ([7.75, 8.25], "7.75 · 8.25"),
        ([8.0, 8.0, 9.5], "8.00 · 8.00 · 9.50"),
        ([-0.25, 0.25], "-0.250 · 0.250"),
        ([0.0], "0"),
        ([120.456, 130.2], "120 · 130"),
        ([0.00123456, 0.00234], "0.00123 · 0.00234"),
        ([1.5e-7, 2.5e-7], "1.5e-07 · 2.5e-07"),
        ([-0.0123], "-0.0123"),
        ([0.0, 0.0001], "0 · 0.000100"),
        ([], "—"),
    ],
)
def test_few_values_are_all_told_with_about_three_digits(points, text):
    assert cell(points).text == text


@pytest.mark.parametrize(
    ("points", "low", "high", "text"),
    [
        ([1.0, 2.0, 3.0, 4.0, 10.0], 1.8, 7.25, "4.00 [1.80, 7.25]"),
        ([100.4, 100.5, 123.0, 130.0, 150.0], 101.26, 139.9, "121 [101, 140]"),
        ([10.0] * 10, 10.0, 10.0, "10"),
    ],
)
def test_of_more_there_is_the_mean_and_the_interval(points, low, high, text):
    assert cell(points, low=low, high=high).text == text


def test_marks_are_told_apart():
    best, tied = cell([1.0], "best"), cell([1.0], "tied")
    assert (best.text, best.is_best, tied.text, tied.is_best) == ("1", True, "1 ~", False)


@pytest.fixture
def ranked():
    """Two rows of five seeds, one of them better."""
    pairs = [
        completed(f"{model}{seed}", value + 0.1 * seed, model=model, seed=seed)
        for model, value in (("good", 1.0), ("bad", 3.0))
        for seed in range(5)
    ]
    return table.build([trial for trial, _ in pairs], [found for _, found in pairs])


def test_the_best_is_bold_everywhere_and_the_caption_says_what_bold_means(ranked):
    text = render.to_text(ranked, "md")
    assert "| **1.20 \\[1.02, 1.38\\]** |" in text and "| 3.20 \\[3.02, 3.38\\] |" in text
    assert "Bold: better than every other row" in text
    assert r"\textbf{1.20 {[}1.02, 1.38{]}}" in render.to_text(ranked, "latex")
    rows = json.loads(render.to_text(ranked, "json"))
    assert [row["fd-pixels_mark"] for row in rows] == ["best", ""]
    assert rows[0]["fd-pixels_low"] == pytest.approx(1.02, abs=0.01)


def test_what_cannot_be_told_from_the_best_is_marked():
    values = {"one": [1.0, 2.0, 3.0, 4.0, 5.0], "two": [5.0, 4.0, 3.0, 2.0, 1.5]}
    pairs = [
        completed(f"{model}{seed}", value, model=model, seed=seed)
        for model, row in values.items()
        for seed, value in enumerate(row)
    ]
    text = render.to_text(table.build([trial for trial, _ in pairs], [f for _, f in pairs]), "md")
    assert text.count(r" \~ |") == 2


# --------------------------------------------------------------------------- JSON and CSV


def test_json_has_the_promised_keys_and_null_for_what_is_not_known(sections):
    text = render.to_text(sections, "json")
    assert "NaN" not in text
    rows = json.loads(text)
    promised = {
        *("backend", "model", "loss", "dataset", "budget", "n", "planned", "failed", "missing"),
        *("images_per_second", "compile_seconds", "train_seconds", "peak_memory_mib"),
        *("parameters", "fd-pixels", "fd-pixels_sd", "fd-floor-pixels"),
    }
    assert all(promised <= set(row) for row in rows)
    assert [row["fd-pixels"] for row in rows] == [2.0, None, 0.0625]
    assert rows[0]["fd-pixels_sd"] == pytest.approx(math.sqrt(0.5))
    assert rows[0]["images_per_second"] == 1500 and rows[0]["n"] == 2
    assert (rows[1]["failed"], rows[1]["missing"], rows[1]["parameters"]) == (1, 1, None)


def test_csv_is_read_back_by_pandas_as_the_same_numbers(sections):
    frame = pd.read_csv(io.StringIO(render.to_text(sections, "csv")))
    expected = table.to_frame(sections)
    assert list(frame.columns) == list(expected.columns)
    for name in ("fd-pixels", "fd-pixels_sd", "images_per_second", "n", "failed"):
        assert frame[name].tolist() == pytest.approx(
            expected[name].astype(float).tolist(), nan_ok=True
        )
    assert frame["model"].tolist() == ["toy", "mlp[width=8]", "real"]


def test_csv_has_one_line_per_row(sections):
    lines = list(csv.reader(io.StringIO(render.to_text(sections, "csv"))))
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1


def test_sections_without_any_value_are_written_without_a_warning(sections):
    trial = make_trial("t9", budget="images=160")
    more = [*sections, *table.build([trial], [])]
    for style in ("md", "csv", "json", "latex"):
        assert render.to_text(more, style)
    assert [row["n"] for row in json.loads(render.to_text(more, "json"))] == [2, 0, 1, 0]


# --------------------------------------------------------------------------- LaTeX


def test_latex_escapes_what_latex_would_read(sections):
    text = render.to_text(sections, "latex")
    for command in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(command) == 2
    assert text.count(r"\begin{tabular}{lllrr}") == text.count(r"\begin{tabular}{lllrrrr}") == 1
    assert r"odd\_one" in text and "odd_one" not in text
    assert r"1.50 $\cdot$ 2.50" in text and r"$\downarrow$" in text
    assert not set("↑↓·—~") & set(text)
    assert text.count("{") == text.count("}")
    for line in text.splitlines():
        if line.endswith(r"\\"):
            assert line.count("&") in (4, 6)


def test_latex_escapes_the_caption_too():
    trial, found = completed("t0", 1.0, dataset="my_set[share=5%]")
    text = render.to_text(table.build([trial], [found]), "latex")
    assert r"my\_set{[}share=5\%{]}" in text
    assert "my_set" not in text


# --------------------------------------------------------------------------- terminals


def shown(sections, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render.to_rich(sections))
    return console.export_text()


@pytest.mark.parametrize("width", [100, 200])
def test_a_terminal_shows_quality_and_then_costs_and_cuts_nothing_off(sections, width):
    text = shown(sections, width)
    assert text.count("backend") == 2 and "…" not in text
    assert text.index("1.50 · 2.50") < text.index("1,500")
    for part in ("odd_one", "mlp[width=8]", "0 of 2", "frechet version 1"):
        assert part in text
