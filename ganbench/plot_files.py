"""The files of a picture: the same bytes for the same figure, with words for who cannot see it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ganbench.errors import StorageError
from ganbench.plot_frame import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 120
LARGE_BYTES = 300_000
COLORS = 256  # that a picture above this size keeps: it is colour images, of random noise at worst


def save(figure: Figure, words: Words, folder: Path, name: str) -> list[Path]:
    """Write NAME.svg and NAME.png, the same bytes for the same figure; raises StorageError."""
    files = [folder / f"{name}.svg", folder / f"{name}.png"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files[0].write_text(_svg(figure, words), "utf-8")
        about = {"Title": words.title, "Description": words.description}
        _write_png(figure, about, files[1])
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return files


def _write_png(figure: Figure, about: dict[str, str], file: Path) -> None:
    """Write the figure without its transparency, and large ones with a palette."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    words = PngInfo()
    for name, text in about.items():
        words.add_itxt(name, text)
    with Image.open(buffer) as picture:
        opaque = picture.convert("RGB")
    opaque.save(file, pnginfo=words)
    if file.stat().st_size > LARGE_BYTES:
        opaque.quantize(COLORS).save(file, pnginfo=words)


def _svg(figure: Figure, words: Words) -> str:
    """The figure as SVG, with a description after its title, where screen readers look for it."""
    buffer = io.BytesIO()
    about = {"Date": None, "Creator": None, "Format": None, "Type": None, "Title": words.title}
    figure.savefig(buffer, format="svg", metadata=about)
    text = buffer.getvalue().decode("utf-8")
    described = f"</title>\n <desc>{escape(words.description)}</desc>"
    return text.replace("</title>", described, 1).replace("<svg ", '<svg role="img" ', 1)
