"""Write what the commands of docs/tutorial-your-own.md print into it by running them in order.

    python benchmarks/update_tutorial.py

Blocks of Python behind a mark `<!-- snippet: NAME -->` become files of that name. In a block marked
`console`, a line that begins with `$ ` is a command, which goes on in the next line where it ends
with a backslash. What follows is its output, with what goes to stderr only where the command ends
with `2>&1`, as a terminal of WIDTH columns shows it. A line `…` stands for lines that are left out:
as many as it takes for those behind it to be the last. tests/test_tutorial.py runs them as well and
compares all but the numbers.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial-your-own.md"
LEFT_OUT = "…"
WIDTH = 92  # columns that fit a code block of a page
_CONSOLE = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
_SNIPPET = re.compile(r"<!-- snippet: (\S+) -->\n```python\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command as the page shows it, and what it prints there."""

    text: str
    output: list[str]


def commands(block: str) -> list[Command]:
    """The commands of a console block, each with the lines that follow it."""
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], []))
        elif not found[-1].output and found[-1].text.endswith("\\"):
            found[-1] = Command(f"{found[-1].text}\n{line}", [])
        else:
            found[-1].output.append(line)
    return found


def page_commands(page: str) -> list[Command]:
    """All commands of a page, in order."""
    return [command for match in _CONSOLE.finditer(page) for command in commands(match[2])]


def write_snippets(page: str, folder: Path) -> None:
    """Put the page's files where its commands find them."""
    for name, content in _SNIPPET.findall(page):
        (folder / name).write_text(content, "utf-8")


class Shell:
    """Runs the page's few kinds of commands in a folder, with this Python's ganbench."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last_code = folder, 0
        self.torch_home = folder / "torch"  # no weights are there, as on a reader's first day
        self.cache = folder / "cache"  # nor a peak of this machine, which would add a column

    def run(self, text: str) -> list[str]:
        """Give the lines that a command prints; `echo $?` gives the last exit code."""
        if text == "echo $?":
            return [str(self.last_code)]
        text = text.replace("\\\n", " ")
        both = text.endswith(" 2>&1")
        words = shlex.split(text.removesuffix(" 2>&1"))
        program = {"ganbench": ["-P", "-m", "ganbench.cli"], "python": []}[words[0]]
        done = subprocess.run(
            [sys.executable, *program, *words[1:]],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if both else subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "NO_COLOR": "1",
                # Errors are shown as they are in a pipe, without progress bars.
                **({} if both else {"TTY_COMPATIBLE": "1", "COLUMNS": str(WIDTH)}),
                "TORCH_HOME": str(self.torch_home),
                "GANBENCH_CACHE": str(self.cache),
            },
        )
        self.last_code = done.returncode
        if done.returncode not in (0, 2, 3, 4):
            raise RuntimeError(f"{text}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        printed = done.stdout.replace(str(self.torch_home), "~/.cache/torch")
        lines = [line.rstrip() for line in printed.splitlines()]
        return [piece for line in lines for piece in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    """The line as a terminal wraps it, but between words."""
    if len(line) <= WIDTH:
        return [line]
    return textwrap.wrap(line, WIDTH, break_on_hyphens=False, break_long_words=False)


def shown(printed: list[str], before: list[str]) -> list[str]:
    """What the page shows of printed lines, where it showed `before`."""
    if LEFT_OUT not in before:
        return printed
    place = before.index(LEFT_OUT)
    tail = len(before) - place - 1
    return [*printed[:place], LEFT_OUT, *printed[len(printed) - tail :]]


def updated(page: str, run: Callable[[str], list[str]]) -> str:
    """The page with what its commands print now."""

    def replace(match: re.Match[str]) -> str:
        lines: list[str] = []
        for command in commands(match[2]):
            lines += [f"$ {command.text}", *shown(run(command.text), command.output)]
        return match[1] + "".join(f"{line}\n" for line in lines) + match[3]

    return _CONSOLE.sub(replace, page)


def main() -> None:
    page = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_snippets(page, folder)
        PAGE.write_text(updated(page, Shell(folder).run), "utf-8")


if __name__ == "__main__":
    main()
