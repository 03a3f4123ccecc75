"""Folders of images as data: identity, cache, labels, splits, and a run from the command line."""

from __future__ import annotations

import io
import json
import os
import shutil
import threading
import time
from functools import partial

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from toys import TOY, run_ganbench

from ganbench import config, plan, plugins, progress, selectors, view
from ganbench.datasets import chosen, kept
from ganbench.errors import ConfigError, EnvironmentNotReady, StorageError, UnknownName
from ganbench.feature_cache import cache_folder
from ganbench.specification import rebuild, selection
from ganbench_datasets import content_cache, decoding, own_images, splits
from ganbench_datasets.folder import Folder, FolderReader
from ganbench_datasets.splits import FEWEST

CATALOG = plugins.load([TOY])


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def trusting(monkeypatch):
    """Files that were written only just now are taken to be settled."""
    monkeypatch.setattr(own_images, "SETTLED_NS", -(10**18))


@pytest.fixture
def decoded(monkeypatch):
    """The paths of the files that are decoded from now on."""
    seen = []
    real = decoding.decode
    monkeypatch.setattr(
        decoding, "decode", lambda path, options: seen.append(path.name) or real(path, options)
    )
    return seen


def picture(number, size=(8, 8), mode="L"):
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    generator = np.random.default_rng(number)
    return Image.fromarray(generator.integers(0, 256, shape, dtype=np.uint8))


def fill(folder, count, first=0, **settings):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        picture(number, **settings).save(folder / f"{number:03}.png")
    return folder


def everything(dataset):
    parts = (dataset.train, dataset.validation, dataset.reference)
    return np.concatenate([part.samples for part in parts if part])


# --------------------------------------------------------------------------- pixels and splits


def test_a_folder_is_its_pixels_split_by_fixed_index(tmp_path):
    fill(tmp_path / "Holiday 2024", 200)
    source = FolderReader().read(tmp_path / "Holiday 2024")
    assert (source.title, source.default_samples, source.name) == ("holiday-2024", 20, "folder")
    assert source.task() == source.load(None).task
    assert (source.task().dataset, source.task().shape) == ("holiday-2024", (8, 8, 1))
    data = source.load(None)
    assert [len(part.samples) for part in (data.train, data.validation, data.reference)] == [
        *(160, 20, 20)
    ]
    originals = np.stack([np.asarray(picture(number)) for number in range(200)])[..., None]
    order = splits.fixed(200, "").order
    assert np.array_equal(everything(data), originals[order])
    assert data.train.samples.dtype == np.uint8 and data.train.labels is None
    assert not data.train.samples.flags.writeable
    assert data.sha256 == source.content and source.label == f"holiday-2024@{source.content[:8]}"


def test_the_fixed_split_is_fixed():
    """The numbers are Philox's raw ones, which NumPy promises for ever."""
    rows = splits.fixed(100, "")
    assert rows.counts == (80, 10, 10)
    train, validation, test = np.split(rows.order, [80, 90])
    assert sorted(rows.order.tolist()) == list(range(100))
    for part in (train, validation, test):
        assert (np.diff(part) > 0).all()
    raw = np.random.Philox(key=100).random_raw(100)
    assert set(test.tolist()) == set(np.argsort(raw)[:10].tolist())
    assert test.tolist() == [26, 28, 31, 37, 40, 51, 70, 71, 79, 81]
    assert splits.fixed(FEWEST, "").counts == (20, 10, 10)
    assert splits.fixed(500_000, "").counts == (480_000, 10_000, 10_000)


def test_too_few_images_are_refused(tmp_path):
    fill(tmp_path / "few", FEWEST - 1)
    with pytest.raises(ConfigError, match="39 images are too few; at least 40 are needed"):
        FolderReader().read(tmp_path / "few")
    with pytest.raises(ConfigError, match="no such folder of images"):
        FolderReader().read(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"none is there \(\.bmp \.gif"):
        FolderReader().read(tmp_path / "empty")


