import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from toys import make_record, make_trial

from ganbench import (
    plot_columns,
    plot_curves,
    plot_files,
    plot_grids,
    plot_lines,
    plot_profiles,
    plot_references,
    plot_samples,
    plot_speed,
    plot_style,
    plots,
    rows,
    sections,
)
from ganbench.cli import main
from ganbench.errors import NothingMatched, StorageError, UnknownName
from ganbench.plan import Plan
from ganbench.samples import sha256_of
from ganbench.store import Store

MACHINE = {"system": "Linux", "cpu": "abacus", "cores": 2, "memory_gib": 4.0}


def score(value, curve=(), **changes):
    """A score as `evaluate` makes it: a distance with its floor, on the way and at the end."""
    points = [
        {
            "images": images,
            "updates": images // 10,
            "train_seconds": images / 100,
            "values": {"fd-pixels": at},
            "validation": None,
        }
        for images, at in curve
    ]
    return {
        "metric": "frechet",
        "options": {},
        "version": 1,
        "extractor": "pixels",
        "extractor_id": "pixels-1",
        "reference": {"dataset": "specks", "split": "test", "n": 24},
        "n": 20,
        "values": {"fd-pixels": value, "fd-floor-pixels": 0.25},
        "directions": {"fd-pixels": "lower", "fd-floor-pixels": "none"},
        "beside": ["fd-floor-pixels"],
        "curve": points,
        **changes,
    }


def run(
    value=1.0, curve=(), status="completed", machine=None, scores=None, training=None, **labels
):
    """A trial and its record, which ran at 120 images a second."""
    identifier = "-".join(str(labels[name]) for name in sorted(labels)) or "t0"
    trial = make_trial(re.sub(r"[^a-z0-9-]", "-", identifier), **labels)
    trial.specification["dtype"] = "float32"
    scores = [score(value, curve)] if scores is None else scores
    counters = {
        "samples_sha256": "0",
        "generator_updates": 8,
        "backend_description": {},
        "recipe": {"latent_size": 4},
    }
    made = make_record(
        trial,
        status,
        scores=scores if status == "completed" else (),
        **{**counters, **(training or {})},
    )
    return trial, replace(made, environment={**MACHINE, **(machine or {})})


def section_of(*runs):
    (section,) = sections.group(
        [trial for trial, _ in runs], [record for _, record in runs if record]
    )
    return section


def only(found):
    (one,) = found
    return one


def column_of(section):
    return only(plot_columns.columns(section))


def stored(folder, *runs):
    """A folder of results with these runs in it."""
    store = Store(folder)
    store.prepare()
    store.write_manifest(Plan([trial for trial, _ in runs], []), "test")
    for trial, record in runs:
        if record:
            store.trial_folder(trial.id)
            store.publish(record)
    return store


def texts(file):
    """All words of a picture that are in its SVG as text: title and description."""
    picture = ElementTree.parse(file).getroot()
    return [
        picture.find(f"{{http://www.w3.org/2000/svg}}{name}").text for name in ("title", "desc")
    ]


# --------------------------------------------------------------------------- rows and columns


def test_labels_tell_what_varies_and_baselines_go_by_their_name():
    keys = [("torch", "mlp", "hinge"), ("torch", "mlp", "lsgan"), ("numpy", "real", "none")]
    assert list(rows.labels(keys).values()) == ["hinge", "lsgan", "real"]
    keys[1] = ("tensorflow", "mlp", "lsgan")
    assert list(rows.labels(keys).values()) == ["torch hinge", "tensorflow lsgan", "real"]
    assert list(rows.labels(keys[:1]).values()) == ["torch mlp hinge"]


