"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_extractors.classifiers import ClassifierDigits, ClassifierFashion
from ganbench_extractors.principal_components import ComponentsDigits, ComponentsFashion


@ganbench.hookimpl
def ganbench_extractors():
    """Offer a trained and a label-free space for each image data set."""
    return [ClassifierDigits, ClassifierFashion, ComponentsDigits, ComponentsFashion]
