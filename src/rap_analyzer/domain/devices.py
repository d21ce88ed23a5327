"""Sound and figure: alliteration, assonance, consonance, anaphora, similes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from rap_analyzer.domain.rhyme_stream import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rap_analyzer.domain.lyrics import Bar, Lyrics
    from rap_analyzer.domain.phonology import Syllable
    from rap_analyzer.domain.rhyme_stream import Stream

REACH = 4
"""Stressed syllables within which a sound that comes back is heard."""
OPENING_WORDS = 2
"""Words that bars must begin with alike for anaphora."""
VERB_SUBJECTS = "i you we they to not don't would i'd you'd we'd they'd didn't really ain't never who"
LIKE_IS_NO_SIMILE = frozenset(VERB_SUBJECTS.split())
"""Words before "like" that make it a verb ("I like the way")."""
POINTING = frozenset(("it", "that", "this", "these", "those"))
"""Words after "like" that point at a scene rather than compare ("like that")."""
AS_AS = re.compile(r"\bas \w[\w']* as\b")
SAME_THING = re.compile(r"\bas (?:well|soon|long|far|much|many) as\b")


@dataclass(frozen=True, slots=True)
class Devices:
    """Figures of a song.

    Attributes:
        alliteration: stressed syllables whose first consonant one of the four stressed syllables before it in the bar
            begins with too, in another word ÷ all stressed syllables, in [0, 1].
        assonance: the same for the vowel, where what follows it differs (else it is rhyme), in [0, 1].
        consonance: the same for the consonants after the vowel, where the vowel differs, in [0, 1].
        anaphora: bars that begin with the same two words as the bar before, and do not say the same; a count.
        similes: "like a …" and "as … as"; a count. Told by rule: "like" after words that make it a verb is none.
    """

    alliteration: float
    assonance: float
    consonance: float
    anaphora: int
    similes: int


Stressed = tuple[str, "Syllable"]
"""A stressed syllable with its word's bare form."""


def devices_of(lyrics: Lyrics, stream: Stream) -> Devices:
    """Counts and shares of a song's figures; shares are 0 without stressed syllables."""
    bars = [bar for bar in lyrics.bars if bar.sung]
    stressed = list(_stressed_by_bar(stream))
    total = sum(map(len, stressed)) or 1
    shares = [sum(_echoes(bar, sound) for bar in stressed) / total for sound in ("onset", "nucleus", "follow")]
    return Devices(shares[0], shares[1], shares[2], _anaphora(bars), sum(map(_similes, bars)))


def _stressed_by_bar(stream: Stream) -> Iterator[list[Stressed]]:
    rows = zip(stream.places, stream.spellings, stream.heard, strict=True)
    for _, bar in groupby(rows, key=lambda row: row[0].bar):
        yield [(spelling, s) for _, spelling, s in bar if s.stress and spelling not in FUNCTION_WORDS]


def _echoes(bar: Sequence[Stressed], sound: str) -> int:
    """Stressed syllables that echo an earlier one of the bar in one sound."""
    return sum(
        any(_echo(earlier, later, sound) for earlier in bar[max(0, at - REACH) : at]) for at, later in enumerate(bar)
    )


def _echo(earlier: Stressed, later: Stressed, sound: str) -> bool:
    (word, one), (other_word, other) = earlier, later
    if word == other_word:
        return False
    if sound == "onset":
        return bool(one.onset) and one.onset[:1] == other.onset[:1]
    same_vowel, same_follow = one.nucleus == other.nucleus, one.follow == other.follow
    return same_vowel and not same_follow if sound == "nucleus" else bool(one.follow) and same_follow and not same_vowel


def _anaphora(bars: Sequence[Bar]) -> int:
    openings = [tuple(word.bare for word in bar.sung) for bar in bars]
    return sum(
        len(later) > OPENING_WORDS and one != later and one[:OPENING_WORDS] == later[:OPENING_WORDS]
        for one, later in pairwise(openings)
    )


def _similes(bar: Bar) -> int:
    words = [word.bare for word in bar.sung]
    text = " ".join(words)
    compared = sum(
        word == "like" and bool(after) and before not in LIKE_IS_NO_SIMILE and after not in POINTING
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False)
    )
    return compared + len(AS_AS.findall(text)) - len(SAME_THING.findall(text))
