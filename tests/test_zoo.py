"""Broken plugins, each caught by the check that is meant for it: the documented ones, changed.

A row has the plugin, what is changed into what, and the checks that fail; more than one where a
mistake breaks two rules, with the reason beside it.
"""

import importlib.util
import subprocess
import sys
import time

import numpy as np
import pytest
import threadpoolctl
from PIL import Image
from snippets import snippet

from ganbench import plugins
from ganbench.testing import import_checks, suite
from ganbench.testing.check import outcome_of, run_in_order
from ganbench.testing.session import Session
from ganbench.testing.subject import Subject

PENALTY = '''
import ganbench

class Steep:
    """Mean squared gradient at real samples."""

    name = "steep"
    differentiates = frozenset({"real"})
    extra = {"steep": "normal"}

    def discriminator_term(self, ops, discriminator, real, fake):
        _, gradients = ops.logits_and_input_gradients(discriminator, real)
        return ops.mean(ops.sum_per_sample(ops.square(gradients)))

    def transform_input(self, ops, samples, side):
        return samples._replace(images=samples.images + 0.1 * ops.extra("steep"))

    def after_update(self, ops, weight):
        return ops.clip(weight, -1, 1)

@ganbench.hookimpl
def ganbench_penalties():
    return [Steep]
'''

OFFERS = [
    ("plain", '"""NumPy on the CPU, without a framework."""', "pass", {"is_described"}),
    ("energy_distance", "(frozen=True)", "", {"is_immutable"}),
    (
        "energy_distance",
        "    def compute",
        "    sizes: tuple = (1, 2)\n\n    def compute",
        {"options_are_plain"},
    ),
    ("drift", "weight: float", "weight: object", {"options_are_typed"}),
    (
        "drift",
        "    weight: float = 0.001\n",
        "    weight: float = 0.001\n"
        "    def __post_init__(self):\n"
        "        object.__setattr__(self, 'weight', self.weight / 2)\n",
        {"options_round_trip"},
    ),
    ("plain", '"device": "cpu"}', '"threads": 1}', {"prepares_and_describes"}),
    (
        "plain",
        '"device": "cpu"}',
        '"now": str(__import__("time").time_ns())}',
        {"describing_changes_nothing"},
    ),
    ("plain", "requires = ()", "requires = 'numpy'", {"says_what_it_requires"}),
]

