"""The IDX format of MNIST and its kin, strictly: a file that is not exactly right is refused."""

from __future__ import annotations

from math import prod

import numpy as np

from ganbench.errors import ConfigError

_UNSIGNED_BYTE = 0x08
_MOST_DIMENSIONS = 4


def parse_idx(payload: bytes, where: str) -> np.ndarray:
    """Give the uint8 array in a decompressed IDX file; it is read-only and shares the bytes.

    The header is two zero bytes, the type (0x08, unsigned byte), the number of dimensions, then
    each dimension as a big-endian uint32. `where` names the file in messages.

    Raises ConfigError for another type or header, and for missing or trailing bytes.
    Source: "THE IDX FILE FORMAT" in yann.lecun.com/exdb/mnist.
    """
    if len(payload) < 4 or payload[:2] != b"\0\0":
        raise ConfigError(f"{where} is not an IDX file (it does not begin with two zero bytes)")
    kind, dimensions = payload[2], payload[3]
    if kind != _UNSIGNED_BYTE:
        raise ConfigError(f"{where} has IDX type 0x{kind:02x}; only unsigned bytes (0x08) are read")
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise ConfigError(f"{where} has {dimensions} IDX dimensions; 1 to {_MOST_DIMENSIONS} work")
    header_bytes = 4 + 4 * dimensions
    if len(payload) < header_bytes:
        raise ConfigError(f"{where} ends within its IDX header; fetch it again")
    shape = tuple(int(size) for size in np.frombuffer(payload, ">u4", dimensions, offset=4))
    expected_bytes = header_bytes + prod(shape)
    if len(payload) != expected_bytes:
        raise ConfigError(
            f"{where} has {len(payload)} bytes where its IDX header {shape} asks for "
            f"{expected_bytes}; fetch it again"
        )
    return np.frombuffer(payload, np.uint8, offset=header_bytes).reshape(shape)
