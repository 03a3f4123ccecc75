"""What is left out, step by step, of a page that is too large, and how the page says so."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench.report.page.samples import MOST_IMAGES, MOST_POINTS


@dataclass(frozen=True)
class Limits:
    """What a page shows of samples and of training."""

    images: int = MOST_IMAGES
    points: int = MOST_POINTS
    has_baselines: bool = True  # among the grids
    has_grids: bool = True
    has_strips: bool = True
    has_runs: bool = True  # single seeds among the curves
    has_curves: bool = True

    @property
    def words(self) -> str:
        """Which samples were left out, or ""."""
        if not self.has_strips:
            return "All samples were left out to keep this page small."
        if not self.has_grids:
            return "The larger pictures of samples were left out to keep this page small."
        parts = []
        if self.images < MOST_IMAGES:
            parts.append(f"each grid shows {self.images} samples at most")
        if not self.has_baselines:
            parts.append("the grids of baselines were left out")
        return f"To keep this page small, {' and '.join(parts)}." if parts else ""

    @property
    def training_words(self) -> str:
        """What of the training was left out, or ""."""
        if not self.has_curves:
            return "The training curves were left out to keep this page small."
        if not self.has_runs:
            return "The lines of single seeds were left out to keep this page small."
        return ""


_NO_SAMPLES = {"has_baselines": False, "has_grids": False, "has_strips": False}
STEPS = (
    Limits(),
    Limits(32, 256),
    Limits(16, 128),
    Limits(16, 128, has_baselines=False),
    Limits(16, 128, has_baselines=False, has_grids=False),
    Limits(16, 128, has_baselines=False, has_grids=False, has_runs=False),
    Limits(0, 0, **_NO_SAMPLES, has_runs=False),
    Limits(0, 0, **_NO_SAMPLES, has_runs=False, has_curves=False),
)


def too_large(size: int, most: int) -> str:
    """What the top of a page says where all steps were not enough."""
    return (
        f"This page has {size / 1e6:.1f} MB, more than the {most / 1e6:.1f} MB intended. Samples "
        "and training curves were left out, and the rest may be slow to open."
    )
