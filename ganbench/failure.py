"""What the record of a job that failed says: the plugin at fault, or the exception itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ganbench import blame
from ganbench.blame import Blame
from ganbench.errors import GanbenchError
from ganbench.plugins import Catalog
from ganbench.specification import rebuild, rebuild_loss


def event(error: BaseException, job: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The event that tells the parent that a job failed.

    `reason` is one line. `check` is what `ganbench check` takes to examine the plugin at fault; it
    is absent where there is none.
    """
    found = None
    with suppress(Exception):  # an explanation must not hide what it explains
        found = _explained(error, job, catalog)
    return {
        "event": "failed",
        "reason": found.sentence if found else blame.in_one_line(error),
        "exit_code": error.exit_code if isinstance(error, GanbenchError) else None,
        "message": str(error),
        **({"check": found.target} if found else {}),
    }


def _explained(error: BaseException, job: dict[str, Any], catalog: Catalog) -> Blame | None:
    parts = list(_parts(job.get("specification", {}), catalog))
    found = blame.of(error, parts)
    if found or job["kind"] != "train" or blame.is_nobodys(error):
        return found
    from ganbench.testing import post_mortem  # trainings that go well need none of it

    return post_mortem.of(error, parts, catalog)


def _parts(specification: dict[str, Any], catalog: Catalog) -> Iterator[Any]:
    """The objects of a trial, as far as they can be made again."""
    with suppress(Exception):
        loss, penalties = rebuild_loss(catalog, specification)
        yield from (part for part in (loss, *penalties) if part is not None)
    for kind in ("models", "datasets", "backends"):
        with suppress(Exception):
            selection = specification[kind.removesuffix("s")]
            yield rebuild(catalog, kind, selection, specification["backend"]["name"])
