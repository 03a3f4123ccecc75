import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.budget import Budget, Clock, parse
from ganbench.contracts import Step
from ganbench.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("images=200k", "images", 200_000),
        ("updates=5k", "updates", 5_000),
        ("seconds=60", "seconds", 60),
        ("images=1.5M", "images", 1_500_000),
        ("images=2.5k", "images", 2_500),
        ("images=1.001k", "images", 1_001),  # 1.001 * 1000 is not a whole number of floats
        ("updates=1", "updates", 1),
        ("seconds=0.25", "seconds", 0.25),
        ("seconds=1e-3", "seconds", 0.001),
        (" images = 60 k ", "images", 60_000),
        ("images=1e12", "images", 1e12),
        ("flops=250k", "flops", 250_000),
        ("flops=40G", "flops", 40e9),
        ("flops=1.5T", "flops", 1.5e12),
        ("flops=2P", "flops", 2e15),
        ("flops=1e24", "flops", 1e24),
    ],
)
def test_a_budget_is_one_kind_and_a_number(text, kind, value):
    assert parse(text) == Budget(kind, value)


@pytest.mark.parametrize(
    "text",
    [
        *("images=0", "images=-1", "seconds=0", "seconds=-0.0", "updates=0k"),
        *("images=nan", "seconds=nan", "images=inf", "seconds=-inf", "seconds=infk"),
        *("images=1e13", "images=2000000M", "seconds=1e400"),
        *("images=3.5", "updates=0.5", "images=1.0005k", "flops=0.5", "flops=1e25"),
        *("images=1G", "updates=1T", "seconds=1P", "flops=1E", "flops=1g"),
        *("images=1x", "images=k", "images=1K", "images=1m", "images=1kk", "images=1,000"),
        *("", "images", "image=3", "Images=3", "images=", "=3", "3", "images:3", "images==3"),
        *("images=3 updates=4", "images=3;4", "images=3\nupdates=4", "epochs=3"),
    ],
)
def test_anything_else_is_refused_with_the_text_in_the_message(text):
    with pytest.raises(ConfigError, match="budget") as refused:
        parse(text)
    assert repr(text) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (Budget("images", 60_000), "images=60k"),
        (Budget("images", 2_000_000), "images=2M"),
        (Budget("images", 1_234_567), "images=1234567"),
        (Budget("images", 1_234_567_000), "images=1234567k"),
        (Budget("updates", 999), "updates=999"),
        (Budget("seconds", 60), "seconds=60"),
        (Budget("seconds", 3600.25), "seconds=3600.25"),
        (Budget("seconds", 2000), "seconds=2000"),
        (Budget("flops", 2e15), "flops=2P"),
        (Budget("flops", 1.5e12), "flops=1500G"),
        (Budget("flops", 1_234_567), "flops=1234567"),
    ],
)
def test_a_budget_is_written_as_a_person_would(budget, text):
    assert str(budget) == text


@given(kind=st.sampled_from(["images", "updates", "flops"]), value=st.integers(1, 10**12))
def test_counts_survive_being_written_and_read(kind, value):
    assert parse(str(Budget(kind, float(value)))) == Budget(kind, value)


@given(value=st.floats(1e-9, 1e12))
def test_seconds_survive_being_written_and_read(value):
    assert parse(str(Budget("seconds", value))) == Budget("seconds", value)


@given(
    images=st.integers(1, 10**6),
    batch_size=st.integers(1, 300),
    discriminator_updates=st.integers(1, 5),
)
def test_steps_use_the_images_up_without_exceeding_them(images, batch_size, discriminator_updates):
    step = Step(batch_size, 1, discriminator_updates)
    steps = Budget("images", images).steps(step)
    if images < step.images:
        assert steps == 1  # a trial that trains nothing would be no trial
    else:
        assert steps * step.images <= images < (steps + 1) * step.images


def test_updates_count_steps_and_seconds_leave_their_number_open():
    step = Step(64, 1, discriminator_updates=5)
    assert Budget("updates", 7).steps(step) == 7
    assert Budget("seconds", 7).steps(step) is None


@given(value=st.integers(1, 10**18), per_step=st.integers(1, 10**15))
def test_flops_buy_the_whole_steps_that_they_pay_for(value, per_step):
    steps = Budget("flops", float(value)).steps(Step(64, 1), per_step)
    assert steps == max(1, int(float(value)) // per_step)


@pytest.mark.parametrize("unknown", [None, 0])
def test_flops_buy_nothing_where_a_step_has_no_price(unknown):
    with pytest.raises(ValueError, match="needs the FLOPs of a step"):
        Budget("flops", 1e9).steps(Step(64, 1), unknown)


def test_a_clock_adds_up_what_runs_inside_it_and_nothing_else():
    clock = Clock()
    for _ in range(2):
        with clock.running():
            time.sleep(0.02)
        time.sleep(0.05)
    assert 0.04 <= clock.seconds < 0.09


def test_a_clock_stops_when_what_it_times_fails():
    clock = Clock()
    with pytest.raises(ZeroDivisionError), clock.running():
        time.sleep(0.01)
        _ = 1 / 0
    stopped = clock.seconds
    time.sleep(0.01)
    assert math.isclose(clock.seconds, stopped) and stopped >= 0.01
