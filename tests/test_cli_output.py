"""Where results are printed: width, characters and styles."""

import io
import sys

import pytest

from ganbench.cli_common import console
from ganbench.cli_output import PIPE_WIDTH, is_live, is_notebook, output


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


class Encoded(io.StringIO):
    """Text of an encoding."""

    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "JPY_PARENT_PID", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("KAGGLE_KERNEL_RUN_TYPE", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "72")


def test_a_pipe_is_wide_and_has_no_styles(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    found = output()
    assert (found.screen.width, found.screen.is_unicode) == (PIPE_WIDTH, True)
    assert not found.has_styles


def test_a_terminal_has_its_own_width_and_styles(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    found = output()
    assert found.screen.width == 72 and found.has_styles


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_refuse_styles(monkeypatch, name, value):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv(name, value)
    assert not output().has_styles


@pytest.mark.parametrize(
    ("encoding", "is_unicode"),
    [("utf-8", True), ("UTF8", True), ("ascii", False), ("latin-1", False), (None, False)],
)
def test_only_utf_has_more_than_ascii(monkeypatch, encoding, is_unicode):
    monkeypatch.setattr(sys, "stdout", Encoded(encoding))
    assert output().screen.is_unicode == is_unicode


@pytest.mark.parametrize("name", ["JPY_PARENT_PID", "COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"])
def test_the_shell_of_a_notebook_has_no_styles_and_is_not_redrawn(monkeypatch, name):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert is_live() and output().has_styles and not is_notebook()
    monkeypatch.setenv(name, "1")
    assert is_notebook() and not is_live()
    found = output()
    assert not found.has_styles
    found.lines([[("words", "bold")]])
    assert sys.stdout.getvalue() == "words\n"


def test_both_ways_of_printing_into_a_pipe_have_one_width(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert console().width == output().screen.width == PIPE_WIDTH


def test_a_pipe_and_a_dumb_terminal_are_not_redrawn(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not is_live()
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_live()
