import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_data import chunks_source
from toys import small_config, toy_catalog

from ganbench import plan, trial
from ganbench.drawing_ahead import DrawingAhead
from ganbench.specification import rebuild

LENGTHS = st.integers(1, 5)


def assert_equal(one, other):
    """Every field of two chunks, bit for bit."""
    assert one.start == other.start
    for name, mine in one._asdict().items():
        theirs = getattr(other, name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype and mine.tobytes() == theirs.tobytes(), name
        elif isinstance(mine, dict):
            assert mine.keys() == theirs.keys()
            for key in mine:
                assert mine[key].tobytes() == theirs[key].tobytes(), (name, key)


@settings(deadline=None, max_examples=40)
@given(asked=st.lists(st.tuples(LENGTHS, st.none() | LENGTHS), min_size=1, max_size=8))
def test_chunks_are_those_of_the_source_whatever_was_guessed(asked):
    # each pair: so many steps are asked for, and then so many are expected, or none
    start, alone = 0, chunks_source(total_steps=None)
    with DrawingAhead(chunks_source(total_steps=None)) as inputs:
        for steps, guess in asked:
            assert_equal(inputs.chunk(start, steps), alone.chunk(start, steps))
            start += steps
            if guess:
                inputs.expect(start, guess)


def test_absent_fields_stay_absent():
    source = chunks_source(labelled=False)
    with DrawingAhead(source) as inputs:
        inputs.expect(0, 3)
        first, second = inputs.chunk(0, 2), inputs.chunk(2, 3)
    assert first.labels is None and second.labels is None
    assert len(first.noise) == 2 and len(second.noise) == 3


def test_what_is_expected_is_drawn_beside_and_the_rest_when_it_is_asked_for():
    class Noting:
        def chunk(self, start, steps):
            drawn.append((threading.current_thread().name[:7], start, steps))
            return source.chunk(start, steps)

    drawn, source = [], chunks_source()
    with DrawingAhead(Noting()) as inputs:
        inputs.chunk(0, 1)
        inputs.expect(1, 3)
        inputs.chunk(1, 4)
        inputs.expect(5, 4)
        inputs.chunk(5, 2)
        inputs.expect(7, 3)
        inputs.chunk(7, 3)
    main = threading.current_thread().name[:7]
    assert drawn == [
        (main, 0, 1),
        ("drawing", 1, 3),
        (main, 4, 1),
        ("drawing", 5, 4),
        ("drawing", 9, 1),
    ]


def test_other_steps_than_those_expected_are_drawn_anew():
    alone = chunks_source()
    with DrawingAhead(chunks_source()) as inputs:
        inputs.expect(4, 3)
        assert_equal(inputs.chunk(0, 2), alone.chunk(0, 2))


def test_what_the_source_raises_comes_with_the_chunk():
    class Broken:
        def chunk(self, start, steps):
            raise RuntimeError("no such rows")

    with DrawingAhead(Broken()) as inputs:
        inputs.expect(0, 1)
        with pytest.raises(RuntimeError, match="no such rows"):
            inputs.chunk(0, 1)


def test_a_training_with_its_inputs_drawn_ahead_ends_the_same(tmp_path, monkeypatch):
    from ganbench import training

    monkeypatch.setattr(training, "CHUNK_SECONDS", 0.005)
    monkeypatch.setattr(training.ChunkSource, "chunk", _slow(training.ChunkSource.chunk))
    one = _run(tmp_path, threads=1)
    two = _run(tmp_path, threads=2)
    assert (one["timing"]["drawn_ahead"], two["timing"]["drawn_ahead"]) == (False, True)
    assert one["samples_sha256"] == two["samples_sha256"] and one["losses"] == two["losses"]
    # what one waits for, the other finds
    assert two["draw_seconds"] < 0.8 * one["draw_seconds"]


def _slow(chunk):
    """Draws a millisecond a step, asleep: neither core is taken."""

    def slow(self, start, steps):
        time.sleep(0.001 * steps)
        return chunk(self, start, steps)

    return slow


def _run(folder, threads):
    catalog = toy_catalog()
    changes = {"models": ["toy[step_seconds=0.002]"], "budget": "updates=150", "threads": threads}
    (planned,) = plan.make(small_config(**changes), catalog).trials

    def load(specification):
        return rebuild(catalog, "datasets", specification["dataset"]).load(None)

    return trial.run(planned.specification, folder, catalog, load, lambda event: None)
