from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench import data
from ganbench.contracts import Dataset, Split, Step, Task
from ganbench.data import ChunkSource, RowOrder, evaluation_noise
from ganbench.streams import Stream

ROWS = 23
TASK = Task("numbered", "images", (2, 3, 1), classes=5)


class FreshReals:
    generator_needs_real = True


class Perturbing:
    extra = {"noise": "normal", "shift": "uniform"}


def numbered_images(labelled=True):
    """Images whose every pixel is their row number, so that rows can be read off a chunk."""
    images = np.broadcast_to(np.arange(ROWS, dtype=np.uint8)[:, None, None, None], (ROWS, 2, 3, 1))
    labels = np.arange(ROWS, dtype=np.int32) % 5 if labelled else None
    split = Split("train", images, labels)
    return Dataset(TASK, split, split, sha256="")


def chunks_source(seed=0, total_steps=12, step=None, labelled=True):
    step = step or Step(4, latent_size=3, discriminator_updates=2, generator_batch_size=5)
    dataset = numbered_images(labelled)
    return ChunkSource(dataset, step, seed, total_steps, FreshReals(), (Perturbing(),))


def arrays(chunk):
    named = {**chunk._asdict(), **{f"extra {name}": part for name, part in chunk.extra.items()}}
    return {name: part for name, part in named.items() if isinstance(part, np.ndarray)}


def test_two_threads_draw_what_one_does(monkeypatch):
    monkeypatch.setattr(data, "FEWEST_PER_THREAD", 1)
    one, two = chunks_source(), chunks_source()
    two.threads = 2
    drawn = []
    monkeypatch.setattr(
        data, "ThreadPoolExecutor", lambda *pool: drawn.append(pool) or ThreadPoolExecutor(*pool)
    )
    for name, array in arrays(one.chunk(3, 4)).items():
        np.testing.assert_array_equal(array, arrays(two.chunk(3, 4))[name], err_msg=name)
    assert drawn


# --------------------------------------------------------------------------- row order


@given(rows=st.integers(1, 12), epochs=st.integers(1, 4))
def test_every_epoch_shows_every_row_once(rows, epochs):
    taken = RowOrder(Stream(0, "rows"), rows).take(0, rows * epochs).reshape(epochs, rows)
    assert np.array_equal(np.sort(taken, axis=1), np.tile(np.arange(rows), (epochs, 1)))


def test_epochs_are_shuffled_and_differ():
    first, second = RowOrder(Stream(0, "rows"), 100).take(0, 200).reshape(2, 100)
    assert not np.array_equal(first, np.arange(100))
    assert not np.array_equal(first, second)


@given(start=st.integers(0, 40), count=st.integers(1, 40))
def test_rows_are_addressed_by_position_across_epochs(start, count):
    whole = RowOrder(Stream(2, "rows"), 7).take(0, 80)
    assert np.array_equal(
        RowOrder(Stream(2, "rows"), 7).take(start, count), whole[start : start + count]
    )


def test_row_order_can_go_back_and_does_not_keep_every_epoch():
    order = RowOrder(Stream(2, "rows"), 7)
    first = order.take(0, 7)
    for start in range(0, 700, 7):
        order.take(start, 7)
    assert len(order._epochs) <= 2
    assert np.array_equal(order.take(0, 7), first)


# --------------------------------------------------------------------------- chunks


@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_chunks_are_the_same_however_the_steps_are_cut(cuts):
    whole = arrays(chunks_source().chunk(0, sum(cuts)))
    source, parts, start = chunks_source(), [], 0
    for steps in cuts:
        chunk = source.chunk(start, steps)
        assert chunk.start == start
        parts.append(arrays(chunk))
        start += steps
    for name, expected in whole.items():
        assert np.array_equal(np.concatenate([part[name] for part in parts]), expected), name


def test_steps_can_be_drawn_again_after_later_ones():
    source = chunks_source()
    first = arrays(source.chunk(3, 2))
    source.chunk(200, 3)
    for name, values in arrays(source.chunk(3, 2)).items():
        assert np.array_equal(values, first[name]), name


def test_chunks_have_the_shapes_and_types_of_the_contract():
    chunk = chunks_source().chunk(0, 3)
    shapes = {name: (values.shape, values.dtype.name) for name, values in arrays(chunk).items()}
    assert shapes == {
        "real": ((3, 2, 4, 2, 3, 1), "uint8"),
        "labels": ((3, 2, 4), "int32"),
        "noise": ((3, 2, 4, 3), "float32"),
        "mixing": ((3, 2, 4), "float32"),
        "generator_noise": ((3, 5, 3), "float32"),
        "generator_labels": ((3, 5), "int32"),
        "generator_real": ((3, 5, 2, 3, 1), "uint8"),
        "progress": ((3,), "float32"),
        "extra noise": ((3, 2, 4, 2, 3, 1), "float32"),
        "extra shift": ((3, 2, 4, 2, 3, 1), "float32"),
    }