MODELS = [
    ("batch_size=64", "batch_size=0", {"step_is_whole"}),
    ('"generator.shift": P', '"shift": P', {"parameters_are_named"}),
    ("    def load_state", "    def restore", {"trainer_has_its_methods"}),
    ("(noise).astype(np.float32)", "(noise).astype(np.float64)", {"samples_are_as_told"}),
    ("self.generate(noise).astype", "self.generate(noise[1:]).astype", {"samples_are_as_told"}),
    (
        "array.astype(dtype) for",
        "array.astype(dtype) + 1 for",
        {"begins_with_the_weights_given"},
    ),
    (
        "return self.generate(noise).astype",
        "return self.generate(np.zeros_like(noise)).astype",
        {"samples_follow_their_noise"},
    ),
    ('"generator_loss": float(fooled)', '"generator_loss": float("nan")', {"losses_are_finite"}),
    (
        "fake = self.generate(fresh)",
        "fake = self.generate(np.random.default_rng().normal(size=fresh.shape))",
        {"same_seed_same_result"},
    ),
    (
        "        self.model = model\n",
        "        self.model = model\n"
        "        weights = {name: np.ones(2, np.float32) for name in weights}\n",
        # Weights of its own are not the harness's either.
        {"begins_with_the_weights_given"},
    ),
    (
        "        for real, noise, fresh in zip(",
        "        fixed = chunk.real[:1] * 0 + 1\n"
        "        chunk = chunk._replace(real=np.repeat(fixed, len(chunk.noise), 0))\n"
        "        for real, noise, fresh in zip(",
        {"every_step_counts"},  # real samples that nobody looks at
    ),
    (
        "Normal(1.0, 0.1)),\n"
        '            "generator.shift": Parameter(task.shape, Normal(0.0, 0.1))',
        'Constant(1.0)),\n            "generator.shift": Parameter(task.shape, Constant(0.0))',
        {"other_seed_other_result"},
        (
            "        for real, noise, fresh in zip(",
            "        chunk = chunk._replace(noise=0 * chunk.noise + 1, real=0 * chunk.real,\n"
            "            generator_noise=0 * chunk.generator_noise + 1)\n"
            "        for real, noise, fresh in zip(",
        ),
        {"every_step_counts"},  # whoever ignores the seed ignores the data, too
    ),
    (
        "        weight = self.weights[name]\n",
        "        if name == 'generator.scale' or name == 'generator.shift':\n"
        "            return\n"
        "        weight = self.weights[name]\n",
        {"both_networks_move"},
    ),
    (
        "        weight = self.weights[name]\n",
        "        if name.startswith('discriminator'):\n"
        "            return\n"
        "        weight = self.weights[name]\n",
        # Real samples reach nothing if the discriminator does not learn from them.
        {"both_networks_move", "every_step_counts"},
    ),
    ("chunk.real[:, 0], chunk", "chunk.real[::2, 0], chunk", {"every_step_counts"}, "dropped"),
    (
        "self.model.learning_rate * (gradient",
        "self.model.learning_rate / self.length * (gradient",
        {"chunk_length_changes_nothing"},
        (
            "        for real, noise",
            "        self.length = len(chunk.noise)\n        for real, noise",
        ),
    ),
    (
        "self.model.learning_rate * (gradient + decay * weight)",
        "self.moment(name, gradient + decay * weight)",
        {"state_restores_training"},
        (
            "    def generate",
            "    def moment(self, name, gradient):\n"
            "        self.moments = getattr(self, 'moments', {})\n"
            "        self.moments[name] = 0.5 * self.moments.get(name, 0) + 0.05 * gradient\n"
            "        return self.moments[name]\n\n"
            "    def generate",
        ),
    ),
    (
        "        return self.generate(noise).astype",
        "        self.rate = 0.01\n        return self.generate(noise).astype",
        {"sampling_leaves_training_alone"},
        (
            "self.model.learning_rate * (",
            "getattr(self, 'rate', self.model.learning_rate) * (",
        ),
    ),
    (
        "        for real, noise, fresh in zip(",
        "        chunk.noise[:] += 1\n        for real, noise, fresh in zip(",
        {"inputs_are_left_alone"},
    ),
    (
        "        self.model = model\n",
        "        self.model = model\n        np.random.seed(0)\n",
        {"leaves_the_process_alone"},
    ),
    (
        "        self.model = model\n",
        "        self.model = model\n        __import__('random').seed(0)\n",
        {"leaves_the_process_alone"},
    ),
    (
        "        self.model = model\n",
        "        self.model = model\n"
        "        threading = __import__('threading')\n"
        "        wait = threading.Event().wait\n"
        "        threading.Thread(target=wait, args=(3,), daemon=True).start()\n",
        {"leaves_the_process_alone"},
    ),
    (
        "        self.model = model\n",
        "        self.model = model\n"
        "        __import__('threadpoolctl').threadpool_limits(limits=1)\n",
        {"leaves_the_process_alone"},
    ),
]

LOSSES = [
    ("ops.square(real_margin)", "ops.power(real_margin, 2)", {"uses_only_the_vocabulary"}),
    ("ops.square(real_margin)", "real_margin.square()", {"uses_only_the_vocabulary"}),
    ("ops.square(real_margin)", "real_margin ** 2", {"uses_only_the_vocabulary"}),
    (
        "        return -ops.mean",
        "        if ops.mean(discriminator(fake)) > 5:\n            return ops.mean(fake.images)\n"
        "        return -ops.mean",
        {"never_branches_on_values"},
    ),
    (
        "return -ops.mean(discriminator(fake))",
        "return ops.mean(discriminator(real) - discriminator(fake))",
        {"generator_real_is_declared"},
    ),
    (
        '    name = "squared-hinge"\n',
        '    name = "squared-hinge"\n    generator_needs_real = True\n',
        {"generator_real_is_declared"},
    ),
    (
        "return -ops.mean(discriminator(fake))",
        "return -discriminator(fake)",
        {"gives_a_finite_scalar"},
    ),
    (
        "return -ops.mean(discriminator(fake))",
        "return -ops.mean(ops.sqrt(10 + discriminator(fake)))",
        {"is_finite_for_large_logits"},
    ),
    (
        "ops.relu(1 - discriminator(real))",
        "ops.relu(1 + discriminator(real))",
        {"discriminator_pulls_real_above_fake"},
    ),
    (
        "+ ops.mean(ops.square(fake_margin))",
        "+ 0 * ops.mean(ops.square(fake_margin))",
        {"discriminator_pulls_real_above_fake"},
    ),
    ("return -ops.mean", "return ops.mean", {"generator_pushes_fake_up"}),
    ("return -ops.mean", "return 0 * ops.mean", {"generator_pushes_fake_up"}),
]

