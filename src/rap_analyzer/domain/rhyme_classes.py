"""Syllables of a stream gathered into classes: all that rhyme with each other, from the scores of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain import rhyme_kernel
from rap_analyzer.domain.rhyme_endings import eye_rhymes, near_ends, strictness
from rap_analyzer.domain.rhyme_hearing import Model, Odds, packaged_model, rhyme_odds
from rap_analyzer.domain.rhyme_pairs import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rap_analyzer.domain.rhyme_stream import Ints, Stream

PIECE = 1_500
"""Syllables heard at once: so many fit into the processor's cache. Sections are kept whole."""
LONGEST = 6_000
"""Syllables; a longer section is cut, so that memory stays bounded. None is that long."""
JOINS = -0.7
"""Log-odds from which two syllables may join. Chosen on the development half of MCFlow with artists left out."""
HOLDS = -1.0
"""Mean log-odds, between all pairs within earshot, from which two classes become one."""
NEWCOMER = 3.0
"""Log-odds by which a syllable may rhyme worse with a class than that class rhymes within itself."""
STRICT = (0.6, 0.8)
APART = (1.5, 0.75)
"""Log-odds by which two classes that become one may rhyme worse with each other than the looser one within itself: by
the share of bars that end in a perfect rhyme. Who rhymes *night* with *light* and *sky* with *die* keeps them apart."""
BY_EYE = 1.5
"""Log-odds that ends of bars have at least which are spelled alike."""
UNHEARD = -3.5
"""What a pair counts for that scores no better."""
REPEATED = 0.5
"""What two syllables of the same word count for: no reason to join, none against it."""
HEARD_AT = (-2.0, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)
HELD_TRUE = (0.37, 0.38, 0.45, 0.64, 0.82, 0.945, 0.98)
"""How often pairs that a chain has brought together are annotated as rhymes, by their log-odds: counted on artists that
the engine had not learned from. A pair that is unlikely by itself gains by the company it keeps."""
JOINING = (JOINS, HOLDS, NEWCOMER, *STRICT, *APART, BY_EYE, UNHEARD, REPEATED, *HEARD_AT, *HELD_TRUE)
"""All of these, as the compiled part takes them."""
KEY = 64


@dataclass(slots=True)
class RhymeClass:
    """Syllables that answer each other.

    Attributes:
        members: their numbers in the stream, ascending.
        chances: for each member the mean probability, in [0, 1], that it rhymes with the others within earshot.
    """

    members: list[int]
    chances: list[float]


def rhyme_classes(stream: Stream, model: Model | None = None, *, compiled: bool = True) -> list[RhymeClass]:
    """Classes of two syllables and more, in order of their first member; no syllable is in two.

    Args:
        stream: the syllables.
        model: what was learned; the packaged one by default.
        compiled: whether the library of `rhyme_kernel` may do the work. Its answers are the same.
    """
    chosen = model or packaged_model()
    kernel = _kernel(stream, chosen) if compiled else None
    found: list[RhymeClass] = []
    for begin, end in _pieces(stream):
        quick = kernel.classes(begin, end) if kernel else None
        found += _classes(quick) if quick else _classes_between(stream, chosen, begin, end)
    return found


def compiled_chains(stream: Stream, edges: Sequence[int], model: Model | None = None) -> rhyme_kernel.Chains | None:
    """Chains of the songs between these edges of a stream, by the library alone; None where it cannot give them."""
    kernel = _kernel(stream, model or packaged_model())
    return kernel.chains(_pieces(stream), edges) if kernel else None


def _kernel(stream: Stream, model: Model) -> rhyme_kernel.Kernel | None:
    library = rhyme_kernel.library()
    return rhyme_kernel.Kernel(library, stream, model, JOINING) if library and len(stream) else None


def _classes(heard: rhyme_kernel.Classes) -> list[RhymeClass]:
    edges = pairwise([0, *heard.ends])
    return [RhymeClass(heard.members[begin:end], heard.chances[begin:end]) for begin, end in edges]


def _classes_between(stream: Stream, model: Model, begin: int, end: int) -> list[RhymeClass]:
    part = stream.part(begin, end)
    heard = _Grouping(part, rhyme_odds(part, model)).classes()
    return [RhymeClass([begin + m for m in one.members], one.chances) for one in heard]


def _pieces(stream: Stream) -> Iterator[tuple[int, int]]:
    """Where a long stream is cut: between sections; within one that is too long between bars; at worst within a bar."""
    begin, size = 0, len(stream)
    while begin < size:
        end = min(begin + PIECE, size)
        if end < size:
            end = _edge(stream.section, begin, end)
        if end - begin > LONGEST:
            end = begin + LONGEST
            bar = int(np.searchsorted(stream.bar, stream.bar[end]))
            end = bar if bar > begin else end
        yield begin, end
        begin = end


def _edge(section: Ints, begin: int, near: int) -> int:
    """The last edge of a section before a place, or the next one after it if that section begins at `begin`."""
    before = int(np.searchsorted(section, section[near]))
    return before if before > begin else int(np.searchsorted(section, section[near], side="right"))


