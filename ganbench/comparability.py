"""What has to be equal before two numbers may be ranked, and how to say that it is not."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ganbench.record import Record

_MACHINE = ("system", "cpu", "cores", "memory_gib")  # no clock rate and no load: they wander
_WAY = ("threads", "device", "dtype")


def quality_key(record: Record, score: dict[str, Any]) -> dict[str, Any]:
    """All that has to be the same for two values of a metric to be comparable.

    What the value was computed from: data, reference, evaluator, number of samples; and what the
    training was given: the budget, the precision, and the harness's own protocol.
    """
    specification = record.specification
    return {
        **{name: score[name] for name in ("metric", "options", "version", "n")},
        **{name: score[name] for name in ("extractor_id", "weights_sha256", "preprocessing")},
        **{f"reference {name}": value for name, value in score["reference"].items()},
        "budget": record.budget,
        "dtype": specification["dtype"],
        "protocol": specification["protocol"],
    }


def speed_key(record: Record) -> dict[str, Any]:
    """All that has to be the same for two throughputs to be comparable: host and way of running."""
    specification = record.specification
    return {
        "host": host(record),
        **{name: specification[name] for name in _WAY},
        "backend options": specification["backend"]["options"],
        "budget": record.budget,
    }


def host(record: Record) -> str:
    """Eight hexadecimal digits that stand for a kind of machine; they name nobody's computer."""
    machine = {name: record.environment[name] for name in _MACHINE}
    machine["device"] = record.training["backend_description"].get("device")
    return hashlib.sha256(json.dumps(machine, sort_keys=True).encode()).hexdigest()[:8]


def apart(one: dict[str, Any], other: dict[str, Any]) -> str:
    """One line on how two keys differ, or "" where they do not."""
    names = [name for name in one if one[name] != other.get(name)]
    return "; ".join(
        f"{name} {_short(one[name])} against {_short(other.get(name))}" for name in names
    )


def canonical(key: dict[str, Any]) -> str:
    """A key as text, the same for the same key."""
    return json.dumps(key, sort_keys=True)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{text[:12]}…" if len(text) == 64 else text
