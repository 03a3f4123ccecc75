"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_extractors.classifiers import ClassifierDigits, ClassifierFashion
from ganbench_extractors.fitted_components import ComponentsOfTraining
from ganbench_extractors.principal_components import ComponentsDigits, ComponentsFashion
from ganbench_extractors.random_convolutions import RandomConvolutions
from ganbench_extractors.stacked import StackedClassifierDigits


@ganbench.hookimpl
def ganbench_extractors():
    """Offer spaces made for digits, clothes and stacked digits, and two for any other images."""
    return [
        ClassifierDigits,
        ClassifierFashion,
        ComponentsDigits,
        ComponentsFashion,
        StackedClassifierDigits,
        ComponentsOfTraining,
        RandomConvolutions,
    ]
