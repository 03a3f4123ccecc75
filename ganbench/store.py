"""A folder of results: one record per trial, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ganbench import record as records
from ganbench.errors import ConfigError, StorageError
from ganbench.plan import Plan, Skipped
from ganbench.record import Record
from ganbench.specification import Trial

MANIFEST_VERSION = 1
_SETTING = ("samples", "threads", "device", "dtype")


@dataclass(frozen=True)
class Store:
    """The results under one folder."""

    root: Path

    def prepare(self) -> None:
        """Make the folder and prove that it can be written; raises StorageError."""
        with _storage_errors(self.root):
            (self.root / "trials").mkdir(parents=True, exist_ok=True)
            self.write("trials/.tmp-probe", "probe")
            (self.root / "trials" / ".tmp-probe").unlink(missing_ok=True)

    def trial_folder(self, trial_id: str) -> Path:
        """The folder of a trial, made if needed."""
        folder = self.root / "trials" / trial_id
        with _storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def load(self, trial_id: str) -> Record | None:
        """The record of a trial, or None; raises ConfigError if it is damaged."""
        path = self._record_path(trial_id)
        try:
            return records.from_json(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error}") from None

    def publish(self, record: Record) -> None:
        """Write a new record; the first one of a trial stays, whoever comes second."""
        path = self._record_path(record.id)
        with _storage_errors(path), _temporary(path, records.to_json(record)) as temporary:
            try:
                os.link(temporary, path)
            except FileExistsError:
                return
            _sync_folder(path.parent)

    def replace(self, record: Record) -> None:
        """Put a record in place of an older one of the same trial."""
        self.write(f"trials/{record.id}/record.json", records.to_json(record))

    def write(self, name: str, text: str) -> None:
        """Write a file of the run in one piece."""
        path = self.root / name
        with _storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with _temporary(path, text) as temporary:
                os.replace(temporary, path)
            _sync_folder(path.parent)

    def write_json(self, name: str, values: Any) -> None:
        """Write a JSON file of the run in one piece."""
        self.write(name, json.dumps(values, indent=1, sort_keys=True) + "\n")

    def write_manifest(self, plan: Plan, name: str) -> None:
        """Note what was planned, beside what earlier commands planned into this folder.

        A trial that asks the same as an older one, with other plugin sources or defaults, takes its
        place.
        """
        planned = {question(trial): trial for trial in self._planned()}
        for trial in plan.trials:
            planned[question(trial)] = trial
        manifest = {
            "manifest_version": MANIFEST_VERSION,
            "name": name,
            "trials": [asdict(trial) for trial in planned.values()],
            "skipped": [asdict(item) for item in plan.skipped],
        }
        self.write_json("manifest.json", manifest)

    def copy(self, source: Path, name: str) -> None:
        """Copy a file into the run in one piece."""
        path = self.root / name
        with _storage_errors(path), _temporary(path, source.read_bytes()) as temporary:
            os.replace(temporary, path)

    def planned(self) -> list[Trial]:
        """Every trial that was planned into this folder; raises ConfigError without a manifest."""
        if not (self.root / "manifest.json").is_file():
            raise ConfigError(f"{self.root}: no ganbench results here (manifest.json is missing)")
        return self._planned()

    def skipped(self) -> list[Skipped]:
        """The combinations that the last command left out of this folder."""
        return self._manifest()[1]

    def _planned(self) -> list[Trial]:
        return self._manifest()[0]

    def _manifest(self) -> tuple[list[Trial], list[Skipped]]:
        path = self.root / "manifest.json"
        try:
            manifest = json.loads(path.read_text("utf-8"))
            version = manifest["manifest_version"]
            is_known = version == MANIFEST_VERSION
            trials = [Trial(**entry) for entry in manifest["trials"]] if is_known else []
            skipped = [Skipped(**entry) for entry in manifest["skipped"]] if is_known else []
        except FileNotFoundError:
            return [], []
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error}") from None
        except (ValueError, KeyError, TypeError):
            raise ConfigError(f"{path}: damaged; remove it and run the benchmark again") from None
        if version != MANIFEST_VERSION:
            raise ConfigError(
                f"{path}: has version {version} and this ganbench reads {MANIFEST_VERSION}; "
                "upgrade it"
            )
        return trials, skipped

    def _record_path(self, trial_id: str) -> Path:
        return self.root / "trials" / trial_id / "record.json"


def question(trial: Trial) -> tuple[Any, ...]:
    """What a trial asks as a table tells it, whatever sources and default options answer it."""
    labels = (trial.backend, trial.model, trial.loss, trial.dataset, trial.budget, trial.seed)
    return (*labels, *(trial.specification.get(name) for name in _SETTING))


@contextlib.contextmanager
def _temporary(path: Path, content: str | bytes) -> Iterator[Path]:
    """A file beside `path` that holds the content; it is gone afterwards, whatever happens."""
    temporary = path.parent / f".tmp-{path.name}-{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from None
