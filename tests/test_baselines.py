from dataclasses import replace

import numpy as np
import pytest

from ganbench.contracts import Chunk, RunOptions, Task
from ganbench.errors import EnvironmentNotReady
from ganbench_baselines.backend import NumPyBackend
from ganbench_baselines.pixel_gaussian import PixelGaussian
from ganbench_baselines.plugin import ganbench_backends, ganbench_models
from ganbench_baselines.replay import Memorizer, Real
from ganbench_datasets.digits import Digits
from ganbench_datasets.points import Ring

IMAGES = Task("toy", "images", (2, 3, 1), classes=4)
POINTS = Task("toy-points", "points", (2,))
MODELS = [Real(), Memorizer(images=5), PixelGaussian(), PixelGaussian(covariance="diagonal")]
every_model = pytest.mark.parametrize("model", MODELS, ids=str)
every_task = pytest.mark.parametrize("task", [IMAGES, POINTS], ids=["images", "points"])


def toy_samples(task, count, seed=0):
    generator = np.random.default_rng(seed)
    if task.kind == "images":
        return generator.integers(256, size=(count, *task.shape), dtype=np.uint8)
    return generator.normal(size=(count, *task.shape)).astype(np.float32)


def chunk_of(samples, batch_size, labels=None):
    """A chunk of whole steps with k = 1; baselines read nothing but reals and labels."""
    steps = len(samples) // batch_size
    lead = (steps, 1, batch_size)
    return Chunk(
        start=0,
        real=samples.reshape(*lead, *samples.shape[1:]),
        labels=None if labels is None else labels.reshape(lead),
        noise=np.zeros((*lead, 1), np.float32),
        mixing=np.zeros(lead, np.float32),
        generator_noise=np.zeros((steps, batch_size, 1), np.float32),
        generator_labels=None,
        generator_real=None,
        extra={},
        generator_extra={},
        progress=np.zeros(steps, np.float32),
    )


def trainer_of(model, task):
    return model.trainer(None, (), task, {}, NumPyBackend().prepare(RunOptions(threads=1)))


def noise_for(model, task, count, seed=9):
    shape = (count, model.step(task).latent_size)
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


# ---- every model


@every_task
@every_model
def test_samples_have_the_task_s_shape_and_type_before_and_after_training(model, task):
    trainer, noise = trainer_of(model, task), noise_for(model, task, 11)
    dtype = np.uint8 if task.kind == "images" else np.float32
    untrained = trainer.sample(noise, None)
    assert (untrained.shape, untrained.dtype) == ((11, *task.shape), dtype)
    assert trainer.train(chunk_of(toy_samples(task, 64), 16)) == {}
    trained = trainer.sample(noise, None)
    assert (trained.shape, trained.dtype) == ((11, *task.shape), dtype)
    assert not np.array_equal(trained, untrained)


@every_task
@every_model
def test_sampling_is_a_function_of_noise_and_changes_no_state(model, task):
    trainer, noise = trainer_of(model, task), noise_for(model, task, 11)
    trainer.train(chunk_of(toy_samples(task, 64), 16))
    before = trainer.state()
    first = trainer.sample(noise, None)
    assert np.array_equal(first, trainer.sample(noise, None))
    assert np.array_equal(first[4:7], trainer.sample(noise[4:7], None))
    assert not np.array_equal(first, trainer.sample(noise_for(model, task, 11, seed=1), None))
    for name, array in trainer.state().items():
        assert np.array_equal(array, before[name])


@every_task
@every_model
def test_the_length_of_a_chunk_changes_no_bit(model, task):
    samples = toy_samples(task, 160)
    whole, parts = trainer_of(model, task), trainer_of(model, task)
    whole.train(chunk_of(samples, 16))
    for part in (samples[:16], samples[16:96], samples[96:]):
        parts.train(chunk_of(part, 16))
    for name, array in whole.state().items():
        assert np.array_equal(array, parts.state()[name])


@every_task
@every_model
def test_a_loaded_state_continues_bit_for_bit(model, task):
    first, second = chunk_of(toy_samples(task, 64), 16), chunk_of(toy_samples(task, 32, 1), 16)
    trainer, resumed = trainer_of(model, task), trainer_of(model, task)
    trainer.train(first)
    resumed.load_state({name: array.copy() for name, array in trainer.state().items()})
    trainer.train(second)
    resumed.train(second)
    noise = noise_for(model, task, 20)
    assert np.array_equal(trainer.sample(noise, None), resumed.sample(noise, None))
    for name, array in trainer.state().items():
        assert np.array_equal(array, resumed.state()[name])


