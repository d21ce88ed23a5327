"""Every measure against a small example counted by hand, and within its range for any text."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rap_analyzer.domain.devices import devices_of
from rap_analyzer.domain.flow import flow_of
from rap_analyzer.domain.lexicon import Form, form_of
from rap_analyzer.domain.lyrics import Lyrics, parse
from rap_analyzer.domain.measures import MEASURES, measure, scheme_entropy, written_scheme
from rap_analyzer.domain.performers import with_roles
from rap_analyzer.domain.readability import readability_of
from rap_analyzer.domain.repetition import repetition, repetition_of
from rap_analyzer.domain.rhyme_factor import rhyme_factor
from rap_analyzer.domain.rhyme_stream import listen
from rap_analyzer.domain.vocabulary import first_words, hdd, mattr, mtld
from rap_analyzer.domain.word_choice import word_choice_of

SHARES = [name for name, shown in MEASURES.items() if shown.unit == "share"]
HEADERS = ("[Verse 1: Ann & Bea]", "[Hook]", "[Bridge: Bea]", "[Skit]")
BARS = (
    "I keep a paper route of memories, delivered in a hurry",
    "so slow (so slow), the river rose, like a cold hand on Wisconsin",
    "Blorfing and f**kin' with the antediluvian, ain't it",
    "we come in cold 24/7 as thin as a dime",
    "🔥 ¿qué?",
    "[laughs]",
    "",
)


def bars_of(lyrics: Lyrics) -> dict[int, Any]:
    """What is said in each bar."""
    return {bar.index: bar.sung for bar in lyrics.bars}


def devices(text: str) -> Any:
    """A text's figures."""
    lyrics = parse(text)
    return devices_of([bar for bar in bars_of(lyrics).values() if bar], listen(lyrics))


def choice(text: str) -> Any:
    """A text's kinds of words."""
    return word_choice_of(list(parse(text).words))


def test_flow_counts_syllables_by_bar() -> None:
    """Three and five syllables: mean four, spread one."""
    flow = flow_of(listen(parse("we run home\n\nnever coming home")))
    assert flow.series == (3, 5)
    assert (flow.syllables_per_bar, flow.syllables_per_bar_spread) == (4.0, 1.0)


def test_bars_of_one_pattern_have_no_stress_variation() -> None:
    """The same stresses again vary by nothing; all places changed vary by one."""
    assert flow_of(listen(parse("paper cutter\nwater bottle"))).stress_variation == 0
    assert flow_of(listen(parse("paper\nagain"))).stress_variation == 1


def test_mtld_counts_words_until_repetition() -> None:
    """Ten of one word fall to the threshold every second word: runs of two."""
    assert mtld(["a"] * 10) == 2.0
    assert mtld(["a", "b", "c"]) == 3.0
    assert mtld([]) == 0.0


def test_mattr_is_the_mean_of_windows() -> None:
    """Windows ab, bb, bc have ratios 1, ½, 1."""
    assert mattr(["a", "b", "b", "c"], window=2) == pytest.approx(2.5 / 3)
    assert mattr(["a", "a"], window=50) == 0.5


def test_hdd_is_the_expected_ratio_of_a_draw() -> None:
    """Two drawn from a, a, b: one pair in three is aa, so 1⅔ types in two words."""
    assert hdd(["a", "a", "b"], sample=2) == pytest.approx((1 + 2 / 3) / 2)
    assert hdd(["a", "b"], sample=42) == 1.0


def test_repetition_counts_matches_as_three_characters() -> None:
    """Ten letters twice: ten literals and one match are 13 of 20."""
    assert repetition("abcdefghij" * 2) == pytest.approx(1 - 13 / 20)
    assert repetition("abcdefghij") == 0.0
    assert repetition("") == 0.0