PENALTIES = [
    ('frozenset({"real"})', "frozenset()", {"declares_what_it_differentiates"}),
    ('frozenset({"real"})', 'frozenset({"real", "fake"})', {"declares_what_it_differentiates"}),
    (
        "(discriminator, real)\n",
        "(discriminator, real._replace(images=2 * real.images))\n",
        {"declares_what_it_differentiates"},
    ),
    ('{"steep": "normal"}', "{}", {"declares_its_arrays"}),
    ('"normal"', '"cauchy"', {"declares_its_arrays"}),
    ("return ops.mean(ops.sum_", "return (ops.sum_", {"term_is_a_finite_scalar"}),
    ("return samples._replace(images=", "return (", {"transform_keeps_the_shape"}),
    ("return ops.clip(weight, -1, 1)", "return ops.mean(weight)", {"update_keeps_the_shape"}),
    (
        "ops.clip(weight, -1, 1)",
        "weight if weight > 0 else 0 * weight",
        {"never_branches_on_values"},
    ),
    ("ops.clip(weight, -1, 1)", "abs(weight)", {"uses_only_the_vocabulary"}),
]

METRICS = [
    ("version = 1", "version = 0", {"facts_are_sound"}),
    ('needs = "features"', 'needs = "pixels"', {"facts_are_sound"}),
    ('readings = {"energy"', 'readings = {"energies"', {"facts_are_sound"}),
    ('Reading("Energy distance of the features; 0 is best.", "log")', '"log"', {"facts_are_sound"}),
    ('"log")', '"ln")', {"facts_are_sound"}),
    ('"log")', '"log", 0.0)', {"facts_are_sound"}),
    ('"Energy distance of the features; 0 is best."', '""', {"facts_are_sound"}),
    ("features; 0 is best.", "features. 0 is best.", {"facts_are_sound"}),
    ("features; 0 is best.", "features", {"facts_are_sound"}),
    ('return {"energy"', 'return {"energies"', {"gives_the_columns_it_promises"}),
    (
        "2 * between - sum(within)",
        "2 * between - sum(within) if between > 60 else float('nan')",
        {"is_finite_on_good_samples"},
    ),
    ('"energy": 2', '"energy": -2', {"noise_is_worse"}),
    ("2 * between - sum(within)", "1.0", {"noise_is_worse"}),
    (
        "sum(within)}",
        "sum(within) + __import__('numpy').random.default_rng().random()}",
        {"same_generator_same_values"},
    ),
    (
        "sum(within)}",
        "sum(within) + abs(fake.features[0, 0])}",
        {"order_of_samples_does_not_matter"},
    ),
    (
        "        between = ",
        "        fake.features[:] *= 1.5\n        between = ",
        {"inputs_are_left_alone"},
    ),
    (
        "        between = ",
        "        real.features[:] += 0.01\n        between = ",
        {"inputs_are_left_alone"},
    ),
    (
        "        between = ",
        "        __import__('numpy').random.seed(3)\n        between = ",
        {"leaves_the_process_alone"},
    ),
    (
        "        between = ",
        "        fake.features[9]\n        between = ",
        {"small_sets_are_handled"},
    ),
]

DATASETS = [
    ("default_samples = 1000", "default_samples = 1", {"facts_are_sound"}),
    (
        '        return Task("spiral"',
        '        __import__("time").sleep(1.1)\n        return Task("spiral"',
        {"task_is_cheap"},
    ),
    (
        "            self.task(), Split",
        '            Task("spiral", "points", (2,), classes=3), Split',
        {"task_is_that_of_the_data"},
    ),
    (".astype(np.float32)", "", {"arrays_fit_the_task"}),
    ('Split("test"', 'Split("train"', {"arrays_fit_the_task"}),
    (
        'Split("train", points[:2000])',
        'Split("train", points[:2000], np.zeros(2000, np.int32))',
        {"labels_are_in_range"},
    ),
    ("default_rng(0)", "default_rng()", {"loading_twice_gives_the_same"}),
    (
        "sha256 = hashlib.sha256(points.tobytes()).hexdigest()",
        "sha256 = ''",
        {"loading_twice_gives_the_same"},
    ),
    (
        "        rng = np.random.default_rng(0)\n",
        "        np.random.seed(0)\n        rng = np.random\n",
        {"loading_leaves_the_process_alone"},
        ("rng.standard_normal(points.shape)", "rng.standard_normal(size=points.shape)"),
    ),
]

