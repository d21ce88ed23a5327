"""Words that are written alike are told apart by their neighbours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.heteronyms import pronounce_in
from rap_analyzer.domain.phonology import syllabify, syllables
from rap_analyzer.domain.pronunciation import pronounce

BARS = Path(__file__).parents[1] / "data" / "heteronym_bars.tsv"
RIGHT = {"tune": 32, "test": 27}
"""Of 34 and 31 bars; the words beside chose 28 and 23 when one was looked at on either side."""


def said(bar: str) -> str:
    """Phones of the word in stars."""
    words = bar.split()
    at = next(k for k, word in enumerate(words) if word.startswith("*"))
    return pronounce_in([word.strip("*") for word in words], at)


@pytest.mark.parametrize(
    ("bar", "partner"),
    [
        ("I *live* where the train goes", "give"),
        ("went *live* from the roof", "five"),
        ("the *live* show", "five"),
        ("it's *live* tonight", "five"),
        ("all of our *lives*", "knives"),
        ("she *lives* alone", "gives"),
        ("to *read* a letter", "seed"),
        ("I have *read* it", "bed"),
        ("she *read* me", "bed"),
        ("take the *lead*", "seed"),
        ("full of *lead*", "bed"),
        ("stay *close* to me", "gross"),
        ("*close* the door", "rose"),
        ("don't *close* it", "rose"),
        ("it is no *use*", "loose"),
        ("I *use* a pen", "lose"),
        ("we *used* to run", "roost"),
        ("they *used* me", "cruised"),
        ("my *tears* fall", "years"),
        ("she *tears* it up", "bears"),
        ("*tear* it down", "bear"),
        ("a *tear* fell", "year"),
        ("the *wind* blows", "sinned"),
        ("*wind* it back", "kind"),
        ("*bow* down", "now"),
        ("the *bass* is low", "face"),
        ("for a *minute*", "spinet"),
        ("my *excuse*", "loose"),
        ("*excuse* me", "lose"),
        ("The *Wind,* she said", "sinned"),
    ],
)
def test_neighbours_choose_the_sound(bar: str, partner: str) -> None:
    """The partner ends in the same sound."""
    ours, theirs = syllabify(said(bar))[-1], syllables(partner)[-1]
    assert ours.nucleus + ours.coda == theirs.nucleus + theirs.coda


@pytest.mark.parametrize(
    ("bar", "first_is_stressed"),
    [
        ("my *record* plays", True),
        ("to *record* it", False),
        ("the *object* fell", True),
        ("I *object* loudly", False),
        ("in the *desert*", True),
        ("don't *desert* me", False),
    ],
)
def test_nouns_and_verbs_are_stressed_apart(bar: str, first_is_stressed: bool) -> None:
    """RE-cord the noun, re-CORD the verb."""
    words = bar.split()
    at = next(k for k, word in enumerate(words) if word.startswith("*"))
    first, *_ = syllabify(pronounce_in([word.strip("*") for word in words], at))
    assert (first.stress == 1) is first_is_stressed


def test_bars_choose_the_sound_as_often_as_measured() -> None:
    """Adverbs are passed over, and a bar of the past has past forms: on bars that rules were made on, and on others."""
    right: Counter[str] = Counter()
    for line in BARS.read_text("utf8").splitlines():
        if not line.startswith("#"):
            half, word, partner, bar = line.split("\t")
            words = bar.split()
            at = next(k for k, written in enumerate(words) if written.lower().strip(",.") == word)
            ours, theirs = syllabify(pronounce_in(words, at))[-1], syllables(partner)[-1]
            right[half] += ours.nucleus + ours.coda == theirs.nucleus + theirs.coda
    assert dict(right) == RIGHT


def test_a_bar_in_capitals_has_no_initialisms_that_are_words() -> None:
    """LA is a city in a plain bar, and a note in a shouted one."""
    assert said("fly to *LA* tonight") == pronounce("L.A.")
    assert said("*LA* LA LA") == pronounce("la")


@given(st.lists(st.sampled_from(["live", "the", "to", "read", "paper", "US", "42", "🔥", "used"]), min_size=1))
def test_other_words_sound_as_they_do_alone(words: list[str]) -> None:
    """Every word of a bar has a sound, and neighbours change only the ambiguous."""
    for k, word in enumerate(words):
        heard = syllabify(pronounce_in(words, k))
        assert bool(heard) is bool(syllables(word))
        if word in {"the", "to", "paper", "42"}:
            assert heard == syllables(word)
