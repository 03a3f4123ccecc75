"""A feature space and a metric whose weights are in a file that the user brings."""

import copy
import hashlib
import json
from dataclasses import dataclass, field

import numpy as np

import ganbench
from ganbench.contracts import Space
from ganbench.errors import ConfigError, EnvironmentNotReady


@dataclass(frozen=True)
class Weighed:
    """Pixels times the number that is in a file of JSON."""

    name = "weighed"
    source = "the tests' own"
    by_default = False

    factor: float | None = field(default=None, init=False)

    def with_weights(self, files):
        if self.name not in files:
            raise EnvironmentNotReady("weighed needs its weights; give --weights weighed=FILE")
        try:
            factor = json.loads(files[self.name].read_text())
        except ValueError:
            raise ConfigError(f"{files[self.name]}: is no number") from None
        ready = copy.copy(self)
        object.__setattr__(ready, "factor", float(factor))
        return ready

    @property
    def weights_sha256(self):
        return hashlib.sha256(str(self.factor).encode()).hexdigest()

    @property
    def id(self):
        return f"{self.name}-{self.weights_sha256[:8]}"

    def fits(self, task):
        return task.kind == "images"

    def extract(self, images):
        return self.factor * images.reshape(len(images), -1).astype(np.float32), None


@dataclass(frozen=True)
class Mass:
    """The mean of the weighed pixels, which are extracted here, and not ranked for a few."""

    name = "mass"
    version = 1
    needs = "images"
    columns = {"mass": "lower"}
    by_default = False

    ready: Weighed | None = field(default=None, init=False)

    def with_weights(self, files):
        made = copy.copy(self)
        object.__setattr__(made, "ready", Weighed().with_weights(files))
        return made

    @property
    def space(self):
        libraries = ("pluggy",)
        return Space("weighed", self.ready.id, self.ready.weights_sha256, "none", libraries)

    def unranked(self, real, fake):
        return f"{fake} are too few" if fake < 15 else ""

    def compute(self, real, fake, rng):
        return {"mass": float(self.ready.extract(fake.samples)[0].mean())}


@ganbench.hookimpl
def ganbench_extractors():
    return [Weighed]


@ganbench.hookimpl
def ganbench_metrics():
    return [Mass]
