"""Find the plugin that an exception comes from, and say so in one sentence.

Plugins are here those of other distributions than ganbench, and single files. An exception belongs
to the plugin of the innermost frame in its traceback that is a plugin's; the method that is named
is the one through which the harness, or another plugin, called that plugin.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ganbench import contracts, plugins, selectors
from ganbench.errors import ContractBroken, GanbenchError
from ganbench.plugin_choice import OWN_DISTRIBUTION
from ganbench.plugins import CONTRACTS, KINDS, PENALTY_METHODS, SINGULAR

LONGEST_MESSAGE = 300
# What frameworks raise where memory is short; no plugin is to blame for that.
_SHORT_OF_MEMORY = re.compile(r"MemoryError|OutOfMemory|ResourceExhausted|out of memory", re.I)
_FILE_LINE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<method>\w+)')
_CALL = re.compile(r"(?P<cls>\w+)\.(?P<method>\w+)\(\) (takes|missing|got)")
_CLASSES: dict[str, tuple[type[Any], ...]] = {
    **{kind: (getattr(contracts, name),) for kind, name in CONTRACTS.items()},
    "models": (contracts.Model, contracts.Trainer),
    "datasets": (contracts.DatasetSource, contracts.FileReader),
}
_OPTIONAL = {"for_task": "models", "fit": "extractors", "with_weights": "extractors"}


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from."""

    text: str  # a file's name, or "distribution version"
    target: str  # what `ganbench check` takes: a file's name, or the name of an installed plugin


@dataclass(frozen=True)
class Blame:
    """The plugin that an exception comes from."""

    sentence: str
    target: str  # what `ganbench check` takes


@dataclass(frozen=True)
class _Place:
    """A line of a plugin, and the method through which the plugin was called."""

    origin: Origin
    line: str  # "", where it is not known
    method: str
    owner: Any = None  # the object that the method belongs to, where it is known


def of(error: BaseException, parts: Iterable[Any] = ()) -> Blame | None:
    """The plugin that an exception comes from, or None where that is none of the user's.

    `parts` are the objects of plugins that were at work: they give their names to what belongs to
    them, such as trainers.
    """
    if isinstance(error, ContractBroken):
        return broken(error, parts)
    if is_nobodys(error):
        return None
    place = _of_traceback(error) or _of_message(error)
    if place is None:
        return _of_call(error, parts)
    name = _name(place.owner, place.method, place.origin, parts)
    where = f"{place.origin.text}, line {place.line}" if place.line else place.origin.text
    sentence = f"{name} ({where}): {place.method}() raised {in_one_line(error)}"
    return Blame(sentence, place.origin.target)


def is_nobodys(error: BaseException) -> bool:
    """Whether no plugin is to blame: the error is meant for the user, or memory is short."""
    return isinstance(error, GanbenchError | KeyboardInterrupt) or bool(
        _SHORT_OF_MEMORY.search(f"{type(error).__name__}: {error}")
    )


def broken(error: ContractBroken, parts: Iterable[Any] = ()) -> Blame | None:
    """The same for what a method returned, which is not what its contract says."""
    origin = origin_of(type(error.part).__module__)
    if origin is None:
        return None
    kind = kind_of(type(error.part))
    contract = CONTRACTS[kind] if kind else "Trainer"
    name = _name(error.part, error.method, origin, parts)
    sentence = f"{name} ({origin.text}): {error.problem}; see {contract} in ganbench/contracts.py"
    return Blame(sentence, origin.target)


def in_one_line(error: BaseException) -> str:
    """Type and message of an exception, and its notes."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    notes = getattr(error, "__notes__", [])
    if lines and lines[0] == "in user code:":  # TensorFlow's; the exception itself comes last
        text = lines[-1]
    else:
        text = f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
    return "; ".join([text[:LONGEST_MESSAGE], *notes])


def origin_of(module: str) -> Origin | None:
    """Where the plugin of a module comes from, or None where the module is not a user's."""
    if module.startswith(plugins.FILE_MODULE):
        file = getattr(sys.modules.get(module), "__file__", None)
        return Origin(Path(file).name, Path(file).name) if file else None
    top = module.partition(".")[0]
    for point in plugins.installed():
        if point.module.partition(".")[0] == top:
            is_own = point.dist is not None and point.dist.name == OWN_DISTRIBUTION
            return None if is_own else Origin(plugins.origin(point), point.name)
    return None


