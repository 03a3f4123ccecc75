"""The page as text: structure, numbers, what it must not say, and folders with bad input."""

from __future__ import annotations

import base64
import getpass
import io
import itertools
import json
import re
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toys import make_score, make_trial

from ganbench import palette
from ganbench.report import notes, page
from ganbench.report.clean import clean
from ganbench.report.page import points, strips, svg, training
from ganbench.report.page.limits import STEPS
from ganbench.report.page.look import Looks
from ganbench.results import checkpoint_samples
from ganbench.samples import sha256_of
from report.pages import (
    FOLDERS,
    baselines,
    committed,
    completed,
    failed,
    headlines,
    make_folder,
    parse,
    some_images,
    write_samples,
)

KEYS = ("primary", "second", "third", "speed", "n", "remark")


def render(store, **options):
    """The page of a folder, and its tree."""
    text = page.render(store, headlines(store), **options)
    return text, parse(text)


def words(text):
    """The page without its pictures, styles and scripts."""
    text = re.sub(r"data:image/[^\"]+", "", text)
    return re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)


def runs(loss, values, **changes):
    return [completed(loss, seed, value, **changes) for seed, value in enumerate(values)]


def trained(*, seeds=5):
    return [
        pair
        for place, loss in enumerate(("hinge", "lsgan", "minimax"))
        for pair in runs(loss, [1 + place + seed / 10 for seed in range(seeds)])
    ]


# --------------------------------------------------------------------------- numbers


@pytest.mark.parametrize("name", FOLDERS)
def test_every_number_has_the_text_of_the_headline(name):
    _, own, text = committed(name)
    tree = parse(text)
    for place, headline in enumerate(own):
        table = tree.one("section", id=f"table{place}")
        rows = {}
        for row in table.all("tr", "row"):
            backend = row.attributes["data-backend"]
            rows[row.one("th", "gan").text, backend] = row
        assert len(rows) == len(headline.rows)
        for row in headline.rows:
            shown = rows[row.gan, "" if row.group == "scale" else row.backend]
            for key in KEYS:
                if headline.column(key):
                    cell = shown.one("td", key)
                    texts = [value.text for value in cell.all("span", "value")]
                    assert texts == ([row.cells[key].text] if row.cells[key].text else [])
            assert shown.one("td", "spread").text == row.cells["spread"].text


@pytest.mark.parametrize("name", FOLDERS)
def test_real_rows_are_on_top_and_the_others_stand_as_in_the_headline(name):
    _, own, text = committed(name)
    for place, headline in enumerate(own):
        table = parse(text).one("section", id=f"table{place}")
        shown = [
            (body.attributes["class"], row.one("th", "gan").text)
            for body in table.all("tbody")
            for row in body.all("tr", "row")
        ]
        scale = [row.gan for row in headline.group("scale") if row.gan != "real"]
        assert shown == [
            ("real", "real"),
            *(("ranked", row.gan) for row in headline.group("ranked")),
            *(("unranked", row.gan) for row in headline.group("unranked")),
            *(("scale", gan) for gan in scale),
        ]


def test_only_a_row_that_beats_all_others_is_called_best(tmp_path):
    store = make_folder(
        tmp_path, *runs("hinge", [1, 1.01, 0.99, 1, 1]), *runs("lsgan", [9, 9.1, 8.9, 9, 9])
    )
    _, tree = render(store)
    tags = [[tag.text for tag in row.all("span", "tag")] for row in tree.all("tr", "row")]
    assert tags == [["* best"], []]
    tied = make_folder(tmp_path / "b", *runs("hinge", [1, 2, 3]), *runs("lsgan", [1.1, 2, 3]))
    _, tree = render(tied)
    assert [tag.text for tag in tree.all("span", "tag")] == ["~ tied", "~ tied"]
    assert not tree.all("span", "best")


def test_no_speed_is_called_fastest_and_a_doubtful_one_says_why(tmp_path):
    timing = {"images_per_second": 1234.0, "marks": ["noisy"]}
    pairs = [completed(seed=seed, training={"timing": timing}) for seed in range(3)]
    text, tree = render(make_folder(tmp_path, *pairs))
    assert "astest" not in text
    assert tree.one("td", "speed").text == "1,230?"
    assert "probe" in tree.one("abbr").attributes["title"]
    assert "probe" in tree.one("section", id="measured").text