def test_a_plain_loss_gets_no_fresh_reals_and_no_extra_arrays():
    chunk = ChunkSource(numbered_images(labelled=False), Step(4, 3), 0, 10).chunk(0, 2)
    assert chunk.generator_real is None and chunk.labels is None and chunk.generator_labels is None
    assert dict(chunk.extra) == {}
    assert chunk.generator_noise.shape == (2, 4, 3)


def test_labels_stay_with_their_images():
    chunk = chunks_source().chunk(0, 40)
    assert np.array_equal(chunk.labels, chunk.real[..., 0, 0, 0] % 5)
    assert np.array_equal(chunk.generator_labels, chunk.generator_real[..., 0, 0, 0] % 5)


def test_the_discriminator_sees_every_row_once_per_epoch():
    step = Step(4, latent_size=1, discriminator_updates=3)
    source = ChunkSource(numbered_images(), step, 5, None)
    rows = source.chunk(0, ROWS).real[..., 0, 0, 0].reshape(-1)  # 12 epochs
    assert np.array_equal(np.bincount(rows), np.full(ROWS, 12))
    assert np.array_equal(np.sort(rows[:ROWS]), np.arange(ROWS))


def test_every_array_is_drawn_independently():
    step = Step(4, latent_size=6, discriminator_updates=1)
    source = ChunkSource(numbered_images(), step, 0, 10, FreshReals(), (Perturbing(),))
    chunk = source.chunk(0, 10)
    # An extra array may be called `noise`: it has to differ from the generator's all the same.
    extra = chunk.extra["noise"].reshape(10, 1, 4, 6)
    assert len(np.intersect1d(chunk.noise, extra)) == 0
    assert len(np.intersect1d(chunk.noise, chunk.generator_noise)) == 0
    assert len(np.intersect1d(chunk.mixing, chunk.extra["shift"])) == 0
    assert not np.array_equal(chunk.real[:, 0], chunk.generator_real)


def test_a_penalty_that_declares_no_arrays_gets_none():
    class Bare:
        name = "bare"

    chunk = ChunkSource(numbered_images(), Step(4, 3), 0, None, None, (Bare(),)).chunk(0, 1)
    assert dict(chunk.extra) == {}


def test_the_seed_changes_every_array():
    first, second = arrays(chunks_source(0).chunk(0, 3)), arrays(chunks_source(1).chunk(0, 3))
    same = {name for name in first if np.array_equal(first[name], second[name])}
    assert same == {"progress"}


def test_noise_is_standard_normal_and_mixing_uniform():
    source = ChunkSource(numbered_images(), Step(50, 20), 0, None, None, (Perturbing(),))
    chunk = source.chunk(0, 40)
    for values in (chunk.noise, chunk.generator_noise, chunk.extra["noise"]):
        assert values.mean() == pytest.approx(0, abs=4 / np.sqrt(values.size))
        assert values.std() == pytest.approx(1, rel=0.03)
    for values in (chunk.mixing, chunk.extra["shift"]):
        assert values.min() >= 0 and values.max() < 1
        assert values.mean() == pytest.approx(0.5, abs=4 * 0.289 / np.sqrt(values.size))


def test_progress_is_the_share_of_the_budget_when_a_step_begins():
    assert chunks_source(total_steps=8).chunk(2, 3).progress.tolist() == [0.25, 0.375, 0.5]
    assert chunks_source(total_steps=None).chunk(2, 3).progress.tolist() == [0.0, 0.0, 0.0]


def test_points_are_handed_over_as_float32():
    points = np.linspace(0, 1, 20, dtype=np.float32).reshape(10, 2)
    dataset = Dataset(Task("dots", "points", (2,)), *[Split("train", points)] * 2, sha256="")
    chunk = ChunkSource(dataset, Step(5, 2), 0, None).chunk(0, 2)
    assert chunk.real.shape == (2, 1, 5, 2) and chunk.real.dtype == np.float32
    assert np.array_equal(np.sort(chunk.real.reshape(10, 2), axis=0), points)


# --------------------------------------------------------------------------- evaluation


def test_evaluation_noise_is_fixed_by_the_seed_and_begins_alike_for_any_count():
    dataset, step = numbered_images(), Step(4, latent_size=3)
    noise, labels = evaluation_noise(dataset, step, 0, 50)
    assert noise.shape == (50, 3) and noise.dtype == np.float32
    assert labels.shape == (50,) and labels.dtype == np.int32
    assert np.array_equal(evaluation_noise(dataset, step, 0, 20)[0], noise[:20])
    assert not np.array_equal(evaluation_noise(dataset, step, 1, 50)[0], noise)
    training = chunks_source().chunk(0, 40)
    assert len(np.intersect1d(noise, training.noise)) == 0


def test_evaluation_labels_are_drawn_from_those_of_the_training_data():
    split = Split("train", np.zeros((4, 2, 3, 1), np.uint8), np.array([1, 1, 1, 4], np.int32))
    _, labels = evaluation_noise(Dataset(TASK, split, split, ""), Step(4, 3), 0, 4000)
    assert set(labels.tolist()) == {1, 4}
    assert np.mean(labels == 4) == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 4000))


def test_unlabelled_data_have_no_evaluation_labels():
    assert evaluation_noise(numbered_images(labelled=False), Step(4, 3), 0, 5)[1] is None
