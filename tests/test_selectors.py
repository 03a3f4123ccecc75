import json
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given
from hypothesis import strategies as st

from ganbench.errors import ConfigError, UnknownName
from ganbench.selectors import (
    Selector,
    build,
    label,
    option_types,
    options,
    parse,
    parse_sum,
    title,
    type_text,
)


@dataclass(frozen=True)
class Sizes:
    name = "sizes"

    width: Annotated[int, Ge(1), Le(64)] = 16
    rate: Annotated[float, Gt(0), Lt(10)] = 0.1
    shift: float = 0.0
    norm: bool = True
    order: Literal["alternating", "simultaneous"] = "alternating"
    batch_size: Annotated[int, Ge(1)] | None = None


@dataclass(frozen=True)
class Picky:
    name = "picky"

    size: int
    even: bool = False

    def __post_init__(self):
        if self.even and self.size % 2:
            raise ValueError("size has to be even")


@dataclass(frozen=True)
class Hidden:
    name = "hidden"

    shown: int = 1
    secret: int = field(default=2, init=False)


class Plain:
    name = "plain"


def build_text(cls, text):
    (selector,) = parse(text)
    return build(cls, selector)


# --------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("mlp", Selector("mlp")),
        (" mlp ", Selector("mlp")),
        ("cls-digits-v1.2_x", Selector("cls-digits-v1.2_x")),
        ("mlp[]", Selector("mlp")),
        ("mlp[width=32]", Selector("mlp", (("width", 32),))),
        ("mlp[width = 32 , norm=false]", Selector("mlp", (("width", 32), ("norm", False)))),
        ("mlp[rate=1e-4]", Selector("mlp", (("rate", 0.0001),))),
        ("mlp[order=simultaneous]", Selector("mlp", (("order", "simultaneous"),))),
        ('mlp[order="7"]', Selector("mlp", (("order", "7"),))),
        ("folder:/a b/c.d", Selector("folder", (), "/a b/c.d")),
        ("folder:../x,y=z:[resize=32]", Selector("folder", (("resize", 32),), "../x,y=z:")),
    ],
)
def test_a_selector_is_a_name_with_options_as_toml_writes_them(text, selector):
    assert parse(text) == [selector]


def test_alternatives_give_every_combination():
    found = [dict(selector.options) for selector in parse("mlp[width=8|16,norm=true|false]")]
    assert found == [
        {"width": 8, "norm": True},
        {"width": 8, "norm": False},
        {"width": 16, "norm": True},
        {"width": 16, "norm": False},
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "MLP", "-mlp", "mlp[", "mlp]", "mlp[width=1", "mlp[[width=1]]", "mlp[a=1]x"),
        *("mlp,dcgan", "mlp dcgan", "a+b", "mlp[width]", "mlp[width=]", "mlp[=]", "mlp[width= ]"),
        "mlp[width=1\nnorm=true]",
    ],
)
def test_what_is_no_selector_is_refused_with_the_text(text):
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert repr(text) in str(refused.value)


def test_an_option_that_is_given_twice_is_refused():
    with pytest.raises(ConfigError, match="width"):
        parse("mlp[width=8,width=16]")


def test_sums_split_outside_of_brackets_only():
    (combination,) = parse_sum("hinge+r1[gamma=1e+1]+nudge")
    assert [part.name for part in combination] == ["hinge", "r1", "nudge"]
    assert combination[1].options == (("gamma", 10.0),)


def test_sums_combine_the_alternatives_of_all_parts():
    found = parse_sum("hinge+r1[gamma=1|2]+nudge[x=3|4]")
    assert [tuple(part.options[0][1] for part in parts[1:]) for parts in found] == [
        *((1, 3), (1, 4), (2, 3), (2, 4))
    ]


@pytest.mark.parametrize("text", ["hinge+", "+hinge", "hinge++r1", "hinge+r1[x=1]]"])
def test_sums_with_a_hole_are_refused(text):
    with pytest.raises(ConfigError):
        parse_sum(text)


@given(st.text(alphabet="ab[]=,|+1.- \"'\n", max_size=24))
def test_any_text_is_read_or_refused(text):
    try:
        combinations = parse_sum(text)
    except ConfigError:
        return
    assert all(isinstance(part, Selector) for parts in combinations for part in parts)


# --------------------------------------------------------------------------- building


def test_options_reach_the_object_and_the_others_keep_their_defaults():
    assert build_text(Sizes, "sizes[width=32,norm=false]") == Sizes(width=32, norm=False)
    assert build_text(Plain, "plain").name == "plain"


def test_an_unknown_option_suggests_the_near_one():
    with pytest.raises(UnknownName, match="did you mean 'width'") as refused:
        build_text(Sizes, "sizes[widthh=32]")
    assert "'sizes'" in str(refused.value) and "batch_size" in str(refused.value)


