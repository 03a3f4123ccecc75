"""What the user asks for: a benchmark file, the command line on top of it, and the defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, ValidationError

from ganbench import budget, selectors
from ganbench.errors import ConfigError, UnknownName


class Config(BaseModel):
    """One benchmark. The defaults are the benchmark that `ganbench run` alone stands for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    name: Annotated[str, "names the folder under results/"] = "digits"
    description: str = ""  # one sentence for the report
    headline: list[str] = []  # columns of the table, the one that ranks first; []: by the data
    backends: list[str] | None = None  # None: every installed one
    models: list[str] = ["mlp", "dcgan"]
    losses: list[str] = ["non-saturating", "hinge"]
    datasets: list[str] = ["digits"]
    metrics: list[str] | None = None  # None: every metric that applies
    extractors: list[str] | None = None  # None: every feature space that fits
    baselines: list[str] = ["real", "memorizer", "pixel-gaussian"]
    seeds: Annotated[int, Ge(1), Le(1000)] = 2
    budget: str = "images=60k"
    samples: Annotated[int, Ge(2), Le(1_000_000)] | None = None  # None: the data set's own number
    checkpoints: Annotated[int, Ge(0), Le(100)] = 4  # sets of samples taken on the way
    threads: Annotated[int, Ge(1), Le(1024)] | None = None  # None: every core, one side by side
    jobs: Annotated[int, Ge(1), Le(1024)] | Literal["auto"] = 1  # trials at once; auto: cores
    device: Literal["auto", "cpu", "cuda"] = "auto"
    trial_timeout_seconds: Annotated[float, Gt(0)] | None = None  # None: no limit
    plugins: list[str] = []  # single-file plugins
    load_plugins: list[str] = []  # of installed ones: NAME, or no:NAME to leave it out
    data: str | None = None  # where the data set's own files are
    weights: dict[str, str] = {}  # extractor -> file of its weights
    out: str | None = None  # None: results/NAME


def read(path: Path) -> dict[str, Any]:
    """Read a benchmark file into the keys of Config; raises ConfigError with file and key."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such benchmark file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    values.setdefault("name", path.stem)
    return values


def resolve(file_values: Mapping[str, Any], overrides: Mapping[str, Any], where: str) -> Config:
    """Lay the command line over the file over the defaults; raises ConfigError naming every fault.

    `where` names the file in messages.
    """
    for key in file_values:
        if key not in Config.model_fields:
            raise UnknownName("key", key, Config.model_fields, where=where)
    given = {key: value for key, value in overrides.items() if value is not None}
    values = {key: _plain(key, value) for key, value in {**file_values, **given}.items()}
    if "name" not in values and "datasets" in values:
        values["name"] = _folder_name(values["datasets"])
    try:
        config = Config(**values)
    except ValidationError as error:
        faults = [f"{_place(part['loc'])}: {part['msg']}" for part in error.errors()]
        raise ConfigError(f"{where}: " + "; ".join(faults)) from None
    budget.parse(config.budget)
    for key in ("models", "losses", "datasets", "backends"):
        if getattr(config, key) == []:
            raise ConfigError(f"{where}: {key} is empty; name at least one or leave it out")
    if not config.name or set(config.name) & set("/\\\0") or config.name.startswith("."):
        raise ConfigError(f"{where}: name {config.name!r} cannot be a folder's name")
    return config


def weights_files(config: Config) -> dict[str, Path]:
    """Files of weights by the name of an extractor."""
    return {name: Path(file).expanduser().resolve() for name, file in config.weights.items()}


def to_toml(config: Config) -> str:
    """Write a resolved configuration; local paths stay out, since results are published."""
    values = config.model_dump(exclude_none=True, exclude={"data", "out", "weights"})
    values["plugins"] = [Path(file).name for file in config.plugins]
    return tomli_w.dumps(values)


def _plain(key: str, value: Any) -> Any:
    """Turn the table form of budgets and selectors into text, the one form that is kept."""
    if key == "budget" and isinstance(value, dict) and len(value) == 1:
        ((kind, amount),) = value.items()
        return f"{kind}={amount}"
    if key == "weights" and isinstance(value, list):
        return dict(_named_file(item) for item in value)
    if isinstance(value, list):
        return [_selector_text(item) if isinstance(item, dict) else item for item in value]
    return value


def _named_file(text: Any) -> tuple[str, str]:
    """Read EXTRACTOR=FILE."""
    name, equals, file = str(text).partition("=")
    if not (name and equals and file):
        raise ConfigError(f"weights {text!r}: write EXTRACTOR=FILE")
    return name, file


def _selector_text(table: dict[str, Any]) -> str:
    options = {key: value for key, value in table.items() if key not in ("name", "path")}
    if not isinstance(table.get("name"), str):
        raise ConfigError(f"{table}: a table that selects a plugin needs a name")
    name = f"{table['name']}:{table['path']}" if "path" in table else str(table["name"])
    if not options:
        return name
    parts = [
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in options.items()
    ]
    return f"{name}[{','.join(parts)}]"


def _folder_name(datasets: Any) -> str:
    texts = [str(item) for item in datasets] if isinstance(datasets, list) else []
    names = [text.partition("[")[0].partition(":") for text in texts]
    return "-".join(selectors.title(path) if path else name for name, _, path in names) or "digits"


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location)
