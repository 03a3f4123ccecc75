"""What the commands share: options, errors and exit codes, what is printed where."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import rich_click as click

from ganbench.errors import GanbenchError, PluginError, PluginWarning, StorageError

if TYPE_CHECKING:
    from ganbench.benchmark import Outcome
    from ganbench.record import Record

Function = TypeVar("Function", bound=Callable[..., Any])
Option = tuple[str, str, dict[str, Any], str]  # flag, name, click's settings, help
SOME_FAILED, DIFFERENCE_FOUND = 1, 4
INTERRUPTED, TERMINATED = 130, 143

NAMES = {"multiple": True, "metavar": "NAME"}
REPEATED = "May be repeated."


def number_of_jobs(text: str) -> int | str:
    """Read a whole number or `auto`; raises ValueError, which click tells."""
    return text if text == "auto" else int(text)


PLUGIN_OPTIONS: list[Option] = [
    ("--plugin", "files", {"multiple": True, "metavar": "FILE"}, "Load a single-file plugin."),
    (
        "--load-plugin -p",
        "names",
        NAMES,
        "Load an installed plugin where autoload is off; no:NAME leaves one out.",
    ),
]
_PLUGIN, _LOAD_PLUGIN = (option[2:] for option in PLUGIN_OPTIONS)

BENCHMARK_OPTIONS: list[Option] = [
    ("--backend", "backends", NAMES, "Framework; default: all installed."),
    ("--model", "models", NAMES, "GAN, e.g. dcgan, 'dcgan[width=32]'."),
    ("--loss", "losses", NAMES, "Loss, e.g. hinge, 'LOSS+PENALTY'."),
    ("--dataset", "datasets", NAMES, "Data set, e.g. digits, folder:PATH."),
    ("--metric", "metrics", NAMES, "Metric; default: all that apply."),
    ("--extractor", "extractors", NAMES, "Feature space; default: all that fit."),
    ("--baseline", "baselines", NAMES, "Baseline to include in the table."),
    ("--seeds", "seeds", {"type": int}, "Number of seeds: 0, 1, ..., N-1."),
    (
        "--budget",
        "budget",
        {"metavar": "KIND=N"},
        "images=200k, updates=5k, seconds=60 or flops=2T.",
    ),
    ("--samples", "samples", {"type": int}, "Number of samples to score in each trial."),
    ("--checkpoints", "checkpoints", {"type": int}, "Number of checkpoints to score."),
    ("--threads", "threads", {"type": int}, "CPU threads per backend; default: all cores."),
    (
        "--jobs",
        "jobs",
        {"type": number_of_jobs, "metavar": "N|auto"},
        "Trials to run concurrently, where models gain.",
    ),
    ("--device", "device", {"type": click.Choice(["auto", "cpu", "cuda"])}, "Where to train."),
    ("--timeout", "trial_timeout_seconds", {"type": float}, "Maximum seconds of one trial."),
    ("--data", "data", {"metavar": "PATH"}, "Folder or file with the data set's files."),
    (
        "--weights",
        "weights",
        {"multiple": True, "metavar": "EXTRACTOR=FILE"},
        "File of weights.",
    ),
    ("--plugin", "plugins", *_PLUGIN),
    ("--load-plugin -p", "load_plugins", *_LOAD_PLUGIN),
]


def with_options(wanted: list[Option]) -> Callable[[Function], Function]:
    """Add options to a command, in this order. The help of each says whether it may be repeated."""

    def add(function: Function) -> Function:
        for flag, name, settings, text in reversed(wanted):
            text = f"{text} {REPEATED}" if settings.get("multiple") else text
            function = click.option(*flag.split(), name, help=text, **settings)(function)
        return function

    return add


def reports_errors(function: Function) -> Function:
    """Turn errors of users and their plugins into one line and an exit code."""
    import functools

    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            with _warnings_as_lines():
                return function(*arguments, **options)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(StorageError.exit_code)
        except Exception as error:
            _report(error, [*options.get("plugins", ()), *options.get("files", ())])

    return wrapped  # type: ignore[return-value]  # the same signature, by functools.wraps


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show warnings about plugins as one line each."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show_warning(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, PluginWarning):
                say(f"ganbench: {message}")
            else:
                usual(message, category, filename, lineno, file, line)

        warnings.showwarning = show_warning
        yield


def _report(error: Exception, plugin_files: Iterable[str]) -> NoReturn:
    """Say in one line what went wrong and exit; an error of ganbench itself is raised again."""
    from ganbench import blame

    found = blame.of(error)
    if found:
        say(f"ganbench: {found.sentence}; run: {check_command(found.target, plugin_files)}")
        sys.exit(PluginError.exit_code)
    if not isinstance(error, GanbenchError):
        raise error
    say(f"ganbench: {error}")
    sys.exit(error.exit_code)


def check_command(target: str, plugin_files: Iterable[str]) -> str:
    """The command that checks a plugin; a file is named by its path among `plugin_files`."""
    paths = [file for file in plugin_files if os.path.basename(file) == target]
    return f"ganbench check {paths[0] if paths else target}"


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as keys of a configuration."""
    lists = {
        name: list(value) if isinstance(value, tuple) else value for name, value in options.items()
    }
    return {name: value for name, value in lists.items() if value not in (None, [])}


class Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


def terminate(*_: object) -> None:
    """What to do on SIGTERM: stop as on Ctrl-C, and tell the two apart at the end."""
    raise Terminated


def view(plan: Any) -> Any:
    """Return the observer of a run: a live screen on a terminal, lines elsewhere, on stderr."""
    from rich.console import Console

    from ganbench.cli_output import is_live
    from ganbench.view import LineView, LiveView

    return LiveView(plan, Console(stderr=True)) if is_live() else LineView(plan, say)


def show_outcome(outcome: Outcome, plugin_files: Iterable[str]) -> None:
    """Print the failures and the table; exit 1 if a trial failed."""
    from ganbench.cli_output import output, print_headlines, print_links

    for record in outcome.failures:
        say(f"{record.status}: {record.id}: {'; '.join(_advice(record, outcome, plugin_files))}")
    if outcome.failures:
        say(f"{len(outcome.failures)} of {len(outcome.records)} trials did not complete")
    out = output()
    out.lines([[]])
    print_headlines(outcome.headlines, out)
    print_links(outcome.folder, outcome.page, out)
    if outcome.failures:
        sys.exit(SOME_FAILED)


def _advice(record: Record, outcome: Outcome, plugin_files: Iterable[str]) -> Iterator[str]:
    """Why a trial did not complete, where its log is, and how to check the plugin at fault."""
    yield record.reason
    log = outcome.folder / "trials" / record.id / "log.txt"
    if record.status == "failed" and log.is_file():
        yield f"log: {log}"
    if "check" in record.training:
        yield f"run: {check_command(record.training['check'], plugin_files)}"


def console() -> Any:
    """A console for results; a pipe or file has lines of PIPE_WIDTH."""
    from rich.console import Console

    from ganbench.cli_output import PIPE_WIDTH

    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def show(renderable: Any) -> None:
    """Print a result on stdout."""
    if isinstance(renderable, str):
        click.echo(renderable, nl=False)
    else:
        console().print(renderable)


def say(text: str) -> None:
    """Tell the user something that is no result, on stderr."""
    click.echo(text, err=True)
