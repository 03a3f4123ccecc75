import pytest

from ganbench import child


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in child.WAITING:
        monkeypatch.delenv(name, raising=False)


def test_every_pool_has_the_threads_of_the_trial_and_waits_by_sleeping():
    found = child.thread_settings(3)
    assert {found.pop(name) for name in child.SIZES} == {"3"}
    assert found == {"GOMP_SPINCOUNT": child.SPIN_COUNT}


@pytest.mark.parametrize("name", child.WAITING)
def test_who_sets_how_threads_wait_is_obeyed(monkeypatch, name):
    monkeypatch.setenv(name, "passive")
    found = child.thread_settings(1)
    assert {key: found[key] for key in found if key not in child.SIZES} == {name: "passive"}
