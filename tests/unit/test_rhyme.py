"""Rhymes are found where a rapper hears them, and nowhere else."""

from __future__ import annotations

import string
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme import UNRHYMED, Chain, RhymeAnalysis, RhymeKind, find_rhymes, to_json
from rap_analyzer.domain.rhyme_endings import near_ends, strictness
from rap_analyzer.domain.rhyme_hearing import packaged_model, rhyme_odds
from rap_analyzer.domain.rhyme_pairs import cluster_kinds
from rap_analyzer.domain.rhyme_stream import listen

if TYPE_CHECKING:
    import random

VERSE = """I left my only jacket on the handle of the door
My mother mopped the hallway and the water hit the floor
A radio was playing what the preacher said before
I never had a dollar but I always wanted more
The kettle in the kitchen sings a lullaby at night
My brother in the corner with a candle for a light"""
MULTIS = """Sell the paper chaser to a skyscraper facer
I got a later flavor for the neighbour with a razor"""
SPOKEN = "the a cat hat money honey night light runnin' gun fun orange door hinge paper chaser yeah 24/7 NYC (uh) 🔥"
WORDS = st.sampled_from(SPOKEN.split())
SONGS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=12).map("\n".join)


def analysed(text: str) -> RhymeAnalysis:
    """The rhymes of a text."""
    return find_rhymes(parse(text))


def chain_at(analysis: RhymeAnalysis, bar: int, word: int) -> Chain | None:
    """The chain that a word's last rhyming syllable is in."""
    names = [
        at[0]
        for place, at in zip(analysis.stream.places, analysis.positions, strict=True)
        if at and (place.bar, place.word) == (bar, word)
    ]
    return next((chain for chain in analysis.chains if names and chain.id == names[-1]), None)


def last(analysis: RhymeAnalysis, bar: int) -> Chain | None:
    """The chain at a bar's end."""
    words = list(analysis.lyrics.bars)[bar].words
    return chain_at(analysis, bar, len(words) - 1)


def test_end_rhymes_are_one_chain() -> None:
    """Door, floor, before and more answer each other; night and light are another chain."""
    found = analysed(VERSE)
    first = last(found, 0)
    assert first
    assert [last(found, bar) for bar in range(4)] == [first] * 4
    assert set(first.kinds) >= {RhymeKind.END, RhymeKind.PERFECT}
    assert last(found, 4) == last(found, 5)
    assert last(found, 4) != first


def test_the_scheme_has_a_letter_for_each_bar() -> None:
    """Four bars on one rhyme and two on another are AAAABB."""
    assert analysed(VERSE).schemes == (tuple("AAAABB"),)


def test_families_that_rhyme_perfectly_stay_apart() -> None:
    """Night and light are one family, sky and die another, though their vowel is the same."""
    verse = """The kettle in the kitchen sings a lullaby at night
A window full of pigeons and a piece of yellow sky
My brother in the corner with a candle for a light
He promised me a city where the rivers never die"""
    assert analysed(verse).schemes == (tuple("ABAB"),)


def test_ends_that_are_spelled_alike_rhyme_to_the_eye() -> None:
    """Love answers prove where neither has a better partner, as verse has it; with no letters shared it does not."""
    verse = "A mountain is a thing that you can never love\n{}\nI left the house before I had a thing to {}"
    other = "The kettle on the cooker was as empty as a church"
    assert analysed(verse.format(other, "prove")).schemes == (tuple("A-A"),)
    assert analysed(verse.format(other, "lose")).schemes == (tuple("---"),)


def test_strictness_is_the_share_of_bars_with_a_perfect_rhyme() -> None:
    """Four of six bars end in a perfect rhyme; a word said twice is none, and each section has its own share."""
    first = "[Verse 1]\nto the door\non the floor\nin a paper\nfor a caper\nwith a hat\nof a hen"
    stream = listen(parse(f"{first}\n[Verse 2]\nred hen\nthe hen"))
    shares = strictness(stream, near_ends(stream)).tolist()
    assert [round(share, 3) for share in dict.fromkeys(shares)] == [0.667, 0.0]
    nothing = listen(parse(""))
    assert not len(strictness(nothing, near_ends(nothing)))


def test_function_words_do_not_rhyme_by_chance() -> None:
    """Articles and prepositions are in no chain of the verse."""
    found = analysed(VERSE)
    small = [at for at, word in zip(found.positions, found.stream.spellings, strict=True) if word in {"the", "a", "of"}]
    assert small
    assert not any(small)