def test_sections_are_what_may_be_compared_and_runs_are_sorted_by_what_came_of_them():
    runs = [
        run(seed=0),
        run(seed=1, status="diverged"),
        run(seed=2, status="interrupted"),
        (make_trial("gone", seed=3), None),
        run(budget="images=160"),
    ]
    runs[3][0].specification["dtype"] = "float32"
    first, second = sections.group(
        [trial for trial, _ in runs], [found for _, found in runs if found]
    )
    assert [first.budget, second.budget] == ["images=80", "images=160"]
    row = only(first.rows)
    assert (len(row.completed), len(row.failed), row.missing, row.planned) == (1, 1, 2, 4)
    assert first.heading == "specks, images=80, 20 samples, 1 thread, device auto"


def test_baselines_come_last_whenever_they_were_planned():
    section = section_of(run(model="real", loss="none"), run(), run(loss="lsgan"))
    assert [row.label for row in section.rows] == ["hinge", "lsgan", "real"]
    assert [row.label for row in section.gans] == ["hinge", "lsgan"]


def test_columns_have_a_direction_a_title_in_words_and_a_floor():
    more = score(2.0)
    more["values"] |= {"share-pixels": 1.0, "half-pixels": 1.0}
    more["directions"] |= {"share-pixels": "none", "half-pixels": "higher"}
    more["beside"] += ["half-pixels"]
    section = section_of(run(scores=[more]))
    column = column_of(section)
    assert (column.name, column.title) == ("fd-pixels", "fd on pixels, lower is better")
    assert column.floor(section.rows[0].completed) == 0.25
    assert column.value(section.rows[0].completed[0]) == 2.0


def test_values_that_were_made_in_other_ways_are_a_column_of_their_own():
    section = section_of(run(1.0, seed=0), run(seed=1, scores=[score(3.0, n=21)]))
    first, second = plot_columns.columns(section)
    assert (first.name, second.name) == ("fd-pixels", "fd-pixels#2")
    assert second.title == "fd on pixels#2, lower is better"
    records = section.rows[0].completed
    values = [[column.value(record) for record in records] for column in (first, second)]
    np.testing.assert_array_equal(values, [[1.0, np.nan], [np.nan, 3.0]])


# --------------------------------------------------------------------------- curves


def test_a_curve_is_the_median_over_runs_at_the_mean_of_their_positions():
    section = section_of(
        run(1.0, [(0, 9.0), (40, 5.0)], seed=0),
        run(3.0, [(0, 7.0), (40, 4.0)], seed=1, training={"train_seconds": 1.5}),
    )
    line = only(plot_lines.curves(section, column_of(section)).lines)
    assert line.median.tolist() == [8.0, 4.5, 2.0]
    assert line.along("images").tolist() == [0, 40, 80]
    assert line.along("updates").tolist() == [0, 4, 8]
    # 0.4 seconds of training at 40 images; compilation takes 0.25 seconds more.
    assert line.along("seconds").tolist() == pytest.approx([0.0, 0.65, (0.75 + 1.75) / 2])
    assert line.low is None and line.values.tolist() == [[9, 5, 1], [7, 4, 3]]


def test_a_band_is_the_interval_of_the_median_from_five_runs_on():
    ends = [1.0, 2.0, 4.0, 5.0, 9.0]
    section = section_of(*(run(end, [(0, 10.0)], seed=seed) for seed, end in enumerate(ends)))
    line = only(plot_lines.curves(section, column_of(section)).lines)
    assert (line.low[1], line.median[1], line.high[1]) == (1.0, 4.0, 9.0)  # of 5: all of them
    assert line.low[0] == line.high[0] == 10.0
    four = section_of(*(run(end, [(0, 10.0)], seed=seed) for seed, end in enumerate(ends[:4])))
    assert only(plot_lines.curves(four, column_of(four)).lines).low is None


def test_a_value_that_is_absent_leaves_a_gap_in_median_and_band():
    runs = [run(1.0, [(0, 2.0), (40, 1.5 if seed else None)], seed=seed) for seed in range(6)]
    section = section_of(*runs)
    line = only(plot_lines.curves(section, column_of(section)).lines)
    for numbers in (line.median, line.low, line.high):
        assert np.isnan(numbers).tolist() == [False, True, False]