def test_a_baseline_has_no_speed_and_so_no_doubt(tmp_path):
    timing = {"images_per_second": 1234.0, "marks": ["noisy"]}
    changes = {"backend": "numpy", "model": "real", "loss": "none", "training": {"timing": timing}}
    pairs = [completed(seed=seed) for seed in range(3)]
    pairs += [completed(seed=seed, **changes) for seed in range(3)]
    _, tree = render(make_folder(tmp_path, *pairs))
    assert [tag.text for tag in tree.all("td", "speed")] == ["", "120"]
    assert not tree.all("abbr")


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_explains_values_marks_and_speeds_in_the_words_of_the_notes(name):
    _, own, text = committed(name)
    tree = parse(text)
    shown = [node.text for node in tree.one("section", id="measured").all("p")]
    for headline in own:
        lines = [notes.VALUE, *notes.marks(headline), *notes.speed(headline)]
        assert len(lines) > 2
        assert all(line.replace("`", "") in shown for line in lines)
    assert [node.text for node in tree.one("section", id="measured").all("code")][:2] == ["*", "~"]
    assert "`" not in tree.one("section", id="measured").text


def test_a_page_without_ranked_rows_says_how_many_trials_they_need(tmp_path):
    _, tree = render(make_folder(tmp_path, completed()))
    shown = tree.one("section", id="measured").text
    assert "A row needs three completed trials to be ranked." in shown and "best" not in shown[200:]


def test_the_embedded_numbers_are_those_of_the_summaries():
    _, own, text = committed("digits-losses")
    (table,) = json.loads(parse(text).one("script", id="data").text)
    names = [name for name, _ in table["columns"]]
    for row, source in zip(table["rows"], own[0].rows, strict=True):
        assert tuple(row[:3]) == source.source.key
        value, *ends = row[5][names.index("fd-cls-digits-v1")]
        assert value == pytest.approx(source.summary.median, rel=1e-5) and len(ends) == 2
    assert len(json.dumps(table)) < 60_000


# --------------------------------------------------------------------------- one closed file


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_loads_nothing_and_names_nobody(name):
    _, _, text = committed(name)
    tree = parse(text)
    policy = tree.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )
    for node in tree.all():
        for key in ("src", "href", "xlink:href", "srcset", "action", "poster"):
            value = node.attributes.get(key)
            assert value is None or value.startswith(("data:", "#")), value[:80]
    assert "url(" not in text and "@import" not in text and "http:" not in text
    for folder in (str(Path.home()), str(Path.cwd()), "/tmp/", "/home/"):
        assert folder not in text
    for secret in (getpass.getuser(), socket.gethostname()):
        assert not re.search(rf"\b{re.escape(secret)}\b", words(text)), secret


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_is_small_and_two_writings_are_the_same(name):
    store, own, text = committed(name)
    assert len(text.encode()) < 1_500_000
    assert page.render(store, headlines(store)) == text
    assert page.render(store, own) == text


def test_writing_puts_one_file_into_the_folder(tmp_path):
    store = make_folder(tmp_path, *trained())
    path = page.write(store, headlines(store), "Three losses.")
    assert path == tmp_path / "report.html"
    text = path.read_text("utf-8")
    assert "Three losses." in text and text == page.render(store, headlines(store), "Three losses.")
    assert not list(tmp_path.glob(".tmp*"))


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_can_be_read_without_seeing_it(name):
    _, own, text = committed(name)
    tree = parse(text)
    assert len(tree.all("h1")) == 1 and tree.one("a", "skip").attributes["href"] == "#main"
    assert tree.one("html").attributes["lang"] == "en"
    ids = [node.attributes["id"] for node in tree.all() if node.attributes.get("id")]
    assert len(ids) == len(set(ids))
    for link in [*tree.all("a"), *tree.all("use")]:
        assert link.attributes["href"].removeprefix("#") in ids
    for section in tree.all("section"):
        assert any(section.all(tag) for tag in ("h2", "h3"))
    for image in tree.all("img"):
        assert re.search(r"of .+, seed \d+$", image.attributes["alt"])
    for picture in tree.all("svg"):
        has_label = picture.attributes.get("role") == "img" and picture.attributes["aria-label"]
        assert has_label or picture.attributes.get("aria-hidden") == "true"
    trained = [row for headline in own for row in headline.rows if row.group != "scale"]
    strips_of = {image.attributes["alt"] for image in tree.all("img")}
    for row in trained:
        assert any(f"of {row.name}, seed 0" in alt for alt in strips_of)


