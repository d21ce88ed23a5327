"""What the ends of bars tell by themselves: which rhyme to the eye, and how strictly a section rhymes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_pairs import WINDOW
from rap_analyzer.domain.rhyme_stream import BAR_FINAL

if TYPE_CHECKING:
    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_stream import Ints, Stream

BARS = 5
"""Bars within which ends are held against each other."""
EYE_LETTERS = 3
"""Letters that words must share at their ends to rhyme to the eye."""


def near_ends(stream: Stream) -> tuple[Ints, Ints]:
    """Last syllables of bars at most `BARS` apart in a section whose last words differ: the earlier, the later ones."""
    ends = np.flatnonzero(stream.role & BAR_FINAL)
    one = np.repeat(np.arange(len(ends)), BARS)
    other = one + np.tile(np.arange(1, BARS + 1), len(ends))
    inside = other < len(ends)
    earlier, later = ends.take(one[inside]), ends.take(other[inside])
    near = _differ(stream.section, earlier, later) == 0
    near &= _differ(stream.bar, earlier, later) <= BARS
    near &= _differ(stream.word_id, earlier, later) != 0
    return earlier[near], later[near]


def eye_rhymes(stream: Stream, near: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Those of near ends that are spelled alike over the last three letters: *love*, *prove*.

    Verse has rhymed so since vowels began to move apart.
    """
    earlier, later = near
    spelled = stream.ending[:, EYE_LETTERS - 1]
    alike = _differ(spelled, earlier, later) == 0
    alike &= np.minimum(stream.letters.take(earlier), stream.letters.take(later)) >= EYE_LETTERS
    alike &= later - earlier <= WINDOW
    return earlier[alike], later[alike]


def strictness(stream: Stream, near: tuple[Ints, Ints]) -> npt.NDArray[np.float64]:
    """For each syllable the share of its section's bars that end in a perfect rhyme with a near end, in [0, 1].

    Perfect: the same from the last stressed vowel of the last word on.
    """
    earlier, later = near
    ends = np.flatnonzero(stream.role & BAR_FINAL)
    sounds = np.zeros(len(stream), dtype=np.int64)
    sounds[ends] = _sounds(stream, ends)
    perfect = _differ(sounds, earlier, later) == 0
    rhymes = np.zeros(len(stream))
    rhymes[earlier[perfect]] = rhymes[later[perfect]] = 1
    section = stream.section - stream.section[:1]
    of_ends = section.take(ends)
    bars = np.bincount(of_ends, minlength=int(section.max(initial=-1)) + 1)
    strict = np.bincount(of_ends, weights=rhymes.take(ends), minlength=len(bars)) / np.maximum(bars, 1)
    return np.asarray(strict.take(section))


def _differ(column: Ints, earlier: Ints, later: Ints) -> Ints:
    return column.take(later) - column.take(earlier)


def _sounds(stream: Stream, ends: Ints) -> list[int]:
    """A number for each end of a bar, the same for the same vowels and consonants from its last stress on."""
    numbers: dict[tuple[int, ...], int] = {}
    heard = (stream.nucleus * len(stream.clusters) + stream.follow).tolist()
    stress, sizes = stream.stress.tolist(), stream.size.take(ends).tolist()
    found = []
    for end, size in zip(ends.tolist(), sizes, strict=True):
        begin = end
        while begin > end - size + 1 and not stress[begin]:
            begin -= 1
        found.append(numbers.setdefault(tuple(heard[begin : end + 1]), len(numbers)))
    return found
