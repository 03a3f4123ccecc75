"""Everything that crosses the line between the harness and a plugin.

A plugin author reads this file and no other. Arrays that cross these lines are NumPy arrays;
what a backend makes of them is its own business. Classes that a plugin offers are frozen
dataclasses: their fields are the options that users set in selectors such as 'dcgan[width=32]'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np

Direction = Literal["higher", "lower", "none"]
Scale = Literal["log", "share", "raw"]


# --------------------------------------------------------------------------- data


@dataclass(frozen=True)
class Mixture:
    """The true density of labelled 2-D points: equally likely isotropic Gaussians, one a label."""

    centers: np.ndarray  # float64 [modes, 2]
    standard_deviation: float


@dataclass(frozen=True)
class Task:
    """What a model has to generate."""

    dataset: str
    kind: Literal["images", "points"]
    shape: tuple[int, ...]  # (height, width, channels) of images, (1,) or (2,) of points
    classes: int = 0  # number of labels; 0 means unlabelled


@dataclass(frozen=True)
class Split:
    """One part of a data set: uint8 [n, height, width, channels] or float32 points [n, d]."""

    name: str
    samples: np.ndarray
    labels: np.ndarray | None = None  # int32 [n]


@dataclass(frozen=True)
class Dataset:
    """A data set in memory. Models train on `train`; `reference` is what metrics compare with.

    A checkpoint may be chosen by `validation`, never by the reference that is reported.
    """

    task: Task
    train: Split
    reference: Split
    sha256: str  # of the decompressed payload
    mixture: Mixture | None = None
    validation: Split | None = None


class FileReader(Protocol):
    """How files of the user's own become a data set: 'NAME:PATH[option=value]'.

    A frozen dataclass whose fields are the options.
    """

    name: str

    def read(self, path: Path) -> DatasetSource:
        """Read the files once and give the data set, named by what they hold, not by a path.

        Raises ConfigError that names every file that cannot be used. Says how far it is with
        `ganbench.progress.track`.
        """
        ...


class DatasetSource(Protocol):
    """A named data set. `task` must be cheap; `load` reads or draws the data.

    Where the data are files of the user's own, the class has a `reader`, the class of a
    FileReader; the data set's own fields then tell all that it takes to load the same data again.
    An optional `label` is what tables call it, and optional `notes`, a tuple of lines, are what
    the user is told before a run. Where `load` may download, an optional method `missing()` says
    how the files are to be had, or None where they are there; it must be cheap.
    """

    name: str
    source: str  # where it comes from, for `ganbench info` and the record
    default_samples: int  # how many samples a trial is scored on

    def task(self) -> Task:
        """Say what a model has to generate, without reading any data."""
        ...

    def load(self, location: Path | None) -> Dataset:
        """Read the data, from `location` (the user's `--data`) where one is given.

        Raises ConfigError for damaged files and EnvironmentNotReady for absent ones.
        """
        ...


# --------------------------------------------------------------------------- weights


@dataclass(frozen=True)
class Normal:
    """Independent normal draws."""

    mean: float
    standard_deviation: float


@dataclass(frozen=True)
class TruncatedNormal:
    """Independent normal draws, those beyond two standard deviations drawn again."""

    mean: float
    standard_deviation: float


@dataclass(frozen=True)
class Uniform:
    """Independent uniform draws from [low, high)."""

    low: float
    high: float


@dataclass(frozen=True)
class Constant:
    """The same value everywhere."""

    value: float


@dataclass(frozen=True)
class Parameter:
    """Shape and initial distribution of one array, in the canonical layout.

    Linear [out, in]; convolution [out, in, kernel, kernel]; transposed convolution
    [in, out, kernel, kernel]; flattened images are in channel, height, width order.
    """

    shape: tuple[int, ...]
    initial: Normal | TruncatedNormal | Uniform | Constant
    trainable: bool = True  # False: a buffer, such as a running mean


# --------------------------------------------------------------------------- one step


@dataclass(frozen=True)
class Step:
    """What one step consumes: k discriminator updates, then one generator update."""

    batch_size: int
    latent_size: int
    discriminator_updates: int = 1  # k
    generator_batch_size: int | None = None  # None: the same as batch_size
    noise: Literal["normal", "uniform"] = "normal"  # standard normal, or uniform in [-1, 1)

    @property
    def generator_samples(self) -> int:
        """Number of images that the generator is trained on in one step."""
        return self.generator_batch_size or self.batch_size

    @property
    def images(self) -> int:
        """Number of real images that the discriminator is shown in one step."""
        return self.discriminator_updates * self.batch_size


class Chunk(NamedTuple):
    """The inputs of s whole steps, each of k discriminator updates on n real images."""

    start: int  # number of the first step, counted from 0
    real: np.ndarray  # uint8 [s, k, n, height, width, channels], or float32 points [s, k, n, 2]
    labels: np.ndarray | None  # int32 [s, k, n]; generated samples take the labels of their reals
    noise: np.ndarray  # float32 [s, k, n, latent], distributed as the step says
    mixing: np.ndarray  # float32 [s, k, n], uniform in [0, 1)
    generator_noise: np.ndarray  # float32 [s, m, latent]
    generator_labels: np.ndarray | None  # int32 [s, m]
    generator_real: np.ndarray | None  # [s, m, ...] fresh reals, if the loss asks for them
    extra: Mapping[str, np.ndarray]  # [s, k, n, ...] arrays that a penalty declares
    generator_extra: Mapping[str, np.ndarray]  # [s, m, ...] the same, if it transforms inputs
    progress: np.ndarray  # float32 [s], share of the budget that is used when the step begins


class Samples(NamedTuple):
    """What a discriminator judges, in a backend's own tensors: images in [-1, 1], or points.

    With packing a sample is a pack of images, side by side in the channels' axis.
    """

    images: Any
    labels: Any = None


# --------------------------------------------------------------------------- losses


class Ops(Protocol):
    """The whole vocabulary of a loss; each backend implements it once.

    Tensors support + - * / with each other and with Python numbers. `step` and `progress` may be
    tensors of a compiled graph, so compute with them and do not branch on them.
    """

    step: Any  # number of the step, counted from 0
    progress: Any  # share of the budget that is used, in [0, 1]

    def mean(self, values: Any) -> Any:
        """Mean over all elements: a scalar."""

    def square(self, values: Any) -> Any:
        """Elementwise square."""

    def sqrt(self, values: Any) -> Any:
        """Elementwise square root."""

    def relu(self, values: Any) -> Any:
        """max(0, x), elementwise."""

    def clip(self, values: Any, low: float, high: float) -> Any:
        """The nearest number in [low, high], elementwise."""

    def softplus(self, values: Any) -> Any:
        """log(1 + exp(x)), elementwise, exact for any x."""

    def sum_per_sample(self, values: Any) -> Any:
        """Sum over every axis but the first: [n]."""

    def mix(self, real: Samples, fake: Samples) -> Samples:
        """real * a + fake * (1 - a) with one uniform a per sample, from the harness."""

    def extra(self, name: str) -> Any:
        """The array of this update that a penalty declared under `name`."""

    def logits_and_input_gradients(
        self, discriminator: Callable[[Samples], Any], samples: Samples
    ) -> tuple[Any, Any]:
        """Logits [n] and their gradients by the images [n, ...]; differentiable once more."""


class Loss(Protocol):
    """An adversarial loss, written once for all backends.

    `discriminator(samples)` gives logits [n]; real samples are meant to score high. Both
    methods return a scalar to minimise. Logits are computed once per `Samples` and update.
    """

    name: str
    generator_needs_real: ClassVar[bool] = False

    def discriminator_loss(
        self, ops: Ops, discriminator: Callable[[Samples], Any], real: Samples, fake: Samples
    ) -> Any:
        """What the discriminator minimises; `fake` is detached from the generator."""

    def generator_loss(
        self, ops: Ops, discriminator: Callable[[Samples], Any], real: Samples | None, fake: Samples
    ) -> Any:
        """What the generator minimises; `real` is None unless `generator_needs_real`."""


class Penalty(Protocol):
    """A regulariser added by name: `--loss 'non-saturating+r1[gamma=1]'`.

    It has at least one of the three methods. `differentiates` says by which images it takes
    gradients, of real, fake and mixed; such a penalty cannot be had with batch normalisation in
    the discriminator, where one image's logit depends on the others.
    """

    name: str
    differentiates: ClassVar[frozenset[str]] = frozenset()
    extra: ClassVar[Mapping[str, Literal["normal", "uniform"]]] = {}  # arrays shaped as the images

    def discriminator_term(
        self, ops: Ops, discriminator: Callable[[Samples], Any], real: Samples, fake: Samples
    ) -> Any:
        """The scalar that is added to the discriminator's loss."""

    def transform_input(self, ops: Ops, samples: Samples, side: Literal["real", "fake"]) -> Samples:
        """What the discriminator judges instead, in its own and in the generator's updates."""

    def after_update(self, ops: Ops, weight: Any) -> Any:
        """The new value of a discriminator's weight, given after each of its updates."""


# --------------------------------------------------------------------------- models and backends


@dataclass(frozen=True)
class RunOptions:
    """How a trial is to be computed; part of its identity."""

    threads: int
    device: str = "auto"  # auto, cpu or cuda
    dtype: Literal["float32", "float64"] = "float32"
    steps: int | None = None  # how many the budget has, None where time decides or nobody knows
    seconds: float | None = None  # of a budget in seconds


class Trainer(Protocol):
    """One GAN in training: the waist of the system.

    An optional method `describe()` says in words how this one is computed where the backend's own
    `describe` cannot know: what was compiled, for one. Where the backend has `counts_flops`, a
    method `count_flops(chunk)` trains on a chunk and gives the floating-point operations of its
    matrix products and convolutions, two for each multiplication and addition.
    """

    def train(self, chunk: Chunk) -> dict[str, float]:
        """Make every step of the chunk; return when the device has finished.

        Returns the last step's discriminator_loss and generator_loss, and the mean
        discriminator output as a probability: real_probability, fake_probability.
        """

    def trace(self, chunk: Chunk) -> dict[str, np.ndarray]:
        """Make the same updates and give what each of them saw, for parity tests.

        Returns discriminator_loss [s, k], generator_loss [s], logit_magnitude [s, k], the mean
        absolute logit of real and fake, and for every trainable array NAME its gradient norm
        under `gradient/NAME`: [s, k] or [s].
        """

    def sample(self, noise: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Generate one uint8 image or float32 point per row of noise; training state unchanged.

        Raises FloatingPointError if the generator gives values that are not finite, which a cast
        to uint8 would hide.
        """

    def state(self) -> dict[str, np.ndarray]:
        """All that training depends on, as canonical arrays: weights, buffers, optimisers.

        Averaged weights are under `ema.NAME`, what optimisers keep under `optimizer.NAME`.
        """

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` gave, bit for bit."""


class PeakWork(NamedTuple):
    """A product of float32 matrices, or a convolution, as large as the device does best."""

    operation: Literal["matrix product", "convolution"]
    flops: int  # of one call, two for each multiplication and addition
    call: Callable[[], None]  # does it once; returns when the device has finished


class Backend(Protocol):
    """A framework. Its module must not import it; `prepare` does.

    Optional: `counts_flops`, see `Trainer`; the count is then shared with all backends that have
    a model of the same name and options. A method `device_memory_mib()` gives the most memory
    that was taken on the device since `prepare`, or None on the CPU; a method `peak_work(runtime)`
    what `ganbench doctor --peak` is to time, see `PeakWork`. `threads_in_lockstep = True` says that
    the threads of a step wait for one another at every operation, as OpenMP's do, so that whatever
    else a core does meanwhile holds them all up: inputs are then not drawn beside it.
    """

    name: str
    requires: ClassVar[tuple[str, ...]]  # modules that must be installed
    extra: ClassVar[str]  # `pip install 'ganbench[EXTRA]'` installs them

    def prepare(self, options: RunOptions) -> Any:
        """Set threads, device and precision before any model is built.

        Returns the backend's own runtime object, which is handed to `Model.trainer`.
        Raises EnvironmentNotReady where the device asked for is not there.
        """

    def describe(self) -> dict[str, str]:
        """Versions, device, compiler and precision of the prepared backend."""


class Model(Protocol):
    """A GAN on one backend: its sizes, initial weights and how to train it.

    Where options depend on the task, an optional method `for_task(task)` gives the model with
    all of them set, for the record. An optional attribute `gains_side_by_side = True` says that two
    trainings of one thread each do more together than one with two threads, as those of small
    layers do: `--jobs` then runs trials of this model side by side, and of no other.
    """

    name: str
    backend: str
    needs_loss: ClassVar[bool] = True  # False: a baseline, run once instead of once per loss

    def unsuitable(self, task: Task) -> str | None:
        """Say why this model cannot do the task, or None."""

    def step(self, task: Task) -> Step:
        """Say what one step consumes."""

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Canonical names `generator.*` and `discriminator.*`; the harness draws the values."""

    def trainer(
        self,
        loss: Loss | None,
        penalties: tuple[Penalty, ...],
        task: Task,
        weights: Mapping[str, np.ndarray],
        runtime: Any,
    ) -> Trainer:
        """Build the networks with these float32 weights, ready to train."""


# --------------------------------------------------------------------------- scoring


@dataclass(frozen=True)
class Space:
    """The features that a metric extracts itself; they name its columns, as an extractor's do."""

    name: str
    id: str  # any change of weights or code is a new one, and tables never mix two
    weights_sha256: str | None = None
    preprocessing: str | None = None
    libraries: tuple[str, ...] = ()  # distributions whose versions are kept with every value


class TakesWeights(Protocol):
    """What extractors and metrics may have besides: weights in a file that the user brings.

    `--weights EXTRACTOR=FILE` gives it, where EXTRACTOR is the name of an extractor that has this
    method; a metric that extracts features itself looks for its own by the same name.
    """

    def with_weights(self, files: Mapping[str, Path]) -> Any:
        """Give this object made ready: its weights found, of a known hash.

        It is called before any training, in a process that imports no framework, and again where
        the scoring is done. Raises EnvironmentNotReady where something has to be installed or
        fetched first, with the way to do so, and ConfigError for a file that cannot be used.
        """
        ...


class Extractor(Protocol):
    """A frozen feature space for images. Tables never mix two ids.

    Where it has them, `weights_sha256` and `preprocessing` (what is done to the images before the
    first layer, in words) are kept with every value and in the key of cached features, and so are
    the versions of the installed distributions that `libraries` names, beyond NumPy and SciPy.

    A space that is made from a data set's own images has a method `fit(training)`, which takes
    the uint8 images of the training split and gives the extractor to be used; that one's
    `weights_sha256` tells the images that it was made from. One that reads a file of weights which
    does not ship with it has the method `with_weights(files)`, see `TakesWeights`.
    """

    name: str
    source: str
    has_logits: ClassVar[bool] = False  # True: a classifier; its logits feed the scores of classes
    general: ClassVar[bool] = False  # True: by default only where no space is made for the data
    by_default: ClassVar[bool] = True  # False: only where it is asked for by name

    @property
    def id(self) -> str:
        """Name and content hash: any change of weights or code is a new id."""

    def fits(self, task: Task) -> bool:
        """Say whether these features are meant for the task's images."""

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Map uint8 images to float32 features [n, d] and logits [n, classes] or None."""


@dataclass(frozen=True)
class FeatureSet:
    """One side of a comparison, as metrics see it; absent parts are None."""

    samples: np.ndarray  # uint8 images or float32 points, [n, ...]
    features: np.ndarray | None = None  # float64 [n, d]
    logits: np.ndarray | None = None  # float32 [n, classes], as extracted: they may be large
    labels: np.ndarray | None = None  # int32 [n]
    mixture: Mixture | None = field(default=None, compare=False)
    trajectory: np.ndarray | None = None  # float64 [steps + 1, p], of a tiny model alone
    training: np.ndarray | None = None  # float64 [m, d] features of the training split, real side


@dataclass(frozen=True)
class Reading:
    """How to read one column of a metric. Stored with every score: reading results needs no plugin.

    `plain` explains the column in one sentence, for a tooltip. It does not name the feature space
    or the data set. `scale` is the scale on which the values of a column are compared:

    - `log`: positive distances and scores;
    - `share`: values in [0, 1], compared as asin(sqrt(x));
    - `raw`: counts, percentages, and everything that may be zero or negative by design.

    `resolution` is the least standard deviation on that scale, where it is known. None stands for
    the default of the scale: 1e-6 on `log`, 1 / (2 sqrt(n)) on `share` with n samples, and 1e-6 of
    the greatest absolute value on `raw`.
    """

    plain: str
    scale: Scale = "raw"
    resolution: float | None = None


class Metric(Protocol):
    """A pure function of two sets of samples.

    Where it is meant for some tasks only, an optional method `fits(task)` says for which. One
    that needs a trajectory scores models of at most 8 trainable parameters and no others. A
    long computation shows how far it is with `ganbench.progress.track`.

    `sees` and `ignores` are promises that `ganbench validate-metrics` puts to the test, column by
    column: corruptions of `ganbench.corruptions` under which it becomes worse level by level, and
    those under which it does not become worse. An optional method `verdict(history)` turns what
    the columns were at the checkpoints and at the end, pairs of images shown and values with the
    earliest first, into a few words for the table, or "" where there is nothing to say. An optional
    attribute `thresholds` maps the words of each verdict to its condition, in plain English and
    with its numbers.

    `readings` explains columns to readers of results and sets the scale on which they are compared.
    A column without a reading has no explanation and is compared raw.

    A metric of images that extracts features itself has the attribute `space`, a `Space`, and where
    they need a file of weights the method `with_weights(files)`, see `TakesWeights`. An optional
    method `unranked(real, fake)` tells of so many samples on the two sides why no value is ranked,
    or "" where it is.
    """

    name: str
    version: int  # raise it when a value would change
    needs: Literal["features", "logits", "images", "points", "trajectory"]
    columns: ClassVar[Mapping[str, Direction]]  # which direction is better; "none": neither
    beside: ClassVar[frozenset[str]] = frozenset()  # columns for CSV and JSON only
    aliases: ClassVar[tuple[str, ...]] = ()  # short names that `--metric` accepts, such as "fid"
    thresholds: ClassVar[Mapping[str, str]] = {}  # of each word of `verdict`, for `info`
    by_default: ClassVar[bool] = True  # False: only where it is asked for by name
    uses_training: ClassVar[bool] = False  # True: `real.training` is wanted
    at_checkpoints: ClassVar[bool] = False  # True: cheap enough to be computed there too
    sees: ClassVar[Mapping[str, frozenset[str]]] = {}
    ignores: ClassVar[Mapping[str, frozenset[str]]] = {}
    readings: ClassVar[Mapping[str, Reading]] = {}  # by column

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Give one value per column."""
