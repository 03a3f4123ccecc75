"""What the commands share: options, errors and exit codes, what is printed where."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ganbench.errors import GanbenchError, StorageError

if TYPE_CHECKING:
    from ganbench.benchmark import Outcome

Function = TypeVar("Function", bound=Callable[..., Any])
Option = tuple[str, str, dict[str, Any], str]  # flag, name, click's settings, help
SOME_FAILED, DIFFERENCE_FOUND = 1, 4
INTERRUPTED, TERMINATED = 130, 143

PLUGIN_NAMES = "Installed plugin to load where autoload is off; no:NAME leaves one out."


def number_of_jobs(text: str) -> int | str:
    """Read a whole number or `auto`; raises ValueError, which click tells."""
    return text if text == "auto" else int(text)


BENCHMARK_OPTIONS: list[Option] = [
    ("--backend", "backends", {"multiple": True}, "Framework; all installed ones if not given."),
    ("--model", "models", {"multiple": True}, "GAN, such as dcgan or 'dcgan[width=32]'."),
    ("--loss", "losses", {"multiple": True}, "Loss, such as hinge or 'LOSS+PENALTY'."),
    ("--dataset", "datasets", {"multiple": True}, "Data set, such as digits or folder:PATH."),
    ("--metric", "metrics", {"multiple": True}, "Metric; all that apply if not given."),
    ("--extractor", "extractors", {"multiple": True}, "Feature space; all that fit if not given."),
    ("--baseline", "baselines", {"multiple": True}, "Baseline to put beside the GANs."),
    ("--seeds", "seeds", {"type": int}, "Number of seeds: 0, 1, ..., N-1."),
    (
        "--budget",
        "budget",
        {"metavar": "KIND=N"},
        "images=200k, updates=5k, seconds=60 or flops=2T.",
    ),
    ("--samples", "samples", {"type": int}, "Samples that a trial is scored on."),
    ("--checkpoints", "checkpoints", {"type": int}, "Sets of samples taken on the way."),
    ("--threads", "threads", {"type": int}, "CPU threads of every backend; all cores by default."),
    (
        "--jobs",
        "jobs",
        {"type": number_of_jobs, "metavar": "N|auto"},
        "Trials at once, where it pays.",
    ),
    ("--device", "device", {"type": click.Choice(["auto", "cpu", "cuda"])}, "Where to train."),
    ("--timeout", "trial_timeout_seconds", {"type": float}, "Seconds after which a trial ends."),
    ("--data", "data", {"metavar": "PATH"}, "Folder, or file, with the data set's own files."),
    ("--weights", "weights", {"multiple": True, "metavar": "EXTRACTOR=FILE"}, "A file of weights."),
    ("--plugin", "plugins", {"multiple": True, "metavar": "FILE"}, "Single-file plugin to load."),
    ("--load-plugin -p", "load_plugins", {"multiple": True, "metavar": "NAME"}, PLUGIN_NAMES),
]


PLUGIN_OPTIONS: list[Option] = [
    ("--plugin", "files", {"multiple": True, "metavar": "FILE"}, "Single-file plugin to load."),
    ("--load-plugin -p", "names", {"multiple": True, "metavar": "NAME"}, PLUGIN_NAMES),
]


def with_options(wanted: list[Option]) -> Callable[[Function], Function]:
    """Add options to a command, in this order."""

    def add(function: Function) -> Function:
        for flag, name, settings, text in reversed(wanted):
            function = click.option(*flag.split(), name, help=text, **settings)(function)
        return function

    return add


def reports_errors(function: Function) -> Function:
    """Turn errors that users can mend into one line and an exit code."""
    import functools

    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except GanbenchError as error:
            say(f"ganbench: {error}")
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(StorageError.exit_code)

    return wrapped  # type: ignore[return-value]  # the same signature, by functools.wraps


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
    """Whoever watches a run: a live screen on a terminal, lines elsewhere, both on stderr."""
    from rich.console import Console

    from ganbench.view import LineView, LiveView

    console = Console(stderr=True)
    return (LiveView if console.is_terminal else LineView)(plan, console)


def show_outcome(outcome: Outcome) -> None:
    """Print the table, the failures and where everything is; exit 1 if a trial failed."""
    from ganbench import render

    shown = console()
    shown.print(render.to_rich(outcome.sections))
    for record in outcome.failures:
        text = f"{record.status}: {record.id}: {record.reason}"
        shown.print(text, markup=False, highlight=False, soft_wrap=True)
    text = f"results, records and tables: {outcome.folder}"
    shown.print(text, markup=False, highlight=False, soft_wrap=True)
    if outcome.failures:
        say(f"{len(outcome.failures)} of {len(outcome.records)} trials did not complete")
        sys.exit(SOME_FAILED)


def console() -> Any:
    """A console for results; a pipe or file gets lines as wide as they need to be."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=240)


def show(renderable: Any) -> None:
    """Print a result on stdout."""
    if isinstance(renderable, str):
        click.echo(renderable, nl=False)
    else:
        console().print(renderable)


def say(text: str) -> None:
    """Tell the user something that is no result, on stderr."""
    click.echo(text, err=True)