def test_a_plugin_without_options_refuses_any():
    with pytest.raises(UnknownName, match="no option named 'width'"):
        build_text(Plain, "plain[width=3]")


@pytest.mark.parametrize(
    "text",
    [
        *("sizes[width=32.0]", "sizes[width=true]", "sizes[width=big]", 'sizes[width="32"]'),
        *("sizes[width=0]", "sizes[width=65]", "sizes[rate=0]", "sizes[rate=10]"),
        *("sizes[shift=nan]", "sizes[shift=inf]", "sizes[shift=-inf]", "sizes[rate=nan]"),
        *("sizes[rate=true]", "sizes[norm=1]"),
        *("sizes[norm=yes]", "sizes[order=both]", "sizes[order=1]", "sizes[batch_size=0]"),
        *("sizes[width=2024-01-01]", "sizes[batch_size=none]"),
    ],
)
def test_wrong_types_and_values_out_of_range_are_refused_not_coerced(text):
    with pytest.raises(ConfigError) as refused:
        build_text(Sizes, text)
    assert str(refused.value).startswith("sizes[")
    assert "\n" not in str(refused.value)


def test_a_whole_number_is_a_float_too_and_the_same_trial():
    whole, fraction = build_text(Sizes, "sizes[rate=1]"), build_text(Sizes, "sizes[rate=1.0]")
    assert json.dumps(options(whole)) == json.dumps(options(fraction))


def test_a_plugin_s_own_refusal_and_a_missing_option_are_one_line():
    with pytest.raises(ConfigError, match=r"^picky: size has to be even$"):
        build_text(Picky, "picky[size=3,even=true]")
    with pytest.raises(ConfigError, match=r"^picky: .*'size'"):
        build_text(Picky, "picky")


# --------------------------------------------------------------------------- writing

sizes = st.builds(
    Sizes,
    width=st.integers(1, 64),
    rate=st.floats(0, 10, exclude_min=True, exclude_max=True),
    shift=st.floats(allow_nan=False, allow_infinity=False),
    norm=st.booleans(),
    order=st.sampled_from(["alternating", "simultaneous"]),
    batch_size=st.none() | st.integers(1, 10**9),
)


@given(sizes)
def test_a_label_reads_back_as_the_same_object(plugin):
    assert build_text(Sizes, label(plugin)) == plugin


@given(sizes)
def test_options_survive_json(plugin):
    stored = json.loads(json.dumps(options(plugin)))
    assert build(Sizes, Selector("sizes", tuple(stored.items()))) == plugin


def test_a_label_names_only_what_differs_from_the_defaults():
    assert label(Sizes()) == "sizes"
    assert label(Sizes(norm=False, width=8)) == "sizes[width=8,norm=false]"
    assert label(Plain()) == "plain"
    assert label(Picky(size=4)) == "picky[size=4]"


def test_options_name_all_defaults_included():
    assert options(Sizes()) == {
        "width": 16,
        "rate": 0.1,
        "shift": 0.0,
        "norm": True,
        "order": "alternating",
        "batch_size": None,
    }
    assert options(Plain()) == {}


def test_types_are_told_in_words():
    assert {name: type_text(kind) for name, kind in option_types(Sizes).items()} == {
        "width": "int >= 1 <= 64",
        "rate": "float > 0 < 10",
        "shift": "float",
        "norm": "true | false",
        "order": "alternating | simultaneous",
        "batch_size": "int >= 1 or none",
    }


def test_fields_that_cannot_be_given_are_no_options():
    assert set(option_types(Hidden)) == {"shown"}
    assert options(Hidden()) == {"shown": 1}
    assert label(Hidden()) == "hidden"


# --------------------------------------------------------------------------- files of one's own


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(("photos", "photos"), ("/a/My Photos!/", "my-photos"), ("x/v1.2", "v1-2")),
        *(("data.npz", "data"), ("a.b.NPY", "a-b"), ("фото", "images"), ("/", "images")),
        ("a" * 60, "a" * 40),
    ],
)
def test_files_are_called_by_the_last_part_of_their_path(path, expected):
    assert title(path) == expected


def test_the_folder_one_is_in_has_a_name_too(tmp_path, monkeypatch):
    (tmp_path / "Cats").mkdir()
    monkeypatch.chdir(tmp_path / "Cats")
    assert title(".") == "cats"


@dataclass(frozen=True)
class Texts:
    name = "texts"

    title: str = ""


@pytest.mark.parametrize("text", ["photos", "2024", "1e5", "true", "inf", "0x1f", "12abc"])
def test_text_that_looks_like_a_number_survives_its_label(text):
    assert build_text(Texts, label(Texts(text))) == Texts(text)


class Labelled(Texts):
    label = "my-texts@1"


def test_an_object_may_have_a_label_of_its_own():
    assert label(Labelled("a")) == "my-texts@1"