def test_runs_with_fewer_checkpoints_are_left_out_and_named():
    section = section_of(run(1.0, [(0, 9.0)], seed=0), run(3.0, seed=1))
    found = plot_lines.curves(section, column_of(section))
    assert only(found.lines).median.tolist() == [9.0, 1.0]
    assert found.left_out == ["Fewer checkpoints than its others, left out: toy toy hinge 1."]


def test_seconds_of_another_machine_are_not_drawn():
    curve = [(0, 9.0)]
    section = section_of(
        run(1.0, curve, seed=0),
        run(2.0, curve, seed=1),
        run(3.0, curve, loss="lsgan", machine={"cores": 64}),
    )
    found = plot_lines.curves(section, column_of(section))
    assert [line.is_on("seconds") for line in found.lines] == [True, False]
    assert [line.is_on("images") for line in found.lines] == [True, True]
    assert re.search(
        r"Without seconds.*: lsgan 1 \(host abacus, 2 cores,.* against abacus, 64 cores,",
        found.left_out[0],
    )


def test_failed_and_missing_runs_are_named_in_the_notes_with_their_number():
    missing = make_trial("gone", loss="lsgan", seed=1)
    missing.specification["dtype"] = "float32"
    section = section_of(
        run(1.0, [(0, 9.0)], seed=0),
        run(seed=1, status="diverged"),
        run(seed=2, status="diverged"),
        run(seed=3, status="timeout"),
        run(2.0, [(0, 9.0)], loss="lsgan", seed=0),
        (missing, None),
        run(loss="lsgan", seed=2, scores=[]),
    )
    _, words = plot_curves.draw(section, column_of(section))
    assert words.notes[-3:] == [
        "Not in the lines: hinge: 2 diverged of 4; hinge: 1 timeout of 4.",
        "Not run yet: lsgan 1 of 3.",
        "Completed without a value: lsgan 1 of 2.",
    ]
    assert words.notes[0] == "Each line is the median of 1 run."
    assert "hinge from 9 to 1; lsgan from 9 to 2" in words.description


def drawn_curves(*runs):
    section = section_of(*runs)
    with plot_style.rules():
        figure, _ = plot_curves.draw(section, column_of(section))
    return figure


def test_every_panel_has_the_lines_and_they_share_the_values():
    figure = drawn_curves(run(1.0, [(0, 9.0)]), run(2.0, [(0, 8.0)], loss="lsgan"))
    assert [axes.get_xlabel() for axes in figure.axes] == list(plot_lines.AXES.values())
    for axes, ends in zip(figure.axes, ([0, 80], [0, 8], [0, 0.75]), strict=True):
        solid = [line for line in axes.lines if line.get_marker() != "None"]
        assert [line.get_ydata().tolist() for line in solid] == [[9, 1], [8, 2]]
        assert [line.get_xdata().tolist() for line in solid] == [ends, ends]
        assert axes.get_yscale() == "log"  # down to the floor, 0.25, a factor of 36


def test_a_few_runs_are_thin_lines_beside_their_median():
    gans = [("torch", "mlp"), ("torch", "dcgan"), ("jax", "mlp")]
    figure = drawn_curves(
        *(
            run(seed + 1.0, [(0, 9.0)], backend=backend, model=model, seed=seed)
            for backend, model in gans
            for seed in range(2)
        )
    )
    thin = [line for line in figure.axes[0].lines if line.get_linewidth() == 0.6]
    assert [line.get_ydata().tolist() for line in thin] == [[9, 1], [9, 2]] * 3
    assert [line.get_linestyle() for line in thin] == ["-"] * 4 + ["--"] * 2
    assert not figure.axes[0].collections


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 20], False), ([1, 20.1], True), ([0, 100], False), ([-1, 100], False), ([np.nan], False)],
)
def test_the_axis_is_logarithmic_where_positive_values_span_more_than_twenty(values, expected):
    assert plot_style.is_logarithmic(values) == expected


# --------------------------------------------------------------------------- references