def test_declared_splits_are_kept(tmp_path):
    root = tmp_path / "data"
    fill(root / "train" / "deep" / "er", 20)
    fill(root / "val", 10, first=100)
    fill(root / "test", 12, first=200)
    data = FolderReader().read(root).load(None)
    for part, first in ((data.train, 0), (data.validation, 100), (data.reference, 200)):
        expected = [np.asarray(picture(first + row)) for row in range(len(part.samples))]
        assert np.array_equal(part.samples[..., 0], np.stack(expected))
    assert (len(data.train.samples), len(data.reference.samples)) == (20, 12)
    assert data.train.labels is None  # one sub-folder is no label
    shutil.rmtree(root / "val")
    assert FolderReader().read(root).load(None).validation is None


@pytest.mark.parametrize(
    ("folders", "complaint"),
    [
        ({"train": 30, "test": 9}, "9 images in test are too few; at least 10"),
        ({"train": 19, "test": 10}, "19 images in train are too few; at least 20"),
        ({"train": 30, "test": 10, "val": 3}, "3 images in validation are too few"),
        ({"train": 30, "val": 20}, "has train and val and no test; rename"),
        ({"train": 30, "test": 10, "more": 10}, "10 images lie outside of train and test, such"),
        ({"train": 30, "test": 10, "val": 10, "validation": 10}, "has val and validation"),
    ],
)
def test_unclear_splits_are_refused(tmp_path, folders, complaint):
    for name, count in folders.items():
        fill(tmp_path / "data" / name, count)
    with pytest.raises(ConfigError, match=complaint):
        FolderReader().read(tmp_path / "data")


# --------------------------------------------------------------------------- labels


def test_sub_folders_are_labels_and_deeper_ones_belong_to_them(tmp_path):
    root = tmp_path / "pets"
    fill(root / "dog", 25, first=100)
    fill(root / "cat" / "tabby", 10)
    fill(root / "cat" / "black", 10, first=10)
    source = FolderReader().read(root)
    assert source.task().classes == 2
    data = source.load(None)
    known = {np.asarray(picture(number)).tobytes(): number >= 100 for number in (*range(20),)}
    known |= {np.asarray(picture(number)).tobytes(): True for number in range(100, 125)}
    for part in (data.train, data.validation, data.reference):
        assert part.labels.dtype == np.int32
        assert [known[image.tobytes()] for image in part.samples] == part.labels.tolist()
    plain = FolderReader(labels=False).read(root)
    assert plain.task().classes == 0 and plain.load(None).train.labels is None
    assert plain.content != source.content
    fill(root, 1, first=300)  # an image that lies in no sub-folder
    assert FolderReader().read(root).task().classes == 0


def test_one_sub_folder_is_no_label(tmp_path):
    fill(tmp_path / "data" / "only", 40)
    assert FolderReader().read(tmp_path / "data").task().classes == 0


def test_labels_below_declared_splits(tmp_path):
    for split, count in (("train", 10), ("test", 5)):
        for label in ("a", "b"):
            fill(tmp_path / "data" / split / label, count)
    data = FolderReader().read(tmp_path / "data").load(None)
    assert data.train.labels.tolist() == [0] * 10 + [1] * 10
    assert data.reference.labels.tolist() == [0] * 5 + [1] * 5
    fill(tmp_path / "data" / "test" / "c", 1)
    with pytest.raises(ConfigError, match="no training image has the label 'c'"):
        FolderReader().read(tmp_path / "data")
    assert FolderReader(labels=False).read(tmp_path / "data").task().classes == 0


# --------------------------------------------------------------------------- channels and sizes


@pytest.mark.parametrize("colored", [0, 20, 39])
def test_one_colour_image_makes_all_of_three_channels(tmp_path, colored):
    fill(tmp_path / "mixed", 40)
    picture(colored, mode="RGB").save(tmp_path / "mixed" / f"{colored:03}.png")
    data = FolderReader().read(tmp_path / "mixed").load(None)
    found = {image.tobytes() for image in everything(data)}
    expected = {np.asarray(picture(row))[..., None].repeat(3, 2).tobytes() for row in range(40)}
    expected -= {np.asarray(picture(colored))[..., None].repeat(3, 2).tobytes()}
    assert found == expected | {np.asarray(picture(colored, mode="RGB")).tobytes()}
    again = FolderReader(channels=3).read(tmp_path / "mixed")
    assert again.content == data.sha256
    assert FolderReader(channels=1).read(tmp_path / "mixed").task().shape == (8, 8, 1)


