"""Threads, device and precision of this process."""

from __future__ import annotations

import os
from dataclasses import dataclass

import jax
import numpy as np

from ganbench.errors import EnvironmentNotReady

THREADS_VARIABLE = "NPROC"  # XLA's CPU client makes its pool of this size, and of no flag's
PLATFORMS = {"cpu": "cpu", "cuda": "cuda,cpu", "auto": None}

_started = {}  # the options that this process has begun with


@dataclass(frozen=True)
class Runtime:
    """How wide arrays are; device and precision are the process's own."""

    dtype: np.dtype


def prepare(options):
    """Set up this process for one kind of trial; only its dtype can be changed by a later call."""
    wanted = {"threads": options.threads, "device": options.device}
    if _started and _started != wanted:
        raise EnvironmentNotReady(
            f"JAX has started in this process with {_started}, not {wanted}; use one process for "
            "each"
        )
    if not _started:
        _start(options)
        _started.update(wanted)
    jax.config.update("jax_enable_x64", options.dtype == "float64")
    return Runtime(np.dtype(options.dtype))


def describe():
    """Versions, device, compiler, threads and precision."""
    (device, *_) = jax.devices()
    on_cpu = device.platform == "cpu"
    return {
        "jax": jax.__version__,
        "jaxlib": jax.lib.__version__,
        "device_name": "cpu" if on_cpu else device.device_kind,
        "cuda": "none" if on_cpu else device.client.platform_version.replace("\n", " "),
        "compiler": "XLA, step by step",
        "cpu_threads": f"{os.environ[THREADS_VARIABLE]}, and none beside them for dispatch",
        "float32_precision": "highest",
    }


def _start(options):
    """Set what JAX reads once, when it looks for devices, and have it look."""
    os.environ[THREADS_VARIABLE] = str(options.threads)
    # Without these a GPU's sums are not repeatable, and most of its memory is taken at once.
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    # Steps run on the calling thread: another one would be a second core where one is meant.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    jax.config.update("jax_default_matmul_precision", "highest")
    jax.config.update("jax_platforms", PLATFORMS[options.device])
    try:
        jax.devices()
    except RuntimeError as error:
        raise EnvironmentNotReady(
            f"--device {options.device}: JAX cannot use it; use --device cpu or install "
            f"jax[cuda12] ({str(error).splitlines()[0]})"
        ) from None
