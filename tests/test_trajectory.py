import hashlib
import json

import numpy as np
import pytest
from PIL import Image
from toys import PLUGINS, TOY, run_ganbench, small_config, toy_catalog

from ganbench import api, plan, portraits, trial
from ganbench.contracts import Constant, Normal, Parameter
from ganbench.errors import ConfigError
from ganbench.samples import load, sha256_of
from ganbench.specification import rebuild
from ganbench.trajectory import follow

SPIRAL = str(PLUGINS / "spiral.py")
NAMES = ["generator.x", "discriminator.y"]


def parameters(*sizes, trainable=True):
    return {
        f"generator.{index}": Parameter((size,), Normal(0, 1), trainable)
        for index, size in enumerate(sizes)
    }


# --------------------------------------------------------------------------- who is followed


def test_a_model_of_up_to_eight_trainable_parameters_is_followed():
    assert follow(parameters(8)) and follow(parameters(5, 3)) and follow(parameters(1))
    assert follow(parameters(9)) is None and follow(parameters(5, 4)) is None


def test_buffers_do_not_count_and_a_model_without_parameters_is_not_followed():
    buffer = {"generator.seen": Parameter((100,), Constant(0), trainable=False)}
    assert follow({**parameters(2), **buffer}).names() == ["generator.0[0]", "generator.0[1]"]
    assert follow(buffer) is None and follow({}) is None


def test_arrays_of_several_numbers_keep_their_order(tmp_path):
    matrix = {"generator.w": Parameter((2, 2), Normal(0, 1)), **parameters(1)}
    trajectory = follow(matrix)
    trajectory.add({"generator.0": np.ones(1), "generator.w": np.array([[2, 3], [4, 5]])})
    kept = trajectory.keep(tmp_path / "path.npy")
    assert kept["trajectory_parameters"] == [
        *(f"generator.w[{place}]" for place in range(4)),
        "generator.0",
    ]
    assert load(tmp_path / "path.npy", kept["trajectory_sha256"]).tolist() == [[2, 3, 4, 5, 1]]


# --------------------------------------------------------------------------- in a trial


def run(folder, model, budget="updates=6", dataset="dirac"):
    catalog = toy_catalog(SPIRAL)
    config = small_config(
        models=[model], budget=budget, datasets=[dataset], metrics=None, plugins=[TOY, SPIRAL]
    )
    (planned,) = plan.make(config, catalog).trials
    source = rebuild(catalog, "datasets", planned.specification["dataset"]).load(None)
    events = []
    result = trial.run(planned.specification, folder, catalog, lambda _: source, events.append)
    return result, events


def test_a_tiny_model_is_followed_from_its_start_through_every_step(tmp_path):
    result, events = run(tmp_path, "spiral")
    path = load(tmp_path / "trajectory.npy", result["trajectory_sha256"])
    assert result["trajectory_parameters"] == NAMES
    assert path.dtype == np.float64
    assert path.tolist() == [
        *([1, 0], [0, 0.5], [-0.25, 0], [0, -0.125], [0.0625, 0], [0, 0.03125], [-0.015625, 0])
    ]
    assert [event["updates"] for event in events if "updates" in event] == [1, 2, 3, 4, 5, 6]
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_a_path_that_diverges_is_kept_up_to_its_end(tmp_path):
    result, _ = run(tmp_path, "spiral[factor=1e10]", "updates=9")
    assert (result["status"], result["steps"]) == ("diverged", 3)
    path = load(tmp_path / "trajectory.npy", result["trajectory_sha256"])
    assert path.shape == (4, 2) and path[1, 1] == pytest.approx(1e10)


def test_a_larger_model_is_not_followed(tmp_path):
    result, _ = run(tmp_path, "toy", dataset="specks")
    assert not {"trajectory_sha256", "trajectory_parameters"} & set(result)
    assert not (tmp_path / "trajectory.npy").exists()


# --------------------------------------------------------------------------- in a whole run


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """A followed model and the baselines on one data set, through the command line."""
    folder = tmp_path_factory.mktemp("whole")
    arguments = ["--backend", "toy", "--model", "spiral[factor=0.5|1.5]", "--seeds", "1"]
    arguments += ["--loss", "hinge", "--dataset", "dirac", "--baseline", "real"]
    arguments += ["--baseline", "memorizer", "--baseline", "pixel-gaussian"]
    arguments += ["--budget", "updates=25", "--threads", "1", "--plugin", TOY, "--plugin", SPIRAL]
    done = run_ganbench("run", *arguments, "--out", "out", folder=folder)
    assert done.returncode == 0, done.stderr
    records = [json.loads(file.read_text()) for file in (folder / "out").rglob("record.json")]
    return folder / "out", {record["model"]: record for record in records}


def test_the_metric_of_paths_scores_followed_models_and_leaves_the_others_out(whole_run):
    _, records = whole_run
    values = {
        model: {
            column: value for score in record["scores"] for column, value in score["values"].items()
        }
        for model, record in records.items()
    }
    assert values["spiral"]["radius"] == pytest.approx(0.5**25)
    assert values["spiral"]["converges"] == 1 and values["spiral[factor=1.5]"]["converges"] == 0
    assert values["pixel-gaussian"] == values["memorizer"] == values["real"] == {}


