import pytest

from ganbench import child, environment


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in environment.WAITING:
        monkeypatch.delenv(name, raising=False)


def test_every_pool_has_the_threads_of_the_trial_and_waits_by_sleeping():
    found = child.thread_settings(3)
    assert {found.pop(name) for name in environment.POOL_SIZES} == {"3"}
    assert found == {"GOMP_SPINCOUNT": child.SPIN_COUNT}


@pytest.mark.parametrize("name", environment.WAITING)
def test_who_sets_how_threads_wait_is_obeyed(monkeypatch, name):
    monkeypatch.setenv(name, "passive")
    found = child.thread_settings(1)
    assert {key: found[key] for key in found if key not in environment.POOL_SIZES} == {
        name: "passive"
    }