def test_references_are_the_floor_and_the_means_of_the_baselines():
    section = section_of(
        run(1.0),
        run(0.5, model="real", loss="none", seed=0),
        run(1.5, model="real", loss="none", seed=1),
    )
    found = plot_references.references(section, column_of(section))
    assert [(line.name, line.value, line.is_floor) for line in found] == [
        ("sampling floor", 0.25, True),
        ("real", 1.0, False),
    ]
    assert plot_references.near(found, [0.9, 1.1]) == found[1:]
    assert plot_references.far(found, found[1:]) == ["Off the axis: sampling floor 0.25."]


def test_names_are_moved_apart_and_stay_on_the_panel():
    assert plot_references.spread([0.5, 0.1], 0.1) == [0.5, 0.1]
    assert plot_references.spread([0.5, 0.49], 0.1) == pytest.approx([0.59, 0.49])
    assert plot_references.spread([0.99, 1.0], 0.1) == pytest.approx([0.9, 1.0])


# --------------------------------------------------------------------------- quality and speed


def test_a_dot_has_the_median_quality_and_images_per_second():
    section = section_of(
        run(1.0, seed=0),
        run(3.0, seed=1, training={"train_seconds": 0.25}),
    )
    dot = only(only(plot_speed.panels(section, column_of(section))).dots)
    assert (dot.quality.median, dot.speed.median) == (2.0, (120 + 240) / 2)
    assert plot_speed._ends(dot.quality) == (1.0, 3.0)


def test_failed_runs_are_worse_than_any_value_and_the_notes_say_so():
    section = section_of(
        *(run(value, seed=seed) for seed, value in enumerate([1.0, 2.0])),
        run(seed=2, status="failed"),
        run(4.0, loss="lsgan", seed=0),
    )
    first, second = only(plot_speed.panels(section, column_of(section))).dots
    assert (first.quality.median, second.quality.median) == (2.0, 4.0)
    _, words = plot_speed.draw(section, column_of(section))
    assert words.notes[-1] == "Counted as worse than any value: hinge: 1 failed of 3."


def test_a_row_of_which_half_failed_has_no_dot():
    section = section_of(
        run(1.0, seed=0), run(seed=1, status="failed"), run(4.0, loss="lsgan", seed=0)
    )
    (dot,) = only(plot_speed.panels(section, column_of(section))).dots
    assert dot.row.label == "lsgan"


def test_a_bar_that_reaches_into_failed_runs_ends_at_the_worst_value():
    runs = [run(value, seed=seed) for seed, value in enumerate([1.0, 2.0, 3.0, 5.0])]
    section = section_of(*runs, run(seed=4, status="diverged"))
    dot = only(only(plot_speed.panels(section, column_of(section))).dots)
    assert dot.quality.median == 3.0 and plot_speed._ends(dot.quality) == (1.0, 5.0)
    assert np.isfinite(plot_speed._bar(dot.quality)).all()


def test_rows_of_other_machines_have_a_panel_of_their_own_and_the_reason_is_told():
    section = section_of(
        run(1.0, seed=0, machine={"cores": 64}),
        run(1.0, loss="lsgan", seed=0),
        run(2.0, loss="lsgan", seed=1),
    )
    first, second = plot_speed.panels(section, column_of(section))
    assert [dot.row.label for dot in first.dots] == ["lsgan"]  # most runs share its machine
    assert [dot.row.label for dot in second.dots] == ["hinge"]
    figure, words = plot_speed.draw(section, column_of(section))
    assert len(figure.axes) == 2
    assert re.search(
        r"^Panel 2 is apart.*: host abacus, 2 cores,.* against abacus, 64 cores,", words.notes[1]
    )


def test_backends_share_a_panel_unless_one_was_given_options():
    runs = [run(1.0), run(2.0, backend="other"), run(2.0, backend="other[compile=off]")]
    section = section_of(*runs)
    found = plot_speed.panels(section, column_of(section))
    assert [[dot.row.label for dot in panel.dots] for panel in found] == [
        ["toy", "other"],
        ["other[compile=off]"],
    ]


