"""Rhyme factor, the one-number measure of Malmi and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

EARLIER_WORDS = 15
WORDS_AT_ONCE = 4096
"""So that memory stays bounded."""
SHORTEST_RUN = 2
"""Vowels; one alone is chance, not rhyme."""
LONGEST_RUN = 32
"""Vowels; a longer run is repetition that respelling has hidden."""
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
    ends = np.flatnonzero(np.diff(vowels.word, append=-1))
    total = sum(_longest(vowels, ends, begin) for begin in range(0, len(ends), WORDS_AT_ONCE))
    return total / len(ends)


def _longest(vowels: _Vowels, ends: Ints, begin: int) -> int:
    """Sum of the longest runs of the words from `begin` on, as many as are looked at together."""
    later = np.arange(begin, min(begin + WORDS_AT_ONCE, len(ends)))
    earlier = later[:, None] - np.arange(1, EARLIER_WORDS + 1)
    last = vowels.sound.take(ends)
    equal = last.take(earlier, mode="clip") == last.take(later)[:, None]
    pairs = np.flatnonzero(equal & (earlier >= 0))
    later, earlier = later.take(pairs // EARLIER_WORDS), earlier.ravel().take(pairs)
    runs = _runs(vowels, ends.take(later), ends.take(earlier))
    if not len(runs):
        return 0
    longest = np.maximum.reduceat(runs, np.flatnonzero(later != np.concatenate([[-1], later[:-1]])))
    return int(longest[longest >= SHORTEST_RUN].sum())


def _vowels(stream: Stream) -> _Vowels:
    """What is compared: none, one or two vowels of each syllable that is not said again."""
    heard = [HEARD_AS.get(plain, plain) for plain in (n if len(n) == 1 else n.removesuffix("ɹ") for n in stream.nuclei)]
    sounds = np.array(list(map(ord, "".join(heard))), dtype=np.int64)
    counts = np.array(list(map(len, heard)), dtype=np.int64)
    first = np.cumsum(counts) - counts
    kept = np.flatnonzero(~_said_before(stream))
    nucleus = stream.nucleus.take(kept)
    rows = np.repeat(np.arange(len(kept)), counts.take(nucleus))
    second = rows == np.concatenate([[-1], rows[:-1]])
    sound = sounds.take(first.take(nucleus.take(rows)) + second)
    places = kept.take(rows)
    return _Vowels(sound, stream.word.take(places), stream.word_id.take(places))


def _said_before(stream: Stream) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Syllables of bars that repeat an earlier bar word for word."""
    starts = np.flatnonzero(np.diff(stream.bar, prepend=-1)).tolist()
    again = np.zeros(len(stream), dtype=bool)
    seen: set[bytes] = set()
    for begin, end in zip(starts, [*starts[1:], len(stream)], strict=True):
        bar = stream.word_id[begin:end].tobytes()
        if bar in seen:
            again[begin:end] = True
        seen.add(bar)
    return again


def _runs(vowels: _Vowels, later: Ints, earlier: Ints) -> Ints:
    """Length of the equal vowels that lead back from pairs of places."""
    length = np.zeros(len(later), dtype=np.int64)
    alive = np.arange(len(later))
    for step in range(LONGEST_RUN):
        one, other = later.take(alive) - step, earlier.take(alive) - step
        goes_on = (other >= 0) & (one > earlier.take(alive))
        goes_on &= vowels.sound.take(one, mode="clip") == vowels.sound.take(other, mode="clip")
        goes_on &= vowels.word_id.take(one, mode="clip") != vowels.word_id.take(other, mode="clip")
        alive = alive[goes_on]
        if not len(alive):
            break
        length[alive] += 1
    return length
