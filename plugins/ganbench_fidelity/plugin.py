"""What this package offers to ganbench; all of it is for those who ask by name."""

from __future__ import annotations

import ganbench
from ganbench_fidelity.metrics import (
    FrechetInceptionDistance,
    InceptionScore,
    KernelInceptionDistance,
    PrecisionAndRecall,
)
from ganbench_fidelity.networks import NETWORKS


@ganbench.hookimpl
def ganbench_extractors():
    """Offer the networks that torch-fidelity registers."""
    return NETWORKS


@ganbench.hookimpl
def ganbench_metrics():
    """Offer torch-fidelity's own ISC, FID, KID and PRC."""
    return [
        FrechetInceptionDistance,
        InceptionScore,
        KernelInceptionDistance,
        PrecisionAndRecall,
    ]
