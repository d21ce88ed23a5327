"""Verdicts: quotations that occur nowhere are dropped and counted, and parts become one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.quotations import QuotableBars
from rap_analyzer.domain.verdict import (
    MARKS,
    ExplicitKind,
    Explicitness,
    Mood,
    Opinion,
    QuoteCount,
    Theme,
    as_measures,
    check_quotes,
    merge,
)

SONG = parse(
    "[Verse 1]\nThe café closes, I'm the last one out\nYeah\n\n[Hook]\n🔥 🔥\nKeep the change, keep the doubt (keep it)"
)
BARS = QuotableBars(SONG)
OPINION = Opinion(
    mood=Mood.COLD,
    themes=((Theme.WORK, ("the last one out", "a line from nowhere")), (Theme.LOVE, ("nobody wrote this",))),
    marks=dict.fromkeys(MARKS, 6),
    wordplay=("Keep the change, keep the doubt",),
    explicitness=Explicitness.CLEAN,
    explicit_kinds=(),
    summary="The place closes.",
    confidence=8,
)


@pytest.mark.parametrize(
    ("quote", "bar"),
    [
        ("The café closes, I'm the last one out", 0),
        ("the CAFE closes — im the last one out!", 0),
        ("the last one out / Yeah", 0),
        ("Yeah", 1),
        ("keep the doubt", 3),
        ("keep it", 3),
        ("last one out\nYeah\nKeep the change", 0),
    ],
)
def test_a_quotation_is_found_in_its_bar(quote: str, bar: int) -> None:
    """Case, signs, accents and line ends do not matter; bars are counted from 0."""
    found = BARS.find(quote)
    assert found is not None
    assert found.bar == bar


@pytest.mark.parametrize(
    "quote",
    ["", "🔥", "...", "the", "one", "a line from nowhere", "afe closes", "the last one outside", "Hook", "doubt"],
)
def test_what_does_not_occur_or_shows_nothing_is_not_found(quote: str) -> None:
    """Parts of words, single small words, headers, words of its own."""
    assert BARS.find(quote) is None


@given(st.integers(0, 9), st.integers(1, 4))
def test_any_run_of_bars_is_found_where_it_begins(first: int, count: int) -> None:
    """Each bar has a number of its own."""
    bars = [f"bar {n} counts to number {n} and stops" for n in range(10)]
    found = QuotableBars(parse("\n".join(bars))).find("\n".join(bars[first : first + count]))
    assert found is not None
    assert found.bar == first


def test_unfounded_quotations_and_themes_are_dropped_and_counted() -> None:
    """A theme without a bar that shows it is gone, and the confidence falls with the share that was invented."""
    verdict = check_quotes(OPINION, BARS)
    assert {theme: [quote.bar for quote in shown] for theme, shown in verdict.themes.items()} == {Theme.WORK: [0]}
    assert verdict.quotes == QuoteCount(given=4, found=2)
    assert verdict.confidence == pytest.approx(0.8 * 2 / 4)


def test_an_opinion_without_quotations_keeps_its_confidence() -> None:
    """Nothing was invented."""
    assert check_quotes(replace(OPINION, themes=(), wordplay=()), BARS).confidence == pytest.approx(0.8)


def test_parts_count_by_their_size() -> None:
    """Marks are weighted means, the mood is that of most words, and the most explicit part decides."""
    one = check_quotes(OPINION, BARS)
    other = replace(
        one,
        mood=Mood.JOYFUL,
        marks=dict.fromkeys(MARKS, 9),
        explicitness=Explicitness.STRONG,
        explicit_kinds=(ExplicitKind.SEX,),
        summary="Then it opens again.",
        themes={},
    )
    both = merge([one, other], [2_000, 1_000])
    assert both.marks == dict.fromkeys(MARKS, 7.0)
    assert (both.mood, both.explicitness) == (Mood.COLD, Explicitness.STRONG)
    assert both.summary == "The place closes. Then it opens again."
    assert both.quotes == QuoteCount(8, 4)
    assert list(both.themes) == [Theme.WORK]


def test_one_part_is_left_as_it_is() -> None:
    """Its marks stay whole numbers."""
    verdict = check_quotes(OPINION, BARS)
    assert merge([verdict], [7]) == verdict


def test_measures_are_json_with_flat_marks() -> None:
    """Evidence has its bar and its words."""
    measures = as_measures(check_quotes(OPINION, BARS))
    json.dumps(measures, allow_nan=False)
    assert [measures[name] for name in MARKS] == [6] * 5
    assert measures["themes"] == [{"theme": "work", "evidence": [{"bar": 0, "text": "the last one out"}]}]
    assert measures["quotes"] == {"given": 4, "found": 2}
