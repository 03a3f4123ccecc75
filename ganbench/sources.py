"""Hashes of plugin sources: edit a loss, and the trials that it answers for are run again."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any


def class_hashes(cls: type[Any]) -> dict[str, str]:
    """Hash of every package that a class or one of its bases comes from, standard library apart.

    The harness itself is left out: what it promises is numbered by `specification.PROTOCOL`.
    """
    tops = {base.__module__.partition(".")[0] for base in cls.__mro__}
    plugins = sorted(top for top in tops - {"ganbench"} if top not in sys.stdlib_module_names)
    return {top: _top_level_hash(top) for top in plugins}


def forget() -> None:
    """Read every source again when it is next asked for."""
    _top_level_hash.cache_clear()


@cache
def _top_level_hash(top: str) -> str:
    module = sys.modules.get(top)
    file = getattr(module, "__file__", None)
    if file is None:
        spec = importlib.util.find_spec(top)
        file = spec.origin if spec else None
    if file is None:  # a class made in an interactive session
        return "unknown"
    path = Path(file)
    if path.name != "__init__.py":
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    digest = hashlib.sha256()
    for source in sorted(path.parent.rglob("*.py")):
        digest.update(f"{source.relative_to(path.parent)}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
