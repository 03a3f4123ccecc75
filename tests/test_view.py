import io

from rich.console import Console
from toys import make_record, make_trial

from ganbench.plan import Plan
from ganbench.view import LineView, LiveView


def test_the_live_view_has_a_bar_for_each_trial_at_work():
    trials = [make_trial(f"t{seed}", seed=seed) for seed in range(3)]
    view = LiveView(Plan(trials, []), Console(file=io.StringIO()))

    def bars():
        return [task.description for task in view.progress.tasks[1:]]

    for trial in trials[:2]:
        view.started(trial, "train")
    assert bars() == [f"toy toy hinge on specks, seed {seed}" for seed in (0, 1)]
    event = {"event": "progress", "share": 0.5, "train_seconds": 2.0, "timed_images": 200}
    view.progressed(trials[1], event)
    assert [task.completed for task in view.progress.tasks] == [0, 0, 0.5]
    assert view.progress.tasks[2].fields["note"] == "100 images/s"
    view.waits(trials[0])
    view.ended(trials[2], make_record(trials[2]), True)
    assert bars() == ["toy toy hinge on specks, seed 1"]
    view.started(trials[0], "score")
    assert view.progress.tasks[2].fields["note"] == "scoring"
    for trial in trials[:2]:
        view.ended(trial, make_record(trial), False)
    assert bars() == [] and view.progress.tasks[0].completed == 3


def test_lines_go_where_they_are_wanted():
    lines = []
    trials = [make_trial("t0"), make_trial("t1", seed=1)]
    with LineView(Plan(trials, []), lines.append) as view:
        view.ended(trials[0], make_record(trials[0]), False)
        view.ended(trials[1], make_record(trials[1], status="failed", reason="broke"), False)
    assert lines == [
        "[1/2] toy toy hinge on specks, seed 0: 80 images, 120 images/s",
        "[2/2] toy toy hinge on specks, seed 1: failed: broke",
    ]
