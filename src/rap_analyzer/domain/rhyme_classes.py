"""Syllables of a stream gathered into classes: all that rhyme with each other, from the scores of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_hearing import Model, Odds, packaged_model, rhyme_odds
from rap_analyzer.domain.rhyme_pairs import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rap_analyzer.domain.rhyme_stream import Ints, Stream

PIECE = 1_500
"""Syllables heard at once: so many fit into the processor's cache. Sections are kept whole."""
LONGEST = 6_000
"""Syllables; a longer section is cut, so that memory stays bounded. None is that long."""
JOINS = -0.7
"""Log-odds from which two syllables may join. Chosen on the development half of MCFlow with artists left out."""
HOLDS = -1.0
"""Mean log-odds, between all pairs within earshot, from which two classes become one."""
UNHEARD = -3.5
"""What a pair counts for that scores no better."""
REPEATED = 0.5
"""What two syllables of the same word count for: no reason to join, none against it."""
HEARD_AT = (-2.0, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)
HELD_TRUE = (0.37, 0.38, 0.45, 0.64, 0.82, 0.945, 0.98)
"""How often pairs that a chain has brought together are annotated as rhymes, by their log-odds: counted on artists that
the engine had not learned from. A pair that is unlikely by itself gains by the company it keeps."""
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


def rhyme_classes(stream: Stream, model: Model | None = None) -> list[RhymeClass]:
    """Classes of two syllables and more, in order of their first member; no syllable is in two."""
    chosen = model or packaged_model()
    found: list[RhymeClass] = []
    for begin, end in _pieces(stream):
        part = stream.part(begin, end)
        heard = _Grouping(part, rhyme_odds(part, chosen)).classes()
        found += [RhymeClass([begin + m for m in one.members], one.chances) for one in heard]
    return found


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
        heard = np.flatnonzero(odds.value > UNHEARD)
        earlier, later, values = odds.earlier[heard], odds.later[heard], odds.value[heard]
        keys = (earlier * KEY + later - earlier - 1).tolist()
        self._scores = dict(zip(keys, values.tolist(), strict=True))
        self._confidence = dict(zip(keys, np.interp(values, HEARD_AT, HELD_TRUE).tolist(), strict=True))
        likely = values > JOINS
        order = np.argsort(-values[likely], kind="stable")
        self._pairs = np.stack([earlier[likely], later[likely]], axis=1)[order].tolist()
        self._class_of = list(range(len(self._words)))
        self._members: dict[int, list[int]] = {}

    def classes(self) -> list[RhymeClass]:
        for earlier, later in self._pairs:
            one, other = self._class_of[earlier], self._class_of[later]
            if one != other and self._hold_together(one, other):
                self._join(one, other)
        found = (sorted(members) for members in self._members.values())
        return sorted((RhymeClass(m, self._chances(m)) for m in found), key=lambda c: c.members[0])

    def _chances(self, members: list[int]) -> list[float]:
        """Each member's mean probability with those of other words; the class's mean for one that has none near."""
        sums, counts = [0.0] * len(members), [0] * len(members)
        for later, at in enumerate(members):
            for earlier in range(later - 1, -1, -1):
                if at - members[earlier] > WINDOW:
                    break
                if self._words[members[earlier]] != self._words[at]:
                    key = members[earlier] * KEY + at - members[earlier] - 1
                    chance = self._confidence.get(key, HELD_TRUE[0])
                    for k in (earlier, later):
                        sums[k] += chance
                        counts[k] += 1
        usual = sum(sums) / max(1, sum(counts))
        return [total / count if count else usual for total, count in zip(sums, counts, strict=True)]

    def _hold_together(self, one: int, other: int) -> bool:
        ours, theirs = self._of(one), self._of(other)
        if len(ours) < len(theirs):
            ours, theirs, one = theirs, ours, other
        if self._meet_in_a_word(theirs, one):
            return False
        if len(ours) == 1:
            return True
        total, count = 0.0, 0
        for syllable in theirs:
            for near in self._within_earshot(syllable, one, ours):
                total += self._score(near, syllable) if near < syllable else self._score(syllable, near)
                count += 1
        return total >= HOLDS * count

    def _meet_in_a_word(self, members: list[int], group: int) -> bool:
        """Whether a word has a syllable in both: a word seldom rhymes with itself, and a class would blur by it."""
        occurrences = self._occurrences
        for member in members:
            for step in (-1, 1):
                at = member + step
                while 0 <= at < len(occurrences) and occurrences[at] == occurrences[member]:
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

    def _score(self, earlier: int, later: int) -> float:
        if self._words[earlier] == self._words[later]:
            return REPEATED
        score: float = self._scores.get(earlier * KEY + later - earlier - 1, UNHEARD)
        return score

    def _of(self, group: int) -> list[int]:
        return self._members.get(group) or [group]

    def _join(self, one: int, other: int) -> None:
        if len(self._of(one)) < len(self._of(other)):
            one, other = other, one
        moved = self._of(other)
        self._members[one] = self._of(one)
        self._members[one].extend(moved)
        for syllable in moved:
            self._class_of[syllable] = one
        self._members.pop(other, None)
