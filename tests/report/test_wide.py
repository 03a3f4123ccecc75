"""Tables of many columns: --all, --columns and --target."""

import pytest
from headlines import baseline, completed, ended, headline_of, headlines_of, many, missing
from toys import make_score

from ganbench.columns import Columns
from ganbench.errors import UnknownName
from ganbench.report import wide
from ganbench.report.terminal import Screen, grid_lines
from ganbench.targets import parse
from report.tables import FOLDERS, MADE, committed, plain, usual, won


def texts(grid):
    """Texts of every row, with its rules as one text."""
    return [
        row.rule if row.rule is not None else [cell.text for cell in row.cells] for row in grid.rows
    ]


def headings(grid):
    return [item.text for item in grid.headings]


def test_all_columns_are_the_golden_tables():
    quality, costs = wide.every_column(usual())
    assert (quality.title, costs.title) == ("features of pixels", "trials and costs")
    assert headings(quality) == ["", "model", "loss", "fd ↓"]
    assert texts(quality) == [
        ["~", "a_b", "hinge+r1", "1.00 [0.90, 1.10]"],
        ["", "mlp[width=8]", "hinge+r1", "3.05 [2.90, 3.20]"],
        "not ranked: 1 seed each",
        ["", "mlp[width=9]", "lsgan", "2.00 · fails"],
        "for scale",
        ["", "real", "", "0.10"],
        ["", "pixel-gaussian", "", "0.50 · 0.51 · 0.52"],
    ]
    assert headings(costs) == [
        *("", "model", "loss", "n", "images/s", "compile s", "train s", "peak MiB", "parameters")
    ]
    first, _, _, third, *_ = texts(costs)
    assert first == ["~", "a_b", "hinge+r1", "5", "120", "0.250", "0.500", "100", "51"]
    assert third[3] == "1 of 2 (1 failed)"


@pytest.mark.parametrize("name", FOLDERS)
def test_every_shown_column_of_committed_folders_is_in_one_table(name):
    for headline in committed(name):
        grids = wide.every_column(headline)
        found = [text for grid in grids for text in headings(grid)[grid.identity :]]
        metrics = [column for column in headline.table.columns if not column.is_beside]
        assert len(found) >= len(metrics) + len(set(found) & set(wide.COSTS.values()))
        for column in metrics:
            assert sum(text.split(" ")[0] == column.short_name for text in found) >= 1


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("width", [60, 80, 110, 160, 200])
def test_all_columns_fit_the_width_and_no_cell_is_broken(name, width):
    for headline in committed(name):
        for grid in wide.every_column(headline):
            lines = plain(grid_lines(grid, Screen(width)))
            assert max(map(len, lines)) <= width
            own = [row.cells[grid.identity :] for row in grid.rows if row.rule is None]
            cells = {cell.text for cells in own for cell in cells if cell.text}
            text = "\n".join(lines)
            assert all(cell in text for cell in cells)


def test_each_feature_space_has_a_table_of_its_own():
    scores = [make_score(1.0), make_score(2.0, "fd-other", extractor="other")]
    titles = [grid.title for grid in wide.every_column(headline_of(completed(scores=scores)))]
    assert titles == ["features of pixels", "features of other", "trials and costs"]


def test_values_that_do_not_compare_have_columns_of_their_own():
    pairs = [completed("t0", 1.5), completed("t1", model="b", scores=[make_score(2.5, n=21)])]
    quality, _ = wide.every_column(headline_of(*pairs))
    assert headings(quality)[1:] == ["fd ↓", "fd#2 ↓"]
    assert sorted(texts(quality)[1:]) == [["b", "—", "2.50"], ["toy", "1.50", "—"]]


@pytest.mark.parametrize("name", MADE)
def test_every_kind_of_table_has_all_columns(name):
    headline = MADE[name]()
    grids = wide.every_column(headline)
    assert grids[-1].title == "trials and costs"
    assert all(len(texts(grid)) >= len(headline.rows) for grid in grids)


# --------------------------------------------------------------------------- --columns


