"""Colours, dashes and markers: what tells GANs and backends apart in every picture.

A colour never stands alone: a name stands next to it, and a backend has a shape and a dash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Okabe and Ito, "Color Universal Design", 2008, without the yellow that white swallows.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
FILLS = ("solid", "hollow", "half")  # how a swatch is filled once the colours are used up

LIGHT = {
    "bg": "#ffffff",
    "fg": "#1a1d23",
    "dim": "#5b6270",
    "line": "#dfe3e8",
    "soft": "#f5f7f9",
    "link": "#0b5cad",
    "good": "#00664a",
    "goodbg": "#e3f4ee",
    "warn": "#8a4b00",
    "warnbg": "#fdf1df",
    "bad": "#a3123a",
    "badbg": "#fbe6ec",
    "kb": "#767d89",
    "other": "#c9ced6",
    **{f"k{place}": color for place, color in enumerate(COLORS)},
}
DARK = {
    **LIGHT,
    "bg": "#111318",
    "fg": "#e4e7ec",
    "dim": "#9aa2b0",
    "line": "#2b303a",
    "soft": "#191c23",
    "link": "#7db8ff",
    "good": "#63d2a8",
    "goodbg": "#12332a",
    "warn": "#f0b55c",
    "warnbg": "#3a2a10",
    "bad": "#ff8ba7",
    "badbg": "#41141f",
    "kb": "#8d95a3",
    "other": "#3d434f",
    "k6": "#e4e7ec",  # black cannot be seen in the dark
}
TEXTS = (  # pairs of text and background that appear in a page
    ("fg", "bg"),
    ("dim", "bg"),
    ("link", "bg"),
    ("fg", "soft"),
    ("dim", "soft"),
    ("good", "goodbg"),
    ("warn", "warnbg"),
    ("bad", "badbg"),
    ("bad", "bg"),
    ("bg", "fg"),
)


@dataclass(frozen=True)
class BackendLook:
    """How a backend is drawn: the dash of its lines and the shape of its marks."""

    dash: str  # for `stroke-dasharray`; "" is a whole line
    shape: str
    words: str  # what a legend calls the dash


LOOKS = (
    BackendLook("", "circle", "solid"),
    BackendLook("6 3", "square", "dashed"),
    BackendLook("1.5 3", "triangle", "dotted"),
    BackendLook("8 3 2 3", "diamond", "dash-dotted"),
    BackendLook("12 3", "cross", "long dashes"),
)
_FIXED = {"torch": 0, "tensorflow": 1, "jax": 2}


def backend_looks(labels: Iterable[str]) -> dict[str, BackendLook]:
    """Choose a look for each backend label; the three frameworks keep theirs in every picture."""
    unique = list(dict.fromkeys(labels))
    found = {label: _FIXED[label] for label in unique if label in _FIXED}
    for label in unique:
        if label not in found:
            usual = _FIXED.get(label.partition("[")[0])
            free = [place for place in range(len(LOOKS)) if place not in found.values()]
            is_free = usual is not None and usual in free
            found[label] = usual if is_free and usual is not None else (free or [len(LOOKS) - 1])[0]
    return {label: LOOKS[found[label]] for label in unique}


def gan_looks(names: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Choose the number of a colour and the fill of its swatch for each GAN."""
    return {
        name: (place % len(COLORS), FILLS[place // len(COLORS) % len(FILLS)])
        for place, name in enumerate(dict.fromkeys(names))
    }


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def css() -> str:
    """Write both themes as CSS variables."""

    def block(selector: str, colors: dict[str, str]) -> str:
        return f"{selector}{{{''.join(f'--{name}:{color};' for name, color in colors.items())}}}"

    dark = {name: color for name, color in DARK.items() if color != LIGHT[name]}
    return "\n".join(
        [
            block(":root", {**LIGHT}),
            "@media screen and (prefers-color-scheme:dark)"
            f"{{{block(':root:not([data-theme=light])', dark)}}}",
            f"@media screen{{{block(':root[data-theme=dark]', dark)}}}",
        ]
    )


def _luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
