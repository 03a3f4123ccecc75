"""Arrays in .npy and .npz files, read in pieces; what a header promises is checked before."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from ganbench.errors import ConfigError

MOST_EXPANSION = 200  # decompressed bytes for one in the file; pictures come nowhere near
_LONGEST_HEADER = 4096
_PIECE_BYTES = 4 * 2**20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class ArrayHeader:
    """What an array says of itself; its size agrees with the bytes that are there."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype


class ArrayFile:
    """One .npy file, as an array without a name, or the arrays of one .npz file."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises ConfigError for what is neither or cannot be trusted."""
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else None
            self.size_bytes = path.stat().st_size
        except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
            raise ConfigError(f"{path}: cannot be read ({error}); save it again") from None
        names = self._zip.namelist() if self._zip else [""]
        if len(set(names)) < len(names):
            raise ConfigError(f"{path}: has two arrays of one name; save it again")
        self.names = [name.removesuffix(".npy") for name in names]

    def header(self, name: str) -> ArrayHeader:
        """Read the header of an array alone.

        Raises ConfigError for objects, which are never unpickled, and for a size that the file
        does not hold.
        """
        with self._opened(name) as (file, size_bytes):
            shape, order, dtype = self._read_header(file, name)
            header_bytes = file.tell()
        if dtype.hasobject:
            raise ConfigError(f"{self._place(name)} holds Python objects, which are never read")
        if order and len(shape) > 1:
            raise ConfigError(
                f"{self._place(name)} is in Fortran order; save numpy.ascontiguousarray of it"
            )
        promised = header_bytes + prod(shape) * dtype.itemsize
        if promised != size_bytes:
            raise ConfigError(
                f"{self._place(name)} has {size_bytes} bytes where its header {shape} {dtype} "
                f"asks for {promised}; save it again"
            )
        return ArrayHeader(name, shape, dtype)

    def pieces(self, header: ArrayHeader) -> Iterator[np.ndarray]:
        """Give the array's rows, a few MiB at a time."""
        row = header.shape[1:]
        row_bytes = prod(row) * header.dtype.itemsize
        step = max(1, _PIECE_BYTES // max(1, row_bytes))
        with self._opened(header.name) as (file, _):
            self._read_header(file, header.name)
            for start in range(0, header.shape[0], step):
                rows = min(step, header.shape[0] - start)
                content = file.read(rows * row_bytes)
                if len(content) != rows * row_bytes:
                    raise ConfigError(f"{self._place(header.name)} ends too early; save it again")
                yield np.frombuffer(content, header.dtype).reshape(rows, *row)

    def _read_header(self, file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        try:
            version = np.lib.format.read_magic(file)
            return readers[version](file, max_header_size=_LONGEST_HEADER)
        except (ValueError, KeyError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"{self._place(name)} is no array of NumPy's ({reason})") from None

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[IO[bytes], int]]:
        """An array's bytes, and how many there are."""
        try:
            if self._zip is None:
                with self.path.open("rb") as file:
                    yield file, self.size_bytes
                return
            member = self._zip.getinfo(self._member(name))
            self._check(member, name)
            with self._zip.open(member) as file:
                yield file, member.file_size
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ConfigError(f"{self._place(name)} is damaged ({error}); save it again") from None

    def _check(self, member: zipfile.ZipInfo, name: str) -> None:
        if member.flag_bits & 1 or member.compress_type not in _COMPRESSIONS:
            raise ConfigError(f"{self._place(name)} is packed in a way that NumPy never uses")
        if member.file_size > MOST_EXPANSION * max(1, member.compress_size) + _LONGEST_HEADER:
            raise ConfigError(
                f"{self._place(name)} would grow from {member.compress_size:,} to "
                f"{member.file_size:,} bytes, more than {MOST_EXPANSION} times; pictures do not"
            )

    def _member(self, name: str) -> str:
        assert self._zip
        return name if name in self._zip.namelist() else f"{name}.npy"

    def _place(self, name: str) -> str:
        return f"{self.path}: {name!r}" if name else str(self.path)
