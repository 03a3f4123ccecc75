"""Where a network's weights are: the user's file, or torch's folder of downloads. No torch here."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ganbench.errors import ConfigError, EnvironmentNotReady

MOST_BYTES = 8 << 30  # the largest published file, DINOv2's, has 4.5 GB
_MOST_HEADER_BYTES = 1 << 20  # of safetensors: names and shapes of some 10,000 arrays
# How torch.save began before torch 1.6: a pickled number, which marks published files to this day.
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@dataclass(frozen=True)
class WeightsFile:
    """The published file of a network's weights, as torch-fidelity's own download names it."""

    name: str  # in torch's folder of downloads
    url: str | None = None
    sha256: str | None = None  # None: nobody published it
    is_program: bool = False  # TorchScript, which runs when it is loaded: only this very file


@dataclass(frozen=True)
class Weights:
    """A file of weights that was found, and what is in it."""

    path: Path
    sha256: str
    is_published: bool


def hub_folder() -> Path:
    """Where torch keeps what it downloads; the same rule as `torch.hub.get_dir`."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return Path(home).expanduser() / "hub"


def download_path(wanted: WeightsFile) -> Path:
    """Where torch-fidelity itself looks for the file, and downloads it to."""
    return hub_folder() / "checkpoints" / wanted.name


def find(name: str, wanted: WeightsFile, files: Mapping[str, Path]) -> Weights:
    """Give the weights of the network `name`: those of `files`, or else the downloaded ones.

    Raises EnvironmentNotReady where neither is there, and ConfigError for a file that cannot be
    read, that is no file of weights, or that bears a published file's name and is another one.
    """
    given = files.get(name)
    path = given or download_path(wanted)
    where = f"--weights {name}={path}" if given else str(path)
    if given is None and not path.is_file():
        raise EnvironmentNotReady(_how_to_get(name, wanted, path))
    try:
        sha256 = _sha256(path, path.stat().st_mtime_ns, path.stat().st_size)
        _require_weights(path, where)
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read ({error.strerror})") from None
    is_published = sha256 == wanted.sha256
    if wanted.is_program and not is_published:
        raise ConfigError(
            f"{where}: is not {wanted.name}; a TorchScript file runs when it is loaded, so only "
            "the published one may be"
        )
    if given is None and wanted.sha256 and not is_published:
        raise ConfigError(
            f"{where}: is not the published file, whose sha256 begins {wanted.sha256[:8]}; remove "
            f"it and fetch it again, or name it with --weights {name}=FILE if it is what you want"
        )
    return Weights(path, sha256, is_published)


def _how_to_get(name: str, wanted: WeightsFile, path: Path) -> str:
    fetch = f"`python -m ganbench_fidelity.fetch {name}` downloads it"
    first = f"{fetch} from {wanted.url}; or copy" if wanted.url else "copy"
    return (
        f"{name} needs its weights, and {path} is not there: {first} the file {wanted.name} into "
        f"{path.parent}, or give another with --weights {name}=FILE"
    )


@lru_cache(maxsize=64)
def _sha256(path: Path, modified: int, size: int) -> str:
    """The file's hash; the other arguments tell its states apart."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_weights(path: Path, where: str) -> None:
    """Raise ConfigError where this is neither safetensors nor what `torch.save` writes."""
    with path.open("rb") as file:
        start = file.read(max(len(_OLD_TORCH), 9))
    header_bytes = int.from_bytes(start[:8], "little")
    is_safetensors = start[8:9] == b"{" and header_bytes <= _MOST_HEADER_BYTES
    if not (is_safetensors or start.startswith(_OLD_TORCH) or zipfile.is_zipfile(path)):
        raise ConfigError(
            f"{where}: is no file of weights; it has to be one that torch.save or safetensors wrote"
        )
    if path.stat().st_size > MOST_BYTES:
        raise ConfigError(f"{where}: is larger than {MOST_BYTES >> 30} GiB")
