"""Which metrics a headline shows and ranks by."""

import pytest
from headlines import completed, table_of
from toys import make_score

from ganbench.errors import ConfigError
from ganbench.headline.primary import choose, find


def score(name, value, direction="lower", space="pixels", **changes):
    """A score of one column; without a feature space for `space=""`."""
    column = f"{name}-{space}" if space else name
    return make_score(
        value,
        metric=name,
        values={column: value},
        directions={column: direction},
        beside=[],
        extractor=space or None,
        extractor_id=f"{space}-1" if space else None,
        readings={},
        **changes,
    )


def table(*scores, real=None, **changes):
    pairs = [completed("t0", scores=list(scores), **changes)]
    if real:
        pairs.append(completed("r0", scores=real, model="real", loss="none", backend="numpy"))
    return table_of(*pairs)


def chosen(*scores, wanted=(), real=None):
    choice = choose(table(*scores, real=real), wanted)
    columns = (choice.primary, choice.second, choice.third)
    return [column.name if column else None for column in columns]


def test_images_have_fd_then_coverage_then_recall_of_one_space():
    scores = [
        *(score("kd", 1.0), score("recall", 0.5, "higher"), score("coverage", 0.5, "higher")),
        *(score("fd", 1.0), score("fd", 1.0, space="other")),
        score("coverage", 0.5, "higher", space="other"),
    ]
    assert chosen(*scores) == ["fd-pixels", "coverage-pixels", "recall-pixels"]


def test_the_first_space_that_was_scored_leads():
    scores = [score("fd", 1.0, space="b"), score("fd", 1.0, space="a")]
    assert chosen(*scores) == ["fd-b", None, None]


def test_points_have_reverse_kl_then_modes_then_high_quality():
    scores = [
        *(score("sliced-w2", 0.2, space=""), score("high-quality", 90.0, "higher", space="")),
        *(score("modes", 8.0, "higher", space=""), score("reverse-kl", 0.1, space="")),
    ]
    assert chosen(*scores) == ["reverse-kl", "modes", "high-quality"]


def test_what_is_missing_gives_way_to_the_next_column_of_the_space():
    assert chosen(score("fd", 1.0), score("kd", 1.0)) == ["fd-pixels", "kd-pixels", None]


def test_columns_without_a_direction_are_never_chosen():
    assert chosen(score("copied", 1.0, "none"), score("kd", 1.0)) == ["kd-pixels", None, None]
    assert chosen(score("copied", 1.0, "none")) == [None, None, None]


def test_a_column_that_rewards_something_else_than_real_samples_cannot_lead():
    scores = [score("sliced-w2", 0.219, space=""), score("energy", 2.0, space="")]
    real = [score("sliced-w2", 0.248, space=""), score("energy", 1.0, space="")]
    assert chosen(*scores, real=real)[0] == "energy"
    assert chosen(*scores)[0] == "sliced-w2"  # nothing is known of real samples


def test_where_real_is_nowhere_best_nothing_is_ranked():
    assert chosen(score("x", 1.0), real=[score("x", 2.0)]) == [None, None, None]
    assert chosen(score("x", 2.0, "higher"), real=[score("x", 1.0, "higher")])[0] is None


def test_the_benchmark_file_chooses_by_short_or_full_names():
    scores = [score("fd", 1.0), score("kd", 1.0), score("kd", 1.0, space="other")]
    assert chosen(*scores, wanted=["kd", "fd"]) == ["kd-pixels", "fd-pixels", None]
    assert chosen(*scores, wanted=["kd-other"]) == ["kd-other", None, None]


def test_a_name_that_only_another_table_has_is_left_out():
    assert chosen(score("fd", 1.0), wanted=["modes", "fd"]) == ["fd-pixels", None, None]
    assert chosen(score("fd", 1.0), wanted=["modes"]) == ["fd-pixels", None, None]


def test_a_column_without_a_better_direction_cannot_be_put_first():
    with pytest.raises(ConfigError, match="'copied-pixels' has no better direction"):
        chosen(score("copied", 1.0, "none"), wanted=["copied"])
    found = chosen(score("copied", 1.0, "none"), score("fd", 1.0), wanted=["fd", "copied"])
    assert found == ["fd-pixels", "copied-pixels", None]


def test_a_metric_that_gave_no_number_does_not_lead():
    scores = [score("fd", None), score("kd", 1.0)]
    assert chosen(*scores)[0] == "kd-pixels"
    assert chosen(score("fd", None)) == [None, None, None]


def test_a_name_finds_its_column_by_the_full_name_first():
    columns = table(score("fd", 1.0), score("fd", 1.0, space="other")).columns
    assert find(columns, "fd").name == "fd-pixels"
    assert find(columns, "fd-other").name == "fd-other"
    assert find(columns, "nothing") is None
