"""Making of the embedded feature spaces: `python -m ganbench_extractors.train DATASET`.

It needs torch, a CPU and minutes; nothing else imports this file. The test split is read once,
after training, for the accuracy on the card.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganbench.contracts import Dataset, Split
from ganbench_datasets.digits import Digits
from ganbench_datasets.fashion_mnist import FashionMNIST, load_validation
from ganbench_extractors.bundle_writer import write_bundle
from ganbench_extractors.network import features_and_logits


@dataclass(frozen=True)
class Convolution:
    """One layer with padding 1 and a ReLU."""

    channels: int
    kernel: int
    stride: int


@dataclass(frozen=True)
class Recipe:
    """Every number of one classifier: Adam, cosine decay to 0, no augmentation."""

    name: str
    convolutions: tuple[Convolution, ...]
    features: int
    epochs: int
    batch_size: int
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    dropout: float = 0.25
    seed: int = 0
    threads: int = 2


RECIPES = {
    "digits": Recipe("cls-digits-v1", (Convolution(16, 3, 1), Convolution(32, 4, 2)), 16, 100, 32),
    "fashion-mnist": Recipe(
        "cls-fashion-v1", (Convolution(32, 4, 2), Convolution(64, 4, 2)), 64, 15, 128
    ),
}
DIGITS_VALIDATION = 200  # of the 1000 training digits, for the temperature only


def main(dataset_name: str) -> None:
    """Train the classifier, fit the components, and write both spaces with their cards."""
    if dataset_name == "digits":
        dataset = Digits().load(None)
        train, validation = hold_out(dataset.train, DIGITS_VALIDATION)
    else:
        dataset = FashionMNIST().load(None)
        train, validation = dataset.train, load_validation(None)
    make_classifier(RECIPES[dataset_name], dataset, train, validation)
    make_components(RECIPES[dataset_name], dataset)


def hold_out(split: Split, count: int) -> tuple[Split, Split]:
    """Part a split in two, stratified by class: the rest, and `count` samples."""
    from sklearn.model_selection import train_test_split

    kept, held = train_test_split(
        np.arange(len(split.samples)), test_size=count, stratify=split.labels, random_state=0
    )
    return (
        Split("train", split.samples[np.sort(kept)], split.labels[np.sort(kept)]),
        Split("validation", split.samples[np.sort(held)], split.labels[np.sort(held)]),
    )


def make_classifier(recipe: Recipe, dataset: Dataset, train: Split, validation: Split) -> None:
    """Train, calibrate, measure and write one classifier."""
    import torch

    weights = train_classifier(recipe, train, dataset.task.classes)
    strides = [layer.stride for layer in recipe.convolutions]

    def forward(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pixels = images.astype(np.float32) / np.float32(255)
        blocks = np.array_split(pixels, max(1, len(pixels) // 250))
        parts = [features_and_logits(block, weights, strides) for block in blocks]
        return np.concatenate([part[0] for part in parts]), np.concatenate(
            [part[1] for part in parts]
        )

    _, validation_logits = forward(validation.samples)
    temperature = calibrate_temperature(validation_logits, validation.labels)
    _, test_logits = forward(dataset.reference.samples)
    card = {
        "name": recipe.name,
        "architecture": {
            "convolutions": [asdict(layer) for layer in recipe.convolutions],
            "features": f"{recipe.features} linear, before their ReLU",
            "outputs": dataset.task.classes,
        },
        "temperature": temperature,
        "recipe": asdict(recipe),
        "train_images": len(train.samples),
        "validation_images": len(validation.samples),
        "validation_accuracy": _accuracy(validation_logits, validation.labels),
        "validation_nats_raw": _cross_entropy(validation_logits, validation.labels),
        "validation_nats": _cross_entropy(validation_logits / temperature, validation.labels),
        "test_accuracy": _accuracy(test_logits, dataset.reference.labels),
        "test_nats": _cross_entropy(test_logits / temperature, dataset.reference.labels),
        **_provenance(dataset),
        "torch_version": torch.__version__,
    }
    _report(write_bundle(dataset, weights, lambda images: forward(images)[0], card))


def train_classifier(recipe: Recipe, train: Split, classes: int) -> dict[str, np.ndarray]:
    """Give float32 weights, named and laid out as `network.features_and_logits` takes them."""
    import torch

    torch.manual_seed(recipe.seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(recipe.threads)
    images = torch.from_numpy(train.samples).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(train.labels).long()
    model = build_classifier(recipe, tuple(images.shape[1:]), classes)
    optimizer = torch.optim.Adam(
        model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    steps = recipe.epochs * -(-len(images) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for epoch in range(recipe.epochs):
        for rows in torch.randperm(len(images)).split(recipe.batch_size):
            loss = torch.nn.functional.cross_entropy(model(images[rows] / 255), labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{recipe.epochs}: loss {loss.item():.4f}", flush=True)
    return {name: array.detach().numpy() for name, array in model.state_dict().items()}


def build_classifier(recipe: Recipe, shape: tuple[int, ...], classes: int) -> Any:
    """Give a torch module whose parameters carry the names of the stored weights."""
    import torch
    from torch import nn

    convolutions, channels = nn.ModuleList(), shape[0]
    for layer in recipe.convolutions:
        convolutions.append(nn.Conv2d(channels, layer.channels, layer.kernel, layer.stride, 1))
        channels = layer.channels

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = convolutions
            self.hidden = nn.Linear(flat_size, recipe.features)
            self.output = nn.Linear(recipe.features, classes)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            hidden = self.hidden(convolve(images).flatten(1)).relu()
            return self.output(nn.functional.dropout(hidden, recipe.dropout, self.training))

    def convolve(values: torch.Tensor) -> torch.Tensor:
        for layer in convolutions:
            values = layer(values).relu()
        return values

    flat_size = convolve(torch.zeros(1, *shape)).numel()
    return Classifier()


def make_components(recipe: Recipe, dataset: Dataset) -> None:
    """Fit and write the leading principal components of the training images."""
    pixels = dataset.train.samples.reshape(len(dataset.train.samples), -1) / 255
    mean, components = leading_components(pixels, recipe.features)
    mean, components = mean.astype(np.float32), components.astype(np.float32)

    def project(images: np.ndarray) -> np.ndarray:
        flat = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
        return (flat - mean) @ components.T

    card = {
        "name": recipe.name.replace("cls", "pca"),
        "architecture": {"components": recipe.features},
        "temperature": None,
        "train_images": len(pixels),
        "variance_share": float(
            project(dataset.train.samples).var(axis=0).sum() / pixels.var(axis=0).sum()
        ),
        **_provenance(dataset),
    }
    _report(write_bundle(dataset, {"mean": mean, "components": components}, project, card))


def leading_components(pixels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean [pixels] and the components [count, pixels], largest variance first.

    The sign that a decomposition leaves open is fixed: the largest entry is positive.
    """
    mean = pixels.mean(axis=0)
    centered = pixels - mean
    _, vectors = np.linalg.eigh(centered.T @ centered)
    components = vectors[:, ::-1][:, :count].T
    largest = np.abs(components).argmax(axis=1)
    return mean, components * np.sign(components[np.arange(count), largest])[:, None]


def calibrate_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Give the temperature of least cross-entropy; Guo et al. 2017, arXiv:1706.04599, 4.2."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_temperature: _cross_entropy(logits / np.exp(log_temperature), labels),
        bounds=(-3, 3),
        method="bounded",
    )
    return float(np.exp(found.x))


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    normalizers = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(normalizers - shifted[np.arange(len(labels)), labels]))


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(logits.argmax(axis=1) == labels))


def _provenance(dataset: Dataset) -> dict[str, Any]:
    return {
        "command": f"python -m ganbench_extractors.train {dataset.task.dataset}",
        "script_sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "numpy_version": np.__version__,
    }


def _report(card: dict[str, Any]) -> None:
    print(card["id"], f"scale {card['scale']:.6g}", f"test {card.get('test_accuracy')}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in RECIPES:
        sys.exit(f"usage: python -m ganbench_extractors.train {'|'.join(RECIPES)}")
    main(sys.argv[1])
