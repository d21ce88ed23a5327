"""What rhymes with a word or a bar's end, fully or nearly: over how many syllables, and how strongly.

A span is counted in syllables from the end. Over it, vowels that answer each other are of one class
(`bar_endings.CLASSES`); how strongly two endings rhyme is told by the log-odds that the rhyme engine has learned.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rap_analyzer.domain.bar_endings import Ending, Tail, ending_of
from rap_analyzer.domain.errors import InputError
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme_hearing import packaged_model
from rap_analyzer.domain.rhyme_pairs import cluster_kinds
from rap_analyzer.domain.transcription import clean_transcription

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from rap_analyzer.domain.phonology import Syllable
    from rap_analyzer.domain.rhyme_pairs import Weights

MAX_CHARACTERS = 1000
MAX_LIMIT = 100
LEAST_STRENGTH = 0.65
"""Below, two endings have some of their vowels alike, and nobody hears a rhyme."""
UNSTRESSED = 0.5
"""What a syllable without stress weighs: it is heard less."""
EXAMPLE = 'such as --for "paper chaser"'

Sound = tuple[str, str]
"""A nucleus and the consonants that follow it: what rhymes of a syllable."""


class Kind(StrEnum):
    """How an answer rhymes: the same sounds from the span's first vowel on, or similar ones."""

    PERFECT = "perfect"
    SLANT = "slant"


class Match(NamedTuple):
    """How two endings rhyme.

    Attributes:
        span: syllables, from the end.
        strength: log-odds that they rhyme ÷ those that each rhymes with its own like, in [0, 1]; 1 is the same sound.
        kind: perfect or slant.
        off_beat: syllables of the span that are stressed in one of the two only.
    """

    span: int
    strength: float
    kind: Kind
    off_beat: int


def asked_ending(text: str) -> Ending:
    """The ending that rhymes are asked for: that of the text's last bar.

    Raises:
        InputError: the text is empty or too long, or its last word cannot be heard as English.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"--for has {len(text):,} characters, and at most {MAX_CHARACTERS:,} are read: give a word or a bar's end."
        )
    bars = list(parse(clean_transcription(text)).bars)
    if not bars or not any(map(str.isalnum, bars[-1].text)):
        raise InputError(f"--for has no word in it: give a word or a bar's end, {EXAMPLE}.")
    ending = ending_of(bars[-1])
    if ending is None:
        raise InputError(
            f"--for ends in {bars[-1].text.split()[-1][:40]!r}, which cannot be heard as English: "
            f"spell the sound in Latin letters, {EXAMPLE}."
        )
    return ending


def checked_limit(limit: int) -> int:
    """The limit, if it is one.

    Raises:
        InputError: it is below 1 or above `MAX_LIMIT`.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InputError(f"--limit is {limit}; it must be from 1 to {MAX_LIMIT}.")
    return limit


class Ear:
    """Hears how strongly other endings rhyme with one.

    Args:
        tail: the one.
        others: all syllables that it will be asked about.
    """

    def __init__(self, tail: Tail, others: Iterable[Syllable]) -> None:
        self.tail = tail
        self._key, self._last_word = tail.key, tail.last_word
        self._sounds = list(map(_sound, tail.syllables))
        known = list({*self._sounds, *map(_sound, others)})
        self._place = {sound: k for k, sound in enumerate(known)}
        alike, itself = _log_odds(known, [self._place[sound] for sound in self._sounds])
        self._alike, self._itself = alike.tolist(), itself.tolist()

    def compare(self, other: Sequence[Syllable], first: int) -> Match:
        """How syllables answer as many of the tail's, from its number `first` on; each has its vowel's class."""
        alike = itself = 0.0
        off_beat, perfect = 0, True
        for k, one in enumerate(other, first):
            sound = _sound(one)
            here = self._place[sound]
            weight = 1.0 if self.tail.syllables[k].stress else UNSTRESSED
            alike += weight * self._alike[k][here]
            itself += weight * (self._itself[here] + self._itself[self._place[self._sounds[k]]]) / 2
            perfect = perfect and sound == self._sounds[k]
            off_beat += bool(one.stress) != bool(self.tail.syllables[k].stress)
        strength = min(1.0, max(0.0, alike / itself))
        return Match(len(other), strength, Kind.PERFECT if perfect else Kind.SLANT, off_beat)

    def match(self, other: Tail) -> Match | None:
        """How another ending rhymes with the tail, over the longest span that does; None if it does not.

        What says the same again is no rhyme: the tail's last word, or a span with the consonants before it. A span of
        the other ending begins with a word, or has a stressed syllable: "dancer" does not rhyme on its "-er".
        """
        own, size = self.tail.syllables, len(self.tail.syllables)
        longest = shared(self._key, other.key)
        if not longest or says_same(own, other.syllables, min(self._last_word, len(other.syllables))):
            return None
        for span in range(longest, 0, -1):
            if _carries(other, span) and not says_same(own, other.syllables, span):
                found = self.compare(other.syllables[-span:], size - span)
                if found.strength >= LEAST_STRENGTH:
                    return found
        return None


def shared(key: str, other: str) -> int:
    """Letters that two keys begin with: the longest span over which their vowels are alike."""
    return next((n for n, (a, b) in enumerate(zip(key, other, strict=False)) if a != b), min(len(key), len(other)))


def says_same(one: Sequence[Syllable], other: Sequence[Syllable], span: int) -> bool:
    """Whether two endings are the same over a span, the consonants before it too: "pair" and "pear"."""
    return all(
        a.onset == b.onset and a.nucleus == b.nucleus and a.follow == b.follow
        for a, b in zip(one[-span:], other[-span:], strict=True)
    )


def _carries(tail: Tail, span: int) -> bool:
    return tail.starts[-span] or any(syllable.stress for syllable in tail.syllables[-span:])


def _sound(syllable: Syllable) -> Sound:
    return syllable.nucleus, syllable.follow


def _log_odds(sounds: Sequence[Sound], own: Sequence[int]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Log-odds from vowels and consonants: of the own sounds, by number, with all; and of each sound with its like."""
    weights = _weights()
    table = _vowel_table()
    rows = {name: row for row, name in enumerate(weights.nuclei)}
    vowel = np.array([rows.get(nucleus, len(rows)) for nucleus, _ in sounds])
    clusters = tuple(dict.fromkeys(follow for _, follow in sounds))
    number = {cluster: k for k, cluster in enumerate(clusters)}
    follow = np.array([number[cluster] for _, cluster in sounds])
    consonants = np.append(weights.cluster, np.float32(0))[cluster_kinds(clusters)]
    chosen = np.array(own)
    alike = table[vowel[chosen][:, None], vowel] + consonants[follow[chosen][:, None], follow]
    return alike, table[vowel, vowel] + consonants[follow, follow]


def _weights() -> Weights:
    """The log-odds that the engine has learned from sound."""
    return packaged_model().first


@cache
def _vowel_table() -> npt.NDArray[np.float32]:
    """Log-odds of two vowels, and a last row and column for vowels that no rhyme was learned from.

    Too few rhymes are known of some ("tour"): no vowel is less sure of itself than of another.
    """
    learned = _weights().nucleus
    table = np.pad(learned, (0, 1), constant_values=learned.min())
    np.fill_diagonal(table, np.maximum(table.max(axis=1), 1.0))
    return table
