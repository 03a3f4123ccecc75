"""Names of rows: only what differs, and no two alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.headline.identity import name, shorten


def test_only_what_differs_is_a_column_and_the_rest_is_common():
    found = name([("torch", "dcgan", "hinge"), ("tensorflow", "dcgan", "hinge")])
    assert (found.columns, found.common, found.shared) == (("backend",), ("dcgan", "hinge"), ())
    assert list(found.of.values()) == [("torch",), ("tensorflow",)]


def test_columns_are_model_then_loss_then_backend():
    found = name([("torch", "mlp", "hinge"), ("jax", "dcgan", "lsgan")])
    assert found.columns == ("model", "loss", "backend") and found.common == ()
    assert found.of["torch", "mlp", "hinge"] == ("mlp", "hinge", "torch")


def test_one_row_alone_is_named_by_its_model():
    found = name([("torch", "dcgan", "hinge")])
    assert (found.columns, found.common) == (("model",), ("hinge", "torch"))
    assert found.of == {("torch", "dcgan", "hinge"): ("dcgan",)}


def test_without_a_trained_row_baselines_are_named_by_their_model():
    found = name([])
    assert (found.columns, found.common, found.of) == (("model",), (), {})


def test_an_option_that_all_rows_with_a_part_have_leaves_the_names():
    keys = [
        ("torch", "dcgan", "hinge+r1[gamma=0.1]"),
        ("torch", "dcgan", "minimax+r1[gamma=0.1]"),
        ("torch", "dcgan", "lsgan"),
    ]
    found = name(keys)
    assert found.shared == ("r1[gamma=0.1]",)
    assert [found.of[key] for key in keys] == [("hinge+r1",), ("minimax+r1",), ("lsgan",)]


def test_an_option_that_differs_stays_and_the_shared_one_beside_it_goes():
    keys = [("t", "mlp[width=8,depth=2]", "hinge"), ("t", "mlp[width=9,depth=2]", "hinge")]
    found = name(keys)
    assert found.shared == ("mlp[depth=2]",)
    assert [found.of[key] for key in keys] == [("mlp[width=8]",), ("mlp[width=9]",)]


def test_an_option_that_one_row_has_and_another_has_not_stays():
    keys = [("t", "mlp", "hinge"), ("t", "mlp[width=9]", "hinge")]
    found = name(keys)
    assert found.shared == ()
    assert [found.of[key] for key in keys] == [("mlp",), ("mlp[width=9]",)]


def test_rows_that_differ_in_one_shared_looking_option_keep_their_names_apart():
    # Within one label the same part may occur twice, so that leaving options out could join names.
    keys = [
        ("t", "m", "hinge+r1[gamma=1]+r1[gamma=2]"),
        ("t", "m", "hinge+r1[gamma=1]"),
        ("t", "m", "hinge+r1[gamma=2]"),
    ]
    assert len(set(name(keys).of.values())) == 3


parts = st.sampled_from(["a", "b", "c[x=1]", "c[x=2]", "c[x=1,y=2]", "d[z=0.5]"])
labels = st.lists(parts, min_size=1, max_size=3).map("+".join)
keys = st.lists(st.tuples(st.sampled_from(["t", "f"]), parts, labels), min_size=1, max_size=8)


@given(keys.map(lambda found: list(dict.fromkeys(found))))
def test_two_rows_never_share_a_name(found):
    names = name(found)
    assert len(set(names.of.values())) == len(found)
    assert all(len(texts) == len(names.columns) for texts in names.of.values())


@pytest.mark.parametrize(
    ("names", "width", "expected"),
    [
        (["hinge", "wgan"], 6, ["hinge", "wgan"]),
        (["non-saturating", "wgan"], 6, ["non-s…", "wgan"]),
        (["network-one", "network-two"], 6, ["net…ne", "net…wo"]),
        (["network-1-network", "network-2-network"], 6, ["netw…1", "netw…2"]),
    ],
)
def test_a_name_is_cut_where_names_stay_apart(names, width, expected):
    assert shorten(names, width) == expected


@given(st.lists(st.text("ab-[]=1", max_size=40), max_size=30), st.integers(6, 30))
def test_cut_names_fit_and_stay_different(names, width):
    cut = shorten(names, width)
    assert all(len(text) <= width for text in cut)
    assert len(set(cut)) == len(set(names))
    assert all(a == b for a, b in zip(names, cut, strict=True) if len(a) <= width)
