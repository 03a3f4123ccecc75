"""NumPy as a backend: nothing to install and nothing to compile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.contracts import PeakWork, RunOptions
from ganbench.errors import EnvironmentNotReady


@dataclass(frozen=True)
class NumPyBackend:
    """The backend of the baselines; it runs on the CPU and its sums are float64."""

    name = "numpy"
    requires = ()
    extra = ""

    def prepare(self, options: RunOptions) -> RunOptions:
        """Give the options back; raises EnvironmentNotReady where another device is asked for."""
        if options.device not in ("auto", "cpu"):
            raise EnvironmentNotReady(
                f"the numpy backend has no device {options.device!r}; ask for 'auto' or 'cpu'"
            )
        return options

    def describe(self) -> dict[str, str]:
        """Version and device."""
        return {"numpy": np.__version__, "device": "cpu"}

    def peak_work(self, runtime: RunOptions) -> list[PeakWork]:
        """What to time for the processor's highest rate."""
        from ganbench_baselines.peak import work

        return work()