@every_model
def test_a_kept_state_does_not_change_with_further_training(model):
    trainer = trainer_of(model, IMAGES)
    trainer.train(chunk_of(toy_samples(IMAGES, 32), 16))
    kept = trainer.state()
    copies = {name: array.copy() for name, array in kept.items()}
    trainer.train(chunk_of(toy_samples(IMAGES, 32, 1), 16))
    for name, array in copies.items():
        assert np.array_equal(kept[name], array)


@every_model
def test_tracing_makes_the_same_updates(model):
    chunk = chunk_of(toy_samples(IMAGES, 64), 16)
    trained, traced = trainer_of(model, IMAGES), trainer_of(model, IMAGES)
    trained.train(chunk)
    assert traced.trace(chunk) == {}
    for name, array in trained.state().items():
        assert np.array_equal(array, traced.state()[name])


@every_task
@every_model
def test_models_are_baselines_without_parameters_for_any_task(model, task):
    assert model.unsuitable(task) is None
    assert model.parameters(task) == {}
    assert model.needs_loss is False
    assert model.backend == NumPyBackend.name
    assert model.step(task).batch_size == 64


def test_a_covariance_too_large_for_a_first_run_is_refused_with_a_way_out():
    large = Task("photographs", "images", (64, 64, 3))
    assert "12288 x 12288; 'pixel-gaussian[covariance=diagonal]'" in PixelGaussian().unsuitable(
        large
    )
    assert PixelGaussian(covariance="diagonal").unsuitable(large) is None
    assert PixelGaussian().unsuitable(Task("photographs", "images", (64, 64, 1))) is None


# ---- real and memorizer


def test_real_shows_training_samples_about_equally_often():
    samples = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) * np.ones(IMAGES.shape, np.uint8)
    trainer = trainer_of(Real(), IMAGES)
    trainer.train(chunk_of(samples, 10))
    shown = trainer.sample(noise_for(Real(), IMAGES, 20_000), None)
    counts = np.bincount(shown[:, 0, 0, 0], minlength=10)
    assert (shown == shown[:, :1, :1]).all()
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(20_000 * 0.09)


def test_far_noise_still_chooses_a_sample():
    trainer = trainer_of(Real(), IMAGES)
    samples = toy_samples(IMAGES, 16)
    trainer.train(chunk_of(samples, 16))
    shown = trainer.sample(np.array([[-50.0], [50.0]], np.float32), None)
    assert np.array_equal(shown, samples[[0, -1]])


def test_a_sample_that_is_seen_again_is_kept_once_and_counts_as_recent():
    samples = toy_samples(IMAGES, 6)
    trainer = trainer_of(Memorizer(images=4), IMAGES)
    trainer.train(chunk_of(samples[[0, 1, 2, 3, 0, 0, 4, 5]], 4))
    assert np.array_equal(trainer.state()["samples"], samples[[3, 0, 4, 5]])


def test_the_memorizer_shows_no_more_images_than_its_option_says():
    samples = toy_samples(IMAGES, 256)
    for images in (1, 7, 64):
        trainer = trainer_of(Memorizer(images=images), IMAGES)
        trainer.train(chunk_of(samples, 64))
        shown = trainer.sample(noise_for(Memorizer(), IMAGES, 4000), None)
        assert len(np.unique(shown.reshape(4000, -1), axis=0)) == images


def test_a_label_asks_for_a_sample_of_that_class():
    samples, labels = toy_samples(IMAGES, 64), np.arange(64, dtype=np.int32) % 3
    trainer = trainer_of(Real(conditional=True), IMAGES)
    trainer.train(chunk_of(samples, 64, labels))
    label_of = {sample.tobytes(): label for sample, label in zip(samples, labels, strict=True)}
    wanted = np.arange(30, dtype=np.int32) % 3
    shown = trainer.sample(noise_for(Real(), IMAGES, 30), wanted)
    assert [label_of[sample.tobytes()] for sample in shown] == wanted.tolist()
    assert len(np.unique(shown.reshape(30, -1), axis=0)) > 15


@every_model
def test_labels_change_nothing_where_they_are_not_asked_for(model):
    # Else a memorizer would be lent the balance of classes that the harness's labels have.
    samples, labels = toy_samples(IMAGES, 64), np.arange(64, dtype=np.int32) % 3
    trainer, noise = trainer_of(model, IMAGES), noise_for(model, IMAGES, 30)
    trainer.train(chunk_of(samples, 64, labels))
    shown = trainer.sample(noise, np.zeros(30, np.int32))
    assert np.array_equal(shown, trainer.sample(noise, None))


