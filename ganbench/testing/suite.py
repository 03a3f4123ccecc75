"""Which checks each kind of plugin has."""

from __future__ import annotations

from ganbench.testing import (
    backend_checks,
    dataset_checks,
    extractor_checks,
    loss_checks,
    metric_checks,
    model_checks,
    offer_checks,
    penalty_checks,
    training_checks,
)
from ganbench.testing.check import Check

BY_KIND: dict[str, tuple[Check, ...]] = {
    kind: (*offer_checks.CHECKS, *(check for checks in groups for check in checks))
    for kind, groups in {
        "backends": (backend_checks.CHECKS,),
        "models": (
            model_checks.STATIC,
            training_checks.FIRST,
            model_checks.CHECKS,
            training_checks.CHECKS,
        ),
        "losses": (loss_checks.CHECKS,),
        "penalties": (penalty_checks.CHECKS,),
        "metrics": (metric_checks.CHECKS,),
        "datasets": (dataset_checks.CHECKS,),
        "extractors": (extractor_checks.CHECKS,),
    }.items()
}


def find(kind: str, name: str) -> Check:
    """The check of this kind and name."""
    return next(check for check in BY_KIND[kind] if check.name == name)
