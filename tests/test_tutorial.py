"""The tutorial's commands run from an empty folder and print what its page shows."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BACKENDS = ["torch", "tensorflow"]


def load_script():
    path = ROOT / "benchmarks" / "update_tutorial.py"
    spec = importlib.util.spec_from_file_location("update_tutorial", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks its module up by name
    spec.loader.exec_module(module)
    return module


tutorial = load_script()
PAGE = tutorial.PAGE.read_text("utf-8")


CONCLUSIONS = ("Best ", "Lowest ", "Highest ", "No row ", "For scale", "A Gaussian ")


def words(lines):
    """Printed lines without what differs from machine to machine.

    Numbers, marks, the order of rows, and the sentences that depend on them.
    """
    text = "\n".join(_without_conclusions(lines))
    text = re.sub(r"\b[0-9a-f]{8}\b", "#", text)
    text = re.sub(r"(?m)^ [~*] ", " ", text)
    text = re.sub(r"[-+−]?\d[\d,.]*(e[-+]?\d+)?\??", "#", text)
    # Several values where others have one, an interval, a row without either.
    text = re.sub(r"#( [·…] #)+", "#", text.replace("\\", ""))
    text = re.sub(r"# +\[#,? #\]", "#", text)
    text = re.sub(r"# +#", "# #", text)
    text = re.sub(r"not distinguishable|better|worse", "#", text)
    plain = (re.sub(r"[\s|:─╌━○●‹›-]+", " ", line).strip() for line in text.splitlines())
    return sorted(line for line in plain if line)


def _without_conclusions(lines):
    """The lines without the closing sentences of tables, which end with an empty line."""
    is_in_one = False
    for line in lines:
        is_in_one = bool(line.strip()) and (is_in_one or line.strip().startswith(CONCLUSIONS))
        if not is_in_one:
            yield line


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in [*BACKENDS, "torch_fidelity"]),
    reason="torch, tensorflow and torch-fidelity are not all installed",
)
def test_every_command_prints_what_the_page_shows(tmp_path):
    tutorial.write_snippets(PAGE, tmp_path)
    shell = tutorial.Shell(tmp_path)
    commands = tutorial.page_commands(PAGE)
    assert len(commands) > 10
    for command in commands:
        printed = tutorial.shown(shell.run(command.text), command.output)
        assert words(printed) == words(command.output), command.text


def test_what_is_left_out_may_be_any_number_of_lines():
    assert tutorial.shown(["a", "b", "c", "d"], ["a", "…", "d"]) == ["a", "…", "d"]
    assert tutorial.shown(["a", "b"], ["…", "x"]) == ["…", "b"]
    assert tutorial.shown(["a", "b"], ["x"]) == ["a", "b"]


def test_a_command_may_go_on_in_the_next_line():
    (first, second) = tutorial.commands("$ a --b \\\n    --c\nout\n$ d\n")
    assert (first.text, first.output) == ("a --b \\\n    --c", ["out"])
    assert (second.text, second.output) == ("d", [])


def test_words_keep_what_a_line_says_and_drop_its_numbers():
    assert words([" ~  torch  0.123  [0.1, 0.2]  7?"]) == words(
        ["    torch  0.456  [0.1, 0.3]  12"]
    )
    assert words([" ~  torch  0.123  [0.1, 0.2]"]) != words([" ~  jax  0.123  [0.1, 0.2]"])
    assert words(["12 trials", "photos@1a2b3c4d"]) == ["# trials", "photos@#"]
    assert words(["b 1", "a 2"]) == words(["a 3", "b 4"])
    assert words(["a", "Best fd: a, 0.1.", "  More.", "", "page"]) == ["a", "page"]
    assert words(["a  1  ──●──  2", " ─────"]) == words(["a  3  ●─  4"])
    assert words(["hinge"]) != words(["wgan"])
