"""What rhymes with a word or a bar's end, by the dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rap_analyzer.domain.bar_endings import CLASSES, LONGEST_SPAN, ending_of, heard
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.near_rhymes import Ear, Kind, asked_ending, checked_limit, shared
from rap_analyzer.domain.phonology import syllables
from rap_analyzer.domain.rhyme_hearing import packaged_model
from rap_analyzer.domain.rhyming_words import Answer, rhyming_words
from rap_analyzer.domain.word_lists import PROFANE_WORDS

LIMIT = 12


def answers(text: str, limit: int = LIMIT) -> list[Answer]:
    """What the dictionary answers to a text."""
    return rhyming_words(asked_ending(text), limit)


def texts(text: str, kind: str, span: int, limit: int = LIMIT) -> list[str]:
    """Answers of a kind over a span, in order."""
    return [one.text for one in answers(text, limit) if (one.kind, one.span) == (kind, span)]


def key(text: str) -> str:
    """The key of a text's end."""
    return heard(asked_ending(text).sound).key


# Endings


def test_an_ending_is_the_last_six_syllables_that_are_said() -> None:
    """Notes and ad-libs do not count; the words are those that hold the syllables."""
    ending = asked_ending("I stay up late and write it down (yeah) [laughs]")
    assert ending.words == ("up", "late", "and", "write", "it", "down")
    assert len(heard(ending.sound).syllables) == LONGEST_SPAN
    assert asked_ending("(ooh yeah)").words == ("(ooh", "yeah)")
    assert asked_ending("one bar\nand the next one").words[-1] == "one"


def test_bars_that_rhyme_share_the_beginning_of_their_keys() -> None:
    """Also when they only nearly rhyme, and when "er" is said as "a"."""
    assert key("paper chaser").startswith(key("safer"))
    assert key("orange") == key("door hinge")
    assert key("hater") == key("hata")
    assert shared(key("paper chaser"), key("later racer")) == 4
    assert shared(key("chaser"), key("moon")) == 0
    assert shared(key("her"), "") == 0


def test_what_sounds_is_read_back_as_it_was() -> None:
    """The sound of an ending, which the store keeps, gives the same syllables and word beginnings."""
    tail = heard(asked_ending("hustle in the kitchen").sound)
    said = [s for word in ("hustle", "in", "the", "kitchen") for s in syllables(word)]
    assert tail.syllables == tuple(said[-LONGEST_SPAN:])
    assert tail.starts == (True, False, True, True, True, False)
    assert tail.last_word == 2


def test_vowels_of_a_class_rhyme_more_surely_than_those_of_two() -> None:
    """The classes are a fold of the learned log-odds."""
    weights = packaged_model().first
    row = {name: k for k, name in enumerate(weights.nuclei)}
    classes = [[row[v] for v in vowels if v in row] for vowels in CLASSES.values()]
    inside = [weights.nucleus[a, b] for own in classes for a in own for b in own if a != b]
    across = [weights.nucleus[a, b] for x in classes for y in classes if x is not y for a in x for b in y]
    assert min(inside) > sum(across) / len(across)
    assert sum(inside) / len(inside) > 1.0


# Strength


def test_strength_is_symmetric_and_one_for_the_same_sound() -> None:
    """Of two endings with the same stress."""
    racer, chaser, taster = (heard(asked_ending(word).sound) for word in ("racer", "chaser", "taster"))
    every = [*racer.syllables, *chaser.syllables, *taster.syllables]
    there, back = Ear(chaser, every).match(taster), Ear(taster, every).match(chaser)
    same = Ear(chaser, every).match(racer)
    assert there
    assert back
    assert there.strength == pytest.approx(back.strength)
    assert same
    assert (same.strength, same.kind, same.span) == (1.0, Kind.PERFECT, 2)
    assert there.kind == Kind.SLANT
    assert 0 < there.strength < 1


def test_what_says_the_same_is_no_rhyme() -> None:
    """A homophone, the word itself, a longer word with it inside, a weak ending alone."""
    for one, other in (("pear", "pair"), ("chaser", "chaser"), ("nation", "destination"), ("paper", "dancer")):
        tail, beside = heard(asked_ending(one).sound), heard(asked_ending(other).sound)
        assert Ear(tail, beside.syllables).match(beside) is None, (one, other)


# Answers


