"""One choice of rows, columns and sentences, which every format shows."""

from ganbench.headline.headline import Cell, Column, Headline, HeadlineRow

__all__ = ["Cell", "Column", "Headline", "HeadlineRow"]
