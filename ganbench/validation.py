"""Put metrics to the test: score real images against real images with known defects.

The images of the reference split are divided at random, once per draw: `count` of them are the
real side, the others are there to be corrupted. Models train on neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ganbench import selectors
from ganbench.contracts import Dataset, Model, RunOptions, Split
from ganbench.corruptions import CORRUPTIONS, Material
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.errors import ConfigError, NothingMatched
from ganbench.evaluate import Evaluator, Evidence
from ganbench.plugins import Catalog
from ganbench.scoring import Scoring, applicable, every_scoring, scorings
from ganbench.streams import Stream, draw_weights

SEEDS = 3  # draws whose images are corrupted
DRAWS = 10  # of clean images against clean images: the floor and its spread
TRAINING_IMAGES = 20_000  # that baselines train on, and that copies are looked for among
SIZES = (1, 2, 4)  # the floor is measured on so many times fewer images, too
BASELINES = ("real", "memorizer", "pixel-gaussian")
FLOOR = "-floor"  # column X-floor foretells column X of a perfect generator
_CHUNK_STEPS = 16

Say = Callable[[str], None]


class Key(NamedTuple):
    """One column of one metric in one feature space."""

    metric: str  # its selector
    column: str
    space: str | None

    def __str__(self) -> str:
        return f"{self.column} in {self.space}" if self.space else self.column


Values = dict[Key, float]  # nan where there is none


@dataclass
class Measurements:
    """Everything that was measured on one data set."""

    count: int  # images on each side
    clean: list[Values] = field(default_factory=list)  # [draws]
    smaller: dict[int, list[Values]] = field(default_factory=lambda: defaultdict(list))
    corrupted: dict[str, list[list[Values]]] = field(default_factory=dict)  # [seeds][levels]
    baselines: dict[str, list[Values]] = field(default_factory=lambda: defaultdict(list))


def choose(
    metrics: list[str], extractors: list[str], dataset: Dataset, catalog: Catalog
) -> list[Scoring]:
    """The metrics and spaces to be tested, all that fit where none are named.

    Raises NothingMatched where none of them scores images.
    """
    found: list[Scoring] = []
    if dataset.task.kind == "images":
        spaces = extractors or None
        found = (
            scorings(metrics, dataset.task, catalog, spaces)
            if metrics
            else every_scoring(dataset.task, catalog, spaces)
        )
        found = applicable(found, followed=False)
    if not found:
        raise NothingMatched(
            f"no metric that was asked for scores images of {dataset.task.dataset}"
        )
    return found


def images_a_side(available: int) -> int:
    """A quarter of the reference images, half of them where that would be below a thousand.

    With a quarter there are spare images: two classes of ten can then fill in for the others
    almost without repetition.
    """
    return available // 4 if available >= 4000 else available // 2


def measure(
    dataset: Dataset, wanted: list[Scoring], catalog: Catalog, count: int | None, say: Say
) -> Measurements:
    """Score clean, corrupted and generated images, each draw against a real side of its own."""
    reference = dataset.reference
    count = count or images_a_side(len(reference.samples))
    if not 10 <= count <= len(reference.samples) // 2:
        raise ConfigError(
            f"{count} samples a side: {dataset.task.dataset} has {len(reference.samples)} "
            "reference images; ask for at least 10 and at most half of them"
        )
    training = Split(
        dataset.train.name,
        dataset.train.samples[:TRAINING_IMAGES],
        None if dataset.train.labels is None else dataset.train.labels[:TRAINING_IMAGES],
    )
    dataset = replace(dataset, train=training, validation=None)
    found = Measurements(count)
    total = DRAWS + SEEDS * (len(CORRUPTIONS) + len(BASELINES))
    told = (f"[{number}/{total}] {dataset.task.dataset}, draw" for number in range(1, total + 1))
    for draw in range(DRAWS):
        order = Stream(draw, "validation/split").at(0).permutation(len(reference.samples))
        _measure_clean(dataset, order, wanted, draw, found)
        say(f"{next(told)} {draw}: clean")
        if draw < SEEDS:
            for part in _measure_seed(dataset, order, wanted, draw, catalog, found):
                say(f"{next(told)} {draw}: {part}")
    return found


def _measure_clean(
    dataset: Dataset, order: np.ndarray, wanted: list[Scoring], draw: int, found: Measurements
) -> None:
    """Score clean images, fewer of them as well for what foretells its floor."""
    foretelling = [item for item in wanted if any(map(_floor_of(item), item.metric.columns))]
    for divisor in SIZES:
        size = found.count // divisor
        evaluator = Evaluator(_with_reference(dataset, order[:size]))
        clean = dataset.reference.samples[order[found.count :][:size]]
        if divisor == 1:
            found.clean.append(_score(evaluator, clean, wanted, draw))
        elif foretelling:
            found.smaller[size].append(_score(evaluator, clean, foretelling, draw))


def _measure_seed(
    dataset: Dataset,
    order: np.ndarray,
    wanted: list[Scoring],
    seed: int,
    catalog: Catalog,
    found: Measurements,
) -> Iterator[str]:
    """Score corrupted images and those of the baselines; gives the name of each when it is done."""
    evaluator = Evaluator(_with_reference(dataset, order[: found.count]))
    spare, labels = order[found.count :], dataset.reference.labels
    material = Material(
        dataset.reference.samples[spare],
        found.count,
        dataset.train.samples,
        None if labels is None else labels[spare],
    )
    for corruption in CORRUPTIONS:
        if labels is not None or not corruption.needs_labels:
            levels = [found.clean[seed]]
            for level in range(1, len(corruption.levels)):
                rng = Stream(seed, f"corruption/{corruption.name}").at(0)
                images = corruption.apply(material, level, rng)
                levels.append(_score(evaluator, images, wanted, seed))
            found.corrupted.setdefault(corruption.name, []).append(levels)
        yield corruption.name
    for name in BASELINES:
        model = catalog.model(name, "numpy")
        if model is not None:
            images = generate(model(), dataset, seed, found.count)
            found.baselines[name].append(_score(evaluator, images, wanted, seed))
        yield name


def generate(model: Model, dataset: Dataset, seed: int, count: int) -> np.ndarray:
    """Train a baseline on every training image once and sample from it, as a trial would."""
    step = model.step(dataset.task)
    steps = max(1, len(dataset.train.samples) // step.images)
    runtime = RunOptions(threads=1, device="cpu")
    weights = draw_weights(seed, model.parameters(dataset.task))
    trainer = model.trainer(None, (), dataset.task, weights, runtime)
    source = ChunkSource(dataset, step, seed, steps)
    for start in range(0, steps, _CHUNK_STEPS):
        trainer.train(source.chunk(start, min(_CHUNK_STEPS, steps - start)))
    return trainer.sample(*evaluation_noise(dataset, step, seed, count))


def _with_reference(dataset: Dataset, rows: np.ndarray) -> Dataset:
    split = dataset.reference
    labels = None if split.labels is None else split.labels[rows]
    return replace(dataset, reference=Split(split.name, split.samples[rows], labels))


def _score(evaluator: Evaluator, images: np.ndarray, wanted: list[Scoring], seed: int) -> Values:
    values: Values = {}
    for scoring, record in zip(
        wanted, evaluator.score(Evidence(images, seed), wanted), strict=True
    ):
        for column, told in scoring.columns().items():
            value = record["values"][told]
            values[key_of(scoring, column)] = float("nan") if value is None else value
    return values


def key_of(scoring: Scoring, column: str) -> Key:
    """The key of a column of this metric in this space."""
    space = scoring.extractor.name if scoring.extractor else None
    return Key(selectors.label(scoring.metric), column, space)


def _floor_of(scoring: Scoring) -> Callable[[str], Any]:
    """Say whether a column's floor is a column, too."""
    return lambda column: column + FLOOR in scoring.metric.columns
