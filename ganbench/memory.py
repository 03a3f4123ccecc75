"""Peak memory of one trial in a process that runs several."""

from __future__ import annotations

import ctypes
import gc
import re
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class PeakMemory:
    """Highest resident memory since this object was made, in MiB."""

    def __init__(self) -> None:
        gc.collect()
        _give_back_freed_memory()
        self.start_mib = psutil.Process().memory_info().rss / 2**20
        try:
            _CLEAR.write_text("5")  # Linux: resets the high-water mark of this process
            self.resettable = True
        except OSError:
            self.resettable = False

    def peak_mib(self) -> float | None:
        """The peak, or None where the system cannot tell it for this trial alone."""
        if not self.resettable:
            return None
        match = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
        return int(match[1]) / 1024 if match else None


def _give_back_freed_memory() -> None:
    """Ask the allocator to return what earlier trials have freed, so that it is not counted."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):  # not glibc
        return