def test_the_colours_can_be_read_in_both_themes():
    for theme in (palette.LIGHT, palette.DARK):
        for front, back in palette.TEXTS:
            assert palette.contrast(theme[front], theme[back]) >= 4.5, (front, back)
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    css = palette.css()
    assert css.count("--bg:") == 3 and palette.DARK["bg"] in css


def test_backends_keep_their_shape_and_no_two_share_one():
    looks = palette.backend_looks(["jax", "torch[compile=off]", "torch", "tensorflow"])
    assert looks["torch"].dash == "" and looks["torch"].shape == "circle"
    assert looks["tensorflow"].shape == "square" and looks["jax"].shape == "triangle"
    assert len({look.shape for look in looks.values()}) == 4
    assert palette.backend_looks(["torch[compile=off]"])["torch[compile=off]"].shape == "circle"


# --------------------------------------------------------------------------- pictures


def decoded(source):
    content = base64.b64decode(source.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 28, 32, 48])
def test_tiles_are_cut_out_exactly(tmp_path, side, channels):
    images = some_images(20, side, channels)
    trial, found = completed()
    store = make_folder(tmp_path, (trial, found))
    tiles = strips.tiles_of(write_samples(store, trial, images), 20)
    assert np.array_equal(strips.reduced(tiles, strips.factor_of(tiles)), images)
    grid = strips.embed(images, 8)
    assert (grid.width, grid.height) == (8 * (side + 1) - 1, 3 * (side + 1) - 1)
    assert grid.source.startswith("data:image/png" if side <= 16 else "data:image/webp")
    if side <= 16:
        pixels = decoded(grid.source)
        assert np.array_equal(pixels[:side, :side, :-1], images[0])
        assert (pixels[:side, side, -1] == 0).all() and (pixels[:side, :side, -1] == 255).all()


def test_wide_images_are_cut_as_well(tmp_path):
    trial, found = completed()
    store = make_folder(tmp_path, (trial, found))
    images = np.random.default_rng(0).integers(0, 255, (64, 32, 48, 3)).astype(np.uint8)
    assert np.array_equal(strips.tiles_of(write_samples(store, trial, images), 64), images)


def test_only_the_lowest_completed_seed_is_shown(tmp_path):
    pairs = [failed("hinge", 0), completed("hinge", 1), completed("hinge", 2)]
    store = make_folder(tmp_path, *pairs)
    for trial, _ in pairs:
        write_samples(store, trial, some_images(20, seed=trial.seed))
    _, tree = render(store)
    alts = [image.attributes["alt"] for image in tree.all("img")]
    assert len(alts) == 2 and all(alt.endswith("seed 1") for alt in alts)
    source = tree.one("div", "gallery").one("img").attributes["src"]
    assert np.array_equal(decoded(source)[:8, :8, 0], some_images(20, seed=1)[0, :, :, 0])


def with_checkpoints(store, trial, found, sets, images):
    folder = store.root / "trials" / trial.id
    sha256 = checkpoint_samples.write(folder / checkpoint_samples.FILE, sets, images)
    text = json.loads((folder / "record.json").read_text())
    text["training"] |= {"checkpoint_samples_sha256": sha256, "sample_kind": "points"}
    (folder / "record.json").write_text(json.dumps(text))