def test_mixed_sizes_are_refused_with_what_would_do(tmp_path):
    fill(tmp_path / "mixed", 50)
    for row in (3, 4):
        picture(row, size=(12, 16)).save(tmp_path / "mixed" / f"{row:03}.png")
    with pytest.raises(ConfigError) as refused:
        FolderReader().read(tmp_path / "mixed")
    line = str(refused.value).splitlines()[1]
    assert "48 of 8x8 such as 0" in line and "2 of 12x16 such as 003.png" in line
    assert line.endswith(
        "add center_crop=8, or for whole images of any size resize=N,center_crop=N"
    )
    assert FolderReader(center_crop=8).read(tmp_path / "mixed").task().shape == (8, 8, 1)
    both = FolderReader(resize=4, center_crop=4).read(tmp_path / "mixed")
    assert both.task().shape == (4, 4, 1)
    with pytest.raises(ConfigError, match="of 4x5 such as"):
        FolderReader(resize=4).read(tmp_path / "mixed")


# --------------------------------------------------------------------------- what is no image


def test_other_files_are_told_and_litter_is_not(tmp_path):
    fill(tmp_path / "data", 40)
    for name in ("notes.txt", "b.txt", "LICENSE", "table.CSV"):
        (tmp_path / "data" / name).write_text("x")
    for name in (".hidden.png", "Thumbs.db", "desktop.ini"):
        (tmp_path / "data" / name).write_text("x")
    fill(tmp_path / "data" / "__MACOSX", 2)
    expected = "data: left alone, since they are no images: 1 .csv, 2 .txt, 1 without a suffix"
    for _ in range(2):
        assert FolderReader().read(tmp_path / "data").notes == (expected,)


def test_links_may_not_leave_the_folder(tmp_path):
    fill(tmp_path / "data", 41)
    fill(tmp_path / "else" / "inner", 3)
    os.link(tmp_path / "data" / "000.png", tmp_path / "data" / "hard.png")
    (tmp_path / "data" / "within.png").symlink_to(tmp_path / "data" / "000.png")
    whole = FolderReader().read(tmp_path / "data")
    assert whole.train + whole.validation + whole.test == 43
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert FolderReader(title="data").read(tmp_path / "link") == whole
    (tmp_path / "data" / "out.png").symlink_to(tmp_path / "else" / "inner" / "000.png")
    (tmp_path / "data" / "gone.png").symlink_to(tmp_path / "data" / "nowhere.png")
    (tmp_path / "data" / "deep").symlink_to(tmp_path / "else" / "inner")
    os.mkfifo(tmp_path / "data" / "pipe.png")
    (tmp_path / "data" / "bad\n.png").write_text("no image")
    with pytest.raises(ConfigError) as refused:
        FolderReader().read(tmp_path / "data")
    lines = str(refused.value).splitlines()
    assert lines[0].endswith("data: 5 problems with its images, nothing was trained:")
    for line in (
        "out.png: is a link that leaves the folder; copy the file",
        "gone.png: cannot be read (No such file or directory)",
        "deep: is a link to a folder; put the images themselves there",
        "pipe.png: is no regular file",
    ):
        assert f"  {line}" in lines
    assert any(line.startswith("  bad\\n.png: cannot be decoded") for line in lines)


# --------------------------------------------------------------------------- identity and cache


def test_an_unchanged_folder_is_not_decoded_again_wherever_it_lies(tmp_path, trusting, decoded):
    fill(tmp_path / "data", 40)
    first = FolderReader().read(tmp_path / "data")
    assert len(decoded) == 40
    assert FolderReader().read(tmp_path / "data") == first
    assert len(decoded) == 40
    (tmp_path / "elsewhere").mkdir()
    os.rename(tmp_path / "data", tmp_path / "elsewhere" / "data")
    assert FolderReader().read(tmp_path / "elsewhere" / "data") == first
    assert len(decoded) == 40
    shutil.copytree(tmp_path / "elsewhere" / "data", tmp_path / "copy")
    assert FolderReader(title="data").read(tmp_path / "copy") == first  # the same, read again
    assert len(decoded) == 80


def test_a_problem_is_found_in_a_folder_that_was_read_before(tmp_path, trusting):
    fill(tmp_path / "data", 40)
    FolderReader().read(tmp_path / "data")
    (tmp_path / "data" / "out.png").symlink_to("/etc/passwd")
    with pytest.raises(ConfigError, match=r"out\.png: is a link that leaves the folder"):
        FolderReader().read(tmp_path / "data")


