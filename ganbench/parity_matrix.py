"""What `ganbench parity` is asked for: a matrix file, or the same from the command line."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict, ValidationError

from ganbench.errors import ConfigError, UnknownName

Steps = Annotated[int, Ge(1)]
Dtype = Literal["float64", "float32"]


class Group(BaseModel):
    """Models and losses of which every pair is compared; what is None is the matrix's."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    models: list[str]
    losses: list[str]
    task: str | None = None  # None: the first of parity_trace.TASKS that suits the model
    steps: Steps | None = None
    dtype: Dtype | None = None


class Matrix(BaseModel):
    """Everything that one command compares."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    backends: list[str] | None = None  # None: every installed framework
    steps: Steps = 200
    dtype: Dtype = "float64"
    group: list[Group]


def resolve_file(path: Path, overrides: dict[str, Any]) -> Matrix:
    """Read a matrix file with `steps` and `backends` of the command line on top.

    No group is given more steps than the command line says, and none more than it has of its own.
    Raises ConfigError naming file and key.
    """
    matrix = resolve(_read(path), str(path))
    most = overrides.get("steps", sys.maxsize)
    groups = [
        group.model_copy(update={"steps": min(group.steps or matrix.steps, most)})
        for group in matrix.group
    ]
    return matrix.model_copy(update={**overrides, "group": groups})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None


def resolve(values: dict[str, Any], where: str) -> Matrix:
    """Check the values of a matrix; raises ConfigError naming every fault."""
    known = [
        (values, Matrix.model_fields),
        *((part, Group.model_fields) for part in _groups(values)),
    ]
    for table, keys in known:
        for key in set(table) - set(keys):
            raise UnknownName("key", key, keys, where=where)
    try:
        matrix = Matrix(**values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()]
        raise ConfigError(f"{where}: " + "; ".join(faults)) from None
    for group in matrix.group:
        if not group.models or not group.losses:
            raise ConfigError(f"{where}: name at least one model and one loss")
    return matrix


def split(text: str) -> list[str]:
    """Take 'torch,tensorflow[compile=off]' apart at the commas outside brackets."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text)]


def _groups(values: dict[str, Any]) -> list[dict[str, Any]]:
    groups = values.get("group", [])
    return [part for part in groups if isinstance(part, dict)] if isinstance(groups, list) else []
