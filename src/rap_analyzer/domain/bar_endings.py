"""How a bar ends: the sound of its last syllables, and a key by which bars that end alike are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rap_analyzer.domain.heteronyms import pronounce_in
from rap_analyzer.domain.phonology import syllabify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Bar, Lyrics
    from rap_analyzer.domain.phonology import Syllable

LONGEST_SPAN = 6
"""Syllables that an ending has at most. Longer rhymes are rare, and begin with one of six."""
WEAK = "e"
CLASSES = {
    "A": ("A",), "I": ("I",), "O": ("O", "ɔɹ", "ʊɹ"), "W": ("W",), "Y": ("Y",), "a": ("æ",), WEAK: ("ə", "ɛ", "ɪ"),
    "h": ("ʊ",), "i": ("i",), "o": ("ɑ", "ɑɹ", "ɔ"), "r": ("ɜ", "ɝ"), "u": ("u",), "v": ("ʌ",), "x": ("ɛɹ", "ɪɹ"),
}  # fmt: skip
"""Vowels that often rhyme with each other, under a letter each: those whose log-odds learned from rap are highest.

The unstressed "er" of "hater" counts among the weak ones: many say "hata".
"""
CLASS_OF = {vowel: name for name, vowels in CLASSES.items() for vowel in vowels}


@dataclass(frozen=True, slots=True)
class Ending:
    """The last words of a bar, as many as hold `LONGEST_SPAN` syllables.

    Attributes:
        words: as transcribed.
        phones: their sound; each word has a syllable at least.
    """

    words: tuple[str, ...]
    phones: tuple[str, ...]

    @property
    def sound(self) -> str:
        """The phones in one string, words apart, which `heard` reads."""
        return " ".join(self.phones)


@dataclass(frozen=True, slots=True)
class Tail:
    """The syllables of an ending, `LONGEST_SPAN` at most.

    Attributes:
        syllables: in order; the last one ends the bar.
        starts: whether each is the first of its word.
    """

    syllables: tuple[Syllable, ...]
    starts: tuple[bool, ...]

    @property
    def key(self) -> str:
        """A letter for each vowel, from the last one backwards: endings that rhyme over n syllables share n letters."""
        return "".join(map(vowel_class, reversed(self.syllables)))

    @property
    def coda(self) -> str:
        """The consonants after the last vowel."""
        return self.syllables[-1].follow

    @property
    def last_word(self) -> int:
        """Syllables of the last word that are in the tail."""
        return next(n for n, start in enumerate(reversed(self.starts), 1) if start or n == len(self.starts))


def vowel_class(syllable: Syllable) -> str:
    """The letter of `CLASSES` for a syllable's vowel."""
    return CLASS_OF.get(syllable.nucleus, WEAK) if syllable.stress or syllable.nucleus != "ɝ" else WEAK


def heard(sound: str) -> Tail:
    """The tail of phones, words apart: `heard(ending.sound)` is what the ending sounds like."""
    words = list(map(syllabify, sound.split()))
    syllables = tuple(s for word in words for s in word)
    starts = tuple(k == 0 for word in words for k in range(len(word)))
    return Tail(syllables[-LONGEST_SPAN:], starts[-LONGEST_SPAN:])


def ending_of(bar: Bar) -> Ending | None:
    """How a bar ends; None where its last word cannot be said. Ad-libs count only in a bar of nothing else."""
    words = [word.text for word in bar.sung if not word.adlib] or [word.text for word in bar.sung]
    phones: list[str] = []
    syllables = 0
    for index in range(len(words) - 1, -1, -1):
        said = syllabify(sound := pronounce_in(words, index))
        if not said or syllables >= LONGEST_SPAN:
            break
        phones.insert(0, sound.replace(" ", ""))
        syllables += len(said)
    return Ending(_last(words, len(phones)), tuple(phones)) if phones else None


def _last(words: Sequence[str], count: int) -> tuple[str, ...]:
    return tuple(words[len(words) - count :])


def endings_of(lyrics: Lyrics) -> list[tuple[int, Ending]]:
    """The endings of a song's bars, with the bars' indices; bars that cannot be said are left out."""
    found = ((bar.index, ending_of(bar)) for bar in lyrics.bars)
    return [(index, ending) for index, ending in found if ending]
