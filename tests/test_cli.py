import io
import json
import re
import shutil
import signal
import subprocess
import sys

import pandas as pd
import pytest
import rich_click as click
from click.testing import CliRunner
from toys import ABSENT, CLASH, SMALL_OPTIONS, TOY, run_ganbench

from ganbench import __version__
from ganbench.cli import main
from ganbench.cli_catalog import KINDS, SINGULAR


def invoke(*arguments):
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _signals():
    """`run` minds SIGTERM; the tests' own process goes back to what it did."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two toys, one of which breaks, in a process of its own."""
    folder = tmp_path_factory.mktemp("cli")
    broken = ["--model", "toy[does=raise]"]
    done = run_ganbench("run", *SMALL_OPTIONS, *broken, "--out", "out", folder=folder)
    done.folder = folder / "out"
    return done


# --------------------------------------------------------------------------- run


def test_a_run_prints_the_table_to_stdout_and_its_progress_to_stderr(finished):
    assert finished.returncode == 1  # one trial failed
    assert "specks · hinge · toy · 20 updates each · 1 seed · 1 thread" in finished.stdout
    assert "fd ↓" in finished.stdout and "images/s" in finished.stdout
    last = finished.stdout.splitlines()[-1]
    assert last == " more   ganbench table out and --all | --notes | --columns"
    reason = (
        r"failed: (toy-toy-does-raise\S+): model 'toy\[does=raise\]' \(toy.py, line \d+\): "
        r"train\(\) raised RuntimeError: toy broke; log: out/trials/\1/log.txt; "
        r"run: ganbench check (\S+)\n"
    )
    found = re.search(reason, finished.stderr)
    assert found and found[2] == TOY
    assert (finished.folder / "trials" / found[1] / "log.txt").exists()
    lines = finished.stderr.splitlines()
    assert lines[0].startswith("[1/2] toy toy hinge on specks, seed 0: 80 images, ")
    assert lines[1].startswith("[2/2] toy toy[does=raise] hinge on specks, seed 0: failed: ")
    assert lines[3] == "1 of 2 trials did not complete"
    assert "Traceback" not in finished.stderr + finished.stdout


def test_a_run_without_failures_ends_with_zero_and_says_what_was_stored(tmp_path):
    for stored in (False, True):
        done = invoke("run", *SMALL_OPTIONS, "--out", tmp_path / "out")
        assert done.exit_code == 0, done.output
        assert done.stderr.rstrip().endswith("(stored)") == stored


def test_a_run_writes_its_tables_in_every_format(finished):
    tables = finished.folder / "tables"
    assert {path.name for path in tables.iterdir()} == {
        *("table.md", "table.csv", "table.json", "table.tex")
    }
    (table,) = json.loads((tables / "table.json").read_text())["tables"]
    assert [(row["model"], row["n"], row["failed"]) for row in table["rows"]] == [
        ("toy", 1, 0),
        ("toy[does=raise]", 0, 1),
    ]