def test_nothing_timed_is_no_picture_of_speed():
    section = section_of(run(1.0, training={"timed_images": 0}))
    assert plot_speed.draw(section, column_of(section)) is None


# --------------------------------------------------------------------------- profiles


def test_a_profile_counts_runs_at_each_value_and_failures_reach_none():
    section = section_of(
        *(run(value, seed=seed) for seed, value in enumerate([1.0, 2.0, 4.0])),
        run(seed=3, status="diverged"),
        *(run(3.0, loss="lsgan", seed=seed) for seed in range(2)),
    )
    found = plot_profiles.profiles(section, column_of(section))
    assert found.thresholds.tolist() == [1.0, 2.0, 4.0]
    assert found.by_row["hinge"].share.tolist() == [0.25, 0.5, 0.75]
    assert [row.label for row in found.too_few] == ["lsgan"]
    figure, words = plot_profiles.draw(section, column_of(section))
    assert "Fewer than 3 runs, left out: lsgan." in words.notes
    assert "half of hinge reach 2" in words.description
    (line,) = (line for line in figure.axes[0].lines if len(line.get_xdata()) == 5)
    assert line.get_ydata().tolist() == [0, 0.25, 0.5, 0.75, 0.75]


def test_a_profile_of_a_score_falls_with_the_threshold():
    scores = {"values": {"fd-pixels": 0.0}, "directions": {"fd-pixels": "higher"}, "beside": []}
    section = section_of(
        *(
            run(seed=seed, scores=[score(0.0, **{**scores, "values": {"fd-pixels": value}})])
            for seed, value in enumerate([1.0, 2.0, 4.0, 4.0])
        )
    )
    figure, words = plot_profiles.draw(section, column_of(section))
    (line,) = (line for line in figure.axes[0].lines if len(line.get_xdata()) == 5)
    assert line.get_ydata().tolist() == [1, 1, 0.75, 0.5, 0]
    assert line.get_drawstyle() == "steps-pre"
    assert "half of toy toy hinge reach 4" in words.description


def test_two_runs_a_row_have_no_profile():
    section = section_of(run(1.0, seed=0), run(2.0, seed=1))
    assert plot_profiles.draw(section, column_of(section)) is None


# --------------------------------------------------------------------------- samples


def with_samples(folder, samples, checkpoints=(), **labels):
    """A run with its samples in a folder of results, and those of checkpoints."""
    trial, _ = run(**labels)
    place = folder / "trials" / trial.id
    (place / "checkpoints").mkdir(parents=True)
    np.save(place / "samples.npy", samples)
    taken = []
    for number, array in enumerate(checkpoints):
        np.save(place / "checkpoints" / f"{number}.npy", array)
        taken.append(
            {
                "file": f"checkpoints/{number}.npy",
                "images": 10 * number,
                "samples_sha256": sha256_of(array),
            }
        )
    return run(**labels, training={"samples_sha256": sha256_of(samples), "checkpoints": taken})


def images(count, shade, side=8, channels=1):
    return np.full((count, side, side, channels), shade, np.uint8)


def test_a_sheet_has_the_first_images_enlarged_with_white_between():
    laid = plot_grids.sheet(np.concatenate([images(1, 10), images(1, 20), images(3, 30)]), 2)
    assert laid.shape == (32, 32 + 4 + 32, 3)
    assert (
        (laid[:, :32] == 10).all() and (laid[:, 32:36] == 255).all() and (laid[:, 36:] == 20).all()
    )
    assert plot_grids.sheet(images(1, 10, 40, 3), 2).shape == (40, 85, 3)


