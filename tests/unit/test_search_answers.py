"""Fusing rankings, and what an answer looks like."""

from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.search import fuse_ranks, matching_words


def test_what_stands_high_in_both_rankings_comes_first() -> None:
    """Reciprocal rank fusion by hand: 1/11 + 1/12 beats 1/11."""
    fused = fuse_ranks({"meaning": (1.0, [1, 2]), "words": (1.0, [2, 3])})
    assert [item for item, _, _ in fused] == [2, 1, 3]
    assert fused[0][1] == 1 / 12 + 1 / 11
    assert fused[0][2] == ("meaning", "words")


def test_a_weight_scales_a_ranking() -> None:
    """With half the weight, the first by words does not beat the first by meaning."""
    fused = fuse_ranks({"meaning": (1.0, [1]), "words": (0.5, [2])})
    assert [item for item, _, _ in fused] == [1, 2]


@given(st.lists(st.integers(0, 50), unique=True, max_size=20), st.lists(st.integers(0, 50), unique=True, max_size=20))
def test_fusion_keeps_every_item_once_in_order_of_score(one: list[int], other: list[int]) -> None:
    """No item is lost or doubled, and scores fall."""
    fused = fuse_ranks({"a": (1.0, one), "b": (1.0, other)})
    assert sorted(item for item, _, _ in fused) == sorted(set(one) | set(other))
    scores = [score for _, score, _ in fused]
    assert scores == sorted(scores, reverse=True)


def test_matching_words_are_each_named_once() -> None:
    """Between the marks, in order, whatever the case."""
    assert matching_words("\ue000Poor\ue001 and \ue000proud\ue001, \ue000poor\ue001") == ["poor", "proud"]
