import importlib
import sys
import textwrap

import pytest
from toys import CLASH, TOY, run_ganbench, toy_catalog

from ganbench import plugins
from ganbench.errors import ConfigError, PluginError, PluginWarning, UnknownName

GOOD = """
import ganbench

class Loss:
    name = "good-loss"
    def discriminator_loss(self, ops, discriminator, real, fake): ...
    def generator_loss(self, ops, discriminator, real, fake): ...

@ganbench.hookimpl
def ganbench_losses():
    return [Loss]
"""

HOOK = """
import ganbench

class Part:
    {body}

@ganbench.hookimpl
def ganbench_{kind}():
    return {offer}
"""


def hook(kind, body="pass", offer="[Part]"):
    return HOOK.format(kind=kind, body=body, offer=offer)


# Module name -> (its source, what the failure has to say).
BROKEN = {
    "import_error": ("import no_such_thing", "ModuleNotFoundError: No module"),
    "syntax_error": ("def broken(:", "SyntaxError: "),
    "exits": ("raise SystemExit(0)", "SystemExit: 0"),
    "raises": ("raise ValueError('first\\nsecond')", "ValueError: first"),
    "raises_base": ("raise BaseException", "BaseException: "),
    "unknown_hook": (
        "import ganbench\n@ganbench.hookimpl\ndef ganbench_optimizers(): return []",
        "ganbench_optimizers",
    ),
    "hook_raises": (hook("losses", offer="1 / 0"), "ZeroDivisionError: "),
    "hook_exits": (hook("losses", offer="exit(0)"), "SystemExit: 0"),
    "no_list": (hook("losses", offer="Part"), "TypeError: "),
    "object_not_class": (hook("losses", offer="[Part()]"), "has to return classes"),
    "no_name": (hook("losses"), "has no 'name'"),
    "bad_name": (hook("losses", "name = '../Loss'"), "has to be lower-case letters"),
    "no_method": (hook("losses", "name = 'x'"), "has no method 'discriminator_loss'"),
    "no_backend": (hook("models", "name = 'x'"), "has no 'backend'"),
    "no_requires": (
        hook("backends", "name = 'x'; prepare = describe = print"),
        "has no 'requires'",
    ),
    "no_version": (
        hook("metrics", "name = 'x'; columns = {}; needs = 'images'; compute = print"),
        "has no 'version'",
    ),
    "no_columns": (
        hook("metrics", "name = 'x'; version = 1; needs = 'images'; compute = print"),
        "has no 'columns'",
    ),
    "no_samples": (
        hook("datasets", "name = 'x'; source = ''; task = load = print"),
        "has no 'default_samples'",
    ),
    "no_id": (
        hook("extractors", "name = 'x'; source = ''; fits = extract = print"),
        "has no 'id'",
    ),
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put distributions on the path, as pip would: modules, and metadata with entry points."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(distribution, modules):
        points = "\n".join(f"{name} = {name}" for name in modules)
        folder = tmp_path / f"{distribution}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[ganbench]\n{points}\n")
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        importlib.invalidate_caches()

    yield put
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


# --------------------------------------------------------------------------- installed plugins


def test_an_installed_plugin_offers_its_classes_under_its_distribution_s_name(install):
    install("mine", {"good_plugin": GOOD})
    catalog = plugins.load()
    (entry,) = [entry for entry in catalog.entries("losses") if entry.name == "good-loss"]
    assert entry.plugin.name == entry.plugin.module == "good_plugin"
    assert entry.plugin.distribution == "mine 1.2"
    assert catalog.get("losses", "good-loss") is entry.cls
    assert not [failure for failure in catalog.failures if failure.distribution == "mine 1.2"]


def test_broken_plugins_are_reported_and_stop_nothing(install):
    expected = {kind: set(plugins.load().names(kind)) for kind in plugins.KINDS}
    modules = {f"broken_{name}": source for name, (source, _) in BROKEN.items()}
    install("broken", {**modules, "good_plugin": GOOD})
    catalog = plugins.load()
    failures = {item.name: item for item in catalog.failures if item.distribution == "broken 1.2"}
    assert set(failures) == set(modules)
    for name, (_, reason) in BROKEN.items():
        assert reason in failures[f"broken_{name}"].reason, name
        assert "\n" not in failures[f"broken_{name}"].reason
    expected["losses"].add("good-loss")
    assert {kind: set(catalog.names(kind)) for kind in plugins.KINDS} == expected
    assert "good_plugin" in [plugin.name for plugin in catalog.plugins]


def test_a_plugin_whose_last_class_is_broken_leaves_none_of_its_classes(install):
    half = GOOD.replace("return [Loss]", "return [Loss, 3]")
    install("half", {"half_plugin": half})
    catalog = plugins.load()
    assert "good-loss" not in catalog.names("losses")
    assert "half_plugin" not in [plugin.name for plugin in catalog.plugins]


def test_a_name_clash_of_two_distributions_is_refused_naming_both(install):
    install("first-dist", {"first_plugin": GOOD})
    install("second-dist", {"second_plugin": GOOD})
    with pytest.raises(PluginError, match="'good-loss' is offered twice") as refused:
        plugins.load()
    assert "'first_plugin' (first-dist 1.2)" in str(refused.value)
    assert "'second_plugin' (second-dist 1.2)" in str(refused.value)
    assert str(refused.value).endswith(
        "rename one or leave one out with -p no:first_plugin or leave one out with "
        "-p no:second_plugin"
    )


def test_a_plugin_that_offers_a_name_twice_is_refused(install):
    install("twice", {"twice_plugin": GOOD.replace("return [Loss]", "return [Loss, Loss]")})
    with pytest.raises(PluginError, match="'good-loss' is offered twice"):
        plugins.load()


