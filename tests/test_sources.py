import hashlib
import importlib
import shutil
import sys

import pytest
from toys import TOY, toy_catalog

from ganbench import plugins, sources
from ganbench.contracts import Step


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a class whose base comes from another module."""
    folder = tmp_path / "toy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "plugin.py").write_text(
        "import json\nfrom toy_base import Base\nclass Part(Base, json.JSONEncoder): ...\n"
    )
    (folder / "kernel.py").write_text("SIZE = 3\n")
    (tmp_path / "toy_base.py").write_text("class Base: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("toy_")]:
        del sys.modules[name]
    sources.forget()


def hashes():
    sources.forget()
    return sources.class_hashes(importlib.import_module("toy_package.plugin").Part)


def test_a_class_is_hashed_with_the_packages_of_its_bases_but_not_the_standard_library(package):
    found = hashes()
    assert set(found) == {"toy_package", "toy_base"}
    base = hashlib.sha256((package / "toy_base.py").read_bytes()).hexdigest()
    assert found["toy_base"] == base[:16]


@pytest.mark.parametrize("file", ["plugin.py", "kernel.py", "__init__.py"])
def test_editing_any_file_of_a_package_changes_its_hash_alone(package, file):
    before = hashes()
    path = package / "toy_package" / file
    path.write_text(path.read_text() + "\n")
    after = hashes()
    assert after["toy_package"] != before["toy_package"]
    assert after["toy_base"] == before["toy_base"]


def test_renaming_a_file_of_a_package_changes_its_hash(package):
    before = hashes()
    (package / "toy_package" / "kernel.py").rename(package / "toy_package" / "seed.py")
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
