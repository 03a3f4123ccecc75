"""Adversarial losses, written once for all backends over `ganbench.contracts.Ops`."""
