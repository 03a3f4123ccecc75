import hashlib
import importlib
import shutil
import sys

import pytest
from toys import TOY, toy_catalog

from ganbench import plugins, sources
from ganbench.contracts import Step

FILES = {
    "toy_base.py": "class Base: ...\n",
    "toy_package/__init__.py": "",
    "toy_package/plugin.py": (
        "import json\nfrom toy_base import Base\nfrom toy_package.kernel import SIZE\n"
        "class Part(Base, json.JSONEncoder): ...\n"
    ),
    "toy_package/kernel.py": "def late():\n    from . import deep\n    return deep\nSIZE = 3\n",
    "toy_package/deep/__init__.py": "import toy_package.deep.leaf\n",
    "toy_package/deep/leaf.py": "LEAF = 1\n",
    "toy_package/other.py": "class Other: ...\n",
}
USED = sorted(set(FILES) - {"toy_base.py", "toy_package/other.py"})


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a class whose base comes from elsewhere, and a module that it leaves alone."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("toy_")]:
        del sys.modules[name]
    sources.forget()


def hashes(module="plugin", name="Part"):
    sources.forget()
    return sources.class_hashes(getattr(importlib.import_module(f"toy_package.{module}"), name))


def test_a_class_is_hashed_with_the_modules_of_its_bases_but_not_the_standard_library(package):
    found = hashes()
    assert set(found) == {"toy_package.plugin", "toy_base"}
    base = hashlib.sha256((package / "toy_base.py").read_bytes()).hexdigest()
    assert found["toy_base"] == base[:16]


@pytest.mark.parametrize("file", USED)
def test_editing_a_file_that_a_module_imports_however_deep_changes_its_hash_alone(package, file):
    before = hashes()
    path = package / file
    path.write_text(path.read_text() + "# edited\n")
    after = hashes()
    assert after["toy_package.plugin"] != before["toy_package.plugin"]
    assert after["toy_base"] == before["toy_base"]


def test_editing_what_a_class_does_not_use_leaves_it_as_it_is(package):
    before, other = hashes(), hashes("other", "Other")
    path = package / "toy_package" / "other.py"
    path.write_text(path.read_text() + "# edited\n")
    assert hashes() == before
    assert hashes("other", "Other") != other


@pytest.mark.parametrize(
    "line", ["import importlib; importlib.import_module('x')", "__import__('x')"]
)
def test_a_module_that_imports_by_names_made_at_run_time_is_hashed_with_its_package(package, line):
    path = package / "toy_package" / "deep" / "leaf.py"
    path.write_text(path.read_text() + f"def never():\n    {line}\n")
    before = hashes()
    (package / "toy_package" / "other.py").write_text("# edited\n")
    assert hashes() != before


def test_moving_what_is_used_changes_the_hash(package):
    before = hashes()
    (package / "toy_package" / "deep" / "leaf.py").rename(package / "toy_package" / "deep" / "l.py")
    assert hashes() != before


def test_compiled_files_and_notes_do_not_change_the_hash(package):
    before = hashes()
    (package / "toy_package" / "notes.txt").write_text("hello")
    (package / "toy_package" / "plugin.pyc").write_bytes(b"x")
    assert hashes() == before


def test_the_harness_is_numbered_and_not_hashed():
    assert sources.class_hashes(Step) == {}
    assert "ganbench" not in sources.class_hashes(toy_catalog().get("models", "toy"))


@pytest.mark.parametrize("name", ["copy.py", "my.dotted.copy.py", "my-copy.py"])
def test_editing_a_single_file_plugin_changes_the_hash_of_its_classes(tmp_path, name):
    path = tmp_path / name
    shutil.copy(TOY, path)
    before = sources.class_hashes(plugins.load([path]).get("models", "toy"))
    assert list(before.values()) == [hashlib.sha256(path.read_bytes()).hexdigest()[:16]]
    path.write_text(path.read_text() + "# edited\n")
    after = sources.class_hashes(plugins.load([path]).get("models", "toy"))
    assert list(after) == list(before) and after != before


def test_the_same_source_has_the_same_hash_wherever_it_lies(tmp_path):
    found = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(TOY, tmp_path / folder / "copy.py")
        catalog = plugins.load([tmp_path / folder / "copy.py"])
        found.append(sources.class_hashes(catalog.get("models", "toy")))
    assert found[0] == found[1]


def test_a_class_without_a_file_is_unknown():
    made = type("Made", (), {"__module__": "typed_at_a_prompt"})
    assert sources.class_hashes(made) == {"typed_at_a_prompt": "unknown"}