@given(st.text(min_size=1, max_size=3000) | st.lists(st.sampled_from("ab"), max_size=40_000).map("".join))
def test_repetition_is_a_share(text: str) -> None:
    """Any text loses between nothing and all of itself."""
    assert 0 <= repetition(text) < 1


def test_repetition_reads_long_streams() -> None:
    """A text of several compressed blocks is read to its end: all but its first 1,000 characters repeat."""
    block = "".join(chr(97 + zlib.crc32(bytes([n % 251, n // 251])) % 26) for n in range(1000))
    assert repetition(block * 60) == pytest.approx(1 - 1 / 60, abs=0.02)
    assert repetition("".join(chr(97 + zlib.crc32(str(n).encode()) % 26) for n in range(60_000))) < 0.1


def test_repeated_bars_and_hook_share() -> None:
    """One bar of four comes back, in other dress; four of twelve words are in the hook."""
    lyrics = parse("[Verse]\nOne two three four\nFive six seven eight\n[Hook]\none two three four!")
    found = repetition_of(lyrics, bars_of(lyrics))
    assert found.repeated_bars == 1
    assert found.hook_share == pytest.approx(4 / 12)


def test_readability_follows_its_formulas() -> None:
    """Ten words, 15 syllables, two bars."""
    found = readability_of(10, 15, 2)
    assert found.flesch == pytest.approx(206.835 - 1.015 * 5 - 84.6 * 1.5)
    assert found.grade == pytest.approx(0.39 * 5 + 11.8 * 1.5 - 15.59)


def test_alliteration_is_counted_by_stressed_syllable() -> None:
    """Two of three stressed syllables begin like one before; a repeated word does not count."""
    assert devices("Peter picked peppers").alliteration == pytest.approx(2 / 3)
    assert devices("Peter Peter").alliteration == 0


def test_assonance_and_consonance_are_told_apart() -> None:
    """Lake–fade share a vowel, fade–road consonants, night–light are rhyme and neither."""
    assert (devices("lake fade").assonance, devices("lake fade").consonance) == (0.5, 0)
    assert (devices("fade road").assonance, devices("fade road").consonance) == (0, 0.5)
    assert (devices("night light").assonance, devices("night light").consonance) == (0, 0)


def test_anaphora_counts_bars_that_begin_alike() -> None:
    """The second and third bar begin like the one before; a bar said again does not count."""
    assert devices("We came in cold\nWe came in late\nWe came home\nWe came home\nThey came").anaphora == 2


def test_similes_are_told_from_the_verb() -> None:
    """Cold like a key, thin as a dime: two comparisons; "I like" and "as long as" are none."""
    assert devices("Cold like a key, as thin as a dime").similes == 2
    assert devices("I like the way, as long as you stay, like that").similes == 0


def test_structure_is_counted_by_kind() -> None:
    """Sections with words by kind, performers in order, bars with words."""
    found = measure(parse("[Verse 1: Ida]\nFirst bar\n🔥\n[Hook: Bo & Ida]\nSecond (bar)\n[Verse 2]\n"))
    assert found["sections"] == {"verse": 1, "hook": 1}
    assert found["performers"] == ["Ida", "Bo"]
    assert (found["bars"], found["tokens"], found["types"], found["adlib_share"]) == (2, 4, 3, 0.25)


def test_rhyme_figures_agree_with_the_chains() -> None:
    """One chain of two end rhymes: two of eight syllables, none inside, none long."""
    found = measure(parse("you never wait\nbecause it's late"))
    assert (found["chains"], found["longest_chain"], found["longest_multi"]) == (1, 2, 0)
    assert found["rhyme_density"] == pytest.approx(2 / 8)
    assert (found["internal_share"], found["multisyllabic_share"]) == (0, 0)


def numbers(value: Any) -> list[float]:
    """Every number in nested lists and objects."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [number for one in inner for number in numbers(one)]
    return [value] if isinstance(value, int | float) else []


@given(st.text(max_size=300) | st.lists(st.sampled_from((*HEADERS, *BARS)), max_size=40).map("\n".join))
@settings(max_examples=120)
def test_every_measure_is_finite_and_in_its_range(text: str) -> None:
    """Any text gives every measure, as JSON without NaN, none below 0 but the school grades, shares in [0, 1]."""
    found = measure(parse(text))
    assert list(found) == list(MEASURES)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(math.isfinite(number) for number in numbers(found))
    assert all(0 <= found[name] <= 1 for name in SHARES)
    assert all(number >= 0 for name in found if name not in {"flesch", "grade"} for number in numbers(found[name]))
    assert found["types"] <= found["tokens"]
    assert all(0 <= part["rhyme_density"] <= 1 for part in found["by_performer"])


def test_rhyme_factor_counts_runs_of_two_vowels_and_more() -> None:
    """One vowel alone, or the same word, is none."""
    assert rhyme_factor(listen(parse("lake\nfade"))) == 1.0  # a diphthong is two vowels: (0 + 2) / 2
    assert rhyme_factor(listen(parse("cat\nhat"))) == 0.0
    assert rhyme_factor(listen(parse("lake\nlake"))) == 0.0
    assert rhyme_factor(listen(parse(""))) == 0.0


def test_rhyme_factor_ends_at_the_same_word_and_looks_back_fifteen_words() -> None:
    """The ends of "black lake" and "black fade" share two vowels, not three; sixteen words back is too far."""
    assert rhyme_factor(listen(parse("black lake\nblack fade"))) == pytest.approx(2 / 4)
    between = " ".join(["cat"] * 15)
    assert rhyme_factor(listen(parse(f"lake {between} fade"))) == 0.0
    assert rhyme_factor(listen(parse(f"lake {between[4:]} fade"))) > 0


def test_rhyme_factor_leaves_out_bars_said_before() -> None:
    """A hook sung twice has the factor of one sung once."""
    once = "the lake\nwill fade"
    assert rhyme_factor(listen(parse(f"{once}\n{once}"))) == rhyme_factor(listen(parse(once)))


def test_scheme_entropy_is_in_bits() -> None:
    """AAAA is certain, AABB one question, four bars without rhyme two; sections count by their bars."""
    assert scheme_entropy(["AAAA"]) == 0
    assert scheme_entropy(["AABB"]) == 1
    assert scheme_entropy(["----"]) == 2
    assert scheme_entropy(["AAAA", "AABB"]) == 0.5
    assert scheme_entropy([[], []]) == 0


def test_schemes_are_written_a_letter_a_bar() -> None:
    """With spaces where letters are pairs; an empty section has an empty scheme."""
    assert written_scheme(["A", "A", "-"]) == "AA-"
    assert written_scheme(["A", "AB"]) == "A AB"
    assert measure(parse("[Intro]\n\n[Verse]\nyou never wait\nbecause it's late"))["schemes"] == ["", "AA"]


def test_the_commonest_ending_is_written_as_stresses() -> None:
    """Two of three bars end stressed, unstressed, stressed, unstressed; function words carry no stress."""
    flow = flow_of(listen(parse("paper cutter\nwater bottle\nagain again")))
    assert flow.stress_pattern == "/x/x"
    assert flow.stress_pattern_share == pytest.approx(2 / 3)
    assert flow_of(listen(parse("run home"))).stress_pattern == ""


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("window", Form.COMMON), ("windows", Form.COMMON), ("runnin'", Form.COMMON), ("nobody'd", Form.COMMON),
        ("antediluvian", Form.RARE), ("gourds", Form.RARE), ("blorf", Form.COINED), ("blorfing", Form.COINED),
        ("pigeon-colored", Form.COMMON), ("snowbank", Form.OTHER), ("sooo", Form.OTHER), ("brr", Form.OTHER),
        ("24", Form.OTHER), ("qué", Form.OTHER), ("finna", Form.OTHER),
    ],
)  # fmt: skip
def test_words_are_common_rare_or_coined(word: str, form: Form) -> None:
    """By the base of an inflection; numbers, sounds, other alphabets and known slang are none of these."""
    assert form_of(word) is form


def test_rare_words_are_a_share_of_the_different_ones() -> None:
    """One of four; a word that is only written with a capital is taken for a name."""
    assert choice("the gourd and the window").rare == pytest.approx(1 / 4)
    assert choice("the Gourd and the window").rare == 0
    assert (choice("a blorf, a blorf, a snark-like Zzyzva").coined, choice("").coined) == (1, 0)


def test_slang_and_profanity_are_shares_of_all_words() -> None:
    """By list; a censored word is what its letters allow."""
    found = choice("ain't no shawty here, f**k it, sh*t, damn")
    assert found.slang == pytest.approx(2 / 8)
    assert found.profanity == pytest.approx(3 / 8)
    assert choice("a price of $5 * 3").profanity == 0


def test_names_are_told_by_capitals_in_mid_bar() -> None:
    """Two names; not the first word, nor "I", nor a day, nor what begins a sentence, nor a bar in capitals."""
    assert devices("Then I met Marlow Quick in Toledo on Monday").names == 2
    assert devices("He came. Then he left, and I'm here").names == 0
    assert devices("COME ON NOW EVERYBODY").names == 0
    assert devices("we saw Ida's car\nwe saw Ida").names == 1


def test_each_performer_has_figures_of_their_own() -> None:
    """A shared section counts for both; a section that names nobody has the empty name."""
    verses = "[Verse 1: Ann]\nyou never wait\nbecause it's late\n[Verse 2: Ann & Bea]\na window"
    text = f"{verses}\n[Hook]\nopen it\n[Outro: Cy]"
    parts = {part["name"]: part for part in measure(parse(text))["by_performer"]}
    assert list(parts) == ["Ann", "Bea", ""]
    assert (parts["Ann"]["bars"], parts["Ann"]["words"], parts["Ann"]["syllables"]) == (3, 8, 11)
    assert parts["Bea"]["syllables_per_bar"] == 3
    assert parts[""]["words"] == 2


def test_the_performers_densities_make_the_songs() -> None:
    """Weighted by syllables, where no section is shared."""
    found = measure(parse("[Verse: Ann]\nyou never wait\nbecause it's late\n[Verse: Bea]\na window\nmade of paper"))
    rhymed = sum(part["rhyme_density"] * part["syllables"] for part in found["by_performer"])
    syllables = sum(part["syllables"] for part in found["by_performer"])
    assert rhymed / syllables == pytest.approx(found["rhyme_density"], abs=1e-3)
    assert rhymed > 0


def test_features_are_told_from_main_artists() -> None:
    """By the credits, blind to case and punctuation; whom they do not name is of the main artist's group."""
    rows = with_roles([{"name": "Ann Tenna"}, {"name": "bea-side"}, {"name": ""}, {"name": "Both"}], ["Bea Side"])
    assert [row["role"] for row in rows] == ["primary", "featured", "primary", "primary"]


def test_an_artists_vocabulary_is_that_of_their_first_words() -> None:
    """In order, apostrophes stripped, no stemming, guests' sections left out; none when there are too few words."""
    verse = "[Verse 1]\nrunnin' runnin runs\n[Verse 2: Bea]\nguest words"
    songs = [(verse, ["Bea"]), ("[Verse: Ann & Bea]\nrun Run it's its", ["Bea"])]
    assert first_words(songs, 6) == (6, 4)
    assert first_words(songs, 7) == (7, 4)
    assert first_words(songs, 8) == (7, None)
    assert first_words([], 8) == (0, None)


def test_every_measure_says_what_it_means() -> None:
    """A label, and one sentence with a full stop."""
    for shown in MEASURES.values():
        assert shown.label
        assert shown.meaning.endswith(".")
        assert shown.more.endswith("than")
