"""Parity verdicts, and the file `verdicts.jsonl` that stores all verdicts of a folder.

The first line of the file is a header with the schema version. Then come values that several
verdicts share, such as source hashes and model options, each with an id made of its content.
Then comes one line per verdict, in which these ids stand for the values. Lines are sorted, so that
the same verdicts always give the same bytes, and two branches that add verdicts merge by line.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ganbench.errors import ConfigError, StorageError
from ganbench.specification import digest
from ganbench.store import Store

FILE = "verdicts.jsonl"
SCHEMA_VERSION = 2
VERIFIED, FAILED = "verified", "failed"
PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Verdict:
    """Result of training one model with one loss on two backends.

    `deviations` are those of `parity.Comparison`, null where a value was not finite;
    `first_disagreement` has step, name and values, null where there is none. `asked` has the
    selections of `backends`, `model` and `loss` with every option.
    """

    backends: list[str]
    model: str
    loss: str
    task: str
    steps: int
    dtype: str
    seed: int
    verdict: str  # verified or failed
    reason: str
    deviations: dict[str, float | None]
    first_disagreement: dict[str, Any] | None
    asked: dict[str, Any]
    sources: dict[str, str]  # of both implementations
    frameworks: dict[str, dict[str, str]]  # each backend's description of itself

    @property
    def agrees(self) -> bool:
        """Whether the two backends train the same GAN."""
        return self.verdict == VERIFIED

    def question(self) -> str:
        """Return what was compared as canonical JSON, without the sources."""
        return _line([self.task, self.steps, self.dtype, self.seed, self.asked])


_CHECKED = TypeAdapter(Verdict)
_FIELDS = {item.name for item in fields(Verdict)}
_SHARED = ("sources", "frameworks")  # fields that are stored once
_SHARED_SELECTIONS = ("backends", "model")  # the same, in `asked`


def write(folder: Path, verdict: Verdict) -> None:
    """Add a verdict to the file of a folder; it replaces an older one of the same question.

    Raises ConfigError if the file is damaged and StorageError if it cannot be written.
    """
    with _locked(folder):
        others = [item for item in read(folder) if item.question() != verdict.question()]
        _write(folder, [*others, verdict])


def write_all(folder: Path, verdicts: list[Verdict]) -> None:
    """Write the file of a folder with exactly these verdicts."""
    with _locked(folder):
        _write(folder, verdicts)


def read(folder: Path) -> list[Verdict]:
    """Read the verdicts of a folder, by model and loss; none if there is no file.

    Raises ConfigError if the file is damaged or of another schema.
    """
    return read_file(folder / FILE)


def read_file(path: Path) -> list[Verdict]:
    """Read a file of verdicts; none if it does not exist. Raises ConfigError as `read` does."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}") from None
    shared: dict[str, Any] = {}
    verdicts = []
    _check_header(path, lines)
    for number, line in enumerate(lines[1:], start=2):
        try:
            values = json.loads(line)
            if "id" in values:
                shared[values["id"]] = values["value"]
            else:
                verdicts.append(_expanded(values, shared))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _damaged(path, number) from None
    return sorted(verdicts, key=_order)


def shipped(package: Path = PACKAGE) -> list[Verdict]:
    """Read the verdicts that come with ganbench; none if they are missing.

    `package` is the folder of the installed package. A wheel has the file in it; in a checkout it
    is in `results/parity`.
    """
    for path in (package / FILE, package.parent / "results" / "parity" / FILE):
        if path.is_file():
            return read_file(path)
    return []


def read_with_shipped(folder: Path, package: Path = PACKAGE) -> list[Verdict]:
    """Read the verdicts of a folder, then the shipped ones.

    A shipped verdict of the same question and sources as one of the folder is left out.
    """
    own = read(folder)
    keys = {(item.question(), _line(item.sources)) for item in own}
    return own + [
        item for item in shipped(package) if (item.question(), _line(item.sources)) not in keys
    ]


def _write(folder: Path, verdicts: Iterable[Verdict]) -> None:
    shared: dict[str, Any] = {}
    entries = [_compact(verdict, shared) for verdict in sorted(verdicts, key=_order)]
    values = [{"id": key, "value": shared[key]} for key in sorted(shared)]
    lines = map(_line, [{"schema_version": SCHEMA_VERSION}, *values, *entries])
    Store(folder).write(FILE, "".join(f"{line}\n" for line in lines))


def _line(values: Any) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _order(verdict: Verdict) -> tuple[Any, ...]:
    labels = (verdict.model, verdict.loss, verdict.backends, verdict.dtype, verdict.steps)
    return (*labels, verdict.question(), _line(verdict.sources))


def _compact(verdict: Verdict, shared: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a line; move what verdicts have in common to `shared`."""
    values = asdict(verdict)
    for part, names in ((values, _SHARED), (values["asked"], _SHARED_SELECTIONS)):
        for name in names:
            key = digest(part[name])
            shared[key] = part[name]
            part[name] = key
    return values


def _expanded(values: dict[str, Any], shared: dict[str, Any]) -> Verdict:
    """Return the verdict of a line."""
    for part, names in ((values, _SHARED), (values["asked"], _SHARED_SELECTIONS)):
        part.update({name: shared[part[name]] for name in names})
    if set(values) != _FIELDS:
        raise ValueError("fields are missing or unknown")
    return _CHECKED.validate_python(values)


def _check_header(path: Path, lines: list[bytes]) -> None:
    try:
        version = json.loads(lines[0])["schema_version"]
    except (IndexError, ValueError, KeyError, TypeError):
        raise _damaged(path, 1) from None
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{path}: schema {version} is not supported, only {SCHEMA_VERSION}; upgrade ganbench"
        )


def _damaged(path: Path, number: int) -> ConfigError:
    return ConfigError(
        f"{path}: line {number} is damaged; restore the file, or delete it and run "
        "`ganbench parity` again"
    )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Create a folder and keep other commands from changing its file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from None
    try:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