def points_folder(root, dimensions=2):
    pairs = [*baselines(1), *(completed(loss) for loss in ("hinge", "lsgan"))]
    store = make_folder(root, *pairs)
    for place, (trial, found) in enumerate(pairs):
        points = np.random.default_rng(place).normal(0, 1 + place, (600, dimensions))
        sets = [points.astype(np.float32)[:512]] * 2
        with_checkpoints(store, trial, found, sets, [0, 80])
    return store


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_points_are_drawn_on_the_same_axes_over_the_real_ones(tmp_path, dimensions):
    store = points_folder(tmp_path, dimensions)
    text, tree = render(store)
    figures = tree.one("div", "gallery").all("figure")
    assert figures[0].one("strong").text == "real" and len(figures) == 5
    ticks = [[node.text for node in figure.all("text", "tick")] for figure in figures]
    assert all(own == ticks[0] and len(own) > 3 for own in ticks)
    assert len(tree.all("path", "real")) == 5
    assert "All pictures have the same axes." in text and "Grey: real points." in text
    assert ("first two of 5 coordinates" in text) == (dimensions == 5)
    small = [row.one("td", "strip").one("use") for row in tree.all("tr", "row")]
    assert len(small) == 5


def test_samples_that_a_run_just_wrote_are_shown(tmp_path):
    images = some_images(100, 28)
    trial, found = completed(training={"samples_sha256": sha256_of(images)})
    store = make_folder(tmp_path, (trial, found))
    path = store.root / "trials" / trial.id / "samples.npy"
    np.save(path, images)
    _, tree = render(store)
    assert tree.one("div", "gallery").one("img").attributes["alt"].startswith("64 samples of")
    np.save(path, images[::-1])  # of another run
    _, tree = render(store)
    assert not tree.all("img")


