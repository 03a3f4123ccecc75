import pytest

from ganbench import plugins
from ganbench.errors import ConfigError, UnknownName
from ganbench.metric_names import ALIASES, aliases_of, real_name


class Plain:
    pass


class Own:
    aliases = ("own", "fid")


class Rival:
    aliases = ("own",)


def test_every_alias_stands_for_a_metric_that_ships():
    catalog = plugins.load()
    for alias, name in ALIASES.items():
        assert catalog.get("metrics", alias).name == name


def test_a_real_name_wins_over_every_alias():
    assert real_name("fid", {"fid": Plain, "fidelity-fid": Plain, "own": Own}) == "fid"


def test_ganbenchs_aliases_win_over_declared_ones_while_their_metric_is_loaded():
    assert real_name("fid", {"fidelity-fid": Plain, "mine": Own}) == "fidelity-fid"
    assert real_name("fid", {"mine": Own}) == "mine"


def test_a_declared_alias_of_two_metrics_is_an_error_only_where_it_is_used():
    metrics = {"mine": Own, "yours": Rival}
    assert real_name("fid", metrics) == "mine"
    with pytest.raises(ConfigError, match="'own' is an alias of the metrics mine, yours"):
        real_name("own", metrics)
    assert real_name("nothing", metrics) is None


def test_aliases_are_listed_with_those_that_the_class_declares():
    assert aliases_of("frechet", Plain) == ["fd"]
    assert aliases_of("mine", Own) == ["fid", "own"]


def test_an_unknown_metric_suggests_an_alias_and_other_kinds_have_none():
    catalog = plugins.load()
    with pytest.raises(UnknownName, match="did you mean 'kid'"):
        catalog.get("metrics", "kidd")
    with pytest.raises(UnknownName):
        catalog.get("losses", "fid")