def test_multis_are_aligned() -> None:
    """Chaser, scraper, flavor and razor rhyme over two syllables, at the same positions."""
    found = analysed(MULTIS)
    words = {"paper": 0, "chaser": 0, "later": 0, "flavor": 0, "razor": 0}
    at = [
        (place.syllable, position[1])
        for place, position, word in zip(found.stream.places, found.positions, found.stream.spellings, strict=True)
        if position and word in words
    ]
    assert len(at) >= 6
    assert len({position - syllable for syllable, position in at}) == 1
    assert any(RhymeKind.MULTISYLLABIC in chain.kinds for chain in found.chains)


def test_a_mosaic_spans_words() -> None:
    """In one bar "seeded" is a word, in the next "need it" answers it with two."""
    found = analysed("I planted every row and then I seeded\nI gave it to my brother when he'd need it")
    assert any(RhymeKind.MOSAIC in chain.kinds for chain in found.chains)


def test_repetition_is_no_rhyme() -> None:
    """Bars that end in the same word make a chain of kind `identical`, and no density."""
    found = analysed("I want it all tomorrow\nYou said it was tomorrow\nWe never got tomorrow")
    assert found.density == 0
    assert [chain.kinds for chain in found.chains] == [(RhymeKind.IDENTICAL,)]
    assert len(found.chains[0].members) == 3


def test_one_spelling_may_have_more_syllables_elsewhere() -> None:
    """A random text that was once too much: the last words of two bars are spelled alike and said differently."""
    found = analysed("(yeah)\n⊓⟯⊬…⫁♐➔'9mm\t9mm\n24/7\x00⊙'1: 9mm\u200f🀠🖣🪣🇴'")
    assert len(found.lyrics.sections) == 1
    assert 0 <= found.density <= 1


def test_an_ad_lib_after_a_bar_does_not_hide_its_end() -> None:
    """The bar ends before its trailing ad-lib."""
    assert analysed("We drove all night (skrrt)\nNo sleep, no light (woah)").schemes == (("A", "A"),)


@pytest.mark.parametrize("text", ["", "🔥🔥", "[Verse 1]", "...", "word", "привет как дела"])
def test_without_rhymes_the_density_is_zero(text: str) -> None:
    """Nothing to hear gives zero, not an error."""
    assert analysed(text).density == 0


@given(SONGS)
@settings(max_examples=50)
def test_density_and_positions_are_sound(text: str) -> None:
    """Density lies in [0, 1] and is the share of syllables in chains; members cover what the syllables say."""
    found = analysed(text)
    rhyming = {chain.id for chain in found.chains if chain.rhymes}
    inside = [at for at in found.positions if at and at[0] in rhyming]
    assert found.density == pytest.approx(len(inside) / max(1, len(found.stream)))
    covered = sum(member.length for chain in found.chains for member in chain.members)
    assert covered == sum(at is not None for at in found.positions)
    for chain in found.chains:
        assert len(chain.members) > 1
        assert 0 <= chain.confidence <= 1
        assert all(m.position >= 0 and m.position + m.length <= chain.length for m in chain.members)


@given(SONGS)
@settings(max_examples=50)
def test_answering_syllables_share_a_position(text: str) -> None:
    """Syllables within a member stand at consecutive positions of one chain."""
    found = analysed(text)
    index = {place: n for n, place in enumerate(found.stream.places)}
    for chain in found.chains:
        for member in chain.members:
            begin = index[member.bar, member.word, member.syllable]  # type: ignore[index] # a Place is a tuple
            run = found.positions[begin : begin + member.length]
            assert run == tuple((chain.id, member.position + k) for k in range(member.length))


