"""Download a network's published weights: python -m ganbench_fidelity.fetch NAME ..."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ganbench.errors import ConfigError, EnvironmentNotReady, GanbenchError
from ganbench_fidelity import networks
from ganbench_fidelity.extractor import registered
from ganbench_fidelity.weights import download_path, find


def fetch(name: str) -> Path:
    """Download into the folder where torch-fidelity looks, by torch's own function.

    A file that is there is kept, and one whose hash is not the published one is not. Raises
    EnvironmentNotReady where the address gives nothing usable or the folder cannot be written.
    """
    wanted = registered(name).weights_file
    if wanted is None or wanted.url is None:
        raise ConfigError(f"{name}: there are no published weights to fetch")
    path = download_path(wanted)
    if not path.is_file():
        from torch.hub import download_url_to_file

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            download_url_to_file(wanted.url, str(path), wanted.sha256)
        except (OSError, RuntimeError) as error:  # RuntimeError: another hash
            raise EnvironmentNotReady(
                f"{wanted.url} could not be downloaded to {path} ({error}); copy the file there"
            ) from None
    find(name, wanted, {})
    return path


def main() -> None:
    """Fetch the named ones and print where they are."""
    parser = argparse.ArgumentParser(prog="python -m ganbench_fidelity.fetch", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help=", ".join(networks.with_weights()))
    for name in parser.parse_args().names:
        try:
            print(fetch(name))
        except GanbenchError as error:
            print(f"ganbench: {error}", file=sys.stderr)
            sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
