"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_datasets.cifar10 import CIFAR10
from ganbench_datasets.digits import Digits
from ganbench_datasets.dirac import Dirac
from ganbench_datasets.fashion_mnist import FashionMNIST
from ganbench_datasets.folder import Folder
from ganbench_datasets.mnist import MNIST
from ganbench_datasets.npz import Npz
from ganbench_datasets.points import Grid, Ring
from ganbench_datasets.stacked_digits import StackedDigits


@ganbench.hookimpl
def ganbench_datasets():
    """Offer sets of images, the user's own among them, and three of points."""
    published = [Digits, MNIST, FashionMNIST, CIFAR10, StackedDigits, Ring, Grid, Dirac]
    return [*published, Folder, Npz]
