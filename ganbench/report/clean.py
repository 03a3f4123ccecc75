"""Remove from texts what names somebody's computer: absolute paths, home folders, users, hosts."""

from __future__ import annotations

import re

_NAME = r"[^\s/'\"<>|,;:()\[\]]+"
_HOMES = re.compile(rf"(?<![\w./])(?:/(?:home|Users)/{_NAME}|/root|\$HOME)(?![\w.-])")
_PATHS = re.compile(
    rf"(?<![\w./~])(?<!http:)(?<!https:)(?:~/|/{_NAME}/)(?:{_NAME}/)*(?P<last>{_NAME})?"
)
_WINDOWS = re.compile(r"\b[A-Za-z]:\\(?:[^\s\\'\"<>|]+\\)*(?P<last>[^\s\\'\"<>|]*)")
_USERS = re.compile(r"\b[\w.-]+@[\w.-]+\b")
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
