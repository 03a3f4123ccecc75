"""Read what the source of a plugin's class says about each of its options."""

from __future__ import annotations

import ast
import inspect
import textwrap
import tokenize
from io import StringIO
from typing import Any


def notes(cls: type[Any]) -> dict[str, str]:
    """A short phrase for each option that has one.

    The phrase is the comment at the end of the option's line, the string below the option, or the
    first sentence of the comment above it.
    """
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        try:
            source = textwrap.dedent(inspect.getsource(base))
        except (OSError, TypeError):  # a built-in class, or one made in an interactive session
            continue
        found |= _of_source(source)
    return found


def _of_source(source: str) -> dict[str, str]:
    comments = _comments(source)
    (definition,) = ast.parse(source).body
    body = getattr(definition, "body", [])
    found = {}
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            phrase = (
                comments.get(node.end_lineno or 0, ("", False))[0]
                or _text(following)
                or _above(node.lineno, comments)
            )
            if phrase:
                found[node.target.id] = phrase
    return found


def _comments(source: str) -> dict[int, tuple[str, bool]]:
    """Comments by line, and whether each has the line to itself."""
    return {
        token.start[0]: (token.string.lstrip("# ").strip(), token.line.lstrip().startswith("#"))
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return _first_sentence(str(node.value.value))
    return ""


def _above(line: int, comments: dict[int, tuple[str, bool]]) -> str:
    lines: list[str] = []
    while comments.get(line := line - 1, ("", False))[1]:
        lines.insert(0, comments[line][0])
    return _first_sentence(" ".join(lines))


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".")