def test_rows_show_the_lowest_seed_at_start_middle_and_end(tmp_path):
    ways = [images(20, shade) for shade in (1, 2, 3, 4)]
    pair = with_samples(tmp_path, images(20, 9), ways, seed=1)
    section, store = section_of(pair, run(seed=2)), Store(tmp_path)
    end = only(plot_samples.ends(section, store))
    assert [(title, samples[0, 0, 0, 0]) for title, samples in end.moments] == [("", 9)]
    way = only(plot_samples.progress(section, store))
    assert [(title, samples[0, 0, 0, 0]) for title, samples in way.moments] == [
        ("before training", 1),
        ("after 20 images", 3),
        ("after 80 images", 9),
    ]


def test_rows_without_samples_say_why(tmp_path):
    changed = with_samples(tmp_path, images(20, 9), loss="lsgan")
    np.save(tmp_path / "trials" / changed[0].id / "samples.npy", images(20, 8))
    section = section_of(
        with_samples(tmp_path, images(20, 9)),
        changed,
        run(loss="wgan", training={"samples_sha256": "0"}),
        run(loss="minimax", status="diverged"),
    )
    strips = plot_samples.ends(section, Store(tmp_path))
    assert [strip.reason for strip in strips] == [
        "",
        plot_samples.GONE,
        plot_samples.GONE,
        "diverged",
    ]
    _, words = plot_grids.draw_ends(section, strips)
    assert words.description.endswith(
        "Empty: lsgan (samples are gone), wgan (samples are gone), minimax (diverged)."
    )


def test_points_are_scattered_and_single_numbers_left_to_others(tmp_path):
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    section = section_of(with_samples(tmp_path, points))
    figure, _ = plot_grids.draw_ends(section, plot_samples.ends(section, Store(tmp_path)))
    (dots,) = figure.axes[0].collections
    assert np.array_equal(dots.get_offsets(), points)
    section = section_of(with_samples(tmp_path, points[:, :1], loss="lsgan"))
    assert plot_grids.draw_ends(section, plot_samples.ends(section, Store(tmp_path))) is None


# --------------------------------------------------------------------------- looks and files


def test_rows_look_different_and_backends_of_one_gan_share_a_colour():
    many = plot_style.looks([("torch", "mlp", str(number)) for number in range(28)])
    assert len({(look.color, str(look.dash)) for look in many}) == 28
    first, second, other = plot_style.looks(
        [("torch", "mlp", "hinge"), ("jax", "mlp", "hinge"), ("torch", "mlp", "lsgan")]
    )
    assert first.color == second.color != other.color
    assert (first.dash, other.dash) == ("-", "-") and second.dash != "-"


def test_files_are_the_same_bytes_twice_and_carry_their_words(tmp_path):
    runs = [run(1.0, [(0, 9.0)], dataset="a<b&c", seed=seed) for seed in range(5)]
    section = section_of(*runs)
    for folder in ("one", "two"):
        with plot_style.rules():
            figure, words = plot_curves.draw(section, column_of(section))
            plot_files.save(figure, words, tmp_path / folder, "curves")
    for name in ("curves.svg", "curves.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    title, description = texts(tmp_path / "one" / "curves.svg")
    assert title == "fd on pixels, lower is better, along training"
    assert description == words.description
    assert "a<b&c, images=80" in description and "toy toy hinge from 9 to 1" in description
    with Image.open(tmp_path / "one" / "curves.png") as picture:
        assert picture.mode == "RGB" and picture.size[0] == 1080
        assert picture.text["Description"] == words.description


def test_a_large_grid_stays_below_300_kilobytes(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3)).astype(np.uint8)
    losses = ["hinge", "lsgan", "wgan", "minimax", "non-saturating", "relativistic"]
    section = section_of(*(with_samples(tmp_path, noise, loss=loss) for loss in losses))
    with plot_style.rules():
        drawn = plot_grids.draw_ends(section, plot_samples.ends(section, Store(tmp_path)))
        _, png = plot_files.save(*drawn, tmp_path, "grid")
    assert png.stat().st_size < 300_000


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    store = stored(tmp_path / "out", run())
    with pytest.raises(StorageError, match="cannot be written"):
        plots.draw(store, tmp_path / "file")


