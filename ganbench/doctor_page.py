"""What the doctor found, as one page or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TypeVar

from ganbench import __version__, peak
from ganbench.doctor import READY, Backend, Report

HERE = "here"
Item = TypeVar("Item")


def to_json(report: Report) -> str:
    """Everything, indented."""
    values = {
        "schema_version": 1,
        "ganbench": __version__,
        "can_run": report.can_run,
        **asdict(report),
    }
    return json.dumps(values, indent=1) + "\n"


def to_text(report: Report) -> str:
    """One page: what there is first, then what is wrong and how to mend it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    machine, cache = report.machine, report.cache
    yield f"ganbench {__version__}, Python {machine['python']}, {machine['system']}"
    yield (
        f"machine     {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:g} GiB of "
        f"memory ({machine['memory_available_gib']:g} free), load {machine['load_average']:g}"
    )
    yield f"threads     {_threads(report)}"
    for title, backend in _titled("backends", report.backends):
        yield f"{title}{backend.name}: {_told(backend)}"
    yield from _files("data sets", report.datasets)
    yield from _names("weights", report.extractors)
    writable = "" if cache["is_writable"] else ", not writable"
    yield (
        f"cache       {cache['folder']}: {cache['files']} files, {cache['mib']:,.1f} MiB{writable}"
    )
    yield f"disk        {machine['disk_free_gib']:,.0f} GiB free here"
    loaded, failed = (len(report.plugins[name]) for name in ("loaded", "failed"))
    yield f"plugins     {loaded} loaded, {failed} failed"
    counters = ", ".join(report.energy["counters"])
    yield f"energy      {counters or 'no counter: ' + '; '.join(report.energy['absent'])}"
    if not report.peak:
        yield "peak        never measured here: ganbench doctor --peak"
    for title, rate in _titled("peak", report.peak):
        yield f"{title}{rate['flops_per_second'] / 1e9:,.1f} GFLOP/s, {peak.in_words(rate)}"
    yield ""
    yield f"{'Runs can start.' if report.can_run else 'No run can start.'} {_count(report)}"
    for problem in report.problems:
        yield f"- {problem.what}\n    {problem.mend}"


def _titled(title: str, items: list[Item]) -> Iterator[tuple[str, Item]]:
    for number, item in enumerate(items):
        yield f"{'' if number else title:<12}", item


def _threads(report: Report) -> str:
    given = report.machine["thread_variables"]
    text = f"{report.machine['cores']} for every backend by default"
    if given:
        names = ", ".join(f"{name}={value}" for name, value in given.items())
        text += f"; {names} is not minded, --threads is"
    return text


def _told(backend: Backend) -> str:
    if backend.status != READY:
        return f"{backend.status}, {backend.reason}"
    told = backend.description
    parts = [told[backend.name]] if backend.name in told else []
    parts += [told.get("device_name", told.get("device", "cpu"))]
    if told.get("cuda", "none") != "none":
        parts.append(f"CUDA {told['cuda']}")
    return f"ready, {', '.join(parts)}{'' if backend.trains else ', baselines alone'}"


def _files(title: str, found: dict[str, str]) -> Iterator[str]:
    here = [name for name, told in found.items() if told == HERE]
    lines = [f"here: {', '.join(here)}"] if here else []
    lines += [f"{name}: not here; {told}" for name, told in found.items() if told != HERE]
    for heading, line in _titled(title, lines):
        yield f"{heading}{line}"


def _names(title: str, found: dict[str, str]) -> Iterator[str]:
    """Those that are there and those that are not; the ways to them would fill the page."""
    here = [name for name, told in found.items() if told == HERE]
    absent = [name for name, told in found.items() if told != HERE]
    lines = [f"here: {', '.join(here)}"] if here else []
    lines += [f"not here; --format json tells how to get them: {', '.join(absent)}"] * bool(absent)
    for heading, line in _titled(title, lines):
        yield f"{heading}{line}"


def _count(report: Report) -> str:
    number = len(report.problems)
    return f"{number or 'No'} problem{'' if number == 1 else 's'}{':' if number else '.'}"