def test_an_unseen_label_gets_any_sample():
    samples = toy_samples(IMAGES, 64)
    trainer = trainer_of(Real(conditional=True), IMAGES)
    trainer.train(chunk_of(samples, 64, np.zeros(64, np.int32)))
    seen = {sample.tobytes() for sample in samples}
    shown = trainer.sample(noise_for(Real(), IMAGES, 10), np.full(10, 3, np.int32))
    assert {sample.tobytes() for sample in shown} <= seen


# ---- pixel gaussian


def test_the_gaussian_has_the_mean_and_covariance_of_the_points():
    mixing = np.array([[1.0, 0.5], [0.0, 0.2]])
    samples = (toy_samples(POINTS, 6400) @ mixing + [3, -1]).astype(np.float32)
    model = PixelGaussian()
    trainer = trainer_of(model, POINTS)
    trainer.train(chunk_of(samples, 64))
    drawn = trainer.sample(noise_for(model, POINTS, 40_000), None)
    assert np.allclose(drawn.mean(axis=0), samples.mean(axis=0), atol=0.03)
    assert np.allclose(np.cov(drawn.T), np.cov(samples.T), atol=0.03)


def test_no_noise_gives_the_mean_image_rounded():
    samples = toy_samples(IMAGES, 128)
    trainer = trainer_of(PixelGaussian(), IMAGES)
    trainer.train(chunk_of(samples, 64))
    drawn = trainer.sample(np.zeros((1, 6), np.float32), None)
    assert np.array_equal(drawn[0], np.rint(samples.mean(axis=0)).astype(np.uint8))


def test_the_sums_of_bytes_are_exact():
    samples = toy_samples(IMAGES, 6400)
    for batch_size in (64, 256, 640):
        trainer = trainer_of(PixelGaussian(), IMAGES)
        trainer.train(chunk_of(samples, batch_size))
        flat = samples.reshape(6400, -1).astype(np.int64)
        assert np.array_equal(trainer.state()["products"], flat.T @ flat)
        assert np.array_equal(trainer.state()["sum"], flat.sum(axis=0))


def test_only_the_full_covariance_knows_how_pixels_go_together():
    dataset = Digits().load(None)
    samples = dataset.train.samples[:960]
    correlations = {}
    for covariance in ("full", "diagonal"):
        model = PixelGaussian(covariance=covariance)
        trainer = trainer_of(model, dataset.task)
        trainer.train(chunk_of(samples, 64))
        drawn = trainer.sample(noise_for(model, dataset.task, 4000), None).astype(float)
        correlations[covariance] = np.corrcoef(drawn[:, 3, 3, 0], drawn[:, 4, 3, 0])[0, 1]
    real = np.corrcoef(samples[:, 3, 3, 0], samples[:, 4, 3, 0])[0, 1]
    assert abs(real) > 0.2
    assert correlations["full"] == pytest.approx(real, abs=0.1)
    assert abs(correlations["diagonal"]) < 0.06


def test_images_are_clipped_and_not_wrapped_around():
    samples = np.where(toy_samples(IMAGES, 64) > 127, 255, 0).astype(np.uint8)
    model = PixelGaussian()
    trainer = trainer_of(model, IMAGES)
    trainer.train(chunk_of(samples, 64))
    drawn = trainer.sample(8 * np.ones((1, 6), np.float32), None).astype(int)
    assert np.isin(drawn, [0, 255]).mean() > 0.5
    assert drawn.mean() > 200


# ---- the backend


def test_the_backend_needs_nothing_and_runs_on_the_cpu():
    backend = NumPyBackend()
    options = RunOptions(threads=1)
    assert (backend.requires, backend.extra) == ((), "")
    assert backend.prepare(options) == options
    assert backend.describe()["numpy"] == np.__version__
    with pytest.raises(EnvironmentNotReady, match="cuda"):
        backend.prepare(replace(options, device="cuda"))


def test_the_plugin_offers_one_backend_and_three_models():
    assert [backend.name for backend in ganbench_backends()] == ["numpy"]
    assert [model.name for model in ganbench_models()] == ["real", "memorizer", "pixel-gaussian"]


def test_baselines_learn_points_too():
    dataset = Ring().load(None)
    trainer = trainer_of(Memorizer(), dataset.task)
    trainer.train(chunk_of(dataset.train.samples[:640], 64))
    shown = trainer.sample(noise_for(Memorizer(), dataset.task, 100), None)
    assert np.isin(shown, dataset.train.samples[576:640]).all()
