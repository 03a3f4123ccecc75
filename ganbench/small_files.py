"""Small JSON files of the cache: a lost or damaged one is made again, nothing else happens."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any] | None:
    """What is kept there, or None where nothing is or it is not whole."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write(path: Path, values: dict[str, Any]) -> bool:
    """Keep values, all or nothing; False where the folder cannot be written."""
    temporary = path.with_name(f".tmp-{secrets.token_hex(8)}.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", "utf-8")
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    return True
