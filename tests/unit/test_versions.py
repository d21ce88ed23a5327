"""Which tracks are one song, which is the original, and what the others are to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.versions import (
    SAYS_OF_ANOTHER,
    SAYS_OF_ITSELF,
    Candidate,
    Claim,
    Version,
    VersionEvidence,
    VersionKind,
    read_claim,
    settle,
)

REMIX, LIVE = VersionKind.REMIX, VersionKind.LIVE
PAIRS = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)).filter(lambda pair: pair[0] != pair[1]), max_size=20)


def evidence(
    *candidates: Candidate,
    same: list[tuple[int, int]] | None = None,
    claims: list[Claim] | None = None,
    alike: dict[tuple[int, int], float] | None = None,
) -> VersionEvidence:
    return VersionEvidence({c.track_id: c for c in candidates}, same or [], claims or [], alike or {})


def tracks(count: int) -> list[Candidate]:
    return [Candidate(n + 1, frozenset({"ann"})) for n in range(count)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Candidate(9, year=1990), Candidate(1, year=1991)),
        (Candidate(9, released_on=date(1990, 2, 1), year=1990), Candidate(1, released_on=date(1990, 3, 1), year=1990)),
        (Candidate(9, released_on=date(1990, 2, 1), year=1990), Candidate(1, year=1990)),
        (Candidate(9, year=1990), Candidate(1, page_views=10**6)),
        (Candidate(9, page_views=7), Candidate(1, page_views=6)),
        (Candidate(9, page_views=7), Candidate(1)),
        (Candidate(1), Candidate(9)),
    ],
)
def test_the_original_is_the_earliest_then_the_most_viewed_then_the_lowest(first: Candidate, second: Candidate) -> None:
    """Unknown dates and views stand last."""
    [found] = settle(evidence(first, second, same=[(second.track_id, first.track_id)]))
    assert (found.track_id, found.version_of) == (second.track_id, first.track_id)


def test_the_track_that_others_point_to_is_the_original_however_late() -> None:
    """A source knows better than a date."""
    late = Candidate(1, year=2020)
    found = settle(evidence(late, Candidate(2, year=1990), claims=[Claim(2, 1, REMIX)]))
    assert found == [Version(2, 1, REMIX, None)]


def test_versions_of_versions_are_one_song() -> None:
    """A live version of a remix is a version of the original."""
    found = settle(evidence(*tracks(3), claims=[Claim(3, 2, LIVE), Claim(2, 1, REMIX)]))
    assert found == [Version(2, 1, REMIX, None), Version(3, 1, LIVE, None)]


def test_what_a_track_claims_to_be_goes_before_its_words() -> None:
    """A live version with the same words is live; how alike the words are is said too."""
    one, two = (replace(c, wording=n) for n, c in zip((5, 4), tracks(2), strict=True))
    found = settle(evidence(one, two, same=[(1, 2)], claims=[Claim(2, 1, LIVE)], alike={(4, 5): 0.75}))
    assert found == [Version(2, 1, LIVE, 0.75)]


def test_the_same_words_by_others_are_a_cover() -> None:
    """By artists of whom none is a primary artist of the original; a guest who becomes one changes nothing."""
    ann, both, bea = (
        Candidate(n, frozenset(names), wording=1) for n, names in ((1, {"ann"}), (2, {"ann", "bea"}), (3, {"bea"}))
    )
    found = settle(evidence(ann, both, bea, same=[(1, 2), (1, 3)]))
    assert [(v.kind, v.similarity) for v in found] == [(VersionKind.SAME_WORDS, 1.0), (VersionKind.COVER, 1.0)]


def test_a_mash_up_ties_no_two_songs() -> None:
    """A track that claims to be a remix of two songs is a song of its own, and so are they."""
    assert settle(evidence(*tracks(3), claims=[Claim(3, 1, REMIX), Claim(3, 2, REMIX)])) == []


def test_a_remix_of_two_pressings_of_one_song_is_a_version() -> None:
    """They are one song by their words."""
    claims = [Claim(3, 1, REMIX), Claim(3, 2, REMIX)]
    found = settle(evidence(*tracks(3), same=[(1, 2)], claims=claims))
    assert [(v.track_id, v.version_of, v.kind) for v in found] == [(2, 1, VersionKind.SAME_WORDS), (3, 1, REMIX)]


def test_tracks_that_claim_each_other_have_one_original() -> None:
    """As a careless source may have it."""
    assert settle(evidence(*tracks(2), claims=[Claim(1, 2, REMIX), Claim(2, 1, REMIX)])) == [Version(2, 1, REMIX, None)]


@given(PAIRS, PAIRS)
def test_every_song_has_one_original_and_ties_are_kept(
    same: list[tuple[int, int]], claimed: list[tuple[int, int]]
) -> None:
    """No version is an original, tracks with the same words are one song, and the order of what is known is nothing."""
    claims = [Claim(a, b, REMIX) for a, b in claimed]
    candidates = tracks(12)
    found = settle(evidence(*candidates, same=same, claims=claims))
    original = {v.track_id: v.version_of for v in found}
    assert not set(original) & set(original.values())
    assert len(original) == len(found)
    for one, other in same:
        assert original.get(one, one) == original.get(other, other)
    turned = evidence(*candidates[::-1], same=[(b, a) for a, b in same[::-1]], claims=claims)
    assert settle(turned) == found


@pytest.mark.parametrize(("kind", "inverse"), list(zip(SAYS_OF_ITSELF, SAYS_OF_ANOTHER, strict=True)))
def test_a_relationship_reads_the_same_from_both_ends(kind: str, inverse: str) -> None:
    """Whichever of the two songs was collected."""
    assert read_claim(2, kind, 1) == read_claim(1, inverse, 2)


@pytest.mark.parametrize("kind", ["cover_of", "samples", "sampled_in", "interpolates", "anything"])
def test_other_relationships_claim_nothing(kind: str) -> None:
    """A sample is another song."""
    assert read_claim(1, kind, 2) is None
