"""Name rows uniquely by the settings that differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ganbench.rows import Key

PLACES = {"model": 1, "loss": 2, "backend": 0}  # in the order of columns; places in a row's key
_PART = re.compile(r"([^\[\]+]+)(?:\[([^\]]*)\])?")


@dataclass(frozen=True)
class Names:
    """Names of the trained rows of a table.

    `columns` are the identity columns, `common` the parts that all rows share, `shared` the
    options that left the names. `of` has the texts of the identity columns, by key.
    """

    columns: tuple[str, ...]
    common: tuple[str, ...]
    shared: tuple[str, ...]
    of: dict[Key, tuple[str, ...]]


def name(keys: Sequence[Key]) -> Names:
    """Name trained rows by what differs between them.

    An option that all rows which use a part have in common leaves the names. Where names would be
    equal without it, all options stay.
    """
    if not keys:
        return Names(("model",), (), (), {})
    short, shared = _without_shared_options(keys)
    if len(set(short.values())) < len(set(keys)):
        short, shared = {key: key for key in keys}, []
    columns = tuple(
        column
        for column, place in PLACES.items()
        if len({own[place] for own in short.values()}) > 1
    )
    columns = columns or ("model",)
    common = tuple(
        next(iter(short.values()))[place]
        for column, place in PLACES.items()
        if column not in columns
    )
    texts = {key: tuple(own[PLACES[column]] for column in columns) for key, own in short.items()}
    return Names(columns, common, tuple(shared), texts)


def _without_shared_options(keys: Sequence[Key]) -> tuple[dict[Key, Key], list[str]]:
    """The keys without options that are the same in every row that uses the part."""
    uses: dict[tuple[int, str], list[set[str]]] = {}
    for key in dict.fromkeys(keys):
        for place in PLACES.values():
            for part, options in _parts(key[place]):
                uses.setdefault((place, part), []).append(set(options))
    common = {use: set.intersection(*options) for use, options in uses.items()}

    def short(label: str, place: int) -> str:
        texts = []
        for part, options in _parts(label):
            left = [option for option in options if option not in common[place, part]]
            texts.append(f"{part}[{','.join(left)}]" if left else part)
        return "+".join(texts)

    found = {key: tuple(short(label, place) for place, label in enumerate(key)) for key in keys}
    shared: dict[str, None] = {}
    for key in keys:
        for place in PLACES.values():
            for part, options in _parts(key[place]):
                left = [option for option in options if option in common[place, part]]
                if left:
                    shared[f"{part}[{','.join(left)}]"] = None
    return {key: (own[0], own[1], own[2]) for key, own in found.items()}, list(shared)


def _parts(label: str) -> list[tuple[str, list[str]]]:
    """Split 'loss[a=1]+penalty[b=2,c=3]' into parts with their options."""
    return [(match[1], match[2].split(",") if match[2] else []) for match in _PART.finditer(label)]


def shorten(names: Sequence[str], width: int, sign: str = "…") -> list[str]:
    """Cut names to a width behind a sign, so that different names stay different."""
    room = width - len(sign)
    cut = [_cut(text, width, room, sign) for text in names]
    if _collide(names, cut):  # names often differ at their end
        cut = [_cut(text, width, room - room // 2, sign, room // 2) for text in names]
    if _collide(names, cut):
        numbers = {text: str(place) for place, text in enumerate(dict.fromkeys(names), 1)}
        cut = [
            _cut(text, width, max(0, room - len(numbers[text])), sign + numbers[text])
            for text in names
        ]
    return cut


def _cut(text: str, width: int, start: int, sign: str, end: int = 0) -> str:
    """A text that is too wide as its start, the sign and its end."""
    if len(text) <= width:
        return text
    return text[:start] + sign + text[len(text) - end :]


def _collide(names: Sequence[str], cut: Sequence[str]) -> bool:
    return len(set(cut)) < len(set(names))
