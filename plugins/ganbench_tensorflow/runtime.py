"""Threads, device and determinism of this process."""

from __future__ import annotations

import os
from dataclasses import dataclass

# TensorFlow's C++ side reads this when it is imported; warnings stay visible.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port

from ganbench.errors import EnvironmentNotReady


@dataclass(frozen=True)
class Runtime:
    """How wide tensors are, what is compiled, and what the budget has: steps or seconds."""

    dtype: tf.DType
    compile: str  # auto, off, step or chunk
    precision: str  # float32, tf32 or bfloat16
    has_onednn: bool  # for convolutions on this CPU: those with AVX512-VNNI, by default
    steps: int | None
    seconds: float | None


def prepare(options, compile, precision):
    """Set up this process for one kind of trial; a later call may not change threads or device."""
    try:
        _set_device(options.device)
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        # Ops beside one another would take a second core where one thread is meant.
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise EnvironmentNotReady(
            "TensorFlow has started in this process with other threads or another device; "
            f"use one process for each ({error})"
        ) from None
    tf.config.experimental.enable_op_determinism()
    on_gpu = bool(tf.config.get_visible_devices("GPU"))
    if precision == "tf32" and not on_gpu:
        raise EnvironmentNotReady(
            "precision=tf32: only NVIDIA's GPUs have it; leave the option out, or use --device cuda"
        )
    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")
    if on_gpu:
        tf.config.experimental.reset_memory_stats("GPU:0")
    has_onednn = _pywrap_util_port.IsMklEnabled() and not on_gpu
    dtype = tf.dtypes.as_dtype(options.dtype)
    return Runtime(dtype, compile, precision, has_onednn, options.steps, options.seconds)


def device_memory_mib():
    """The most memory that tensors have taken on the first GPU; None where there is none."""
    if not tf.config.get_visible_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20


class Graph:
    """A function of arrays as one graph, traced and compiled for the shapes of the first call.

    Later calls skip what tf.function does for every argument, which takes longer than one step of
    a small perceptron.
    """

    def __init__(self, function, compiled):
        self.function, self.compiled = function, compiled
        self._traced = None

    def __call__(self, inputs):
        """Call with arrays in nested dictionaries; the result holds tensors."""
        tensors = [tf.constant(array) for array in tf.nest.flatten(inputs)]
        if self._traced is None:
            self._traced = tf.function(
                lambda *arguments: self.function(tf.nest.pack_sequence_as(inputs, arguments)),
                autograph=False,
                jit_compile=self.compiled,
            ).get_concrete_function(*tensors)
        return self._traced(*tensors)


def describe(precision):
    """Versions, device, threads and precision."""
    gpus = tf.config.get_visible_devices("GPU")
    build = tf.sysconfig.get_build_info()
    return {
        "tensorflow": tf.__version__,
        "device_name": _device_name(gpus[0]) if gpus else "cpu",
        "cuda": build.get("cuda_version", "none") if gpus else "none",
        "intra_op_threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
        "inter_op_threads": str(tf.config.threading.get_inter_op_parallelism_threads()),
        "precision": precision,
    }


def _set_device(name):
    gpus = tf.config.list_physical_devices("GPU")
    if name == "cuda" and not gpus:
        raise EnvironmentNotReady(
            "--device cuda: TensorFlow sees no CUDA device; use --device cpu or install "
            "tensorflow[and-cuda]"
        )
    visible = [] if name == "cpu" else gpus[:1]
    tf.config.set_visible_devices(visible, "GPU")
    for gpu in visible:
        tf.config.experimental.set_memory_growth(gpu, True)


def _device_name(gpu):
    return tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
