"""Fingerprints of words: what counts as the same, how alike texts are, and that alike texts share a band."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rap_analyzer.domain.fingerprint import BANDS, LEAST_SIMILARITY, fingerprint, similarity, words_of

LINES = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12).map(" ".join), max_size=14)
TEXTS = LINES.map("\n".join)


def made_up(seed: int, words: int = 300) -> list[str]:
    """Words of a song: each is one of a thousand."""
    chance = random.Random(seed)
    return [f"word{chance.randrange(1000)}" for _ in range(words)]


@given(TEXTS, TEXTS)
def test_similarity_is_symmetric_and_bounded(one: str, other: str) -> None:
    """From 0 to 1, whichever comes first."""
    assert 0.0 <= similarity(one, other) <= 1.0
    assert similarity(one, other) == similarity(other, one)


@given(TEXTS)
def test_the_same_words_are_wholly_alike(text: str) -> None:
    """A text without words is like none."""
    assert similarity(text, text) == (1.0 if words_of(text) else 0.0)


@given(LINES)
def test_case_punctuation_headers_and_adlibs_do_not_matter(lines: list[str]) -> None:
    """The fingerprint is that of the bare words."""
    dressed = ["[Verse 1: Ann Tenna]", *(f"{line.upper()}!, (yeah — uh)" for line in lines), "[laughs]"]
    assert fingerprint("\n\n".join(dressed)) == fingerprint("\n".join(lines))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don’t stop, ain't it", "DONT STOP aint it"),
        ("Déjà vu, señor", "deja vu senor"),
        ("Ещё один", "еще один"),
        ("ｆｕｌｌ width", "full width"),
    ],
)
def test_spellings_of_one_word_are_one(one: str, other: str) -> None:
    """Apostrophes, accents and wide letters."""
    assert fingerprint(one) == fingerprint(other)


def test_signs_of_scripts_without_spaces_are_words() -> None:
    """So that their texts have runs of five."""
    assert words_of("夜を走る train") == ["夜", "を", "走", "る", "train"]


@given(TEXTS)
def test_a_fingerprint_fits_the_store_and_is_always_the_same(text: str) -> None:
    """Numbers of 64 bits with a sign; bands from twenty words on."""
    made = fingerprint(text)
    assert made == fingerprint(text)
    assert made.words == len(words_of(text))
    assert (made.wording is None) == (made.words == 0)
    assert len(made.bands) == (BANDS if made.words >= 20 else 0)
    assert all(-(2**63) <= number < 2**63 for number in [*made.bands, made.wording or 0])


def test_a_fingerprint_does_not_change_between_versions_of_python() -> None:
    """What is stored is compared with what is made later: other numbers need another FINGERPRINT_VERSION."""
    made = fingerprint("the kettle sings and the window steams " * 4)
    assert (made.wording, made.bands[0], made.bands[-1]) == (
        -5364930325167996208,
        -4902893631273133032,
        6412868614160339515,
    )


def test_short_texts_are_the_same_only_when_all_words_are() -> None:
    """Nineteen words of which eighteen agree say nothing."""
    words = made_up(1, 19)
    assert similarity(" ".join(words), " ".join(words).upper()) == 1.0
    assert similarity(" ".join(words), " ".join([*words[:-1], "other"])) == 0.0


@given(st.integers(0, 10_000), st.sampled_from(["edit", "reorder", "verse"]))
def test_an_edited_song_is_found_and_alike(seed: int, change: str) -> None:
    """Three words in a hundred changed, halves swapped, or a verse of a quarter added."""
    words = made_up(seed)
    changed = {
        "edit": [f"{word}s" if n % 33 == 7 else word for n, word in enumerate(words)],
        "reorder": words[150:] + words[:150],
        "verse": words + made_up(seed + 1, 75),
    }[change]
    one, other = " ".join(words), " ".join(changed)
    assert similarity(one, other) >= LEAST_SIMILARITY
    assert set(fingerprint(one).bands) & set(fingerprint(other).bands)


@given(st.integers(0, 10_000))
def test_songs_that_share_a_hook_are_not_alike(seed: int) -> None:
    """A hook of 60 words, three times, between verses of 100 words each."""
    hook = made_up(seed, 60)
    one, other = (
        " ".join(w for n in range(3) for w in [*made_up(seed + side + n, 100), *hook]) for side in (20_000, 40_000)
    )
    assert similarity(one, other) < LEAST_SIMILARITY / 2
