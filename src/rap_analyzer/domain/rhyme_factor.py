"""Rhyme factor, the one-number measure of Malmi and others."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rap_analyzer.domain import rhyme_kernel

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

EARLIER_WORDS = 15
WORDS_AT_ONCE = 1024
"""So that memory stays bounded."""
SHORTEST_RUN = 2
"""Vowels; one alone is chance, not rhyme."""
USUAL_RUN, LONGEST_RUN = 6, 32
"""Vowels; few runs are longer than the first, and one beyond the second is repetition that respelling has hidden."""
MOST_SOUNDS = 0x110000
"""Vowels are compared by the code points of their signs."""
HEARD_AS = {"ə": "", "A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "oɪ", "i": "ɪ", "ɛ": "e", "ɔ": "o"}
"""As Raplyzer hears them: schwa bends to any vowel and is passed over, a diphthong is two vowels, near ones are one."""


class _Vowels(NamedTuple):
    """Vowels that are compared, with the running number of their words and the number of the same words."""

    sound: Ints
    word: Ints
    word_id: Ints


def rhyme_factor(stream: Stream) -> float:
    """Mean, over words, of the longest run of vowels that ends the word and also ends one of the 15 words before.

    Malmi and others 2016 ("DopeLearning", KDD), as their program Raplyzer 2015 counts: consonants and schwas are
    passed over, words with no other vowel left out; runs go back through earlier words, end where both sides say the
    same word, and do not overlap; a diphthong is two vowels, and a single vowel is no run; a bar that has been said
    before does not count. Unlike there, sounds come from our dictionaries and not from eSpeak, and a word is the same
    with its possessive or without its g. In vowels, from 0. 0 without words.
    """
    vowels = _vowels(stream) if len(stream) else None
    if vowels is None or not len(vowels.word):
        return 0.0
    ends = np.append((vowels.word[1:] != vowels.word[:-1]).nonzero()[0], len(vowels.word) - 1)
    total = rhyme_kernel.factor(vowels.sound, vowels.word_id, ends)
    if total is None:
        total = sum(_longest(vowels, ends, begin) for begin in range(0, len(ends), WORDS_AT_ONCE))
    return total / len(ends)


def _longest(vowels: _Vowels, ends: Ints, begin: int) -> int:
    """Sum of the longest runs of the words from `begin` on, as many as are looked at together."""
    first = max(0, begin - EARLIER_WORDS)
    ends = ends[first : begin + WORDS_AT_ONCE]
    # Both of a word's last two vowels, because a run of one does not count.
    endings = vowels.sound.take(ends) * MOST_SOUNDS + vowels.sound.take(ends - 1)
    endings[ends == 0] = -1
    equal = np.zeros((EARLIER_WORDS, len(ends)), dtype=bool)
    for back in range(1, min(EARLIER_WORDS, len(ends) - 1) + 1):
        np.equal(endings[back:], endings[:-back], out=equal[back - 1, back:])
    equal[:, : begin - first] = False
    row, later = np.nonzero(equal)
    runs = np.zeros(equal.shape, dtype=np.int64)
    runs[row, later] = _runs(vowels, ends.take(later), ends.take(later - row - 1))
    longest = runs.max(axis=0)
    return int(longest[longest >= SHORTEST_RUN].sum())


def _vowels(stream: Stream) -> _Vowels:
    """What is compared: none, one or two vowels of each syllable that is not said again."""
    heard = [HEARD_AS.get(plain, plain) for plain in (n if len(n) == 1 else n.removesuffix("ɹ") for n in stream.nuclei)]
    sounds = np.array(list(map(ord, "".join(heard))), dtype=np.int64)
    counts = np.array(list(map(len, heard)), dtype=np.int64)
    first = counts.cumsum() - counts
    kept = (~_said_before(stream)).nonzero()[0]
    nucleus = stream.nucleus.take(kept)
    rows = np.arange(len(kept)).repeat(counts.take(nucleus))
    second = np.zeros(len(rows), dtype=bool)
    second[1:] = rows[1:] == rows[:-1]
    sound = sounds.take(first.take(nucleus.take(rows)) + second)
    places = kept.take(rows)
    return _Vowels(sound, stream.word.take(places), stream.word_id.take(places))


def _said_before(stream: Stream) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Syllables of bars that repeat an earlier bar word for word."""
    starts = [0, *((stream.bar[1:] != stream.bar[:-1]).nonzero()[0] + 1).tolist()]
    words, width = stream.word_id.tobytes(), stream.word_id.itemsize
    again = np.zeros(len(stream), dtype=bool)
    seen: set[bytes] = set()
    for begin, end in pairwise([*starts, len(stream)]):
        bar = words[width * begin : width * end]
        if bar in seen:
            again[begin:end] = True
        seen.add(bar)
    return again


def _runs(vowels: _Vowels, later: Ints, earlier: Ints) -> Ints:
    """Length of the equal vowels that lead back from pairs of places."""
    length = _equal(vowels, later, earlier, USUAL_RUN)
    longer = (length == USUAL_RUN).nonzero()[0]
    length[longer] = _equal(vowels, later[longer], earlier[longer], LONGEST_RUN)
    return length


def _equal(vowels: _Vowels, later: Ints, earlier: Ints, most: int) -> Ints:
    """The same, looking at so many vowels."""
    steps = np.arange(most)[:, None]
    one, other = later - steps, earlier - steps
    goes_on = (other >= 0) & (one > earlier)
    goes_on &= vowels.sound.take(one, mode="clip") == vowels.sound.take(other, mode="clip")
    goes_on &= vowels.word_id.take(one, mode="clip") != vowels.word_id.take(other, mode="clip")
    length: Ints = np.logical_and.accumulate(goes_on, axis=0).sum(axis=0)
    return length
