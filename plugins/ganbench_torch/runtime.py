"""Threads, device and determinism of this process."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from ganbench.errors import EnvironmentNotReady

_in_use: torch.device | None = None  # by the last trial that was prepared


@dataclass(frozen=True)
class Runtime:
    """Where tensors live, how wide they are, what is compiled and what the budget has."""

    device: torch.device
    dtype: torch.dtype
    compile: str  # auto, off or step
    precision: str  # float32, tf32 or bfloat16
    steps: int | None
    seconds: float | None


def prepare(options, compile, precision):
    """Set up this process for one kind of trial; may be called again with other options."""
    global _in_use
    # cuBLAS reads this when CUDA starts; without it matrix products are not repeatable.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(options.threads)
    # As use_deterministic_algorithms(True), which imports torch's compiler to tell it so, in 2 s; a
    # trainer that compiles does that.
    torch.set_deterministic_debug_mode("error")
    # Deterministic mode would also fill every new tensor, which costs time and changes no value.
    torch.utils.deterministic.fill_uninitialized_memory = False
    device, dtype = _device(options.device), getattr(torch, options.dtype)
    _in_use = device
    if precision == "tf32" and device.type != "cuda":
        raise EnvironmentNotReady(
            "precision=tf32: only NVIDIA's GPUs have it; leave the option out, or use --device cuda"
        )
    width = "tf32" if precision == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = width
    torch.backends.cudnn.conv.fp32_precision = width
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    return Runtime(device, dtype, compile, precision, options.steps, options.seconds)


def device_memory_mib():
    """The most memory that tensors have taken on the CUDA device; None where there is none."""
    if not torch.cuda.is_initialized():
        return None
    return torch.cuda.max_memory_allocated() / 2**20


def describe(precision):
    """Versions, threads, precision and the device: that of the last `prepare`, or what is here."""
    on_cuda = (_in_use or _device("auto")).type == "cuda"
    return {
        "torch": torch.__version__,
        "device_name": torch.cuda.get_device_name() if on_cuda else "cpu",
        "cuda": torch.version.cuda if on_cuda else "none",
        "intra_op_threads": str(torch.get_num_threads()),
        "inter_op_threads": str(torch.get_num_interop_threads()),
        "precision": precision,
    }


def _device(name):
    if name == "cuda" and not torch.cuda.is_available():
        raise EnvironmentNotReady(
            "--device cuda: torch sees no CUDA device; use --device cpu or install a CUDA build"
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