def kind_of(cls: type[Any]) -> str | None:
    """The kind of plugin that a class is, or None."""
    if not isinstance(getattr(cls, "name", None), str):
        return None
    for kind, methods in KINDS.items():
        if methods and all(callable(getattr(cls, method, None)) for method in methods):
            return kind
    is_penalty = any(callable(getattr(cls, method, None)) for method in PENALTY_METHODS)
    return "penalties" if is_penalty else "datasets" if hasattr(cls, "read") else None


# --------------------------------------------------------------------------- places


def _of_traceback(error: BaseException) -> _Place | None:
    frames = list(traceback.walk_tb(error.__traceback__))
    origins = _Origins()
    owned = [(frame, line) for frame, line in frames if origins.of(frame)]
    if not owned:
        return None
    frame, line = owned[-1]
    origin = origins.of(frame)
    assert origin
    own = [other for other, _ in reversed(owned) if origins.of(other) == origin]
    entry = next((other for other in own if _kinds(other.f_code.co_name)), frame)
    is_source = Path(frame.f_code.co_filename).name == origin.text or not origin.text.endswith(
        ".py"
    )
    return _Place(origin, str(line) if is_source else "", entry.f_code.co_name, _owner(entry))


def _of_message(error: BaseException) -> _Place | None:
    """The place that a framework writes into its message where it hides it from the traceback."""
    for match in reversed(list(_FILE_LINE.finditer(str(error)))):
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) == match["file"]:
                origin = origin_of(name)
                if origin:
                    return _Place(origin, match["line"], match["method"])
    return None


def _of_call(error: BaseException, parts: Iterable[Any]) -> Blame | None:
    """Blame for a method that is not there, or does not take the arguments of its contract.

    Python raises both where the method is called, with no line of the plugin in the traceback.
    """
    cls, method, problem = None, "", in_one_line(error)
    call = _CALL.search(str(error)) if isinstance(error, TypeError) else None
    if isinstance(error, AttributeError) and error.name is not None:
        cls, method = type(error.obj), error.name
        problem = f"{cls.__name__} has no {method!r}"
    elif call:
        # Not by getattr, by which lazy modules import what they name.
        classes = (
            getattr(module, "__dict__", {}).get(call["cls"])
            for module in list(sys.modules.values())
        )
        cls = next(
            (one for one in classes if isinstance(one, type) and origin_of(one.__module__)), None
        )
        method = call["method"]
    origin = origin_of(cls.__module__) if cls else None
    if cls is None or origin is None:
        return None
    contract = CONTRACTS.get(kind_of(cls) or "", "Trainer")
    name = _name(cls, method, origin, parts)
    sentence = f"{name} ({origin.text}): {problem}; see {contract} in ganbench/contracts.py"
    return Blame(sentence, origin.target)


class _Origins:
    """Origins of frames, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, Origin | None] = {}

    def of(self, frame: FrameType) -> Origin | None:
        module = str(frame.f_globals.get("__name__", ""))
        if module not in self._known:
            self._known[module] = origin_of(module)
        return self._known[module]


# --------------------------------------------------------------------------- names


def _owner(frame: FrameType) -> Any:
    """The first argument of a method: its object."""
    (name, *_) = (*frame.f_code.co_varnames[: frame.f_code.co_argcount], "")
    return frame.f_locals.get(name)


def _name(owner: Any, method: str, origin: Origin, parts: Iterable[Any]) -> str:
    """What the owner of a method is: `model 'tiny'`, or `plugin` where that is not known."""
    cls = owner if isinstance(owner, type) else type(owner)
    kind = kind_of(cls)
    if kind:
        return f"{SINGULAR[kind]} {_label(owner)!r}"
    for part in parts:
        kind = kind_of(type(part))
        if kind and kind in _kinds(method) and origin_of(type(part).__module__) == origin:
            return f"{SINGULAR[kind]} {_label(part)!r}"
    return "plugin"


def _label(part: Any) -> str:
    return str(getattr(part, "name", "")) if isinstance(part, type) else selectors.label(part)


def _kinds(method: str) -> list[str]:
    """The kinds of plugin that have a method of this name, or whose trainers have."""
    if method.startswith("_"):
        return []
    found = [kind for kind, classes in _CLASSES.items() if any(method in vars(c) for c in classes)]
    return [*found, *([_OPTIONAL[method]] if method in _OPTIONAL else [])]