def test_files_that_have_only_just_changed_are_read_again(tmp_path, decoded):
    fill(tmp_path / "data", 40)
    FolderReader().read(tmp_path / "data")
    time.sleep(own_images.SETTLED_NS / 1e9)
    FolderReader().read(tmp_path / "data")
    assert len(decoded) == 80
    FolderReader().read(tmp_path / "data")
    assert len(decoded) == 80


def one_pixel(folder):
    image = np.asarray(picture(7)).copy()
    image[0, 0] ^= 128
    Image.fromarray(image).save(folder / "007.png")


def same_times(folder):
    """Another pixel, and the times of the file put back as far as a user can."""
    before = (folder / "007.png").stat()
    one_pixel(folder)
    os.utime(folder / "007.png", ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "one pixel": (one_pixel, {}),
    "one pixel, times put back": (same_times, {}),
    "a file more": (lambda folder: picture(99).save(folder / "099.png"), {}),
    "a file less": (lambda folder: (folder / "007.png").unlink(), {}),
    "two files swapped": (
        lambda folder: [picture(row).save(folder / f"{9 - row:03}.png") for row in (4, 5)],
        {},
    ),
    "a size": (None, {"resize": 4}),
    "a crop": (None, {"center_crop": 4}),
    "channels": (None, {"channels": 3}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_the_images_is_another_content(tmp_path, trusting, name):
    fill(tmp_path / "data", 45)
    before = FolderReader().read(tmp_path / "data")
    change, asked = CHANGES[name]
    if change:
        change(tmp_path / "data")
    after = FolderReader(**asked).read(tmp_path / "data")
    assert after.content != before.content and selection(after) != selection(before)
    assert after.load(None).sha256 == after.content


def test_what_changes_no_pixel_is_the_same_data(tmp_path):
    fill(tmp_path / "data", 40)
    before = FolderReader().read(tmp_path / "data")
    for path in (tmp_path / "data").iterdir():
        with Image.open(path) as image:
            image.load()
        image.save(path, compress_level=1)
    (tmp_path / "data" / "000.png").rename(tmp_path / "data" / "000.PNG")
    assert FolderReader().read(tmp_path / "data") == before


def test_a_damaged_entry_is_made_again_and_never_used(tmp_path, trusting, decoded):
    fill(tmp_path / "data" / "a", 25)
    fill(tmp_path / "data" / "b", 25)
    source = FolderReader().read(tmp_path / "data")
    entry = cache_folder() / "datasets" / "content" / source.content
    assert sorted(path.name for path in entry.iterdir()) == [
        "card.json",
        "images.npy",
        "labels.npy",
    ]
    whole = everything(source.load(None))
    for name in ("images.npy", "labels.npy", "card.json"):
        content = (entry / name).read_bytes()
        for damaged in (content[:-2], b"", b"\0" * len(content)):
            (entry / name).write_bytes(damaged)
            assert content_cache.find(source.content) is None
            with pytest.raises(EnvironmentNotReady, match="add --data PATH"):
                source.load(None)
            assert np.array_equal(everything(source.load(tmp_path / "data")), whole)
    assert len(decoded) == 50 * 10
    np.save(entry / "images.npy", np.zeros((50, 8, 8, 3), np.uint8))
    assert content_cache.find(source.content) is None
    assert [path.name for path in entry.parent.iterdir()] == [source.content]


def test_a_cache_that_is_gone_is_filled_from_the_same_images_only(tmp_path):
    fill(tmp_path / "data", 40)
    source = FolderReader(resize=4).read(tmp_path / "data")
    found = rebuild(CATALOG, "datasets", json.loads(json.dumps(selection(source))))
    assert found == source and found.task() == source.task()
    shutil.rmtree(cache_folder())
    with pytest.raises(EnvironmentNotReady, match=rf"the images of {source.label} are not in"):
        found.load(None)
    one_pixel(tmp_path / "data")
    with pytest.raises(ConfigError, match=rf"holds other images \(data@.*\) than {source.label}"):
        found.load(tmp_path / "data")
    picture(7).save(tmp_path / "data" / "007.png")
    assert found.load(tmp_path / "data").sha256 == source.content


def test_a_configuration_that_contradicts_its_content_is_refused(tmp_path):
    fill(tmp_path / "data", 40)
    options = selection(FolderReader().read(tmp_path / "data"))["options"]
    with pytest.raises(ConfigError, match="does not say what its content holds"):
        Folder(**{**options, "train": 21}).load(None)
    for wrong in ({"content": "../../etc"}, {"title": "../up"}, {"title": ""}):
        with pytest.raises(ConfigError, match="not '"):
            rebuild(CATALOG, "datasets", {"name": "folder", "options": {**options, **wrong}})


def test_many_at_once_make_one_entry(tmp_path):
    fill(tmp_path / "data", 60)
    found = []
    workers = [
        threading.Thread(target=lambda: found.append(FolderReader().read(tmp_path / "data")))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4 and len(set(found)) == 1
    contents = cache_folder() / "datasets" / "content"
    assert [path.name for path in contents.iterdir()] == [found[0].content]
    assert len(everything(found[0].load(None))) == 60


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    fill(tmp_path / "data", 40)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="set GANBENCH_CACHE to a folder that can"):
        FolderReader().read(tmp_path / "data")


def test_drafts_that_were_left_behind_are_removed_a_day_later(tmp_path):
    fill(tmp_path / "data", 40)
    contents = cache_folder() / "datasets" / "content"
    for name, days in ((".tmp-old", 2), (".tmp-new", 0)):
        (contents / name).mkdir(parents=True)
        moment = time.time() - days * 24 * 3600
        os.utime(contents / name, (moment, moment))
    FolderReader().read(tmp_path / "data")
    assert (contents / ".tmp-new").exists() and not (contents / ".tmp-old").exists()


def test_reading_says_how_far_it_is(tmp_path):
    fill(tmp_path / "data", 70)
    heard = []
    with progress.heard_by(heard.append):
        FolderReader().read(tmp_path / "data")
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) == 3


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_alone(tmp_path, monkeypatch, terminal):
    fill(tmp_path / "data", 70)
    shown = io.StringIO()
    monkeypatch.setattr(view, "Console", partial(Console, file=shown, force_terminal=terminal))
    with view.reading():
        FolderReader().read(tmp_path / "data")
    assert ("reading images" in shown.getvalue()) == terminal
    if not terminal:
        assert shown.getvalue() == ""


# --------------------------------------------------------------------------- selectors and plans


def test_the_data_set_is_chosen_by_name_and_path(tmp_path, monkeypatch):
    fill(tmp_path / "My photos", 40)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (whole,) = chosen(["folder:My photos"], CATALOG)
    assert (whole.title, whole.height) == ("my-photos", 8)
    small, tiny = chosen(["folder:~/My photos[resize=4|2,title=other]"], CATALOG)
    assert [(item.title, item.height) for item in (small, tiny)] == [("other", 4), ("other", 2)]
    assert selectors.label(small) == f"other@{small.content[:8]}"
    texts = kept(["specks", "folder:My photos[resize=4|2]"], [*chosen(["specks"], CATALOG), tiny])
    assert texts[0] == "specks" and "My photos" not in texts[1]
    assert chosen(texts[1:], CATALOG) == [tiny]
    assert kept(["specks"], []) == ["specks"]


@pytest.mark.parametrize(
    ("text", "error", "complaint"),
    [
        ("folder", ConfigError, "folder is files of your own; write folder:PATH"),
        ("specks:here", ConfigError, "specks takes no path, so specks:here means nothing"),
        ("folder:absent", ConfigError, "absent: no such folder of images"),
        ("folder:", ConfigError, "cannot read the selector"),
        ("folder:a|b", ConfigError, "cannot read the selector"),
        ("folder:here[size=3]", UnknownName, "no option named 'size' in 'folder'"),
        ("folder:here[content=abc]", UnknownName, "no option named 'content'"),
        ("folder:here[title=My photos]", ConfigError, "title has at most 40 lower-case letters"),
        ("npz:here[title=../up]", ConfigError, "title has at most 40 lower-case letters"),
        ("folder:here[resize=0]", ConfigError, "greater than or equal to 1"),
        ("folder:here[background=pink]", ConfigError, "'refuse', 'white' or 'black'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path, monkeypatch, text, error, complaint):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=complaint) as refused:
        chosen([text], CATALOG)
    assert "\n" not in str(refused.value)


def test_a_path_is_refused_wherever_it_means_nothing():
    values = {"backends": ["toy"], "models": ["toy"], "losses": ["hinge"], "datasets": ["specks"]}
    for key, text in (("losses", "hinge:x"), ("models", "toy:x"), ("backends", "toy:x")):
        found = config.resolve({}, {**values, key: [text], "baselines": []}, "test")
        with pytest.raises(ConfigError, match="takes no path"):
            plan.make(found, CATALOG)


def test_a_title_that_looks_like_a_number_is_still_a_name(tmp_path):
    fill(tmp_path / "2024", 40)
    source = FolderReader().read(tmp_path / "2024")
    assert 'title="2024"' in selectors.spelled(source)
    assert chosen([selectors.spelled(source)], CATALOG) == [source]


# --------------------------------------------------------------------------- the command line


def run_mlp(folder, *arguments, command="run"):
    options = ["--model", "mlp", "--loss", "hinge", "--backend", "torch", "--no-baselines"]
    options += ["--budget", "updates=3", "--seeds", "1", "--threads", "1", "--checkpoints", "0"]
    options += ["--metric", "frechet", "--extractor", "pca-train-v1"]
    return run_ganbench(command, *arguments, *options, folder=folder)


def planned_ids(folder, *arguments):
    planned = run_mlp(folder, *arguments, "--format", "json", command="plan")
    return [trial["id"] for trial in json.loads(planned.stdout)["trials"]]


def records(folder):
    found = folder.glob("results/photos/trials/*/record.json")
    return {path.parent.name: path.stat().st_mtime_ns for path in found}


def test_a_folder_is_trained_on_once_and_one_pixel_is_another_trial(tmp_path):
    pytest.importorskip("torch")
    fill(tmp_path / "photos", 45)
    (tmp_path / "photos" / "notes.txt").write_text("x")
    done = run_mlp(tmp_path, "--dataset", "folder:photos")
    assert done.returncode == 0, done.stderr
    assert "photos: left alone, since they are no images: 1 .txt" in done.stderr
    first = records(tmp_path)
    assert len(first) == 1
    label = json.loads((tmp_path / "results/photos/manifest.json").read_text())["trials"][0]
    assert label["dataset"].startswith("photos@")
    for file in (tmp_path / "results").rglob("*.*"):
        if file.suffix in (".json", ".toml", ".md", ".csv", ".tex"):
            assert str(tmp_path) not in file.read_text()

    (tmp_path / "moved").mkdir()
    os.rename(tmp_path / "photos", tmp_path / "moved" / "photos")
    assert run_mlp(tmp_path, "--dataset", "folder:moved/photos").returncode == 0
    assert records(tmp_path) == first
    assert planned_ids(tmp_path, "results/photos/config.toml") == list(first)
    one_pixel(tmp_path / "moved" / "photos")
    (changed,) = planned_ids(tmp_path, "--dataset", "folder:moved/photos")
    assert changed not in first

    shown = run_ganbench("table", "results/photos", folder=tmp_path)
    assert shown.returncode == 0 and label["dataset"] in shown.stdout
    shutil.rmtree(cache_folder())
    more = ("score", "results/photos", "--metric", "kernel", "--extractor", "pca-train-v1")
    refused = run_ganbench(*more, folder=tmp_path)
    assert refused.returncode == 3 and "add --data PATH" in refused.stderr
    picture(7).save(tmp_path / "moved" / "photos" / "007.png")
    scored = run_ganbench(*more, "--data", "moved/photos", folder=tmp_path)
    assert scored.returncode == 0, scored.stderr
    assert label["dataset"] in scored.stdout


def test_a_bad_file_stops_everything_before_any_training(tmp_path):
    fill(tmp_path / "photos", 45)
    (tmp_path / "photos" / "bad.jpg").write_text("x")
    picture(1, size=(4, 4)).save(tmp_path / "photos" / "odd.png")
    done = run_mlp(tmp_path, "--dataset", "folder:photos")
    assert done.returncode == 2 and not (tmp_path / "results").exists()
    assert "2 problems with its images, nothing was trained" in done.stderr
    assert "Traceback" not in done.stderr
