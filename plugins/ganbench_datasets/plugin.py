"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_datasets.digits import Digits
from ganbench_datasets.dirac import Dirac
from ganbench_datasets.fashion_mnist import FashionMNIST
from ganbench_datasets.points import Grid, Ring
from ganbench_datasets.stacked_digits import StackedDigits


@ganbench.hookimpl
def ganbench_datasets():
    """Offer three sets of images and three of points."""
    return [Digits, FashionMNIST, StackedDigits, Ring, Grid, Dirac]
