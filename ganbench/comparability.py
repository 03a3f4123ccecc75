"""What has to be equal before two numbers may be ranked, and how to say that it is not."""

from __future__ import annotations

import json
from typing import Any

from ganbench.record import Record

_WAY = ("threads", "device", "dtype")
_canonical = json.JSONEncoder(sort_keys=True).encode  # made once: json.dumps makes one a call


def quality_key(record: Record, score: dict[str, Any]) -> dict[str, Any]:
    """All that has to be the same for two values of a metric to be comparable.

    What the value was computed from: data, reference, evaluator, number of samples; and what the
    training was given: the budget, the precision, and the harness's own protocol. What a score of
    an older ganbench does not tell is None, which equals no value that is told.
    """
    specification = record.specification
    return {
        **{name: score[name] for name in ("metric", "options", "version", "n")},
        "extractor_id": score["extractor_id"],
        **{name: score.get(name) for name in ("weights_sha256", "preprocessing")},
        **{f"reference {name}": value for name, value in score["reference"].items()},
        "budget": record.budget,
        "dtype": specification["dtype"],
        "precision": specification["backend"]["options"].get("precision", "float32"),
        "protocol": specification["protocol"],
    }


def speed_key(record: Record) -> dict[str, Any]:
    """All that has to be the same for two throughputs to be comparable: host and way of running.

    A clock rate and a load are no part of it: they wander.
    """
    specification = record.specification
    return {
        "host": host(record),
        **{name: specification[name] for name in _WAY},
        "backend options": record.backend.partition("[")[2],  # those that are not the default
        "budget": record.budget,
        "trials side by side": record.training.get("side_by_side", 1),
    }


def host(record: Record) -> str:
    """The kind of machine in words, which name nobody's computer."""
    machine, told = record.environment, record.training["backend_description"]
    device = told.get("device_name", told.get("device"))  # baselines have no name for theirs
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, "
        f"{machine['system']}, {device}"
    )


def apart(one: dict[str, Any], other: dict[str, Any]) -> str:
    """One line on how two keys differ, or "" where they do not."""
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return "; ".join(
        f"{name} {_short(one.get(name))} against {_short(other.get(name))}" for name in names
    )


def canonical(key: dict[str, Any]) -> str:
    """A key as text, the same for the same key."""
    return _canonical(key)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{text[:12]}…" if len(text) == 64 else text
