"""Published data sets of a few files whose content is pinned: found, verified, or downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from ganbench.errors import ConfigError
from ganbench_datasets.payload import Payload, find_payload, read_payload

Contents = list[tuple[str, bytes]]


def first_folder(location: Path, inner: Iterable[str]) -> Path:
    """The first of these sub-folders that is there, or the location itself."""
    return next((location / name for name in inner if (location / name).is_dir()), location)


def folder_contents(folder: Path, payloads: Sequence[Payload], wanted: str) -> Contents:
    """Give the verified content of every file, plain or gzipped, under the payload's name.

    `wanted` says what the folder should hold. Raises ConfigError for a file that is not there,
    damaged or another one.
    """
    contents = []
    for payload in payloads:
        path = find_payload(folder, payload)
        if path is None:
            raise ConfigError(f"{folder} has no {payload.name}; --data wants {wanted}")
        contents.append((payload.name, read_payload(path, payload)))
    return contents


def cached_contents(folder: Path, payloads: Sequence[Payload], base_url: str) -> Contents:
    """Give the files from the cache; those absent or damaged are downloaded first, gzipped.

    Raises EnvironmentNotReady where the download fails.
    """
    return [(payload.name, _cached(folder, payload, base_url)) for payload in payloads]


def missing(
    folders: Iterable[Path], payloads: Sequence[Payload], how_to_get_them: str
) -> str | None:
    """None where one of the folders has every file, of whatever content; else the way to them."""
    for folder in folders:
        if all(find_payload(folder, payload) for payload in payloads):
            return None
    return how_to_get_them


def sha256_of(contents: Contents) -> str:
    """The hash of all contents, one after the other."""
    digest = hashlib.sha256()
    for _, content in contents:
        digest.update(content)
    return digest.hexdigest()


def _cached(folder: Path, payload: Payload, base_url: str) -> bytes:
    path = find_payload(folder, payload)
    if path is not None:
        try:
            return read_payload(path, payload)
        except ConfigError:
            path.unlink()  # the cache is ours: what is damaged in it is fetched again
    from ganbench_datasets.download import download_payload

    return read_payload(download_payload(payload, base_url, folder), payload)