class _Grouping:
    """Joins the likeliest pairs first; a join that most pairs within earshot speak against is refused."""

    def __init__(self, stream: Stream, odds: Odds) -> None:
        self._words: list[int] = stream.word_id.tolist()
        self._occurrences: list[int] = stream.word.tolist()
        near = near_ends(stream)
        self._apart: list[float] = np.interp(strictness(stream, near), STRICT, APART).tolist()
        heard = np.flatnonzero(odds.value > UNHEARD)
        earlier, later, values = odds.earlier[heard], odds.later[heard], odds.value[heard]
        keys = (earlier * KEY + later - earlier - 1).tolist()
        self._scores = dict(zip(keys, values.tolist(), strict=True))
        self._confidence = dict(zip(keys, np.interp(values, HEARD_AT, HELD_TRUE).tolist(), strict=True))
        for one, other in zip(*(ends.tolist() for ends in eye_rhymes(stream, near)), strict=True):
            key = one * KEY + other - one - 1
            self._scores[key] = max(BY_EYE, self._scores.get(key, BY_EYE))
        self._class_of = list(range(len(self._words)))
        self._members = [[syllable] for syllable in self._class_of]
        self._bonds = [(0.0, 0)] * len(self._words)

    def classes(self) -> list[RhymeClass]:
        likely = sorted([(-score, key) for key, score in self._scores.items() if score > JOINS])
        class_of = self._class_of
        for _, key in likely:
            earlier, apart = divmod(key, KEY)
            one, other = class_of[earlier], class_of[earlier + apart + 1]
            if one != other:
                self._join_if_alike(one, other)
        found = [sorted(members) for members in self._members if len(members) > 1]
        return sorted((RhymeClass(m, self._chances(m)) for m in found), key=lambda c: c.members[0])

    def _chances(self, members: list[int]) -> list[float]:
        """Each member's mean probability with those of other words; the class's mean for one that has none near."""
        sums, counts = [0.0] * len(members), [0] * len(members)
        words, confidence = self._words, self._confidence
        for later, at in enumerate(members):
            for earlier in range(later - 1, -1, -1):
                apart = at - members[earlier]
                if apart > WINDOW:
                    break
                if words[members[earlier]] != words[at]:
                    chance = confidence.get(members[earlier] * KEY + apart - 1, HELD_TRUE[0])
                    sums[earlier] += chance
                    sums[later] += chance
                    counts[earlier] += 1
                    counts[later] += 1
        usual = sum(sums) / max(1, sum(counts))
        return [total / count if count else usual for total, count in zip(sums, counts, strict=True)]

    def _join_if_alike(self, one: int, other: int) -> None:
        ours, theirs = self._members[one], self._members[other]
        if len(ours) < len(theirs):
            one, other, ours, theirs = other, one, theirs, ours
        if self._meet_in_a_word(theirs, one):
            return
        total, count = self._between(theirs, one, ours)
        if len(ours) > 1 and total < count * self._least(one, other):
            return
        for bond in (self._bonds[one], self._bonds[other]):
            total, count = total + bond[0], count + bond[1]
        self._bonds[one] = total, count
        self._join(one, other)

    def _least(self, one: int, other: int) -> float:
        """Mean log-odds that two classes, of which the first is no single syllable, need to become one."""
        (total, count), (others_total, others_count) = self._bonds[one], self._bonds[other]
        within = total / count
        if not others_count:
            return max(HOLDS, within - NEWCOMER)
        return max(HOLDS, min(within, others_total / others_count) - self._apart[one])

    def _between(self, theirs: list[int], group: int, ours: list[int]) -> tuple[float, int]:
        """Sum of the log-odds of all pairs within earshot of one class and another, and their number."""
        total, count = 0.0, 0
        words, scores = self._words, self._scores
        for syllable in theirs:
            for near in self._within_earshot(syllable, group, ours):
                apart = syllable - near
                if words[near] == words[syllable]:
                    total += REPEATED
                else:
                    key = near * KEY + apart - 1 if apart > 0 else syllable * KEY - apart - 1
                    total += scores.get(key, UNHEARD)
                count += 1
        return total, count

    def _meet_in_a_word(self, members: list[int], group: int) -> bool:
        """Whether a word has a syllable in both: a word seldom rhymes with itself, and a class would blur by it."""
        occurrences, last = self._occurrences, len(self._occurrences)
        for member in members:
            word = occurrences[member]
            for step in (-1, 1):
                at = member + step
                while 0 <= at < last and occurrences[at] == word:
                    if self._class_of[at] == group:
                        return True
                    at += step
        return False

    def _within_earshot(self, syllable: int, group: int, members: list[int]) -> list[int]:
        if len(members) <= WINDOW:
            return [m for m in members if -WINDOW <= m - syllable <= WINDOW]
        begin = max(0, syllable - WINDOW)
        around = self._class_of[begin : syllable + WINDOW + 1]
        return [begin + k for k, of in enumerate(around) if of == group]

    def _join(self, one: int, other: int) -> None:
        moved = self._members[other]
        self._members[one] += moved
        self._members[other] = []
        for syllable in moved:
            self._class_of[syllable] = one
