"""ganbench: the same GAN on every backend, a fixed budget, one honest table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from ganbench.api import run

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl", "run"]

hookimpl = pluggy.HookimplMarker("ganbench")


def __getattr__(name: str) -> Any:
    # `import ganbench` stays light for plugins and `--help`; pandas comes with the first run.
    if name == "run":
        from ganbench.api import run

        return run
    raise AttributeError(f"module 'ganbench' has no attribute {name!r}")