def test_the_project_s_own_plugins_load():
    catalog = plugins.load()
    own = [item for item in catalog.failures if item.distribution.startswith("ganbench ")]
    assert own == []
    assert {"numpy", "torch", "tensorflow", "jax"} <= set(catalog.names("backends"))
    assert {"real", "memorizer", "pixel-gaussian", "mlp", "dcgan"} <= set(catalog.names("models"))


# --------------------------------------------------------------------------- single files


def test_a_single_file_is_a_plugin():
    catalog = toy_catalog()
    assert catalog.get("datasets", "specks").name == "specks"
    assert catalog.plugins[-1].distribution == "toy.py"
    assert catalog.get("penalties", "nudge")().gamma == 1.0


def test_models_are_looked_up_by_backend():
    catalog = toy_catalog()
    assert catalog.model("toy", "toy").__name__ == "ToyGAN"
    assert catalog.model("toy", "numpy") is None
    assert catalog.model("mlp", "torch") is not catalog.model("mlp", "tensorflow")
    with pytest.raises(UnknownName, match="no model named 'mpl'; did you mean 'mlp'"):
        catalog.model("mpl", "torch")


@pytest.mark.parametrize(
    ("kind", "typo", "meant"),
    [
        ("backends", "tensorfow", "tensorflow"),
        ("losses", "non-saturated", "non-saturating"),
        ("datasets", "digit", "digits"),
        ("metrics", "frechét", "frechet"),
        ("penalties", "nugde", "nudge"),
        ("extractors", "pca-digits", "pca-digits-v1"),
    ],
)
def test_an_unknown_name_suggests_the_near_one_and_lists_the_known(kind, typo, meant):
    catalog = toy_catalog()
    with pytest.raises(UnknownName, match=f"did you mean '{meant}'") as refused:
        catalog.get(kind, typo)
    assert all(name in str(refused.value) for name in catalog.names(kind))


def test_a_name_that_is_like_no_other_gets_no_suggestion():
    with pytest.raises(UnknownName) as refused:
        toy_catalog().get("losses", "qqqqqq")
    assert "did you mean" not in str(refused.value)


def test_a_file_that_takes_an_installed_name_is_refused_naming_both():
    with pytest.raises(PluginError, match="'hinge' is offered twice") as refused:
        plugins.load([CLASH])
    assert "'losses'" in str(refused.value) and "clash.py" in str(refused.value)
    assert str(refused.value).endswith("; rename one or leave one out with -p no:losses")


def test_two_files_that_offer_one_name_have_to_be_renamed(tmp_path):
    paths = [tmp_path / name for name in ("one.py", "two.py")]
    for path in paths:
        path.write_text(GOOD)
    with pytest.raises(PluginError, match=r"'good-loss' is offered twice.*\(two.py\); rename one$"):
        plugins.load(paths)


def test_a_file_without_a_hook_is_a_warning_that_shows_what_one_looks_like(tmp_path):
    path = tmp_path / "empty.py"
    path.write_text("x = 1\n")
    with pytest.warns(PluginWarning, match="empty.py: has no hook, .*@ganbench.hookimpl def"):
        assert plugins.load([path]).names("losses") == plugins.load().names("losses")
    for command in (["list", "losses"], ["plan", "--loss", "missing"]):
        done = run_ganbench(*command, "--plugin", "empty.py", folder=tmp_path)
        (line, *_) = done.stderr.splitlines()
        assert line.startswith("ganbench: --plugin empty.py: has no hook")
        assert done.stderr.count("has no hook") == 1 and "Warning" not in done.stderr


@pytest.mark.parametrize(
    ("name", "contract"),
    [("no_method", "Loss"), ("no_backend", "Model"), ("no_name", "Loss")],
)
def test_what_breaks_a_contract_names_the_class_to_read(tmp_path, name, contract):
    path = tmp_path / "my_broken.py"
    path.write_text(BROKEN[name][0])
    with pytest.raises(PluginError, match=rf"; see {contract} in ganbench/contracts\.py$"):
        plugins.load([path])


@pytest.mark.parametrize("name", ["import_error", "syntax_error", "exits", "raises", "no_name"])
def test_a_file_that_fails_stops_with_one_line_that_names_it(tmp_path, name):
    source, reason = BROKEN[name]
    path = tmp_path / "my_broken.py"
    path.write_text(source)
    with pytest.raises(PluginError, match="my_broken") as refused:
        plugins.load([path])
    assert reason in str(refused.value) and "\n" not in str(refused.value)


def test_a_file_whose_hook_fails_is_a_plugin_error_too(tmp_path):
    path = tmp_path / "my_hook.py"
    path.write_text(BROKEN["hook_raises"][0])
    with pytest.raises(PluginError, match=r"my_hook.*ZeroDivisionError"):
        plugins.load([path])


def test_a_file_that_is_not_there_or_not_python_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.py: no such file"):
        plugins.load([tmp_path / "absent.py"])
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ConfigError, match=r"has to end in \.py"):
        plugins.load([tmp_path / "notes.txt"])
    with pytest.raises(ConfigError, match="no such file"):
        plugins.load([tmp_path])


def test_two_files_of_one_name_do_not_stand_in_for_each_other(tmp_path):
    paths = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / "same.py")
        paths[-1].write_text(GOOD.replace("good-loss", f"{name}-loss"))
    with pytest.raises(ConfigError, match=r"same\.py"):
        plugins.load(paths)


def test_the_same_file_given_twice_is_refused():
    with pytest.raises((ConfigError, PluginError), match="toy"):
        plugins.load([TOY, TOY])
