import csv
import dataclasses
import io
import json
import math

import pandas as pd
import pytest
from rich.console import Console
from toys import make_record, make_score, make_trial

from ganbench import render, table

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

| backend | model | loss | n | fd-pixels ↓ | images/s | compile s | peak MiB | parameters |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| toy | toy | hinge | 2 | 2.00 ± 0.71 | 1,500 | 0.250 | 512 | 214,673 |
| odd\\_one | mlp\\[width=8\\] | hinge | 0 of 2 (1 failed, 1 missing) | — | — | — | — | — |
| numpy | real | none | 1 | 0.0625 | 1,500 | 0.250 | 512 | 214,673 |

Mean ± standard deviation over n seeds, of the final model at the end of the budget. \
images/s leaves out compilation and scoring.
frechet version 1, features pixels-1, 20 samples against 24 of the test split; \
fd-pixels-floor 0.250.
"""


def test_markdown_is_the_golden_text(sections):
    assert render.to_text(sections, "md") == GOLDEN


def test_a_result_that_happens_to_be_constant_is_not_said_in_the_caption(sections):
    (section,) = sections
    columns = [
        dataclasses.replace(column, direction="higher") if column.is_beside else column
        for column in section.columns
    ]
    assert "fd-pixels-floor" in " ".join(render.captions(section))
    result = dataclasses.replace(section, columns=columns)
    assert "fd-pixels-floor" not in " ".join(render.captions(result))


@pytest.mark.parametrize("character", list("\\|`<[]*_"))
def test_no_cell_is_read_as_markup(character):
    trial, found = completed("t0", 1.0, model=f"a{character}b")
    line = render.to_text(table.build([trial], [found]), "md").splitlines()[4]
    assert f"| a\\{character}b |" in line
    assert line.replace("\\|", "").count("|") == 10


# --------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("mean", "spread", "text"),
    [
        (214673.0, None, "214,673"),
        (214673.0, 0.0, "214,673"),
        (8.0, None, "8"),
        (8.0, 0.25, "8.00 ± 0.25"),  # a whole mean is no reason to hide the spread
        (0.0, 0.25, "0.000 ± 0.250"),
        (0.0, None, "0"),
        (123.456, 7.89, "123 ± 8"),
        (12.3456, 0.789, "12.3 ± 0.8"),
        (1.23456, 0.0789, "1.23 ± 0.08"),
        (0.00123456, 0.000789, "0.00123 ± 0.00079"),
        (1234567.8, 12.0, "1,234,568 ± 12"),
        (-0.0123, None, "-0.0123"),
        (None, None, "—"),
        (math.nan, 1.0, "—"),
    ],
)
def test_numbers_have_about_three_digits_and_never_hide_a_spread(mean, spread, text):
    assert render._mean_and_spread(mean, spread) == text


# --------------------------------------------------------------------------- JSON and CSV


def test_json_has_the_promised_keys_and_null_for_what_is_not_known(sections):
    text = render.to_text(sections, "json")
    assert "NaN" not in text
    rows = json.loads(text)
    promised = {
        *("backend", "model", "loss", "dataset", "budget", "n", "planned", "failed", "missing"),
        *("images_per_second", "compile_seconds", "train_seconds", "peak_memory_mib"),
        *("parameters", "fd-pixels", "fd-pixels_sd", "fd-pixels-floor"),
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
    for command in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{lllrrrrrr}"):
        assert text.count(command) == 1
    assert r"odd\_one" in text and "odd_one" not in text
    assert r"2.00 $\pm$ 0.71" in text and r"$\downarrow$" in text
    assert not set("↑↓±—") & set(text)
    assert text.count("{") == text.count("}")
    for line in text.splitlines():
        if line.endswith(r"\\"):
            assert line.count("&") == 8


def test_latex_escapes_the_caption_too():
    trial, found = completed("t0", 1.0, dataset="my_set[share=5%]")
    text = render.to_text(table.build([trial], [found]), "latex")
    assert r"my\_set[share=5\%]" in text
    assert "my_set" not in text


# --------------------------------------------------------------------------- terminals


def shown(sections, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render.to_rich(sections, width))
    return console.export_text()


def test_a_wide_terminal_shows_one_table_with_everything(sections):
    text = shown(sections, 200)
    assert text.count("backend") == 1
    for part in ("odd_one", "mlp[width=8]", "2.00 ± 0.71", "1,500", "0 of 2", "frechet version 1"):
        assert part in text


def test_a_narrow_terminal_shows_quality_and_cost_one_below_the_other(sections):
    text = shown(sections, 100)
    assert text.count("backend") == 2
    assert text.index("2.00 ± 0.71") < text.index("1,500")
    assert "…" not in text
