"""Written words become syllables, also those that no dictionary has."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.letter_to_sound import sound_out
from rap_analyzer.domain.phonology import syllabify, syllables
from rap_analyzer.domain.pronunciation import pronounce
from rap_analyzer.domain.spoken_numbers import spoken_number


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("strength", 1),
        ("button", 2),
        ("family", 2),
        ("every", 2),
        ("basically", 3),
        ("fire", 2),
        ("real", 1),
        ("runnin'", 2),
        ("hustlin'", 3),
        ("tryna", 2),
        ("'bout", 1),
        ("gon'", 1),
        ("ya'll", 1),
        ("'em", 1),
        ("nobody'll", 4),
        ("boss's", 2),
        ("wasn't", 2),
        ("sooo", 1),
        ("goooood", 1),
        ("self-made", 2),
        ("mid-air", 2),
        ("dancefloor", 2),
        ("NYC", 3),
        ("M.O.P.", 3),
        ("24/7", 5),
        ("$100", 5),
        ("9mm", 3),
        ("1992", 5),
        ("4th", 1),
        ("90s", 2),
        ("50%", 4),
        ("f**k", 1),
        ("café", 2),
        ("naïve", 2),
        ("mandem", 2),
        ("blorptastic", 3),
        ("“quoted,”", 2),
        ("...", 0),
        ("🔥", 0),
        ("привет", 0),
    ],
)
def test_syllables_are_counted_as_rappers_count_them(word: str, count: int) -> None:
    """Slang, numbers, initials, stretched and made-up words have the syllables that are said."""
    assert len(syllables(word)) == count


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("runnin'", "runnin"),
        ("RUNNING", "running"),
        ("don’t", "don't"),
        ("niggaz", "niggas"),
        ("sooo", "so"),
        ("Renée", "Renee"),
        ("(hello)", "hello"),
    ],
)
def test_spellings_of_one_word_sound_alike(one: str, other: str) -> None:
    """Case, apostrophes, accents and brackets change no sound."""
    assert pronounce(one) == pronounce(other) != ""


def test_a_syllable_has_onset_nucleus_coda_and_stress() -> None:
    """The word "garden" is GAR-den: the r colours the vowel, the second syllable is weak."""
    first, second = syllables("garden")
    assert (first.onset, first.nucleus, first.coda, first.stress, first.follow) == ("ɡ", "ɑɹ", "", 1, "d")
    assert (second.onset, second.nucleus, second.coda, second.stress) == ("d", "ə", "n", 0)


def test_an_r_before_a_stressed_vowel_begins_its_syllable() -> None:
    """The word "around" is a-ROUND; "weary" has a coloured vowel."""
    assert [s.phones for s in syllables("around")] == ["ə", "ɹWnd"]
    assert syllables("weary")[0].nucleus == "ɪɹ"


def test_clusters_split_at_the_longest_onset() -> None:
    """The word "astray" is a-STRAY: English words can begin so."""
    assert [s.onset for s in syllables("astray")] == ["", "stɹ"]


@pytest.mark.parametrize(
    ("word", "nucleus"),
    [
        ("comin'", "ʌ"),
        ("takin'", "A"),
        ("takin", "A"),
        ("hated", "A"),
        ("babies", "A"),
        ("hoppin'", "ɑ"),
        ("hopin'", "O"),
        ("doin", "u"),
        ("mattress", "æ"),
    ],
)
def test_an_ending_keeps_the_vowel_of_its_stem(word: str, nucleus: str) -> None:
    """One vowel letter and one consonant before an ending stand for a stem with a silent e; two consonants do not."""
    assert syllables(word)[0].nucleus == nucleus


def test_t_between_vowels_is_flapped() -> None:
    """The t of "hatin'" is that of "hater", however it was found."""
    assert "ɾ" in pronounce("hatin'")
    assert "ɾ" not in pronounce("actin'")


@pytest.mark.parametrize("word", ["a-" * 9999, "f*c" * 9999, "9" * 9999, "a" * 9999, "aaabbb" * 999, "A" * 9999])
def test_noise_without_a_space_is_cut(word: str) -> None:
    """A page without a space is a word of a bounded length."""
    assert len(syllables(word)) <= 400


def test_plurals_of_known_words_take_the_right_ending() -> None:
    """Voiceless s, voiced z, and a syllable after hissing sounds."""
    assert [pronounce(w)[-1] for w in ("condos", "linens", "glocks")] == ["z", "z", "s"]
    assert pronounce("boss's").endswith("ᵻz")


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("0", "zero"),
        ("42", "forty two"),
        ("100", "one hundred"),
        ("1992", "nineteen ninety two"),
        ("1905", "nineteen oh five"),
        ("2000", "two thousand"),
        ("1,992", "one thousand nine hundred ninety two"),
        ("$1", "one dollar"),
        ("$20", "twenty dollars"),
        ("007", "oh oh seven"),
        ("1.5", "one point five"),
        ("50%", "fifty percent"),
        ("22nd", "twenty second"),
        ("20th", "twentieth"),
        ("80s", "eighties"),
        ("3000000", "three million"),
        ("$1,500", "fifteen hundred dollars"),
        ("$2.50", "two fifty"),
        ("$50k", "fifty k"),
        ("$5M", "five million"),
        ("365", "three sixty five"),
        ("808s", "eight oh eights"),
        ("911", "nine one one"),
        ("7:05", "seven oh five"),
        ("12:00", "twelve o'clock"),
    ],
)
def test_numbers_are_read_aloud(written: str, spoken: str) -> None:
    """Years in pairs, money with its currency, decimals digit by digit."""
    assert spoken_number(written) == spoken


@pytest.mark.parametrize(
    ("word", "vowels"),
    [
        ("blate", ["A"]),
        ("glorp", ["ɔɹ"]),
        ("snorfle", ["ɔɹ", "ə"]),
        ("dration", ["A", "ə"]),
        ("slimb", ["ɪ"]),
        ("phroat", ["O"]),
        ("skrizzy", ["ɪ", "i"]),
    ],
)
def test_unknown_words_are_sounded_out(word: str, vowels: list[str]) -> None:
    """Silent e, r-coloured vowels and common endings are read as in the words of the dictionary."""
    assert [s.nucleus for s in syllabify(sound_out(word))] == vowels


@pytest.mark.parametrize("word", ["glorp", "drobinsky", "sss", "bcdfg", "x", "strngth"])
def test_a_word_that_is_sounded_out_has_one_main_stress(word: str) -> None:
    """Also one that has no vowel letter."""
    assert [s.stress for s in syllabify(sound_out(word))].count(1) == 1


def test_letters_alone_are_sounded_out() -> None:
    """Other signs are passed over; without a letter there is nothing to say; long noise is cut."""
    assert sound_out("gl'orp-2") == sound_out("glorp")
    assert sound_out("'42é") == ""
    assert len(syllabify(sound_out("ba" * 5000))) <= 40


@given(st.text(string.ascii_lowercase, min_size=1, max_size=30))
def test_any_run_of_letters_can_be_said(word: str) -> None:
    """Letters always give a syllable, and one of them has the main stress."""
    assert [s.stress for s in syllabify(sound_out(word))].count(1) == 1


@pytest.mark.parametrize("mark", ["\uff9e", "\uff9f", "'", "''", "\u0301", "."])
def test_a_mark_that_stands_alone_is_silent(mark: str) -> None:
    """Marks of other scripts too, which are letters by Unicode and leave nothing when they are taken apart."""
    assert pronounce(mark) == ""


@given(st.text(max_size=60))
def test_any_text_is_pronounced_without_an_error(text: str) -> None:
    """Phones come in whole syllables: every syllable has a vowel, and nothing is lost between them."""
    for syllable in syllables(text):
        assert syllable.nucleus
        assert syllable.follow.startswith(syllable.coda)
