import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.contracts import Constant, Normal, Parameter, Uniform
from ganbench.streams import Stream, draw_weights


def fresh_philox(seed, name, index):
    """The documented address of a stream, built from NumPy alone."""
    key = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, index, 0]))


@pytest.mark.parametrize(
    ("seed", "name", "index"), [(0, "noise", 0), (0, "noise", 1), (3, "rows", 10**6), (999, "", 5)]
)
def test_a_stream_is_the_philox_of_its_key_and_counter(seed, name, index):
    ours, numpy_s = Stream(seed, name).at(index), fresh_philox(seed, name, index)
    assert np.array_equal(ours.standard_normal(100), numpy_s.standard_normal(100))


def test_the_bits_are_those_of_salmon_s_philox4x64_10():
    # Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3; the counter
    # is advanced before each block.
    key = hashlib.sha256(b"5/noise").digest()[:16]
    words = [int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")]
    expected = philox_block([1, 0, 9, 0], words) + philox_block([2, 0, 9, 0], words)
    assert Stream(5, "noise").at(9).bit_generator.random_raw(8).tolist() == expected


def philox_block(counter, key):
    mask = 2**64 - 1
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * counter[0], 0xCA5A826395121157 * counter[2]
        counter = [
            (second >> 64) ^ counter[1] ^ key[0],
            second & mask,
            (first >> 64) ^ counter[3] ^ key[1],
            first & mask,
        ]
        key = [(key[0] + 0x9E3779B97F4A7C15) & mask, (key[1] + 0xBB67AE8584CAA73B) & mask]
    return counter


def test_the_first_bits_of_a_stream_never_change():
    # Records say `protocol: 1`; other bits would need another number.
    assert Stream(0, "noise").at(0).bit_generator.random_raw(2).tolist() == [
        18222285687628429512,
        627592827463030234,
    ]


def test_what_was_drawn_before_does_not_change_a_draw():
    stream = Stream(1, "noise")
    expected = Stream(1, "noise").at(7).standard_normal(9, dtype=np.float32)
    stream.at(3).standard_normal(5)
    stream.at(7).integers(0, 2**32, size=3, dtype=np.uint32)  # leaves half a word behind
    Stream(1, "rows").at(7).permutation(100)
    assert np.array_equal(stream.at(7).standard_normal(9, dtype=np.float32), expected)


def test_half_a_word_left_over_does_not_reach_the_next_index():
    stream = Stream(1, "noise")
    expected = fresh_philox(1, "noise", 8).integers(0, 2**32, size=4, dtype=np.uint32)
    stream.at(7).integers(0, 2**32, size=1, dtype=np.uint32)
    assert np.array_equal(stream.at(8).integers(0, 2**32, size=4, dtype=np.uint32), expected)


@pytest.mark.parametrize("other", [(1, "noise", 0), (0, "noises", 0), (0, "noise", 1)])
def test_another_seed_name_or_index_gives_other_numbers(other):
    seed, name, index = other
    first = Stream(0, "noise").at(0).random(1000)
    assert len(np.intersect1d(first, Stream(seed, name).at(index).random(1000))) == 0


def test_seed_and_name_cannot_be_mistaken_for_each_other():
    first, second = Stream(1, "2/noise").at(0), Stream(12, "noise").at(0)
    assert first.random() != second.random()


def test_numbers_over_many_indices_are_uniform_and_uncorrelated():
    first = np.array([Stream(4, "noise").at(index).random(2) for index in range(4000)])
    deciles = np.histogram(first[:, 0], bins=10, range=(0, 1))[0]
    assert np.sum((deciles - 400) ** 2 / 400) < 27.9  # chi-squared of 9, p = 0.001
    correlations = np.corrcoef([first[:-1, 0], first[1:, 0], first[:-1, 1]])
    assert np.all(np.abs(correlations[np.triu_indices(3, 1)]) < 4 / np.sqrt(4000))


def test_weights_do_not_depend_on_the_order_of_the_parameters():
    parameters = {
        "generator.a": Parameter((3, 4), Normal(0.0, 0.02)),
        "generator.b": Parameter((3, 4), Normal(0.0, 0.02)),
        "discriminator.a": Parameter((5,), Uniform(-1.0, 1.0)),
        "discriminator.b": Parameter((2,), Constant(0.5), trainable=False),
    }
    forward = draw_weights(3, parameters)
    backward = draw_weights(3, dict(reversed(parameters.items())))
    alone = draw_weights(3, {"generator.b": parameters["generator.b"]})
    for name, parameter in parameters.items():
        assert forward[name].dtype == np.float32
        assert forward[name].shape == parameter.shape
        assert np.array_equal(forward[name], backward[name])
    assert np.array_equal(alone["generator.b"], forward["generator.b"])
    assert not np.array_equal(forward["generator.a"], forward["generator.b"])
    assert not np.array_equal(forward["generator.a"], draw_weights(4, parameters)["generator.a"])


def test_weights_follow_the_distribution_that_was_asked_for():
    weights = draw_weights(
        0,
        {
            "normal": Parameter((40_000,), Normal(1.0, 0.02)),
            "uniform": Parameter((40_000,), Uniform(-0.5, 1.5)),
            "constant": Parameter((2, 3), Constant(0.25)),
        },
    )
    assert weights["normal"].mean() == pytest.approx(1.0, abs=4 * 0.02 / 200)
    assert weights["normal"].std() == pytest.approx(0.02, rel=0.02)
    assert -0.5 <= weights["uniform"].min() < -0.499 and 1.499 < weights["uniform"].max() <= 1.5
    assert weights["uniform"].mean() == pytest.approx(0.5, abs=4 * 2 / np.sqrt(12) / 200)
    assert np.array_equal(weights["constant"], np.full((2, 3), 0.25, np.float32))


@given(seed=st.integers(0, 10**6), name=st.text(max_size=20), index=st.integers(0, 2**40))
def test_any_address_gives_the_same_numbers_twice(seed, name, index):
    assert Stream(seed, name).at(index).random() == Stream(seed, name).at(index).random()
