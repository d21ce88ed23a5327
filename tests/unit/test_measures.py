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
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.measures import MEASURES, measure
from rap_analyzer.domain.readability import readability_of
from rap_analyzer.domain.repetition import repetition, repetition_of
from rap_analyzer.domain.rhyme_stream import listen
from rap_analyzer.domain.vocabulary import hdd, mattr, mtld

SHARES = (
    "rhyme_density multisyllabic_share internal_share stress_variation mattr hdd repetition hook_share adlib_share "
    "alliteration assonance consonance"
)


def devices(text: str) -> Any:
    """A text's figures."""
    lyrics = parse(text)
    return devices_of(lyrics, listen(lyrics))


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
@settings(deadline=None)
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
    found = repetition_of(parse("[Verse]\nOne two three four\nFive six seven eight\n[Hook]\none two three four!"))
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


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_every_measure_is_finite_and_in_its_range(text: str) -> None:
    """Any text gives every measure, as JSON without NaN, shares in [0, 1]."""
    found = measure(parse(text))
    assert list(found) == list(MEASURES)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(math.isfinite(value) for value in found.values() if isinstance(value, float))
    assert all(0 <= found[name] <= 1 for name in SHARES.split())


def test_every_measure_says_what_it_means() -> None:
    """A label, and one sentence with a full stop."""
    for label, _, meaning in MEASURES.values():
        assert label
        assert meaning.endswith(".")
