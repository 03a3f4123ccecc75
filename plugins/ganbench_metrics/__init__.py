"""Metrics: pure functions of features, logits or points, in float64."""
