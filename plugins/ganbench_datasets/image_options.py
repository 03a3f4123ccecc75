"""What a user may ask to be done to images on the way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

Side = Annotated[int, Ge(1), Le(4096)]


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """Sizes and the decisions that a file may leave open."""

    resize: Side | None = None  # of the shorter side; the shape is kept
    center_crop: Side | None = None  # side of the square that is cut, after any resizing
    channels: Literal[1, 3] | None = None  # None: 1 if every file is grey
    background: Literal["refuse", "white", "black"] = "refuse"  # of transparent pixels
    animated: Literal["refuse", "first"] = "refuse"
