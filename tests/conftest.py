import pytest
from hypothesis import settings

# A busy machine makes any example slow now and then; pytest's own timeout is the limit.
settings.register_profile("ganbench", deadline=None)
settings.load_profile("ganbench")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Features that tests extract are not kept among the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