def test_large_pictures_are_left_out_first_and_the_page_says_so(tmp_path):
    pairs = [*baselines(1, samples=64), completed(samples=64)]
    store = make_folder(tmp_path, *pairs)
    for trial, _ in pairs:
        write_samples(store, trial, some_images(64, 48, 3))
    whole, _ = render(store)
    sizes, words = [len(whole)], []
    for most in (len(whole) - 1, len(whole) // 2, len(whole) // 3, 1):
        text, tree = render(store, most_bytes=most)
        sizes.append(len(text))
        words.append(tree.one("section", id="samples0").text)
        assert len(text) <= most or most == 1
    assert sizes == sorted(sizes, reverse=True)
    assert "each grid shows 32 samples at most" in words[0]
    assert "All samples were left out" in words[-1] and "data:image" not in text


def test_curves_are_left_out_behind_samples_and_a_page_that_is_still_large_says_so(tmp_path):
    pairs = [pair for loss in ("hinge", "lsgan", "wgan") for pair in with_curves(loss, 4)]
    store = make_folder(tmp_path, *pairs, *runs("minimax", [1.0]))
    for trial, _ in pairs[::4]:
        write_samples(store, trial, some_images(64, 48, 3))
    shown = []
    for limits in STEPS:
        looks = Looks.of(headlines(store))
        tables = [training.section(own, looks, limits, 0) for own in headlines(store)]
        shown.append(str(tables).count('class="run"'))
    assert shown == [24, 24, 24, 24, 24, 0, 0, 0]
    sizes = sizes_of(store)
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == len(sizes)
    text, tree = render(store, most_bytes=sizes[-3])
    assert len(text.encode()) == sizes[-3]
    section = tree.one("section", id="training0")
    assert "The lines of single seeds were left out to keep this page small." in section.text
    assert "Thin lines" not in section.text and section.all("use", "main")
    text, tree = render(store, most_bytes=sizes[-1])
    assert not tree.all("p", "warning") and not tree.one("section", id="training0").all("use")
    assert "training curves were left out" in tree.one("section", id="training0").text
    text, tree = render(store, most_bytes=1000)
    assert tree.one("header").one("p", "warning").text.startswith("This page has 0.0 MB, more than")


def sizes_of(store):
    """How large the page is at every step of leaving something out."""
    sizes = []
    text, tree = render(store)
    while not tree.all("p", "warning"):
        sizes.append(len(text.encode()))
        text, tree = render(store, most_bytes=sizes[-1] - 1)
    return sizes


# --------------------------------------------------------------------------- curves and speed


def curve(*values, column="fd-pixels"):
    return [
        {
            "images": 20 * place,
            "updates": 5 * place,
            "train_seconds": 0.1 * place,
            "values": {column: value, "fd-floor-pixels": 0.25},
            "validation": None,
        }
        for place, value in enumerate(values)
    ]


def with_curves(loss, seeds, scale=1.0, values=(9.0, 5.0, 2.0), **changes):
    return [
        completed(
            loss,
            seed,
            scores=[make_score(scale, curve=curve(*(scale * (v + seed / 9) for v in values)))],
            **changes,
        )
        for seed in range(seeds)
    ]


def test_each_gan_has_a_panel_with_bands_or_single_runs(tmp_path):
    pairs = [
        *baselines(),
        *with_curves("hinge", 5, backend="torch"),
        *with_curves("hinge", 2, backend="tensorflow"),
        *with_curves("lsgan", 3, 1.5, backend="torch"),
    ]
    _, tree = render(make_folder(tmp_path, *pairs))
    panels = tree.one("div", **{"data-axis": "images", "class": "panels on"})
    hinge, lsgan = panels.all("figure")
    assert len(hinge.all("use", "main")) == 2 and len(hinge.all("use", "other")) == 1
    assert len(hinge.all("path", "band")) == 1 and len(hinge.all("path", "run")) == 2
    assert len(lsgan.all("path", "run")) == 3 and len(lsgan.all("use", "other")) == 2
    dashes = [use.attributes.get("stroke-dasharray") for use in hinge.all("use", "main")]
    assert sorted(dash or "" for dash in dashes) == ["", "6 3"]
    assert "pixel-gaussian" in hinge.text and "real" not in hinge.text
    assert "Off the axis: real 0.11." in tree.one("section", id="training0").text
    assert len(tree.one("div", **{"data-axis": "seconds", "class": "panels"}).all("figure")) == 2


def test_values_that_are_no_number_interrupt_a_curve(tmp_path):
    scores = [make_score(1.0, curve=curve(4.0, None, 3.0, 2.0))]
    _, tree = render(make_folder(tmp_path, completed(scores=scores)))
    (line,) = [group for group in tree.all("g") if group.attributes.get("id") == "c0i0"]
    dot, rest = (path.attributes["d"] for path in line.all("path"))
    assert dot.endswith("h0") and rest.count(" ") == 4


def test_a_folder_without_checkpoints_says_so(tmp_path):
    _, tree = render(make_folder(tmp_path, *trained()))
    assert "No metric was scored during training" in tree.one("section", id="training0").text


def test_rows_that_are_not_ranked_are_hollow_in_the_picture_of_speeds(tmp_path):
    _, tree = render(make_folder(tmp_path, *trained(), *runs("wgan", [3.0, 4.0])))
    picture = tree.one("section", id="speed0")
    marks = [*picture.all("circle", "mark"), *picture.all("path", "mark")]
    assert len(marks) == 3 and len(picture.all("circle", "hollow")) == 1
    assert notes.APART in picture.text


def test_ticks_are_round_and_on_the_axis():
    for low, high in itertools.product((0.0013, 0.5, 20, -3), (0.004, 0.9, 70, 1e5)):
        if low < high:
            axis = svg.axis([low, high], 0, 100)
            ticks = axis.ticks(4)
            assert 2 <= len(ticks) <= 8, (low, high)
            assert all(axis.holds(tick) and -1e-9 <= axis.at(tick) <= 100 + 1e-9 for tick in ticks)
    assert [svg.number(x) for x in (60_000, 1.2e6, 0.05, 0, 1e-5)] == [
        *("60k", "1.2M", "0.05", "0", "1e-05")
    ]


# --------------------------------------------------------------------------- failures, bad input


def test_failed_trials_are_listed_with_the_end_of_their_log(tmp_path):
    pairs = [*runs("hinge", [1, 2, 3]), failed("hinge", 3, "no memory in /home/jo/x/run.py")]
    store = make_folder(tmp_path, *pairs, (make_trial("later", loss="hinge", seed=9), None))
    log = "\n".join(f"line {place}" for place in range(100))
    log += '\n\x1b[31mFile "/home/jo/secret/train.py", line 3\x1b[0m\nuser@host: <b>stop</b>\n'
    (store.root / "trials" / pairs[-1][0].id / "log.txt").write_text(log)
    text, tree = render(store)
    section = tree.one("section", id="failures")
    assert "3 of 5 trials completed, 1 failed, 1 has no result yet." in section.text
    assert "seed 3" in section.text and "diverged" in section.text
    assert "no memory in …/run.py" in section.text
    assert 'File "…/train.py", line 3' in section.one("pre").text
    assert "line 99" in section.text and "line 50" not in section.text
    assert "secret" not in text and "user@host" not in text and "<b>stop" not in text
    assert "Logs are not committed" in section.text
    assert page.render(store, headlines(store)) == text
    remark = tree.one("td", "remark").one("span", "warn")
    assert remark.text == "1 of 4 failed, 1 missing"
    (store.root / "trials" / pairs[-1][0].id / "log.txt").unlink()
    text, tree = render(store)
    section = tree.one("section", id="failures")
    assert not section.all("details") and "log" not in section.text.lower()


def test_without_failures_the_page_says_none():
    _, _, text = committed("digits-losses")
    assert "None: 121 of 121 trials completed." in parse(text).one("section", id="failures").text


LONG = "a-very-long-name-" * 12
BAD = {
    "nothing planned": [],
    "one trial": [completed()],
    "all failed": [failed("hinge", seed) for seed in range(3)],
    "nothing ran": [(completed()[0], None)],
    "baselines alone": baselines(),
    "two data sets": [*trained(), *runs("hinge", [1, 2], dataset="dots")],
    "long names": [*runs(f"hinge{LONG}", [1, 2, 3]), *runs(f"lsgan{LONG}", [2, 3, 4])],
    "markup in names": [completed("<script>alert(1)</script>"), completed("\"&lt;'")],
    "thirty losses": [
        pair for place in range(30) for pair in runs(f"loss{place}[a={place}]+gp1[b=2]", [1, 2, 3])
    ],
    "not scored": [completed(scores=[])],
    "no number": [completed(seed=seed, scores=[make_score(None)]) for seed in range(5)],
    "no number in a baseline": [*trained(), completed("none", 0, None, model="real")],
    "zeros": runs("hinge", [0.0] * 5),
    "negative": runs("hinge", [-1.0, 2.0, -3.0, 1e9, 5.0]),
    "huge": runs("hinge", [1e-99, 1e99, 1.0]),
    "half failed": [*runs("hinge", [1.0, 2.0, 3.0]), *(failed("hinge", s) for s in (3, 4, 5))],
    "most failed": [*runs("hinge", [1.0]), *(failed("hinge", s) for s in (3, 4, 5))],
    "no speed": [completed(training={"timed_images": 0, "train_seconds": 0.0})],
    "empty curve": [completed(scores=[make_score(1.0, curve=[])])],
    "one bad curve": [
        completed("hinge", 0, scores=[make_score(1.0, curve=curve(None, None))]),
        completed("lsgan", 0, scores=[make_score(1.0, curve=curve(2.0, -1.0, 0.0))]),
    ],
}


@pytest.mark.parametrize("pairs", BAD.values(), ids=BAD)
def test_bad_input_gives_a_page_that_holds(tmp_path, pairs):
    store = make_folder(tmp_path, *pairs)
    text, tree = render(store)
    assert not re.search(r"\b(nan|inf|none,)\b", words(text), flags=re.IGNORECASE)
    assert "<script>alert" not in text
    own = headlines(store)
    assert len(tree.all("tr", "row")) == sum(len(headline.rows) for headline in own)
    for key in ("failures", "measured", "machine", "repeat"):
        assert tree.one("section", id=key)
    for headline in own:
        for sentence in headline.sentences:
            assert sentence.replace("--notes", "Failures") in tree.one("body").text


def test_tables_of_one_data_set_are_told_apart_by_what_differs(tmp_path):
    pairs = [*runs("hinge", [1, 2, 3]), *runs("lsgan", [1, 2, 3], budget="images=160")]
    _, tree = render(make_folder(tmp_path, *pairs))
    names = [section.one("h2").text for section in tree.all("section", "dataset")]
    assert len(names) == 2 and "80 images each" in names[0] and "160 images each" in names[1]
    assert [link.text for link in tree.one("nav").all("a")][:2] == names


def test_a_folder_without_manifest_gives_a_page(tmp_path):
    store = make_folder(tmp_path / "empty", manifest=False)
    tree = parse(page.render(store, []))
    assert tree.one("h1").text == "empty" and "No trial was planned." in tree.one("header").text


@pytest.mark.parametrize("damage", [b"", b"no picture", None])
def test_damaged_pictures_are_left_out(tmp_path, damage):
    pairs = [completed("hinge"), completed("lsgan")]
    store = make_folder(tmp_path, *pairs)
    for trial, found in pairs:
        path = write_samples(store, trial, some_images())
        content = path.read_bytes()
        with_checkpoints(store, trial, found, [np.zeros((4, 2), np.float32)], [0])
        if trial is pairs[0][0]:
            path.write_bytes(content[:300] if damage is None else damage)
            (path.parent / "checkpoints.npz").write_bytes(b"PK\x03\x04 damaged")
            (path.parent / "samples.npy").write_bytes(b"\x93NUMPY damaged")
    _, tree = render(store)
    assert len(tree.one("div", "gallery").all("figure")) == 1
    assert [bool(row.one("td", "strip").all("img")) for row in tree.all("tr", "row")] == [0, 1]


def test_a_folder_without_samples_has_no_column_for_them(tmp_path):
    _, tree = render(make_folder(tmp_path, *trained()))
    assert not tree.all("td", "strip")
    assert tree.one("section", id="samples0").text == "Samples No samples were kept in this folder."


def test_the_configuration_and_commands_are_there_to_repeat_the_run(tmp_path):
    store = make_folder(tmp_path, completed(), name="my bench")
    (store.root / "config.toml").write_text('data = "/home/jo/data/x"\nseeds = 3\n')
    _, tree = render(store)
    section = tree.one("section", id="repeat")
    assert 'data = "…/x"' in section.one("pre").text and "jo" not in section.text
    assert "ganbench run config.toml --out results/my-bench-again" in section.text
    assert "ganbench compare results/my-bench results/my-bench-again" in section.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('File "/home/jo/x/y.py", line 3', 'File "…/y.py", line 3'),
        ("npz[path=/srv/data/d.npz]", "npz[path=…/d.npz]"),
        ("cd /home/jo && ls", "cd ~ && ls"),
        ("file:///home/jo/d/e.txt", "…/e.txt"),
        ("C:\\Users\\jo\\a.txt", "…/a.txt"),
        ("jo@laptop failed", "… failed"),
        ("photos@487581c6 · dcgan", "photos@487581c6 · dcgan"),
        ("5,140 images/s, 4/5 and 1 / 2, a/b/c", "5,140 images/s, 4/5 and 1 / 2, a/b/c"),
        ("\x1b[1mbold\x1b[0m\x00", "bold"),
    ],
)
def test_texts_lose_paths_and_names_of_users(text, expected):
    assert clean(text) == expected


def test_labels_and_titles_of_pictures_lose_paths_and_names_of_users():
    private, shown = "toy[path=/home/bob/d.npz] by bob@host", "toy[path=…/d.npz] by …"
    for drawn in (
        svg.picture(9, 9, private, []),
        svg.mark("circle", 1, 1, 1, title=private),
        svg.mark("square", 1, 1, 1, title=private),
        svg.text(1, 1, private),
        points.small("p0", private),
    ):
        assert shown in drawn and "bob" not in drawn


def test_a_thousand_records_without_pictures_cost_little(tmp_path):
    pairs = [
        pair
        for place in range(20)
        for pair in runs(f"loss{place}", [1 + place / 10 + seed / 100 for seed in range(50)])
    ]
    store = make_folder(tmp_path, *pairs)
    own = headlines(store)
    page.render(store, own)  # compiles the template
    began = time.process_time()
    page.render(store, own)
    assert time.process_time() - began < 2.0  # 0.2 s on a quiet machine
