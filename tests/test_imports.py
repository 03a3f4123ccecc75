import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from toys import make_record, make_score, make_trial

import ganbench
from ganbench.plan import Plan
from ganbench.store import Store

FRAMEWORKS = {"torch", "torchvision", "tensorflow", "keras", "jax", "flax", "mxnet", "paddle"}
HEAVY = {"pandas", "pydantic", "sklearn", "scipy", "matplotlib", "numpy", "PIL"}
HARNESS = Path(ganbench.__file__).parent


def modules_after(code, folder):
    """Top-level modules that a fresh process has imported after this code."""
    code = (
        "import sys, json\n"
        "try:\n"
        f"    {code}\n"
        "except SystemExit as end:\n"
        "    assert end.code in (None, 0), end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*arguments):
    return f"from ganbench.cli import main; main({list(arguments)})"


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "out")
    trial = make_trial()
    store.prepare()
    store.trial_folder(trial.id)
    store.publish(make_record(trial, scores=[make_score(1.0)]))
    store.write_manifest(Plan([trial], []), "toy")
    return store.root


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["plan"], ["info", "dcgan"], ["plugins"]],
    ids=lambda arguments: arguments[0],
)
def test_looking_around_imports_no_framework(tmp_path, arguments):
    assert modules_after(command(*arguments), tmp_path).isdisjoint(FRAMEWORKS)


def test_printing_a_table_imports_no_framework(results):
    modules = modules_after(command("table", str(results), "--format", "latex"), results)
    assert modules.isdisjoint(FRAMEWORKS | {"pandas", "matplotlib"}) and "numpy" in modules


def test_a_worker_imports_no_framework_before_its_first_job(tmp_path):
    code = "import ganbench.worker; from ganbench import plugins; plugins.load()"
    assert modules_after(code, tmp_path).isdisjoint(FRAMEWORKS)


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="torch is not installed")
def test_what_torch_trains_eagerly_does_without_its_compiler(tmp_path):
    # The compiler takes longer to import than the rest of torch.
    job = {"model": "mlp-toy", "task": "points", "loss": "hinge+r1", "compile": "off"}
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from backend_probe import Framework, Trial\n"
        f"trial = Trial(Framework('torch'), {job})\n"
        "trial.train(0, 2, 2)\n"
        "import torch; print(torch.are_deterministic_algorithms_enabled())\n"
        "print([name for name in sys.modules if name.startswith(('torch._dynamo', 'sympy'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.stdout.splitlines() == ["True", "[]"], done.stderr


@pytest.mark.parametrize(
    "code", ["import ganbench", command("--help"), command("--version"), command("run", "--help")]
)
def test_importing_and_asking_for_help_is_light(tmp_path, code):
    assert modules_after(code, tmp_path).isdisjoint(FRAMEWORKS | HEAVY)


@pytest.mark.parametrize("path", sorted(HARNESS.rglob("*.py")), ids=lambda path: path.name)
def test_no_file_of_the_harness_names_a_framework_in_code(path):
    names = "|".join(sorted(FRAMEWORKS))
    pattern = rf"^\s*(import|from)\s+({names})\b|import_module\(.({names})\b"
    assert re.search(pattern, path.read_text(), re.MULTILINE) is None


def test_plugins_import_no_framework_at_the_top():
    pattern = rf"^(import|from)\s+({'|'.join(sorted(FRAMEWORKS))})\b"
    for path in (HARNESS.parent / "plugins").glob("*/plugin.py"):
        assert re.search(pattern, path.read_text(), re.MULTILINE) is None, path


def test_what_is_public_is_there_and_sorted():
    assert ganbench.__all__ == sorted(ganbench.__all__)
    assert all(hasattr(ganbench, name) for name in ganbench.__all__)
    with pytest.raises(AttributeError, match="no attribute 'runs'"):
        _ = ganbench.runs
