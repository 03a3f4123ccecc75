"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_datasets.digits import Digits
from ganbench_datasets.fashion_mnist import FashionMNIST
from ganbench_datasets.points import Grid, Ring


@ganbench.hookimpl
def ganbench_datasets():
    """Offer two sets of images and two of points."""
    return [Digits, FashionMNIST, Ring, Grid]
