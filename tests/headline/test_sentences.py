"""The closing sentences: golden texts for every kind of table."""

import pytest
from headlines import baseline, completed, ended, headline_of, many, missing
from toys import make_score

GOOD, CLOSE, BAD = (
    [1.0, 1.1, 0.9, 1.05, 0.95],
    [1.02, 1.05, 0.93, 1.0, 1.01],
    [3.0, 3.2, 2.9, 3.1, 3.05],
)


def gan(name, values, **changes):
    return many(name, values, model=name, **changes)


def sentences(*pairs, **options):
    return headline_of(*pairs, **options).sentences


def test_a_winner_is_ahead_of_every_other_ranked_row():
    pairs = [*gan("a", GOOD, backend="torch"), *gan("b", BAD, backend="jax")]
    assert sentences(*pairs) == ["Best fd: a on torch, 1.00, ahead of every other ranked row."]


def test_one_tie_is_counted():
    pairs = [*gan("a", GOOD), *gan("b", BAD), *gan("c", CLOSE)]
    (sentence,) = sentences(*pairs)
    assert sentence == "Best fd: a, 1.00. One other, marked ~, cannot be told from it."


def test_several_ties_are_counted_in_words():
    pairs = [pair for name in "abcde" for pair in gan(name, [1.0, 1.2, 0.8, 1.1, 0.9])]
    (sentence,) = sentences(*pairs)
    assert sentence == "Best fd: a, 1.00. Four others, marked ~, cannot be told from it."


def test_more_than_twelve_ties_are_counted_in_digits():
    rows = [f"m{place}" for place in range(14)]
    pairs = [pair for name in rows for pair in gan(name, [1.0, 1.2, 0.8])]
    (sentence,) = sentences(*pairs)
    assert sentence.endswith("13 others, marked ~, cannot be told from it.")


@pytest.mark.parametrize(
    ("seeds", "words"),
    [(1, "One seed is too few"), (2, "Two seeds are too few")],
)
def test_too_few_seeds_name_no_winner(seeds, words):
    pairs = [*gan("a", GOOD[:seeds]), *gan("b", BAD[:seeds])]
    (sentence,) = sentences(*pairs)
    assert sentence.startswith("Lowest fd: a, 1")
    assert sentence.endswith(f"{words} to name a winner; --seeds 5 ranks the rows.")


def test_a_better_row_that_is_not_ranked_is_allowed_for():
    pairs = [*gan("a", GOOD), *gan("b", BAD), *gan("c", [0.1, 0.2])]
    (sentence,) = sentences(*pairs)
    # A row with too few runs leaves none best.
    assert sentence.startswith("Best of the ranked rows by fd: a, 1.00")


def test_a_worse_row_that_is_not_ranked_changes_nothing():
    (sentence,) = sentences(*gan("a", GOOD), *gan("b", BAD), *gan("c", [10.0, 20.0]))
    assert sentence.startswith("Best fd: a, 1.00")


def test_one_row_alone_has_no_rival():
    assert sentences(*gan("a", GOOD)) == ["Best fd: a, 1.00. No other row is ranked."]


def test_reference_rows_give_the_scale():
    pairs = [*gan("a", GOOD), *gan("b", BAD), *baseline("real", [0.1] * 5)]
    assert sentences(*pairs)[1:] == ["For scale: real images 0.10."]
    pairs += [*baseline("memorizer", [0.8] * 5), *baseline("pixel-gaussian", [9.0] * 5)]
    assert sentences(*pairs)[1:] == [
        "For scale: real images 0.10, memorizer 0.80 and pixel-gaussian 9.00."
    ]


def test_points_are_called_points():
    pairs = [*gan("a", GOOD, training={"sample_kind": "points"}), *baseline("real", [0.1] * 5)]
    assert sentences(*pairs)[1] == "For scale: real points 0.10."


def test_a_gaussian_that_beats_every_gan_is_said():
    pairs = [*gan("a", GOOD), *gan("b", BAD), *baseline("pixel-gaussian", [0.5] * 5)]
    assert sentences(*pairs)[-1] == (
        "A Gaussian fitted to the pixels beats every GAN here: train longer before comparing them."
    )
    beaten = [*gan("a", GOOD), *gan("b", BAD), *baseline("pixel-gaussian", [2.0] * 5)]
    assert not any("beats" in sentence for sentence in sentences(*beaten))


def test_failures_take_the_place_of_the_gaussian():
    pairs = [
        *gan("a", GOOD),
        *gan("b", [*BAD[:4], None]),
        *baseline("pixel-gaussian", [0.5] * 5),
    ]
    found = sentences(*pairs)
    assert found[-1] == "1 of 15 trials failed: --notes says why."
    assert not any("Gaussian fitted" in sentence for sentence in found)