# --------------------------------------------------------------------------- the command


def plot(*arguments):
    return CliRunner().invoke(main, ["plot", *map(str, arguments)])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_command_writes_every_picture_as_svg_and_png_and_prints_the_paths(tmp_path):
    root = tmp_path / "out"
    ways = [images(20, 1)]
    runs = [run(1.0, [(0, 9.0)], seed=seed) for seed in (1, 2)]
    pair = with_samples(root, images(20, 9), ways, seed=0)
    stored(root, pair, *runs)
    done = plot(root)
    assert (done.exit_code, done.stderr) == (0, "")
    kinds = ["curves-fd-pixels", "grid-specks", "profile-fd-pixels", "progress-specks"]
    kinds.append("quality-throughput-fd-pixels")
    expected = sorted(f"{kind}.{ending}" for kind in kinds for ending in ("svg", "png"))
    assert names(root / "plots") == expected
    assert sorted(done.stdout.splitlines()) == [str(root / "plots" / name) for name in expected]


def test_several_sections_have_files_of_their_own_and_missing_samples_are_said(tmp_path):
    hashed = {"training": {"samples_sha256": "0"}}
    stored(tmp_path, run(1.0, [(0, 9.0)], **hashed), run(2.0, dataset="specks[x=1]", **hashed))
    done = plot(tmp_path, "--out", tmp_path / "elsewhere")
    assert done.exit_code == 0
    assert {name for name in names(tmp_path / "elsewhere") if name.endswith("svg")} == {
        "curves-fd-pixels-specks-1.svg",
        "quality-throughput-fd-pixels-specks-1.svg",
        "quality-throughput-fd-pixels-specks-x-1-2.svg",
    }
    assert done.stderr.splitlines() == [
        "specks: the samples of toy toy hinge are gone or changed and not drawn; "
        "train them again for that",
        "specks[x=1]: no curves, for there are no values along training; "
        "run with --checkpoints, or score the ones there are",
        "specks[x=1]: the samples of toy toy hinge are gone or changed and not drawn; "
        "train them again for that",
    ]


def test_one_column_can_be_asked_for(tmp_path):
    both = {"values": {"fd-pixels": 1.0, "is": 2.0}, "beside": []}
    both["directions"] = {"fd-pixels": "lower", "is": "higher"}
    stored(tmp_path, run(scores=[score(1.0, **both)]))
    done = plot(tmp_path, "--column", "is")
    assert done.exit_code == 0
    assert names(tmp_path / "plots") == ["quality-throughput-is.png", "quality-throughput-is.svg"]


def test_an_unknown_column_is_told_with_the_near_name(tmp_path):
    store = stored(tmp_path, run())
    done = plot(tmp_path, "--column", "fd-pixel")
    assert done.exit_code == UnknownName.exit_code == 2
    assert "no column named 'fd-pixel'" in done.stderr
    assert "did you mean 'fd-pixels'?" in done.stderr
    assert not (store.root / "plots").exists()


def test_nothing_to_draw_is_an_exit_code_of_its_own(tmp_path):
    stored(tmp_path, run(status="failed"))
    done = plot(tmp_path)
    assert done.exit_code == NothingMatched.exit_code == 5
    assert done.stderr == f"ganbench: {tmp_path}: nothing to draw yet\n"
    assert plot(tmp_path / "nowhere").exit_code == 2


def test_the_committed_results_can_be_drawn(tmp_path):
    from test_results import RESULTS

    drawn = plots.draw(Store(RESULTS / "stacked-digits"), tmp_path, ["fd-stacked-cls-digits-v1"])
    assert len(drawn.paths) == len(names(tmp_path)) == 2
    manifest = json.loads((RESULTS / "stacked-digits" / "manifest.json").read_text())
    told = " ".join(text for path in drawn.paths if path.suffix == ".svg" for text in texts(path))
    for trial in manifest["trials"]:
        assert trial["loss"] == "none" or trial["loss"] in told
