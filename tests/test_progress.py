from __future__ import annotations

from ganbench import progress


def test_what_is_done_is_heard_while_somebody_listens():
    heard = []
    with progress.heard_by(heard.append):
        assert list(progress.track("abcd")) == ["a", "b", "c", "d"]
    list(progress.track("abcd"))

    assert heard == [0.25, 0.5, 0.75, 1.0]
