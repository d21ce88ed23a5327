"""Rhyme factor, the one-number measure of Malmi and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

EARLIER_WORDS = 15
LONGEST_RUN = 16
"""Vowels; a longer run is repetition that identical words have hidden."""


def rhyme_factor(stream: Stream) -> float:
    """Mean, over words, of the longest run of vowels that ends the word and also ends one of the 15 words before.

    Malmi and others 2016 ("DopeLearning", KDD; first published as Raplyzer 2015): consonants are passed over, runs go
    back through earlier words, a word is not compared with itself. In vowels, from 0; albums lie between 0.6 and 1.2.
    0 without words.
    """
    if not len(stream):
        return 0.0
    ends = np.flatnonzero(np.diff(stream.word, append=-1))
    words, longest = stream.word_id[ends], np.zeros(len(ends), dtype=np.int64)
    for back in range(1, min(EARLIER_WORDS, len(ends) - 1) + 1):
        later, earlier = ends[back:], ends[:-back]
        runs = np.where(words[back:] == words[:-back], 0, _runs(stream.nucleus, later, earlier))
        np.maximum(longest[back:], runs, out=longest[back:])
    return float(longest.mean())


def _runs(vowels: Ints, later: Ints, earlier: Ints) -> Ints:
    """Length of the equal vowels that lead back from pairs of places; runs do not overlap."""
    length = np.zeros(len(later), dtype=np.int64)
    alive = np.ones(len(later), dtype=bool)
    for step in range(LONGEST_RUN):
        alive &= (earlier >= step) & (later - earlier > step)
        alive &= vowels[np.maximum(later - step, 0)] == vowels[np.maximum(earlier - step, 0)]
        if not alive.any():
            break
        length += alive
    return length