def test_perfect_rhymes_come_first_and_the_longest_span_before_all() -> None:
    """Within a span: perfect, slant by strength, then two words together."""
    found = answers("paper chaser")
    assert [one.span for one in found] == sorted((one.span for one in found), reverse=True)
    order = ("perfect", "slant", "mosaic")
    for span in {one.span for one in found}:
        kinds = [order.index(one.kind) for one in found if one.span == span]
        assert kinds == sorted(kinds)
    assert {"racer", "tracer", "pacer"} <= set(texts("paper chaser", "perfect", 2))
    assert "eraser" in texts("paper chaser", "slant", 3)
    assert {"place her", "face her"} <= set(texts("paper chaser", "mosaic", 2))
    assert all(one.strength == pytest.approx(1.0) for one in found if one.kind == "perfect")
    assert all(0 < one.strength <= 1 for one in found)


def test_common_words_come_before_rare_ones_that_sound_as_strong() -> None:
    """Among perfect rhymes nothing else decides."""
    found = texts("moon", "perfect", 1, 100)
    assert found.index("soon") < found.index("balloon") < found.index("swoon")


def test_the_words_themselves_are_never_an_answer() -> None:
    """Nor their plurals and possessives, nor compounds with them; nor what is bleeped."""
    for asked in ("paper chaser", "style", "city", "cold-blooded", "bit"):
        own = set(asked.replace("-", " ").split())
        banned = own | {f"{w}s" for w in own} | {f"{w}'s" for w in own} | {"cities", "papermaker"} | PROFANE_WORDS
        said = {word.lower() for one in answers(asked, 100) for word in one.text.split()}
        assert said
        assert not said & banned, asked


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("orange", "door hinge"), ("city lights", "pretty nights"), ("I keep it moving", "hit proving"),
        ("cold-blooded", "gold studded"), ("orange", "foreign"), ("money", "honey"), ("style", "trial"),
        ("button", "glutton"), ("nation", "station"), ("hunger", "younger"), ("silver", "river"),
    ],
)  # fmt: skip
def test_what_a_rapper_would_say_is_among_the_answers(asked: str, found: str) -> None:
    """Even to "orange"."""
    assert found in {one.text for one in answers(asked, 30)}


def test_two_words_cover_their_span() -> None:
    """Each vowel of the span is answered by one of the same class, to the last syllable."""
    for asked in ("paper chaser", "orange", "imagination", "write it down"):
        own = key(asked)
        mosaics = [one for one in answers(asked) if one.kind == "mosaic"]
        assert mosaics
        for one in mosaics:
            first, second = one.text.split()
            both = "".join(heard(asked_ending(word).sound).key for word in (second, first))
            assert len(both) == one.span
            assert both == own[: one.span], (asked, one)


def test_no_word_stands_in_all_mosaics() -> None:
    """A list of "later racer, later pacer …" is one answer."""
    words = [word for text in texts("paper chaser", "mosaic", 4) for word in text.split()]
    assert max(map(words.count, words)) <= 3


def test_a_limit_holds_for_each_kind_of_each_span() -> None:
    """And changes no order."""
    few, many = answers("nation", 3), answers("nation", 30)
    for kind in ("perfect", "slant", "mosaic"):
        some = [one for one in few if (one.kind, one.span) == (kind, 2)]
        assert len(some) <= 3
        assert some == [one for one in many if (one.kind, one.span) == (kind, 2)][: len(some)]


# Bad input


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no word"), ("  \n ", "no word"), ("!!! ...", "no word"), ("\U0001f525\U0001f4af", "no word"),
        ("[Chorus]", "no word"), ("\0", "no word"), ("привет", "cannot be heard"), ("hello мир", "'мир'"),
        ("la " * 3400, "10,200 characters"),
    ],
)  # fmt: skip
def test_a_text_without_an_end_that_can_be_heard_is_refused(text: str, says: str) -> None:
    """In a sentence that names the option."""
    with pytest.raises(InputError, match=r"^--for ") as caught:
        asked_ending(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    """It names the option too."""
    with pytest.raises(InputError, match="--limit"):
        checked_limit(limit)


@settings(max_examples=25)
@given(st.text(max_size=40) | st.from_regex(r"[a-zA-Z' -]{1,30}", fullmatch=True))
def test_any_text_gets_an_answer_or_is_refused(text: str) -> None:
    """Never another error; every span is within the ending, every strength in [0, 1]."""
    try:
        ending = asked_ending(text)
    except InputError:
        return
    size = len(heard(ending.sound).syllables)
    assert 1 <= size <= LONGEST_SPAN
    for one in rhyming_words(ending, 5):
        assert 1 <= one.span <= size
        assert 0 <= one.strength <= 1


def test_bars_without_words_have_no_ending() -> None:
    """Signs, notes, other scripts."""
    bars = list(parse("...\n[laughs] -\nпривет\nhome").bars)
    assert [bool(ending_of(bar)) for bar in bars] == [False, False, False, True]
