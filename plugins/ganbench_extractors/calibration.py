"""Accuracy, cross-entropy and temperature of logits."""

from __future__ import annotations

import numpy as np


def calibrate_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Give the temperature of least cross-entropy; Guo et al. 2017, arXiv:1706.04599, 4.2.

    `logits` [n, classes] must come from samples that the classifier did not train on.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_temperature: cross_entropy_nats(logits / np.exp(log_temperature), labels),
        bounds=(-3, 3),
        method="bounded",
    )
    return float(np.exp(found.x))


def cross_entropy_nats(logits: np.ndarray, labels: np.ndarray) -> float:
    """Give the mean negative log-probability of the labels [n]."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    normalizers = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(normalizers - shifted[np.arange(len(labels)), labels]))


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Give the share of samples whose greatest logit is their label's."""
    return float(np.mean(logits.argmax(axis=1) == labels))