@given(SONGS, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_case_punctuation_and_names_change_nothing(text: str, chance: random.Random) -> None:
    """A sentence case, a comma or an exclamation mark after words, and who raps leave the chains as they are."""
    dressed = "\n".join(
        " ".join(word + chance.choice(["", ",", ".", "!", "?!"]) for word in line.split()) for line in text.split("\n")
    )
    plain = analysed(f"[Verse 1: Ida]\n{text}")
    other = analysed(f"[Verse 1: Bo & Naima]\n{dressed}")
    assert other.chains == plain.chains
    sentence = "\n".join(line[:1].upper() + line[1:] for line in text.split("\n"))
    assert analysed(f"[Verse 1: Ida]\n{sentence}").chains == plain.chains


@given(st.text(max_size=200))
@settings(max_examples=100)
def test_any_text_is_heard_without_an_error(text: str) -> None:
    """Random Unicode gives an analysis with a word for each word."""
    answer = to_json(analysed(text), "x")
    assert [len(bar["words"]) for bar in answer["bars"]] == [len(bar.words) for bar in parse(text).bars]
    assert 0 <= answer["metrics"]["rhyme_density"] <= 1


def test_the_answer_has_the_shape_of_the_contract() -> None:
    """Bars hold words, words syllables, syllables chains with id and position."""
    answer = to_json(analysed("The night is bright\n[laughs] a light"), "7", {"rhyme_factor": 1.0})
    assert answer["id"] == "7"
    night = answer["bars"][0]["words"][1]
    assert night["text"] == "night"
    assert night["syllables"][0]["phones"] == "nIt"
    assert night["syllables"][0]["stress"] == 1
    (place,) = night["syllables"][0]["chains"]
    assert place["position"] == 0
    (chain,) = [chain for chain in answer["chains"] if chain["id"] == place["id"]]
    assert chain["members"][0].items() >= {"bar": 0, "word": 1, "syllable": 0, "length": 1}.items()
    assert 0 < chain["members"][0]["confidence"] <= 1
    assert answer["bars"][1]["words"][0] == {"text": "[laughs]", "syllables": []}
    assert answer["metrics"]["rhyme_factor"] == 1.0


def test_better_rhymes_score_higher() -> None:
    """Same vowel and consonants beat near consonants, which beat another vowel."""
    model = packaged_model()

    def score(word: str) -> float:
        stream = listen(parse(f"he never saw the cat\nshe never wore a {word}"))
        odds = rhyme_odds(stream, model)
        pair = (odds.earlier == stream.spellings.index("cat")) & (odds.later == len(stream) - 1)
        return float(odds.value[pair].max(initial=-9))

    order = [score(word) for word in ("hat", "cap", "gong")]
    assert all(one > other for one, other in pairwise(order))


@given(SONGS, SONGS)
@settings(max_examples=40)
def test_another_verse_changes_nothing_in_this_one(text: str, other: str) -> None:
    """Sections are heard apart: a verse's syllables rhyme with the same ones whatever comes before or after it."""

    def rhyming(found: RhymeAnalysis, number: int) -> list[tuple[int, ...]]:
        section = found.lyrics.sections[number]
        first = section.bars[0].index if section.bars else 0
        heard = {chain.id for chain in found.chains if chain.rhymes}
        rows = zip(found.stream.places, found.positions, found.stream.section.tolist(), strict=True)
        return [
            (place.bar - first, place.word, place.syllable)
            for place, at, of in rows
            if of == number and at and at[0] in heard
        ]

    alone = rhyming(analysed(f"[Verse 1]\n{text}"), 0)
    assert rhyming(analysed(f"[Verse 1]\n{text}\n[Verse 2]\n{other}"), 0) == alone
    assert rhyming(analysed(f"[Verse 1]\n{other}\n[Verse 2]\n{text}"), 1) == alone


def test_the_confidence_follows_the_rhyme() -> None:
    """A perfect rhyme at the ends of two bars is surer than a slant one."""
    sure = last(analysed("he never saw the night\nshe never wore a light"), 1)
    slant = last(analysed("I left my only jacket on the handle of the door\nI never want to see him anymore at all"), 0)
    assert sure
    assert sure.confidence > (slant.confidence if slant else 0)


def test_consonants_are_likened_by_class() -> None:
    """Both t and p are voiceless stops, t and d stops, t and n neither."""
    kinds = cluster_kinds(("t", "p", "d", "n", ""))
    assert kinds[0].tolist() == [1, 4, 5, 8, 2]
    assert (kinds == kinds.T).all()


def test_long_texts_are_heard_in_pieces() -> None:
    """A text longer than a piece is heard to its end."""
    found = analysed("the cat sat with a hat\n" * 4_000)
    assert len(found.stream) == 24_000
    assert found.positions[-1] is not None


def test_a_weak_last_word_rhymes_with_the_stress_before_it() -> None:
    """In *beat in it* the ear waits for "beat", whatever else answers "it"."""
    verse = """The dock is in the album, every trailer got a beat in it
Pallet jack and shrink wrap hiss, the belt is long, I'm eatin' it
The hi-hat is a tape gun and the loadin' door's completin' it
Half a verse was on my phone before the shift was greetin' it
A radio, a little sun, the day folk hit the morning with a grin"""
    assert analysed(verse).schemes[0][:4] == tuple("AAAA")


@given(
    st.lists(
        st.sampled_from([*VERSE.splitlines(), *MULTIS.splitlines(), "I need it", "I seen them", "be it"]), max_size=30
    )
)
@settings(max_examples=50)
def test_no_bar_has_a_letter_for_itself(bars: list[str]) -> None:
    """A letter says that bars rhyme with one another, and letters come in the order of the alphabet."""
    for scheme in analysed("\n".join(bars)).schemes:
        letters = [letter for letter in scheme if letter != UNRHYMED]
        assert all(letters.count(letter) > 1 for letter in letters)
        assert "".join(dict.fromkeys(letters)) == string.ascii_uppercase[: len(set(letters))]