def test_the_table_shows_the_metric_and_no_modes(whole_run):
    (table,) = json.loads((whole_run[0] / "tables" / "table.json").read_text())["tables"]
    by_model = {row["model"]: row["values"] for row in table["rows"]}
    assert by_model["spiral"]["converges"]["median"] == 1
    assert by_model["real"]["converges"]["median"] is None
    assert "modes" not in by_model["spiral"]


def test_each_followed_trial_has_its_portrait_and_the_run_an_overview(whole_run):
    folder, records = whole_run
    for model, record in records.items():
        drawn = (folder / "trials" / record["id"] / "trajectory.png").exists()
        assert drawn == model.startswith("spiral")
    with Image.open(folder / "trajectories.png") as picture:
        assert picture.format == "PNG" and "Software" not in picture.info


def test_a_path_that_was_changed_is_not_scored(tmp_path):
    asked = {"backend": "toy", "model": "spiral", "loss": "hinge", "dataset": "dirac"}
    asked |= {"baseline": [], "seeds": 1, "budget": "updates=3", "threads": 1}
    asked |= {"plugin": [TOY, SPIRAL], "out": tmp_path}
    assert api.run(**asked, metric=[])["failed"].tolist() == [0]
    (file,) = tmp_path.rglob("trajectory.npy")
    right = np.load(file)
    np.save(file, right + 1)
    with pytest.raises(ConfigError, match=r"trajectory\.npy is gone or changed"):
        api.run(**asked)
    np.save(file, right)
    assert api.run(**asked)["radius"].tolist() == [0.125]


# --------------------------------------------------------------------------- pictures


def path(backend="toy", panel=("m", "l"), factor=0.9, steps=300):
    angles = np.arange(steps + 1) / 5
    radii = float(factor) ** np.arange(steps + 1)
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    return portraits.Path2D(backend, panel, NAMES, points)


def test_a_portrait_tells_the_order_of_updates_and_needs_two_parameters():
    training = {"recipe": {"update_order": "alternating"}, "trajectory_parameters": NAMES}
    points = np.zeros((4, 2))
    made = portraits.of_trial("toy", "m[k=1]", "l", training, points)
    assert made.panel == ("m[k=1], alternating", "l") and made.names == NAMES
    named = portraits.of_trial("toy", "m[update_order=alternating]", "l", training, points)
    assert named.panel[0] == "m[update_order=alternating]"
    assert portraits.of_trial("toy", "m", "l", {**training, "recipe": {}}, points).panel[0] == "m"
    assert portraits.of_trial("toy", "m", "l", training, np.zeros((4, 3))) is None


def test_each_model_begins_a_row_of_four_panels():
    panels = [("a", str(loss)) for loss in range(6)] + [("b", "0"), ("b", "1")]
    assert portraits._places(panels) == [
        *((0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)),
        *((2, 0), (2, 1)),
    ]


def test_pictures_are_small_and_the_same_bytes_each_time(tmp_path):
    paths = [
        path(backend, (model, str(loss)), factor)
        for backend in ("torch", "tensorflow")
        for model in ("simultaneous", "alternating")
        for loss, factor in enumerate((0.9, 1.0, 1.05, 10.0))
    ]
    for name in ("first", "second"):
        portraits.draw_overview(paths, tmp_path / f"{name}.png")
        portraits.draw_path(paths[0], tmp_path / f"{name}-one.png")
    for end in (".png", "-one.png"):
        content = (tmp_path / f"first{end}").read_bytes()
        assert content == (tmp_path / f"second{end}").read_bytes() and len(content) < 500_000


def coloured_pixels(file):
    """How many pixels are orange, and how many blue."""
    with Image.open(file) as picture:
        red, _, blue = np.moveaxis(np.asarray(picture.convert("RGB")).astype(int), 2, 0)
    return np.sum(red - blue > 30), np.sum(blue - red > 30)


def test_where_backends_coincide_both_are_seen(tmp_path):
    pair = [path("torch", factor=0.99), path("tensorflow", factor=0.99)]
    portraits.draw_overview(pair, tmp_path / "both.png")
    portraits.draw_overview([pair[0], path("tensorflow", factor=1e-9)], tmp_path / "apart.png")
    (orange, blue), (all_orange, no_blue) = (
        coloured_pixels(tmp_path / name) for name in ("both.png", "apart.png")
    )
    assert orange > 0.5 * all_orange and blue > no_blue + 200


def test_a_path_to_infinity_is_drawn_as_far_as_it_is_near(tmp_path):
    points = path(factor=10.0).points
    points[-1] = np.nan
    endless = portraits.Path2D("toy", ("m", "l"), NAMES, points)
    portraits.draw_path(endless, tmp_path / "endless.png")
    assert (tmp_path / "endless.png").stat().st_size > 5000
    assert sha256_of(points) != sha256_of(path().points)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (7,), (5000, 41, 50), (3, 4, 5)])
def test_hashes_are_those_of_the_whole_array_in_c_order(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for view in (array, np.asfortranarray(array), np.atleast_1d(array)[::2], array.T):
        expected = hashlib.sha256(np.ascontiguousarray(view).tobytes()).hexdigest()
        assert sha256_of(view) == expected
