"""Short names of metrics that users type, such as `fid`, and the metrics that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganbench.errors import ConfigError

# The metrics that come with ganbench. Others declare a class attribute `aliases`.
ALIASES = {
    "fd": "frechet",
    "fid": "fidelity-fid",
    "is": "inception-score",
    "isc": "fidelity-isc",
    "kid": "fidelity-kid",
    "prc": "fidelity-prc",
}


def real_name(text: str, metrics: Mapping[str, type[Any]]) -> str | None:
    """The name of the metric that `text` stands for, or None; `metrics` are classes by name.

    A metric's own name comes first, then ganbench's aliases, then those that the classes declare.
    Raises ConfigError where two classes declare the same alias and neither of the former decides.
    """
    if text in metrics:
        return text
    if ALIASES.get(text) in metrics:
        return ALIASES[text]
    declared = [name for name, cls in metrics.items() if text in getattr(cls, "aliases", ())]
    if len(declared) > 1:
        raise ConfigError(f"{text!r} is an alias of the metrics {', '.join(declared)}; name one")
    return declared[0] if declared else None


def aliases_of(name: str, cls: type[Any]) -> list[str]:
    """The short names of a metric, sorted."""
    own = {alias for alias, metric in ALIASES.items() if metric == name}
    return sorted(own | set(getattr(cls, "aliases", ())))
