import pytest
from toys import make_trial, small_config, toy_catalog

from ganbench import plan, schedule


class Gains:
    gains_side_by_side = True


class Unknown:
    pass


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr(schedule, "cores", lambda: 4)
    monkeypatch.setattr(schedule, "ACCELERATORS", ())


@pytest.mark.parametrize(("jobs", "lanes"), [(1, 1), (3, 3), (4, 4), (100, 4), ("auto", 4)])
def test_there_are_never_more_lanes_than_cores(jobs, lanes):
    assert schedule.lanes(small_config(jobs=jobs)) == lanes


@pytest.mark.parametrize(
    ("model", "changes", "expected"),
    [
        (Gains, {}, (True, 1)),
        (Gains, {"threads": 1}, (True, 1)),
        (Gains, {"device": "cpu"}, (True, 1)),
        (Gains, {"jobs": 1}, (False, 4)),
        (Gains, {"threads": 2}, (False, 2)),
        (Gains, {"budget": "seconds=3"}, (False, 4)),
        (Gains, {"device": "cuda"}, (False, 4)),
        (Unknown, {}, (False, 4)),
        (Unknown, {"threads": 1}, (False, 1)),
    ],
)
def test_trials_run_side_by_side_with_one_thread_where_their_model_gains(model, changes, expected):
    config = small_config(**{"jobs": 2, "threads": None, **changes})
    assert (schedule.is_beside(config, model), schedule.threads(config, model)) == expected
    assert bool(schedule.obstacle(config)) <= (not expected[0])


def test_on_one_core_nothing_runs_beside_anything(monkeypatch):
    monkeypatch.setattr(schedule, "cores", lambda: 1)
    config = small_config(jobs="auto")
    assert schedule.obstacle(config) == "there is one core" and schedule.lanes(config) == 1


def test_an_accelerator_is_not_shared_unless_the_cpu_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(schedule, "ACCELERATORS", (str(tmp_path),))
    assert not schedule.is_beside(small_config(jobs=2), Gains)
    assert schedule.is_beside(small_config(jobs=2, device="cpu"), Gains)


def test_rounds_hold_so_many_trials_and_the_others_keep_their_places():
    trials = [make_trial(name) for name in "aXbcYdeZ"]
    found = schedule.rounds(trials, set("abcde"), 3)
    names = ["".join(trial.id for trial in own) for own in found]
    assert names == ["X", "abc", "Y", "Z", "de"]
    assert schedule.rounds(trials, set(), 3) == [[trial] for trial in trials]
    assert schedule.rounds([], set(), 3) == []


def planned(**changes):
    made = plan.make(small_config(jobs=2, threads=None, **changes), toy_catalog())
    return {
        (trial.model, trial.specification["threads"], trial.id in made.beside)
        for trial in made.trials
    }


def test_the_plan_packs_by_model_and_sets_baselines_beside_each():
    gains = "toy[gains_side_by_side=true]"
    assert planned(models=["toy"]) == {("toy", 4, False)}
    assert planned(models=[gains]) == {(gains, 1, True)}
    assert planned(models=[gains, "toy"], baselines=["real"]) == {
        *((gains, 1, True), ("toy", 4, False)),
        *(("real", 1, False), ("real", 4, False)),
    }


def test_a_trial_side_by_side_is_the_trial_of_one_thread():
    model = "toy[gains_side_by_side=true]"
    beside = plan.make(small_config(models=[model], jobs=2, threads=None), toy_catalog())
    alone = plan.make(small_config(models=[model], threads=1), toy_catalog())
    assert [trial.id for trial in beside.trials] == [trial.id for trial in alone.trials]
    assert beside.beside and not alone.beside


@pytest.mark.parametrize(
    ("name", "gains"), [("mlp", True), ("mlp-toy", True), ("dcgan", False), ("sn-resnet", False)]
)
def test_perceptrons_gain_and_convolutions_do_not(name, gains):
    for backend in ("torch", "tensorflow"):
        assert toy_catalog().model(name, backend).gains_side_by_side is gains