def test_doubtful_speeds_are_counted():
    timing = {"timing": {"images_per_second": 1000.0, "marks": ["busy"]}}
    pairs = [*gan("a", GOOD, training=timing), *gan("b", BAD), *baseline("real", [0.1] * 5)]
    assert sentences(*pairs)[-1] == "1 of 2 speeds is doubtful (?)."
    pairs += gan("c", BAD, training=timing)
    assert sentences(*pairs)[-1] == "2 of 3 speeds are doubtful (?)."


def test_there_are_four_sentences_at_most():
    timing = {"timing": {"images_per_second": 1000.0, "marks": ["busy"]}}
    pairs = [*gan("a", GOOD, training=timing), *gan("b", [*BAD[:4], None])]
    pairs += [*baseline("real", [0.1] * 5), *baseline("pixel-gaussian", [0.5] * 5)]
    assert len(sentences(*pairs)) == 4


def test_where_all_failed_there_is_no_metric_and_the_failures_are_said():
    assert sentences(*gan("a", [None] * 3)) == [
        "No metric ranks these rows.",
        "3 of 3 trials failed: --notes says why.",
    ]


def test_where_all_gans_failed_the_reference_rows_are_still_there():
    assert sentences(*gan("a", [None] * 3), *baseline("real", [0.1] * 3)) == [
        "No trial of a GAN has a value to compare.",
        "For scale: real images 0.100.",
        "3 of 6 trials failed: --notes says why.",
    ]


def test_reference_rows_alone_are_called_so():
    assert sentences(*baseline("real", [0.1] * 3)) == [
        "Reference rows only: no GAN was trained.",
        "For scale: real images 0.100.",
    ]


def test_rows_that_have_not_run_yet_have_no_value_to_compare():
    pairs = [missing("m", model="m"), *baseline("real", [0.1] * 3)]
    assert sentences(*pairs)[0] == "No trial of a GAN has a value to compare."


def test_where_all_leading_rows_collapsed_none_is_called_best():
    scores = [make_score(1.0, verdict="collapsed since 24k images")]
    row = [completed(f"c{seed}", scores=scores, seed=seed) for seed in range(2)]
    row += [completed(f"c{seed}", 1.0, seed=seed) for seed in range(2, 5)]
    assert sentences(*row) == ["No row can be called best by fd: the leading rows have problems."]


def test_where_most_trials_of_all_rows_collapsed_none_is_called_best():
    scores = [make_score(1.0, verdict="collapsed since 24k images")]
    row = [completed(f"c{seed}", scores=scores, seed=seed) for seed in range(2)]
    assert sentences(*row) == [
        "No row can be called best by fd: most trials failed or have problems."
    ]
    assert headline_of(*row).unranked == "not ranked: most trials failed or have problems"


def test_a_score_that_is_better_where_it_is_higher_is_the_highest():
    column = "coverage-pixels"
    parts = {"directions": {column: "higher"}, "beside": [], "metric": "coverage"}
    pairs = [
        completed(f"{value}", scores=[make_score(0, **parts, values={column: value})], loss=loss)
        for loss, value in (("hinge", 0.4), ("lsgan", 0.7))
    ]
    assert sentences(*pairs)[0].startswith("Highest coverage: lsgan, 0.700. One seed")


def test_an_interrupted_trial_is_no_failure():
    pairs = [*gan("a", GOOD[:4]), ended("a9", "interrupted", seed=9, model="a")]
    assert not any("failed" in sentence for sentence in sentences(*pairs))


def test_the_detectable_difference_is_on_the_scale_of_the_metric():
    assert headline_of(*gan("a", GOOD), *gan("b", BAD)).detectable.startswith("a factor of 1.")
    assert headline_of(*gan("a", GOOD)).detectable == ""
    zero = headline_of(*gan("a", [0.0, 1.0, 2.0]), *gan("b", [3.0, 4.0, 5.0]))  # no logarithm
    assert float(zero.detectable) > 0


def test_the_detectable_difference_of_shares_is_one_of_shares():
    column = "recall-pixels"
    reading = {column: {"plain": "", "scale": "share", "resolution": None}}
    parts = {"directions": {column: "higher"}, "beside": [], "readings": reading}
    pairs = [
        completed(
            f"{loss}{seed}",
            scores=[make_score(0, **parts, values={column: start + seed / 100})],
            seed=seed,
            loss=loss,
        )
        for loss, start in (("hinge", 0.5), ("lsgan", 0.6))
        for seed in range(4)
    ]
    assert 0 < float(headline_of(*pairs).detectable) < 0.5


def test_nothing_planned_is_one_sentence():
    from ganbench.analysis.table import Table
    from ganbench.headline.build import build

    empty = Table("specks", "images=80", 20, 1, "auto", [], [])
    assert build(empty).sentences == ["No trial was planned."]
