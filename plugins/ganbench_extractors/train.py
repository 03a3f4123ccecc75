"""Making of the embedded feature spaces: `python -m ganbench_extractors.train DATASET`.

It needs torch, a CPU and minutes; nothing else imports this file. The test split is read once,
after training, for the accuracy on the card.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ganbench.contracts import Dataset, Split
from ganbench_datasets.digits import Digits
from ganbench_datasets.fashion_mnist import FashionMNIST
from ganbench_extractors.bundle_writer import write_bundle
from ganbench_extractors.calibration import accuracy, calibrate_temperature, cross_entropy_nats
from ganbench_extractors.network import forward_images
from ganbench_extractors.principal_components import leading_components, project_images
from ganbench_extractors.recipes import RECIPES, ClassifierRecipe


def main(dataset_name: str) -> None:
    """Train the classifier, fit the components, and write both spaces with their cards."""
    recipe = RECIPES[dataset_name]
    dataset = Digits().load(None) if dataset_name == "digits" else FashionMNIST().load(None)
    make_components(recipe, dataset)
    make_classifier(recipe, dataset, dataset.validation)


def make_classifier(recipe: ClassifierRecipe, dataset: Dataset, validation: Split | None) -> None:
    """Train, calibrate, measure and write one classifier."""
    import torch

    weights = train_classifier(recipe, dataset.train, dataset.task.classes)
    strides = [layer.stride for layer in recipe.convolutions]
    if validation is None:
        labels = dataset.train.labels
        logits = cross_fitted_logits(recipe, dataset.train, dataset.task.classes)
    else:
        labels = validation.labels
        logits = forward_images(validation.samples, weights, strides)[1]
    temperature = calibrate_temperature(logits, labels)
    _, test_logits = forward_images(dataset.reference.samples, weights, strides)
    test_labels = dataset.reference.labels
    card = {
        "name": recipe.name,
        "architecture": {
            "convolutions": [asdict(layer) for layer in recipe.convolutions],
            "features": f"{recipe.features} linear, before their ReLU",
            "outputs": dataset.task.classes,
        },
        "temperature": temperature,
        "recipe": asdict(recipe),
        "train_images": len(dataset.train.samples),
        "validation": "5-fold cross-fitting on train" if validation is None else "last of train",
        "validation_images": len(labels),
        "validation_accuracy": accuracy(logits, labels),
        "validation_nats_raw": cross_entropy_nats(logits, labels),
        "validation_nats": cross_entropy_nats(logits / temperature, labels),
        "test_accuracy": accuracy(test_logits, test_labels),
        "test_nats": cross_entropy_nats(test_logits / temperature, test_labels),
        **_provenance(dataset),
        "torch_version": torch.__version__,
    }
    _report(
        write_bundle(
            dataset, weights, lambda images: forward_images(images, weights, strides)[0], card
        )
    )


def cross_fitted_logits(recipe: ClassifierRecipe, split: Split, classes: int) -> np.ndarray:
    """Give logits [n, classes] of each sample from a classifier that did not train on it.

    Where data are few, this calibrates on all of them and leaves all of them to the final net.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(recipe.calibration_folds, shuffle=True, random_state=recipe.seed)
    strides = [layer.stride for layer in recipe.convolutions]
    logits = np.zeros((len(split.samples), classes), np.float32)
    for kept, held in folds.split(split.samples, split.labels):
        part = Split("fold", split.samples[kept], split.labels[kept])
        weights = train_classifier(recipe, part, classes)
        logits[held] = forward_images(split.samples[held], weights, strides)[1]
    return logits


def train_classifier(recipe: ClassifierRecipe, train: Split, classes: int) -> dict[str, np.ndarray]:
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


def build_classifier(recipe: ClassifierRecipe, shape: tuple[int, ...], classes: int) -> Any:
    """Give a torch module whose parameters carry the names of the stored weights."""
    import torch
    from torch import nn

    convolutions, channels = nn.ModuleList(), shape[0]
    for layer in recipe.convolutions:
        convolutions.append(nn.Conv2d(channels, layer.channels, layer.kernel, layer.stride, 1))
        channels = layer.channels

    def convolve(values: torch.Tensor) -> torch.Tensor:
        for layer in convolutions:
            values = layer(values).relu()
        return values.flatten(1)

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = convolutions
            self.hidden = nn.Linear(convolve(torch.zeros(1, *shape)).numel(), recipe.features)
            self.output = nn.Linear(recipe.features, classes)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            flat = nn.functional.dropout(convolve(images), recipe.flat_dropout)
            hidden = nn.functional.dropout(self.hidden(flat).relu(), recipe.dropout)
            return self.output(hidden)

    return Classifier()


def make_components(recipe: ClassifierRecipe, dataset: Dataset) -> None:
    """Fit and write the leading principal components of the training images."""
    pixels = dataset.train.samples.reshape(len(dataset.train.samples), -1) / 255
    weights = leading_components(pixels, recipe.features)
    kept_variance = project_images(dataset.train.samples, weights).var(axis=0).sum()
    card = {
        "name": recipe.name.replace("cls", "pca"),
        "architecture": {"components": recipe.features},
        "temperature": None,
        "train_images": len(pixels),
        "variance_share": float(kept_variance / pixels.var(axis=0).sum()),
        **_provenance(dataset),
    }
    _report(write_bundle(dataset, weights, lambda images: project_images(images, weights), card))


def _provenance(dataset: Dataset) -> dict[str, Any]:
    return {
        "command": f"python -m ganbench_extractors.train {dataset.task.dataset}",
        "script_sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "numpy_version": np.__version__,
    }


def _report(card: dict[str, Any]) -> None:
    print(card["id"], f"scale {card['scale']:.6g}, test accuracy {card.get('test_accuracy')}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in RECIPES:
        sys.exit(f"usage: python -m ganbench_extractors.train {'|'.join(RECIPES)}")
    main(sys.argv[1])