def test_columns_are_those_that_were_chosen_in_their_order():
    grid = wide.chosen(won(), ["images/s", "fd", "n", "fd-floor-pixels"])
    assert headings(grid) == ["", "model", "images/s", "fd ↓", "n", "fd-floor"]
    assert texts(grid)[0] == ["*", "a", "120", "1.00 [0.90, 1.10]", "5", "0.250"]


@pytest.mark.parametrize("name", ["images/s", "images_per_second", "points/s"])
def test_a_cost_has_the_name_of_its_heading_and_that_of_the_data(name):
    assert headings(wide.chosen(won(), [name]))[-1] == "images/s"


def test_a_column_that_is_not_there_is_told_with_the_near_name():
    table = won().table
    with pytest.raises(UnknownName, match="did you mean 'fd-pixels'"):
        wide.check([table], ["fd-pixel"])
    with pytest.raises(UnknownName, match="no column named 'J/image'"):
        wide.check([table], ["J/image"])  # a cost that no row has
    wide.check([table], ["fd", "images/s", "n"])


# --------------------------------------------------------------------------- cells


def cell(values, **changes):
    grid = wide.chosen(headline_of(*many("t", values, **changes)), ["fd"])
    return next(row for row in texts(grid) if isinstance(row, list))[-1]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([8.0], "8"),
        ([7.75, 8.25], "7.75 · 8.25"),
        ([8.0, 8.0, 9.5], "8.00 · 8.00 · 9.50"),
        ([0.0], "0"),
        ([120.456, 130.2], "120 · 130"),
        ([1.5e-7, 2.5e-7], "1.5e-07 · 2.5e-07"),
        ([1.0, 2.0, 3.0, 4.5, 10.0], "3.00 [1.00, 10.00]"),
        ([10.0] * 10, "10"),
        ([1.5, None], "1.50 · fails"),
        ([1.5, 1.6, 1.7, 1.8, None], "1.70 [1.50, fails]"),
    ],
)
def test_a_cell_has_the_median_and_its_interval_or_every_value(values, text):
    assert cell(values) == text


def test_a_row_of_which_most_failed_says_so():
    pairs = [*many("a", [1.5, None, None, None, None]), *many("b", [2.5] * 5, model="b")]
    grid = wide.chosen(headline_of(*pairs), ["fd", "n"])
    assert texts(grid)[-1][-2:] == ["failed [1.50, fails]", "1 of 5 (4 failed)"]


def test_trials_tell_what_became_of_them():
    pairs = [completed("t0"), ended("t1", seed=1), missing("t2", seed=2)]
    assert [wide.trials(row.source) for row in headline_of(*pairs).rows] == [
        "1 of 3 (1 failed, 1 missing)"
    ]
    assert [wide.trials(row.source) for row in headline_of(*pairs[:1]).rows] == ["1"]


# --------------------------------------------------------------------------- --target


def followed(identifier, values, **changes):
    start = {"train_seconds": 0.0, "validation": None}
    curve = [
        {**start, "images": 40 * place, "updates": 10 * place, "values": {"fd-pixels": value}}
        for place, value in enumerate(values[:-1])
    ]
    return completed(identifier, scores=[make_score(values[-1], curve=curve)], **changes)


def test_targets_say_when_they_are_first_reached():
    pairs = [followed("t0", [9.0, 2.0, 5.0]), followed("t1", [9.0, 8.0, 7.0], model="b")]
    (headline,) = headlines_of(*pairs, *baseline("real", [0.1]), goals=[parse("fd-pixels=5.5")])
    (grid,) = wide.targets(headline)
    assert grid.title == "first to reach fd-pixels 5.5, medians"
    assert headings(grid) == ["model", "reached", "images", "updates", "seconds"]
    rows = {row[0]: row[1:] for row in texts(grid) if isinstance(row, list)}
    assert rows["toy"][:3] == ["100%", "20", "5"]
    assert rows["b"] == ["0%", "—", "—", "—"] and rows["real"] == ["—"] * 4
    assert wide.targets(won()) == []


def test_names_of_columns_are_found_like_those_of_the_headline():
    _, found = completed()
    assert [column.short_name for column in Columns([found])] == ["fd", "fd-floor"]
