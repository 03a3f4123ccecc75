"""A published .tar.gz, pinned by its own sha256: downloaded once, its members read by name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tarfile
import urllib.request
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_datasets.payload import Payload
from ganbench_datasets.pinned import Contents

TIMEOUT_SECONDS = 30
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Archive:
    """A file as it was published."""

    name: str
    size_bytes: int
    sha256: str


def is_intact(path: Path, archive: Archive) -> bool:
    """Say whether a file is the published one, byte for byte."""
    if not path.is_file() or path.stat().st_size != archive.size_bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == archive.sha256


def download(archive: Archive, url: str, folder: Path) -> Path:
    """Fetch the archive into the folder and give its path; one that is there and whole is taken.

    Raises EnvironmentNotReady where the address gives anything else, or the folder cannot be
    written.
    """
    path = folder / archive.name
    if is_intact(path, archive):
        return path
    temporary = folder / f".partial-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy(url, temporary, archive.size_bytes)
        if not is_intact(temporary, archive):
            raise OSError("it is not the published file: its size or sha256 differs")
        os.replace(temporary, path)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it is also the response
        raise EnvironmentNotReady(f"{url} could not be downloaded ({error})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return path


def members(path: Path, archive: Archive, payloads: Sequence[Payload]) -> Contents:
    """Give the content of these members; nothing is extracted, and only regular files are read.

    Raises ConfigError for another archive than the published one, or a member that is not in it.
    """
    if not is_intact(path, archive):
        raise ConfigError(
            f"{path} is damaged or another file than the published {archive.name}; fetch it again"
        )
    wanted = {payload.name: payload for payload in payloads}
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                payload = wanted.get(member.name.rpartition("/")[2])
                if payload and member.isreg() and member.size == payload.size_bytes:
                    file = tar.extractfile(member)
                    found[payload.name] = file.read(payload.size_bytes) if file else b""
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); fetch it again") from None
    for payload in payloads:
        content = found.get(payload.name, b"")
        if hashlib.sha256(content).hexdigest() != payload.sha256:
            raise ConfigError(f"{path} has no {payload.name} as it was published; fetch it again")
    return [(payload.name, found[payload.name]) for payload in payloads]


def _copy(url: str, path: Path, most_bytes: int) -> None:
    """Write what the address serves; one that serves more than is expected is refused."""
    copied_bytes = 0
    with path.open("xb") as target, urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as source:
        while block := source.read(_BLOCK_BYTES):
            copied_bytes += len(block)
            if copied_bytes > most_bytes:
                raise OSError(f"it is larger than {most_bytes} bytes")
            target.write(block)
