import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench import config
from ganbench.config import Config
from ganbench.errors import ConfigError, UnknownName

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def resolve(values=None, **overrides):
    return config.resolve(values or {}, overrides, "bench.toml")


# --------------------------------------------------------------------------- layers


def test_nothing_given_is_the_default_benchmark():
    found = resolve()
    assert found == Config()
    assert (found.name, found.datasets, found.seeds) == ("digits", ["digits"], 2)
    assert found.backends is None and found.metrics is None  # all of them


def test_the_benchmark_file_of_the_defaults_is_the_defaults():
    values = config.read(BENCHMARKS / "digits.toml")
    assert config.resolve(values, {}, "digits.toml") == resolve()


PARITY = set(BENCHMARKS.glob("parity*.toml"))  # another format, read by `parity_matrix`
FILES = sorted(set(BENCHMARKS.glob("*.toml")) - PARITY)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_benchmark_file_is_valid(path):
    assert config.resolve(config.read(path), {}, path.name).name == path.stem


def test_the_command_line_wins_over_the_file_and_the_file_over_the_defaults():
    found = resolve({"seeds": 5, "budget": "seconds=1", "threads": 3}, seeds=7, threads=None)
    assert (found.seeds, found.budget, found.threads) == (7, "seconds=1", 3)
    assert found.models == Config().models


def test_an_empty_list_on_the_command_line_is_a_value():
    assert resolve({"baselines": ["real"]}, baselines=[]).baselines == []


def test_a_file_gives_its_stem_as_the_name(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text("seeds = 1\n")
    assert config.resolve(config.read(path), {}, str(path)).name == "quick"
    path.write_text('name = "slow"\n')
    assert config.resolve(config.read(path), {}, str(path)).name == "slow"


def test_datasets_on_the_command_line_name_the_folder():
    assert resolve(datasets=["ring", "grid[x=1]"]).name == "ring-grid"
    assert resolve(seeds=1).name == "digits"
    own = ["folder:/data/My Photos[resize=32]", "npz:x/faces.npz"]
    assert resolve(datasets=own).name == "my-photos-faces"


# --------------------------------------------------------------------------- refusals


def test_an_unknown_key_suggests_the_near_one_and_names_the_file():
    with pytest.raises(UnknownName, match=r"'buget' in bench.toml; did you mean 'budget'"):
        resolve({"buget": "images=1k"})


@pytest.mark.parametrize("key", sorted(Config.model_fields))
def test_every_key_without_its_last_letter_is_refused_with_the_key_suggested(key):
    with pytest.raises(UnknownName, match=f"did you mean '{key}'"):
        resolve({key[:-1]: 1})


def test_all_wrong_values_are_named_at_once():
    wrong = {"seeds": "2", "models": "mlp", "device": "tpu", "threads": 1.0, "samples": True}
    with pytest.raises(ConfigError) as refused:
        resolve(wrong)
    message = str(refused.value)
    assert message.startswith("bench.toml: ") and "\n" not in message
    assert all(f"{key}: " in message for key in wrong)


@pytest.mark.parametrize(
    "values",
    [
        *({"seeds": 0}, {"seeds": -1}, {"seeds": 1001}, {"seeds": True}, {"seeds": 2.0}),
        *({"samples": 1}, {"samples": 0}, {"threads": 0}, {"trial_timeout_seconds": 0.0}),
        *({"trial_timeout_seconds": float("nan")}, {"trial_timeout_seconds": float("inf")}),
        *({"budget": 5}, {"budget": ""}, {"budget": "images=0"}, {"budget": {}}),
        *({"budget": {"images": 1, "seconds": 1}}, {"budget": {"images": True}}),
        *({"budget": {"images": -5}}, {"budget": {"epochs": 5}}, {"budget": {"seconds": []}}),
        *({"models": []}, {"losses": []}, {"datasets": []}, {"backends": []}),
        *({"models": [3]}, {"models": [["mlp"]]}, {"models": [{"width": 3}]}, {"models": None}),
        *({"models": {"name": "mlp"}}, {"models": [{"name": 3}]}),
        *({"name": ""}, {"name": "../up"}, {"name": "a\\b"}, {"name": ".."}, {"name": "a\0b"}),
        *({"name": 3}, {"out": 3}, {"plugins": "toy.py"}, {"device": "CPU"}),
    ],
    ids=repr,
)
def test_values_that_make_no_sense_are_refused_in_one_line(values):
    with pytest.raises(ConfigError) as refused:
        resolve(values)
    assert "\n" not in str(refused.value)


def test_the_place_of_a_wrong_list_item_is_told():
    with pytest.raises(ConfigError, match=r"losses\.1: "):
        resolve({"losses": ["hinge", 3]})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: no such benchmark file"):
        config.read(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"seeds = ", b"seeds = 1\nseeds = 2\n", b"\xff\xfe", b"[a"])
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"broken\.toml: ") as refused:
        config.read(path)
    assert "\n" not in str(refused.value)


def test_a_folder_is_not_a_benchmark_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        config.read(tmp_path)


toml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(Config.model_fields)), toml_values, max_size=4))
def test_any_values_make_a_valid_config_or_one_line_of_refusal(values):
    try:
        found = resolve(values)
    except ConfigError as refused:
        assert "\n" not in str(refused)
    else:
        assert found.seeds >= 1 and found.models


# --------------------------------------------------------------------------- tables in files


def read_text(tmp_path, text):
    path = tmp_path / "bench.toml"
    path.write_text(text)
    return config.resolve(config.read(path), {}, str(path))


def test_a_budget_can_be_a_table(tmp_path):
    assert read_text(tmp_path, "budget = {images = 60_000}").budget == "images=60000"
    assert read_text(tmp_path, 'budget = {updates = "5k"}').budget == "updates=5k"
    assert read_text(tmp_path, "[budget]\nseconds = 0.5").budget == "seconds=0.5"


def test_selectors_can_be_tables(tmp_path):
    found = read_text(
        tmp_path,
        """
        models = ["mlp", {name = "dcgan", width = 32, shared_noise = true, learning_rate = 1e-5}]
        losses = [{name = "hinge"}]
        """,
    )
    assert found.models == ["mlp", "dcgan[width=32,shared_noise=true,learning_rate=1e-05]"]
    assert found.losses == ["hinge"]
    text = 'datasets = [{name = "folder", path = "a/b c", resize = 32}, {name = "npz", path = "d"}]'
    assert read_text(tmp_path, text).datasets == ["folder:a/b c[resize=32]", "npz:d"]


# --------------------------------------------------------------------------- writing


def test_a_written_configuration_reads_back_as_the_same():
    found = resolve(
        {"name": "mine", "threads": 3, "samples": 50, "trial_timeout_seconds": 1.5},
        models=["dcgan[width=8|16]"],
        metrics=[],
        baselines=[],
        budget="seconds=0.1",
        backends=["torch"],
    )
    assert config.resolve(tomllib.loads(config.to_toml(found)), {}, "again") == found
    assert config.resolve(tomllib.loads(config.to_toml(resolve())), {}, "again") == resolve()


def test_a_written_configuration_names_no_local_path():
    found = resolve(
        data="/home/someone/data", out="/mnt/secret/out", plugins=["/home/someone/mine.py"]
    )
    text = config.to_toml(found)
    assert "/" not in text and "someone" not in text and "secret" not in text
    assert tomllib.loads(text)["plugins"] == ["mine.py"]
