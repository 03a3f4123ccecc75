"""A zoo of image files: each has its expected pixels, or its expected refusal."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import textwrap
import warnings
import zlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from ganbench.errors import ConfigError
from ganbench_datasets import image_policy
from ganbench_datasets.folder import FolderReader
from ganbench_datasets.folder_listing import SUFFIXES
from ganbench_datasets.image_options import ImageOptions
from ganbench_datasets.image_policy import Refused, decode, fit
from ganbench_datasets.npy_stream import MOST_EXPANSION
from ganbench_datasets.npz import IMAGES, LABELS, NpzReader
from ganbench_datasets.splits import FEWEST

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4  # grey 8x8: 0, 4, ... 252
COLORS = np.stack([RAMP, 255 - RAMP, np.full_like(RAMP, 100)], axis=-1)
WIDE = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40  # 3 wide, 2 high
SIXTEEN = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257  # 256 levels of 16 bits
HALF = np.full((8, 8), 128, np.uint8)
OPAQUE = np.full((8, 8), 255, np.uint8)
PALETTE = [10, 20, 30, 200, 100, 0]
ORIENTATION = 0x112


def grey(array=RAMP):
    return Image.fromarray(array)


def with_alpha(alpha, colors=COLORS):
    return Image.fromarray(np.dstack([colors, alpha]))


def palette(**info):
    image = Image.fromarray((RAMP > 100).astype(np.uint8)).convert("P")
    image.putpalette(PALETTE)
    image.info.update(info)
    return image


PALETTE_PIXELS = np.where((RAMP > 100)[..., None], PALETTE[3:], PALETTE[:3]).astype(np.uint8)


def over(colors, alpha, behind):
    """The definition of compositing, in exact arithmetic."""
    share = alpha[..., None] / 255
    return np.floor(colors * share + behind * (1 - share) + 0.5).astype(np.uint8)


def rotated(path, image, orientation, **settings):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image.save(path, exif=exif, **settings)


def frames(path, **settings):
    grey().convert("RGB").save(
        path, save_all=True, append_images=[Image.new("RGB", (8, 8), "red")], **settings
    )


def png(path, mode_bits, color_type, rows):
    """A PNG made by hand, for what Pillow does not write."""
    height = len(rows)
    width = len(rows[0]) * 8 // mode_bits // {0: 1, 2: 3, 4: 2, 6: 4}[color_type]
    header = struct.pack(">IIBBBBB", width, height, mode_bits, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))]
    write_png(path, [*chunks, (b"IEND", b"")])


def write_png(path, chunks):
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def bomb_png(path, side=60_000):
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = zlib.compress(bytes(10_000_000), 9)
    write_png(path, [(b"IHDR", header), (b"IDAT", content), (b"IEND", b"")])


def bomb_webp(path):
    """A lossless WebP whose header says 16383x16383."""
    bits = (16382) | (16382 << 14)
    chunk = b"\x2f" + struct.pack("<I", bits) + bytes(19)
    body = b"WEBPVP8L" + struct.pack("<I", len(chunk)) + chunk
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def truncated(path, image, **settings):
    image.save(path, **settings)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
GREY = RAMP[..., None]
BLACK = {"background": "black"}
WHITE = {"background": "white"}

# File -> how it is written, its pixels, and the options it is read with.
GOOD = {
    "one_bit.png": (lambda p: Image.fromarray(RAMP > 100).save(p), (GREY > 100) * 255, {}),
    "one_bit.tif": (lambda p: Image.fromarray(RAMP > 100).save(p), (GREY > 100) * 255, {}),
    "l.png": (lambda p: grey().save(p), GREY, {}),
    "l.bmp": (lambda p: grey().save(p), GREY, {}),
    "l.TIFF": (lambda p: grey().save(p), GREY, {}),
    "l_as_3.png": (lambda p: grey().save(p), GREY.repeat(3, 2), {"channels": 3}),
    "la_opaque.png": (lambda p: Image.merge("LA", [grey(), grey(OPAQUE)]).save(p), GREY, {}),
    "la_white.png": (
        lambda p: Image.merge("LA", [grey(), grey(HALF)]).save(p),
        over(GREY, HALF, 255),
        WHITE,
    ),
    "p.png": (lambda p: palette().save(p), PALETTE_PIXELS, {}),
    "p.gif": (lambda p: palette().save(p), PALETTE_PIXELS, {}),
    "p_transparent.png": (
        lambda p: palette().save(p, transparency=0),
        np.where((RAMP > 100)[..., None], PALETTE[3:], 255),
        WHITE,
    ),
    "pa.tif": (
        lambda p: Image.merge("LA", [grey(), grey(RAMP)]).save(p),
        over(GREY, RAMP, 0),
        BLACK,
    ),
    "rgb.png": (lambda p: Image.fromarray(COLORS).save(p), COLORS, {}),
    "rgb.bmp": (lambda p: Image.fromarray(COLORS).save(p), COLORS, {}),
    "rgb.webp": (lambda p: Image.fromarray(COLORS).save(p, lossless=True), COLORS, {}),
    "png_named.JPG": (lambda p: Image.fromarray(COLORS).save(p, format="PNG"), COLORS, {}),
    "rgb_as_1.png": (
        lambda p: Image.fromarray(COLORS).save(p),
        np.asarray(Image.fromarray(COLORS).convert("L"))[..., None],
        {"channels": 1},
    ),
    "rgb_key.png": (
        lambda p: Image.fromarray(COLORS).save(p, transparency=tuple(COLORS[0, 1].tolist())),
        np.where((COLORS[0, 1] == COLORS).all(-1, keepdims=True), 0, COLORS),
        BLACK,
    ),
    "l_key.png": (lambda p: grey().save(p, transparency=0), np.where(GREY == 0, 255, GREY), WHITE),
    "rgba_opaque.png": (lambda p: with_alpha(OPAQUE).save(p), COLORS, {}),
    "rgba_white.png": (lambda p: with_alpha(RAMP).save(p), over(COLORS, RAMP, 255), WHITE),
    "rgba_black.png": (lambda p: with_alpha(RAMP).save(p), over(COLORS, RAMP, 0), BLACK),
    "rgba.webp": (
        lambda p: with_alpha(RAMP).save(p, lossless=True, exact=True),
        over(COLORS, RAMP, 0),
        BLACK,
    ),
    "rgbx.tif": (lambda p: Image.fromarray(COLORS).convert("RGBX").save(p), COLORS, {}),
    "cmyk.tif": (
        lambda p: Image.fromarray(np.dstack([255 - COLORS, np.zeros_like(RAMP)]), "CMYK").save(p),
        COLORS,
        {},
    ),
    "ycbcr.tif": (
        lambda p: Image.fromarray(COLORS).convert("YCbCr").save(p),
        np.asarray(Image.fromarray(COLORS).convert("YCbCr").convert("RGB")),
        {},
    ),
    "sixteen.png": (lambda p: grey(SIXTEEN).save(p), SIXTEEN[..., None] // 257, {}),
    "sixteen.tif": (lambda p: grey(SIXTEEN).save(p), SIXTEEN[..., None] // 257, {}),
    "sixteen_big_endian.tif": (
        lambda p: Image.frombytes("I;16B", (16, 16), SIXTEEN.astype(">u2").tobytes()).save(p),
        SIXTEEN[..., None] // 257,
        {},
    ),
    "sixteen_rounded.png": (
        lambda p: grey(np.array([[0, 128, 129, 257, 65406, 65407, 65535]], np.uint16)).save(p),
        np.array([[0, 0, 1, 1, 254, 255, 255]])[..., None],
        {},
    ),
    "sixteen_rgb.png": (
        lambda p: png(p, 16, 2, [(COLORS[row].astype(">u2") * 257).tobytes() for row in range(8)]),
        COLORS,
        {},
    ),
    "i.tif": (lambda p: grey(SIXTEEN.astype(np.int32)).save(p), SIXTEEN[..., None] // 257, {}),
    "f.tif": (lambda p: grey((RAMP / 255).astype(np.float32)).save(p), GREY, {}),
    "exif_6.png": (lambda p: rotated(p, grey(WIDE), 6), np.rot90(WIDE, -1)[..., None], {}),
    "exif_3.webp": (
        lambda p: rotated(p, Image.fromarray(COLORS), 3, lossless=True),
        COLORS[::-1, ::-1],
        {},
    ),
    "exif_2.tif": (lambda p: rotated(p, grey(WIDE), 2), WIDE[:, ::-1, None], {}),
    "exif_6_square.tif": (lambda p: rotated(p, grey(), 6), np.rot90(RAMP, -1)[..., None], {}),
    "exif_8.tif": (
        lambda p: rotated(p, grey(WIDE), 8, compression="tiff_lzw"),
        np.rot90(WIDE)[..., None],
        {},
    ),
    "first.gif": (lambda p: frames(p), GREY.repeat(3, 2), {"animated": "first"}),
    "first.tif": (lambda p: frames(p), GREY.repeat(3, 2), {"animated": "first"}),
    "profile.png": (
        lambda p: Image.fromarray(COLORS).save(
            p, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        ),
        COLORS,
        {},
    ),
    "center.png": (lambda p: grey().save(p), GREY[2:6, 2:6], {"center_crop": 4}),
}

BAD = {
    "transparent.png": (lambda p: with_alpha(RAMP).save(p), "has transparent pixels; add backgr"),
    "transparent.gif": (lambda p: palette().save(p, transparency=0), "has transparent pixels"),
    "transparent.webp": (lambda p: with_alpha(HALF).save(p), "has transparent pixels"),
    "animated.gif": (frames, "has several frames or pages; animated=first"),
    "animated.webp": (frames, "has several frames or pages"),
    "animated.png": (frames, "has several frames or pages"),
    "pages.tif": (frames, "has several frames or pages"),
    "float.tif": (lambda p: grey(RAMP.astype(np.float32)).save(p), r"not all in 0\.\.1"),
    "nan.tif": (lambda p: grey(np.full((4, 4), np.nan, np.float32)).save(p), r"not all in 0\.\.1"),
    "large.tif": (lambda p: grey(np.full((4, 4), 70_000, np.int32)).save(p), r"in 0\.\.65535"),
    "negative.tif": (lambda p: grey(np.full((4, 4), -1, np.int32)).save(p), r"in 0\.\.65535"),
    "key_16.png": (lambda p: grey(SIXTEEN).save(p, transparency=257), "a transparent grey"),
    "lab.tif": (lambda p: Image.new("LAB", (4, 4)).save(p), "colours of the kind LAB"),
    "exif_8.tif": (lambda p: rotated(p, grey(WIDE), 8), "which Pillow garbles; save it upright"),
    "cut.png": (lambda p: truncated(p, NOISE), "cannot be decoded"),
    "cut.jpg": (lambda p: truncated(p, NOISE), "cannot be decoded"),
    "cut.webp": (lambda p: truncated(p, NOISE), "cannot be decoded"),
    "cut.bmp": (lambda p: truncated(p, NOISE), "cannot be decoded"),
    "cut.tif": (lambda p: truncated(p, NOISE), "cannot be decoded"),
    "empty.png": (lambda p: p.write_bytes(b""), "cannot be decoded"),
    "text.jpg": (lambda p: p.write_text("not an image"), "cannot be decoded"),
    "other_format.png": (lambda p: grey().save(p, format="PPM"), "cannot be decoded"),
    "bomb.png": (bomb_png, "is 60000x60000; more than 50,000,000|declares more than 50,000,000"),
    "bomb_small.png": (lambda p: bomb_png(p, 8000), "is 8000x8000; more than 50,000,000 pixels"),
}


def read(path, **asked):
    with warnings.catch_warnings():  # as `decoding` does around all files
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return decode(path, ImageOptions(**asked))


def stored(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_zoo_has_many_animals():
    assert len(GOOD) + len(BAD) >= 60


@pytest.mark.parametrize("name", GOOD)
def test_pixels_are_those_of_the_policy(tmp_path, name):
    write, expected, asked = GOOD[name]
    write(tmp_path / name)
    pixels = read(tmp_path / name, **asked).pixels
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize("name", BAD)
def test_what_the_policy_refuses_is_refused(tmp_path, name):
    write, reason = BAD[name]
    write(tmp_path / name)
    with pytest.raises(Refused, match=reason) as refused:
        read(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_jpeg_is_what_its_encoder_made_of_it_upright(tmp_path):
    upright, turned = tmp_path / "a.jpg", tmp_path / "b.jpeg"
    NOISE.save(upright, quality=95)
    rotated(turned, NOISE.rotate(90), 6, quality=95)
    assert np.array_equal(read(upright).pixels, stored(upright))
    assert np.array_equal(read(turned).pixels, np.rot90(stored(turned), -1))
    NOISE.convert("CMYK").save(upright, quality=95)
    assert read(upright).pixels.shape == (64, 64, 3)


def test_the_first_picture_of_a_photograph_of_several_is_taken(tmp_path):
    path = tmp_path / "phone.jpg"
    NOISE.save(path, format="MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    with Image.open(path) as image:
        assert image.n_frames == 2
    assert read(path).pixels.shape == (64, 64, 3)


def test_the_16_bit_ramp_keeps_256_levels(tmp_path):
    grey(SIXTEEN).save(tmp_path / "ramp.png")
    assert len(np.unique(read(tmp_path / "ramp.png").pixels)) == 256


def test_what_was_ignored_or_enlarged_is_said(tmp_path):
    GOOD["profile.png"][0](tmp_path / "profile.png")
    assert "colour profile" in read(tmp_path / "profile.png").remarks[0]
    grey().save(tmp_path / "small.png")
    assert read(tmp_path / "small.png", resize=16).remarks == ("were enlarged by resize=16",)
    assert read(tmp_path / "small.png", resize=4).remarks == ()


def test_resizing_averages_what_it_leaves_out_and_keeps_the_shape():
    stripes = np.zeros((64, 32, 1), np.uint8)
    stripes[::2] = 255  # without antialiasing every other row, or none, would be left
    small = fit(stripes, ImageOptions(resize=8))
    assert small.shape == (16, 8, 1)
    assert np.abs(small[2:-2].astype(int) - 127.5).max() < 2
    image = Image.fromarray(stripes[..., 0])
    assert np.array_equal(small[..., 0], np.asarray(image.resize((8, 16), Image.LANCZOS)))
    assert fit(stripes, ImageOptions(resize=8, center_crop=8)).shape == (8, 8, 1)
    with pytest.raises(Refused, match="is 32x64, smaller than center_crop=40; add resize=40"):
        fit(stripes, ImageOptions(center_crop=40))


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(image_policy.MOST_FILE_BYTES + 1)
    with pytest.raises(Refused, match="has more than 512 MiB"):
        read(tmp_path / "huge.png")


def test_all_bad_files_are_named_at_once_and_pillow_is_left_as_it_was(tmp_path):
    for number in range(45):
        grey().save(tmp_path / f"good{number}.png")
    for name, (write, _) in BAD.items():
        write(tmp_path / name)
    filters, limit = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    with pytest.raises(ConfigError) as refused:
        FolderReader().read(tmp_path)
    lines = str(refused.value).splitlines()
    assert f"{len(BAD)} problems" in lines[0] and lines[-1] == f"  ... and {len(BAD) - 20} more"
    assert len(lines) == 22
    named = {line.split(":")[0].strip() for line in lines[1:-1]}
    assert named <= set(BAD) and len(named) == 20
    assert (warnings.filters, Image.MAX_IMAGE_PIXELS) == (filters, limit)


@pytest.mark.parametrize("write", [bomb_png, bomb_webp])
def test_a_bomb_is_refused_in_little_memory(tmp_path, write):
    (tmp_path / "images").mkdir()
    for number in range(50):
        grey().save(tmp_path / "images" / f"{number}.png")
    write(tmp_path / "images" / f"bomb.{write.__name__[5:]}")
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from ganbench.errors import ConfigError
        from ganbench_datasets.folder import FolderReader
        try:
            FolderReader().read(Path(sys.argv[1]))
        except ConfigError as error:
            print(error)
        # Not ru_maxrss, which a child begins with what its parent has.
        (peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
        print(int(peak.split()[1]) // 1024)
        """
    )
    command = [sys.executable, "-c", script, str(tmp_path / "images")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    *lines, peak_mib = done.stdout.splitlines()
    assert lines[0].endswith("1 problem with its images, nothing was trained:")
    assert lines[1].strip().startswith("bomb.") and len(lines) == 2
    assert int(peak_mib) < 512


def test_the_page_tells_every_option_suffix_name_and_limit():
    page = (Path(__file__).parents[1] / "docs" / "data.md").read_text("utf-8")
    options = {item.name for cls in (FolderReader, NpzReader) for item in fields(cls)}
    for option in options:
        assert f"| `{option}=" in page
    for suffix in SUFFIXES:
        assert re.search(rf"[` ]{re.escape(suffix)}[` ]", page)
    names = [
        name for table in (IMAGES, LABELS) for known in table.values() for name in known if name
    ]
    for word in (*names, f"{image_policy.MOST_PIXELS:,}", f"{FEWEST} images", "512 MiB"):
        assert word in page
    assert MOST_EXPANSION == 200 and "more than 200 times" in page
