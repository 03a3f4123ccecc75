"""Every number of the embedded classifiers' training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Convolution:
    """One layer with padding 1 and a ReLU."""

    channels: int
    kernel: int
    stride: int


@dataclass(frozen=True)
class ClassifierRecipe:
    """Convolutions, a linear layer of features, a ReLU, a linear layer of logits.

    Adam with cosine decay to 0; weight decay is added to the gradient; no augmentation, which
    would make the features blind to noise, blur or shifts.
    """

    name: str
    convolutions: tuple[Convolution, ...]
    features: int
    epochs: int
    batch_size: int
    learning_rate: float
    flat_dropout: float  # of the convolutions' outputs
    weight_decay: float = 1e-4
    dropout: float = 0.25  # of the features
    calibration_folds: int | None = None  # None: a validation split is there
    seed: int = 0
    threads: int = 2


RECIPES = {
    # Learning rate and dropout had the best cross-entropy in five-fold cross-validation on the
    # training digits; the test split took no part.
    "digits": ClassifierRecipe(
        "cls-digits-v1",
        (Convolution(16, 3, 1), Convolution(32, 4, 2)),
        features=16,
        epochs=100,
        batch_size=32,
        learning_rate=3e-3,
        flat_dropout=0.5,
        calibration_folds=5,
    ),
    "fashion-mnist": ClassifierRecipe(
        "cls-fashion-v1",
        (Convolution(32, 4, 2), Convolution(64, 4, 2)),
        features=64,
        epochs=15,
        batch_size=128,
        learning_rate=1e-3,
        flat_dropout=0.0,
    ),
}
