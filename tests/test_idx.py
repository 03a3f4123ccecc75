import struct

import numpy as np
import pytest

from ganbench.errors import ConfigError
from ganbench_datasets.idx import parse_idx


def idx_bytes(shape: tuple[int, ...], content: bytes, kind: int = 0x08) -> bytes:
    header = bytes([0, 0, kind, len(shape)])
    return header + struct.pack(f">{len(shape)}I", *shape) + content


def test_a_hand_written_file_gives_its_array():
    payload = bytes.fromhex("00000803 00000002 00000001 00000003 010203 fdfeff")
    array = parse_idx(payload, "f")
    assert array.dtype == np.uint8
    assert array.tolist() == [[[1, 2, 3]], [[253, 254, 255]]]


def test_labels_of_one_dimension_are_read():
    assert parse_idx(idx_bytes((4,), b"\x09\x00\x02\x01"), "f").tolist() == [9, 0, 2, 1]


def test_a_file_of_no_items_is_an_empty_array():
    assert parse_idx(idx_bytes((0, 28, 28), b""), "f").shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "not an IDX file"),
        (b"\x1f\x8b\x08\x00" + b"x" * 20, "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (idx_bytes((2,), b"\0" * 8, kind=0x0D), "0x0d"),
        (b"\0\0\x08\x00\x05", "0 IDX dimensions"),
        (b"\0\0\x08\xff" + b"\0" * 2000, "255 IDX dimensions"),
        (b"\0\0\x08\x03\0\0\0\x02", "within its IDX header"),
        (idx_bytes((2, 3), b"12345"), "asks for 18"),
        (idx_bytes((2, 3), b"1234567"), "asks for 18"),
        (idx_bytes((2**32 - 1, 2**32 - 1, 2**32 - 1), b"1"), "asks for"),
    ],
)
def test_anything_else_is_refused_with_the_file_s_name(payload, complaint):
    with pytest.raises(ConfigError, match=complaint) as caught:
        parse_idx(payload, "some/file-idx3-ubyte")
    assert "some/file-idx3-ubyte" in str(caught.value)
    assert "\n" not in str(caught.value)
