"""Published files by the hash of what is in them, plain or gzipped alike."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

from ganbench.errors import ConfigError


@dataclass(frozen=True)
class Payload:
    """What a file has to hold once it is decompressed."""

    name: str
    size_bytes: int
    sha256: str


def find_payload(folder: Path, payload: Payload) -> Path | None:
    """Give the path of the plain or gzipped file in this folder, or None."""
    for path in (folder / payload.name, folder / f"{payload.name}.gz"):
        if path.is_file():
            return path
    return None


def read_payload(path: Path, payload: Payload) -> bytes:
    """Give the decompressed bytes of a file after checking its size and sha256.

    The hash is of what is inside: packagers compress the same data differently. No more than
    the expected size is ever decompressed.

    Raises ConfigError for a file that cannot be read or holds anything else.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            content = stream.read(payload.size_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"{path} cannot be read ({error}); fetch it again") from None
    if hashlib.sha256(content).hexdigest() != payload.sha256:
        raise ConfigError(
            f"{path} is damaged or another file (sha256 of its {payload.name} differs from the "
            "published one); fetch it again"
        )
    return content
