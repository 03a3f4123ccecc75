"""Remove from texts what names somebody's computer: absolute paths, home folders, users, hosts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ganbench.headline.headline import Cell, Headline, HeadlineRow

_NAME = r"[^\s/'\"<>|,;:()\[\]]+"
_HOMES = re.compile(rf"(?<![\w./])(?:/(?:home|Users)/{_NAME}|/root|\$HOME)(?![\w.-])")
_PATHS = re.compile(
    rf"(?<![\w./~])(?<!http:)(?<!https:)(?:~/|/{_NAME}/)(?:{_NAME}/)*(?P<last>{_NAME})?"
)
_WINDOWS = re.compile(r"\b[A-Za-z]:\\(?:[^\s\\'\"<>|]+\\)*(?P<last>[^\s\\'\"<>|]*)")
# A data set of the user's own is called NAME@HASH, which names nobody.
_USERS = re.compile(r"\b[\w.-]+@(?![0-9a-f]{8}\b)[\w.-]+\b")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def clean(text: str) -> str:
    """Return the text with `…/name` for absolute paths and without user and host names."""
    text = _CONTROLS.sub("", _ESCAPES.sub("", text))
    if "/" in text or "\\" in text or "@" in text or "~" in text:
        text = _HOMES.sub("~", text.replace("file://", ""))
        text = _PATHS.sub(lambda match: f"…/{match['last'] or ''}", text)
        text = _WINDOWS.sub(lambda match: f"…/{match['last']}", text)
        text = _USERS.sub("…", text)
    return text


def clean_headline(headline: Headline) -> Headline:
    """Return the headline with clean texts. The rows keep their keys, which tell them apart."""
    return replace(
        headline,
        title=_each(headline.title),
        shared=_each(headline.shared),
        sentences=[clean(sentence) for sentence in headline.sentences],
        rows=[_row(row) for row in headline.rows],
    )


def clean_values(value: Any) -> Any:
    """Return values of JSON with every text clean, names of values among them."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean_values(name): clean_values(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [clean_values(own) for own in value]
    return value


def _row(row: HeadlineRow) -> HeadlineRow:
    return replace(
        row,
        identity=_each(row.identity),
        gan=clean(row.gan),
        name=clean(row.name),
        cells={key: _cell(cell) for key, cell in row.cells.items()},
    )


def _cell(cell: Cell) -> Cell:
    return replace(cell, text=clean(cell.text), short=clean(cell.short))


def _each(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(clean, texts))
