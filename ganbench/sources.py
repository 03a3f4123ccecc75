"""Hashes of plugin sources: edit a loss, and the trials that it answers for are run again."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

# A module that imports others by names made at run time may use any file of its package.
_IMPORTS_AT_RUN_TIME = ("import_module", "__import__")


def class_hashes(cls: type[Any]) -> dict[str, str]:
    """Hashes of the modules that a class and its bases come from, standard library apart.

    A module's hash covers the modules of its own package that it imports, and those that they
    import in turn, so that a change elsewhere in the package leaves it as it is. The harness
    itself is left out: what it promises is numbered by `specification.PROTOCOL`.
    """
    modules = {base.__module__ for base in cls.__mro__}
    plugins = sorted(module for module in modules if _is_plugin(module.partition(".")[0]))
    return {module: _module_hash(module) for module in plugins}


def module_hash(module: str) -> str:
    """Return the hash of a plugin module's present source; 'unknown' if there is no such module."""
    return _module_hash(module)


def forget() -> None:
    """Read every source again when it is next asked for."""
    _module_hash.cache_clear()


def _is_plugin(top: str) -> bool:
    return top != "ganbench" and top not in sys.stdlib_module_names


@cache
def _module_hash(module: str) -> str:
    file = _file(module)
    if file is None:  # a class made in an interactive session
        return "unknown"
    top = module.partition(".")[0]
    package = _file(top)
    if package is None or package.name != "__init__.py":
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    digest = hashlib.sha256()
    for source in sorted(_reachable(file, package.parent)):
        digest.update(f"{source.relative_to(package.parent)}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _reachable(file: Path, root: Path) -> set[Path]:
    """The files of the package in `root` that importing this one may read."""
    found: set[Path] = set()
    waiting = {file, root / "__init__.py"}
    while waiting:
        source = waiting.pop()
        found.add(source)
        tree = ast.parse(source.read_bytes())
        if any(_name(node) in _IMPORTS_AT_RUN_TIME for node in ast.walk(tree)):
            return set(root.rglob("*.py"))
        waiting |= set(_imported(tree, source, root)) - found
    return found


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.alias):
        return node.name
    return getattr(node, "attr", getattr(node, "id", None))


def _imported(tree: ast.AST, source: Path, root: Path) -> Iterator[Path]:
    """The package's own files that this source imports, wherever in it."""
    place = list(source.relative_to(root.parent).with_suffix("").parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = place[: len(place) - node.level] if node.level else []
            stem = [*start, *(node.module or "").split(".")] if node.module else start
            names = [[*stem, alias.name] for alias in node.names]
        else:
            continue
        for name in names:
            yield from _files(name, root)


def _files(name: list[str], root: Path) -> Iterator[Path]:
    """Files of `a.b.c`: the packages on the way, and the module, where they are in `root`."""
    if not name or name[0] != root.name:
        return
    for length in range(1, len(name) + 1):
        path = root.parent.joinpath(*name[:length])
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                yield file


def _file(module: str) -> Path | None:
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if file is None and loaded is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ModuleNotFoundError, ValueError):
            spec = None
        file = spec.origin if spec else None
    return Path(file) if file else None