def test_a_benchmark_file_is_run_with_the_command_line_on_top(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text(
        'backends = ["toy"]\nmodels = ["toy"]\nlosses = ["hinge", "lsgan"]\n'
        'datasets = ["specks"]\nbaselines = []\nseeds = 3\nbudget = "updates=5"\nthreads = 1\n'
        f'plugins = ["{TOY}"]\n'
    )
    done = invoke("plan", path, "--seeds", "2", "--format", "json")
    trials = json.loads(done.stdout)["trials"]
    assert [(trial["loss"], trial["seed"]) for trial in trials] == [
        *(("hinge", 0), ("lsgan", 0), ("hinge", 1), ("lsgan", 1))
    ]
    assert {trial["budget"] for trial in trials} == {"updates=5"}


def test_skipped_combinations_are_said_before_anything_runs(tmp_path):
    options = [*SMALL_OPTIONS, "--model", "toy-norm", "--loss", "hinge+nudge"]
    done = invoke("run", *options, "--budget", "updates=1", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert done.stderr.startswith("skipped toy toy-norm hinge+nudge: nudge needs a gradient")


# --------------------------------------------------------------------------- what users get wrong


def options(**changes):
    """The small benchmark's options with every metric and with some of them replaced."""
    values = {
        "--backend": "toy",
        "--model": "toy",
        "--loss": "hinge",
        "--dataset": "specks",
        "--budget": "updates=20",
        "--threads": "1",
        "--plugin": TOY,
    }
    values |= {f"--{name}": str(value) for name, value in changes.items()}
    baselines = [] if "baseline" in changes else ["--no-baselines"]
    return [part for pair in values.items() for part in pair] + baselines


WRONG = [
    ({"model": "toyy"}, 2, "no model named 'toyy'; did you mean 'toy'?"),
    ({"loss": "hing"}, 2, "no loss named 'hing'; did you mean 'hinge'?"),
    ({"loss": "hinge+nugde"}, 2, "no penalty named 'nugde'; did you mean 'nudge'?"),
    ({"dataset": "digit"}, 2, "no dataset named 'digit'; did you mean 'digits'?"),
    ({"metric": "frechett"}, 2, "no metric named 'frechett'; did you mean 'frechet'?"),
    ({"metric": "modes"}, 2, "metric 'modes' needs points, which 'specks' does not have"),
    ({"backend": "pytorch"}, 2, "no backend named 'pytorch'; did you mean 'torch'?"),
    ({"baseline": "rreal"}, 2, "no model named 'rreal'; did you mean 'real'?"),
    ({"model": "toy[rat=1]"}, 2, "no option named 'rat' in 'toy'; did you mean 'rate'?"),
    ({"model": "toy[rate=fast]"}, 2, "toy[rate=fast]: Input should be a valid number"),
    ({"model": "toy[rate"}, 2, "cannot read the selector 'toy[rate'"),
    ({"budget": "images=0"}, 2, "budget 'images=0': has to be above 0"),
    ({"budget": "images=-5"}, 2, "budget 'images=-5': has to be above 0"),
    ({"budget": "nonsense"}, 2, "budget 'nonsense': write images=NUMBER"),
    ({"seeds": 0}, 2, "seeds: Input should be greater than or equal to 1"),
    ({"seeds": -3}, 2, "seeds: "),
    ({"samples": 1}, 2, "samples: Input should be greater than or equal to 2"),
    ({"threads": 0}, 2, "threads: "),
    ({"timeout": -1}, 2, "trial_timeout_seconds: "),
    ({"timeout": "nan"}, 2, "trial_timeout_seconds: "),
    ({"plugin": "nowhere.py"}, 2, "--plugin nowhere.py: no such file"),
    ({"plugin": CLASH}, 2, "'hinge' is offered twice, by plugin 'losses'"),
    ({"plugin": ABSENT, "backend": "absent"}, 3, "pip install 'ganbench[absent-extra]'"),
    ({"backend": "numpy"}, 5, "nothing to run: numpy has no model 'toy'"),
    ({"model": "toy-norm", "dataset": "ring"}, 5, "toy-norm makes images only"),
]


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize(
    ("changes", "code", "message"), WRONG, ids=[str(changes) for changes, _, _ in WRONG]
)
def test_a_mistake_is_one_line_on_stderr_and_an_exit_code(
    tmp_path, monkeypatch, command, changes, code, message
):
    monkeypatch.chdir(tmp_path)
    done = invoke(command, *options(**changes))
    assert done.exit_code == code
    assert done.stdout == ""
    assert done.stderr.startswith("ganbench: ") and message in done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sedes = 1\n", "no key named 'sedes' in bench.toml; did you mean 'seeds'?"),
        ('seeds = "2"\nmodels = "mlp"\n', "bench.toml: models: "),
        ("seeds = \n", "bench.toml: "),
        ("budget = 5\n", "bench.toml: budget: "),
    ],
)
def test_a_wrong_benchmark_file_is_named(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bench.toml").write_text(text)
    done = invoke("plan", "bench.toml")
    assert done.exit_code == 2 and message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_benchmark_file_is_named():
    done = invoke("run", "absent.toml")
    assert (done.exit_code, done.stderr) == (2, "ganbench: absent.toml: no such benchmark file\n")


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--bugdet", "x"], ["list", "gans"]])
def test_unknown_commands_and_options_are_usage_errors(arguments):
    done = invoke(*arguments)
    assert done.exit_code == 2 and done.stdout == ""
    assert "Usage" in done.stderr


def test_a_folder_that_cannot_be_written_is_found_before_any_training(tmp_path):
    (tmp_path / "file").write_text("")
    done = invoke("run", *SMALL_OPTIONS, "--out", tmp_path / "file" / "out")
    assert done.exit_code == 74
    assert re.fullmatch(r"ganbench: \S+: cannot be written: Not a directory\n", done.stderr)


def test_a_device_that_a_backend_lacks_is_an_environment_that_is_not_ready(tmp_path):
    asked = options(baseline="real", device="cuda", out=tmp_path / "out")
    done = invoke("run", *asked, "--budget", "updates=1")
    assert done.exit_code == 3
    assert "the numpy backend has no device 'cuda'" in done.stderr


# --------------------------------------------------------------------------- plan, list, info


def test_a_plan_shows_trials_and_what_is_skipped_and_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("plan", *options(), "--model", "toy-norm", "--dataset", "ring")
    assert done.exit_code == 0 and done.stderr == ""
    assert "updates=20" in done.stdout and "toy-norm makes images only" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_plan_is_json_that_holds_the_whole_specification():
    done = invoke("plan", *SMALL_OPTIONS, "--format", "json")
    found = json.loads(done.stdout)
    assert found["schema_version"] == 1 and found["skipped"] == []
    (trial,) = found["trials"]
    assert trial["specification"]["budget"] == {"kind": "updates", "value": 20.0}
    assert trial["id"].startswith("toy-toy-hinge-specks-s0-")


def test_list_shows_every_kind_or_one():
    everything = invoke("list", "--plugin", TOY)
    assert everything.exit_code == 0
    for part in ("backends", "penalties", "nudge", "Pixels that drift", "toy", "digits", "frechet"):
        assert part in everything.stdout
    one = invoke("list", "datasets", "--plugin", TOY)
    assert "specks" in one.stdout and "hinge" not in one.stdout


def test_list_marks_backends_that_are_not_installed():
    done = invoke("list", "backends", "--plugin", ABSENT)
    assert "absent (not installed)" in done.stdout
    assert "numpy (not installed)" not in done.stdout


def test_info_describes_everything_of_a_name_with_options():
    done = invoke("info", "toy", "--plugin", TOY)
    assert done.exit_code == 0
    for part in (
        "backend toy",
        "model toy on toy",
        "Pixels that drift",
        "rate",
        "0.1",
        "float > 0",
    ):
        assert part in done.stdout
    assert "(toy.py)" in done.stdout


def test_info_gives_the_formulas_of_losses_and_penalties():
    told = " ".join(invoke("info", "hinge").output.split())
    assert "discriminator_loss: Mean relu(1 - real) + mean relu(1 + fake)." in told
    told = " ".join(invoke("info", "r1").output.split())
    assert "arXiv:1801.04406, equation 9" in told
    assert "discriminator_term: gamma / 2 mean |g(real)|^2." in told


def test_info_of_an_unknown_name_suggests_the_near_one():
    done = invoke("info", "frechett")
    assert done.exit_code == 2 and "did you mean 'frechet'" in done.stderr


def test_plugins_shows_what_is_loaded_and_from_where():
    done = invoke("plugins", "--plugin", TOY)
    assert done.exit_code == 0
    for part in ("baselines", f"ganbench {__version__}", "ganbench_file_toy", "toy.py", "loaded"):
        assert part in done.stdout


def test_version_and_help():
    assert __version__ in invoke("--version").stdout
    text = invoke("--help").stdout
    assert all(command in text for command in ("run", "plan", "list", "info", "plugins", "table"))
    for command in ("run", "plan", "list", "info", "plugins", "table"):
        assert invoke(command, "-h").exit_code == 0


def every_option():
    for name, command in main.commands.items():
        for option in command.params:
            if isinstance(option, click.Option):
                yield name, option


def test_the_help_of_every_option_says_whether_it_may_be_repeated():
    for name, option in every_option():
        if (name, option.name) != ("table", "goals"):
            assert ("May be repeated." in (option.help or "")) == option.multiple, (
                name,
                option.name,
            )


def test_the_help_of_run_shows_every_option_in_one_group():
    text = CliRunner(env={"COLUMNS": "80"}).invoke(main, ["run", "-h"]).stdout
    titles = re.findall("─ ([A-Z][a-z ]+) ─", text)
    assert titles == [
        *("What to compare", "Budget and seeds", "How to run", "Data and plugins", "Output")
    ]
    flags = [option.opts[0] for name, option in every_option() if name == "run"]
    for flag in [*flags, "--help"]:
        assert len(re.findall(rf"│ {flag} ", text)) == 1, flag
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("kind", KINDS)
def test_list_takes_a_kind_in_the_singular(kind):
    (singular,) = [one for one, many in SINGULAR.items() if many == kind]
    assert invoke("list", singular).stdout == invoke("list", kind).stdout


def test_list_suggests_the_near_kind():
    assert "did you mean 'model'?" in " ".join(invoke("list", "modle").stderr.split())


def test_python_m_ganbench_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "ganbench", "plan", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "Usage: ganbench plan" in done.stdout


# --------------------------------------------------------------------------- table


def test_table_gives_every_format_on_stdout(finished):
    found = {
        style: invoke("table", finished.folder, "--format", style)
        for style in ("rich", "md", "csv", "csv-wide", "json", "latex")
    }
    assert {done.exit_code for done in found.values()} == {0}
    assert {done.stderr for done in found.values()} == {""}
    assert found["md"].stdout == (finished.folder / "tables" / "table.md").read_text()
    assert found["latex"].stdout == (finished.folder / "tables" / "table.tex").read_text()
    frame = pd.read_csv(io.StringIO(found["csv"].stdout))
    assert set(frame["model"]) == {"toy", "toy[does=raise]"}
    wide = pd.read_csv(io.StringIO(found["csv-wide"].stdout))
    assert wide["model"].tolist() == ["toy", "toy[does=raise]"]
    (table,) = json.loads(found["json"].stdout)["tables"]
    assert table["rows"][0]["costs"]["images_per_second"]["median"] > 0
    assert "fd ↓" in found["rich"].stdout
    assert "specks · hinge · toy · 20 updates each" in found["rich"].stdout
    assert "brightness ↓" in invoke("table", finished.folder, "--all").stdout


def test_the_table_of_a_folder_without_results_is_refused(tmp_path):
    done = invoke("table", tmp_path)
    assert done.exit_code == 2 and "no ganbench results here" in done.stderr


def test_a_damaged_record_is_named_by_table(finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "out")
    (first, *_) = sorted((tmp_path / "out" / "trials").glob("*/record.json"))
    first.write_text(first.read_text()[:-20])
    done = invoke("table", tmp_path / "out")
    assert done.exit_code == 2
    assert f"{first}: not a whole record" in done.stderr and done.stderr.count("\n") == 1


def test_a_pipe_that_closes_early_is_no_traceback(finished, tmp_path):
    code = (
        "import os, sys\n"
        "from ganbench.cli import main\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        f"main(['table', {str(finished.folder)!r}, '--format', 'json'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert "Traceback" not in done.stderr and done.returncode != 0