EXTRACTORS = [
    ('f"{self.name}-', 'f"{id(self)}-{self.name}-', {"has_a_fixed_id"}),
    (".astype(np.float32), None", ", None", {"features_are_rows"}),
    (", None\n", ", features\n", {"features_are_rows"}),
    ("/ 255\n", "/ 255 + np.random.default_rng().random()\n", {"same_images_same_features"}),
    (
        "/ 255\n",
        "/ 255\n        features = features - features.mean(axis=0)\n",
        {"batch_size_changes_nothing"},
    ),
    (
        "        return features.reshape(n, -1)",
        "        return features[::-1].reshape(n, -1)",
        # A batch of one has no other end.
        {"batch_size_changes_nothing", "rows_keep_their_order"},
    ),
    (
        "        blocks = images",
        "        images[:, 0] = 0\n        blocks = images",
        {"inputs_are_left_alone"},
    ),
    (
        "        blocks = images",
        "        np.random.seed(1)\n        blocks = images",
        {"leaves_the_process_alone"},
    ),
    ("if images.dtype != np.uint8", "if images.dtype == np.int64", {"other_types_are_refused"}),
]


def zoo():
    groups = {"plain": MODELS, "squared_hinge": LOSSES, PENALTY: PENALTIES}
    groups |= {"energy_distance": METRICS, "spiral": DATASETS, "thumbnails": EXTRACTORS}
    rows = [*OFFERS]
    rows += [(base, *row) for base, group in groups.items() for row in group]
    for number, (base, old, new, expected, *more) in enumerate(rows):
        changes, expected = [(old, new)], set(expected)
        for item in more:
            if isinstance(item, tuple):
                changes.append(item)
            elif isinstance(item, set):
                expected |= item
        if "dropped" in more:  # every second step of the chunk
            changes += [("chunk.noise[:, 0], chunk.g", "chunk.noise[::2, 0], chunk.g")]
            changes += [("chunk.generator_noise, strict", "chunk.generator_noise[::2], strict")]
        kind = "+".join(sorted(expected))
        yield pytest.param(base, changes, expected, id=f"{kind}-{number}")


def changed(base, changes):
    source = base if "\n" in base else snippet(f"{base}.py")
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


@pytest.fixture
def forgotten():
    with threadpoolctl.threadpool_limits(limits=2):
        yield
    for name in [name for name in sys.modules if name.startswith("ganbench_file_broken")]:
        del sys.modules[name]


def failures(path):
    """The checks that fail on each part of a file, those on a framework's backend left out."""
    catalog = plugins.load([path])
    name = plugins.module_name(path)
    found = {}
    for kind in plugins.KINDS:
        for entry in catalog.entries(kind):
            if entry.plugin.module != name:
                continue
            backend = None
            if kind in ("models", "backends"):
                backend = catalog.get("backends", getattr(entry.cls, "backend", entry.name))()
            subject = Subject(kind, entry.cls(), catalog, backend)
            checks = [c for c in suite.BY_KIND[kind] if backend or not c.on_backend]
            for check, outcome, message in run_in_order(checks, lambda c: outcome_of(c, subject)):  # noqa: B023
                if outcome == "failed":
                    found[check.name] = message
    return found


@pytest.mark.parametrize(("base", "changes", "expected"), list(zoo()))
def test_a_broken_plugin_fails_the_check_that_is_meant_for_it(
    tmp_path, forgotten, base, changes, expected
):
    path = tmp_path / "broken.py"
    path.write_text(changed(base, changes))
    found = failures(path)
    assert set(found) == expected, found
    for message in found.values():
        assert len(message) > 30 and "\n" not in message


@pytest.mark.parametrize("base", ["plain", "squared_hinge", PENALTY, "energy_distance", "spiral"])
def test_the_plugin_that_was_broken_is_sound(tmp_path, forgotten, base):
    path = tmp_path / "broken.py"
    path.write_text(changed(base, []))
    assert failures(path) == {}


# --------------------------------------------------------------------------- plugins as a whole

HOOK = "import ganbench\n@ganbench.hookimpl\ndef ganbench_losses():\n    return [{}]\n"
WHOLE = [
    ("raise SystemExit(0)", "imports", "SystemExit"),
    ("import no_such_module", "imports", "ModuleNotFoundError"),
    ("def broken(:", "imports", "SyntaxError"),
    ("import random\nrandom.seed(1)", "import_leaves_the_process_alone", "random was seeded"),
    (
        "import os\nos.environ['GANBENCH_ZOO'] = '1'",
        "import_leaves_the_process_alone",
        "GANBENCH_ZOO",
    ),
    (HOOK.replace("losses", "optimizers"), "hooks_are_known", "ganbench_optimizers"),
    (HOOK.format("object()"), "hooks_are_known", "has to return classes"),
    (HOOK.format("int"), "hooks_are_known", "has no 'name'"),
    (HOOK.format("1 / 0"), "hooks_are_known", "ZeroDivisionError"),
    ("'squared-hinge'", "names_are_free", "offered twice"),
    ("import ganbench", "offers_something", "has no hook"),
]


