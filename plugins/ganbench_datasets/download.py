"""Download of one published file into a cache folder."""

from __future__ import annotations

import os
import tempfile
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_datasets.payload import Payload, read_payload

TIMEOUT_SECONDS = 30
_BLOCK_BYTES = 1 << 16


def download_payload(payload: Payload, base_url: str, folder: Path) -> Path:
    """Fetch `base_url/NAME.gz` into the folder and give its path.

    The file gets its name only after its content has been verified, so that a broken
    connection or a second process leaves no half file behind.

    Raises EnvironmentNotReady where the address gives nothing usable or the folder cannot be
    written.
    """
    url = f"{base_url.rstrip('/')}/{payload.name}.gz"
    path = folder / f"{payload.name}.gz"
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".gz", prefix=".partial-", dir=folder)
        temporary = Path(name)
        _copy(url, handle, most_bytes=payload.size_bytes)
        read_payload(temporary, payload)
        os.replace(temporary, path)
    # HTTPException is no OSError: a cut connection raises it while reading.
    except (OSError, HTTPException, ConfigError) as error:
        if isinstance(error, HTTPError):
            error.close()  # it is also the response
        raise EnvironmentNotReady(f"{url} could not be downloaded ({error})") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return path


def _copy(url: str, handle: int, most_bytes: int) -> None:
    """Write what the address serves; a file larger than its decompressed content is refused."""
    copied_bytes = 0
    with (
        os.fdopen(handle, "wb") as target,
        urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as source,
    ):
        while block := source.read(_BLOCK_BYTES):
            copied_bytes += len(block)
            if copied_bytes > most_bytes:
                raise OSError(f"it is larger than {most_bytes} bytes")
            target.write(block)
