"""What somebody may have meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.suggestion import closest, did_you_mean

NAMES = st.text(alphabet="abcdefgh_", min_size=1, max_size=20)


def test_the_nearest_name_is_meant_and_a_far_one_is_not() -> None:
    """Slips of the pen, case, and a dash for an underscore."""
    known = ["log_level", "redis_host", "postgres_host"]
    assert closest("log_levl", known) == "log_level"
    assert closest("LOG-LEVEL", known) == "log_level"
    assert closest("postgres_hsot", known) == "postgres_host"
    assert closest("zebra", known) is None
    assert closest("anything", []) is None
    assert (did_you_mean("redis_hots", known), did_you_mean("zebra", known)) == ("; did you mean redis_host?", "")


@given(st.sets(NAMES, min_size=1), st.data())
def test_a_known_name_means_itself(known: set[str], data: st.DataObject) -> None:
    """Whatever else there is."""
    name = data.draw(st.sampled_from(sorted(known)))
    assert closest(name, known) == name
