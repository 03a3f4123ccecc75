"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_extractors.classifiers import ClassifierDigits, ClassifierFashion
from ganbench_extractors.principal_components import ComponentsDigits, ComponentsFashion
from ganbench_extractors.stacked import StackedClassifierDigits


@ganbench.hookimpl
def ganbench_extractors():
    """Offer a trained and a label-free space for digits and clothes, and one for stacked digits."""
    return [
        ClassifierDigits,
        ClassifierFashion,
        ComponentsDigits,
        ComponentsFashion,
        StackedClassifierDigits,
    ]