@pytest.mark.parametrize(("source", "expected", "message"), WHOLE)
def test_a_plugin_that_cannot_be_loaded_fails_the_check_that_says_why(
    tmp_path, monkeypatch, forgotten, source, expected, message
):
    monkeypatch.setenv("GANBENCH_ZOO", "0")
    if expected == "names_are_free":
        source = snippet("squared_hinge.py").replace("squared-hinge", "hinge")
    path = tmp_path / "broken.py"
    path.write_text(source)
    results = import_checks.of_file(path, plugins.load()).results()
    found = {name: told for name, outcome, told in results if outcome == "failed"}
    assert set(found) == {expected} or expected.startswith("import_leaves")
    assert message in found[expected]


def check(*arguments):
    command = [sys.executable, "-P", "-m", "ganbench.cli", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_part_that_has_no_defaults_is_told_of_and_can_be_checked_with_its_options(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(snippet("drift.py").replace("weight: float = 0.001", "weight: float"))
    done = check(path, "--backend", "numpy")
    assert done.returncode == 0 and "skipped can_be_made: an option has no default" in done.stdout
    done = check("drift[weight=0.5]", "--plugin", path, "--backend", "numpy")
    assert done.returncode == 0 and "penalty drift[weight=0.5]" in done.stdout
    path.write_text(snippet("drift.py").replace("float = 0.001", "float = int('x')"))
    assert "FAILED  imports: importing it raises ValueError" in check(path).stdout
    path.write_text(
        snippet("drift.py").replace(
            "    def disc", "    def __post_init__(self): 1 / 0\n    def disc"
        )
    )
    done = check(path)
    assert done.returncode == 4 and "can_be_made: making it with its defaults" in done.stdout


def test_a_folder_of_one_s_own_images_is_checked_by_its_path(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    for number in range(60):
        pixels = np.full((8, 8, 3), number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    done = check(f"folder:{tmp_path}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed  loading_twice_gives_the_same" in done.stdout


def test_a_plugin_that_imports_a_framework_is_caught(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import torch\n" + snippet("spiral.py"))
    session = Session()
    results, survey = session.survey(path, None, None)
    session.close()
    assert [item.check for item in results if item.outcome == "failed"] == ["import_is_light"]
    assert [part["title"] for part in survey["parts"]] == ["dataset spiral"]


def test_a_plugin_that_ends_the_process_ends_a_check_and_not_the_command(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import os\nos._exit(0)\n")
    done = check(path)
    assert done.returncode == 4
    assert "FAILED  imports: the process ended itself with code 0" in done.stdout


@pytest.mark.slow
def test_a_crash_and_a_hang_cost_one_check_each(tmp_path):
    source = snippet("spiral.py").replace(
        "    def load(self, location):\n",
        "    def load(self, location):\n"
        "        import os, signal, sys, time\n"
        "        caller = sys._getframe(2).f_code.co_name\n"
        "        if caller == 'task_is_that_of_the_data':\n"
        "            os.kill(os.getpid(), signal.SIGSEGV)\n"
        "        if caller == 'loading_leaves_the_process_alone':\n"
        "            time.sleep(60)\n",
    )
    path = tmp_path / "broken.py"
    path.write_text(source)
    begun = time.monotonic()
    done = check(path, "--timeout", "5")
    assert done.returncode == 4 and time.monotonic() - begun < 50
    failed = [line.strip() for line in done.stdout.splitlines() if "FAILED" in line]
    assert len(failed) == 2
    assert "task_is_that_of_the_data: the process was ended by SIGSEGV" in failed[0]
    assert "loading_leaves_the_process_alone: took longer than 5 seconds" in failed[1]


def test_a_loss_that_is_another_on_one_backend_is_caught_there(tmp_path):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    path = tmp_path / "broken.py"
    path.write_text(
        snippet("squared_hinge.py").replace(
            "return -ops.mean", "return -(1 + (type(ops).__name__ == 'TorchOps')) * ops.mean"
        )
    )
    done = check(path, "--backend", "torch")
    failed = [line.strip() for line in done.stdout.splitlines() if "FAILED" in line]
    assert done.returncode == 4
    assert len(failed) == 1 and "agrees_with_numpy: on torch one step" in failed[0]
