"""Memory of a process that runs several trials: what is kept between steps, and each one's peak."""

from __future__ import annotations

import ctypes
import gc
import os
import re
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_LIBC = "libc.so.6"
# Names and values for glibc's mallopt.
TRIM_THRESHOLD, TRIM_BYTES = -1, 256 * 2**20
MMAP_THRESHOLD, MMAP_BYTES = -3, 32 * 2**20


def keep_freed_memory() -> None:
    """Have the allocator keep what a step frees for the next step.

    glibc gives back what is free at the end of its heap, and every step then waits for fresh pages:
    a `dcgan` in torch takes up to 10 % longer for it, with r1 5 to 20 %, with gp1 12 to 20 %.
    Blocks of 32 MiB and more are still given back when they are freed, the others when the next
    trial begins. Whoever sets one of the allocator's variables is obeyed.
    """
    if any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        return
    try:
        libc = ctypes.CDLL(_LIBC)
        libc.mallopt(MMAP_THRESHOLD, MMAP_BYTES)
        libc.mallopt(TRIM_THRESHOLD, TRIM_BYTES)
    except (OSError, AttributeError):
        pass  # another C library, which has its own ways


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
        ctypes.CDLL(_LIBC).malloc_trim(0)
    except (OSError, AttributeError):  # not glibc
        return
