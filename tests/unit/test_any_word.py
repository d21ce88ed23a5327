"""No word is so odd that the sound modules raise: a corpus holds all of them sooner or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.analyzers.bar_endings import read_endings
from rap_analyzer.domain.bar_endings import endings_of, heard
from rap_analyzer.domain.censored import uncensored
from rap_analyzer.domain.dictionaries import in_dictionary, parts_of_speech
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.fingerprint import fingerprint
from rap_analyzer.domain.heteronyms import depends_on_neighbours, pronounce_in
from rap_analyzer.domain.letter_to_sound import sound_out
from rap_analyzer.domain.lexicon import form_of
from rap_analyzer.domain.lyrics import bare_form, parse
from rap_analyzer.domain.measures import measure
from rap_analyzer.domain.near_rhymes import asked_ending
from rap_analyzer.domain.phonology import syllabify, syllables
from rap_analyzer.domain.pronunciation import (
    ENDINGS,
    INFLECTED_LETTERS,
    LETTER_ENDINGS,
    pronounce,
)
from rap_analyzer.domain.rhyme import find_rhymes
from rap_analyzer.domain.rhyming_words import rhyming_words
from rap_analyzer.domain.spelling import split_spelling
from rap_analyzer.domain.spoken_numbers import spoken_number
from rap_analyzer.domain.vocal_sounds import vocal_sound

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = [
    *"aAbBdDgGiIkKmMnNsSxXzZ0159",
    *"'’‘`&.-*$%#@,:!?/_+()[]\"",
    *"éñßØłæ²٣İǅªⅷ①я中\u200b\u202e\x00\ud800",
    *("in'", "'in'", "ing", "'s", "s'", "'d", "'ll", "'ve", "n't", "er", "est", "ed", "es", "ly", "able"),
    *("DM", "G", "R&B", "OG", "NBA", "1st", "90", "24/7", "$5", "50%", "aaa", "rrr", "A.", "B.", "é"),
]
WORDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join) | st.text(max_size=12)
BARS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
OF_A_WORD: list[Callable[[str], object]] = [
    pronounce, syllables, depends_on_neighbours, in_dictionary, parts_of_speech, uncensored, bare_form, sound_out,
    vocal_sound, form_of, spoken_number,
]  # fmt: skip


@given(WORDS)
def test_every_word_is_answered(word: str) -> None:
    """Apostrophes, letters, digits, case, scripts and signs in any order: each function answers."""
    for function in OF_A_WORD:
        if function is spoken_number and not any(c in "0123456789" for c in word):
            continue  # it is asked about numbers only
        function(word)
    phones = pronounce(word)
    heard(phones)
    assert len(split_spelling(word, len(syllabify(phones)))) == max(1, len(syllabify(phones)))


@given(st.lists(WORDS, min_size=1, max_size=4), st.data())
def test_every_word_is_answered_beside_others(words: list[str], data: st.DataObject) -> None:
    """Whatever stands before it and after it."""
    pronounce_in(words, data.draw(st.integers(0, len(words) - 1)))


@given(st.lists(BARS, min_size=1, max_size=4).map("\n".join))
def test_every_text_is_answered(text: str) -> None:
    """By the parser, the rhyme engine, the measures, the reading of endings and the fingerprint."""
    lyrics = parse(text)
    find_rhymes(lyrics)
    measure(lyrics)
    endings_of(lyrics)
    read_endings(text)
    fingerprint(text)


@given(BARS)
def test_every_question_for_rhymes_is_answered(text: str) -> None:
    """With words, or by saying that nothing can be heard in it."""
    try:
        ending = asked_ending(text)
    except InputError as error:
        assert str(error).endswith((".", "?"))  # noqa: PT017 - either way is right
        return
    assert isinstance(rhyming_words(ending, 3), list)


def test_all_endings_of_letters_can_be_said() -> None:
    """An ending that the pattern takes has a sound, with apostrophes wherever rap puts them."""
    assert set(LETTER_ENDINGS) <= set(ENDINGS)
    for ending in LETTER_ENDINGS:
        found = INFLECTED_LETTERS.fullmatch(f"DM{ending}")
        assert found
        assert found[2] == ending


@pytest.mark.parametrize(
    ("word", "count", "last"),
    [
        *(("DM'in'", 3, "ɪn"), ("G'in'", 2, "ɪn"), ("X'in'", 2, "ɪn"), ("R&B'in'", 4, "ɪn"), ("DM’in’", 3, "ɪn")),
        *(("MC'ing", 3, "ɪŋ"), ("OD'in", 3, "ɪn"), ("DJin'", 3, "ɪn"), ("OG's", 2, "iz"), ("DM'd", 2, "ɛmd")),
    ],
)
def test_letters_take_endings(word: str, count: int, last: str) -> None:
    """They are said by their names, and the ending after them."""
    assert len(syllables(word)) == count
    assert pronounce(word).endswith(last)
