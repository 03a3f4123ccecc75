"""A fixed piece of work, the same in every process: how fast is this machine just now?"""

from __future__ import annotations

import statistics
import time

import numpy as np

SIZE = 256  # fits into a core's cache: larger products drift by 5 % on an idle machine
REPETITIONS = 60  # about 20 ms on one core


def milliseconds() -> float:
    """The median time of one product of two float32 matrices of 256 x 256, after one untimed."""
    matrix = np.linspace(-1, 1, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    product = np.empty_like(matrix)
    np.matmul(matrix, matrix, out=product)
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        np.matmul(matrix, matrix, out=product)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)
