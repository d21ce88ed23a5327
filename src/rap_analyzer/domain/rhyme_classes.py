"""Syllables of a stream gathered into classes: all that rhyme with each other, from the scores of pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_pairs import WINDOW, Model, packaged_model, pair_scores

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Stream

PIECE = 16_384
"""Syllables heard at once, so that memory and time stay bounded; no song is that long."""
JOINS = -1.5
"""Log-odds from which two syllables may join. Chosen on the development half of MCFlow with artists left out."""
HOLDS = -1.0
"""Mean log-odds, between all pairs within earshot, from which two classes become one."""
UNHEARD = -3.5
"""What a pair counts for that scores no better."""
REPEATED = 0.5
"""What two syllables of the same word count for: no reason to join, none against it."""
KEY = 64


@dataclass(slots=True)
class RhymeClass:
    """Syllables that answer each other.

    Attributes:
        members: their numbers in the stream, ascending.
        strengths: probability of each pair that brought members together, in [0, 1].
    """

    members: list[int]
    strengths: list[float] = field(default_factory=list)


def rhyme_classes(stream: Stream, model: Model | None = None) -> list[RhymeClass]:
    """Classes of two syllables and more, in order of their first member; no syllable is in two."""
    chosen = model or packaged_model()
    found: list[RhymeClass] = []
    for begin in range(0, len(stream), PIECE):
        part = stream.part(begin, begin + PIECE)
        heard = _Grouping(part, pair_scores(part, chosen)).classes()
        found += [RhymeClass([begin + m for m in one.members], one.strengths) for one in heard]
    return found


class _Grouping:
    """Joins the likeliest pairs first; a join that most pairs within earshot speak against is refused."""

    def __init__(self, stream: Stream, scores: Floats) -> None:
        self._words: list[int] = stream.word_id.tolist()
        self._occurrences: list[int] = stream.word.tolist()
        rows, columns = np.nonzero(scores > UNHEARD)
        values = scores[rows, columns]
        self._scores = dict(zip((rows * KEY + columns).tolist(), values.tolist(), strict=True))
        likely = values > JOINS
        order = np.argsort(-values[likely], kind="stable")
        self._pairs = np.stack([rows[likely], rows[likely] + columns[likely] + 1], axis=1)[order].tolist()
        self._class_of = list(range(len(self._words)))
        self._members: dict[int, list[int]] = {}
        self._strengths: dict[int, list[float]] = {}

    def classes(self) -> list[RhymeClass]:
        for earlier, later in self._pairs:
            one, other = self._class_of[earlier], self._class_of[later]
            if one != other and self._hold_together(one, other):
                self._join(one, other, self._score(earlier, later))
        found = [RhymeClass(sorted(m), self._strengths[c]) for c, m in self._members.items() if c in self._strengths]
        return sorted(found, key=lambda c: c.members[0])

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

    def _join(self, one: int, other: int, score: float) -> None:
        if len(self._of(one)) < len(self._of(other)):
            one, other = other, one
        moved = self._of(other)
        self._members[one] = self._of(one)
        self._members[one].extend(moved)
        for syllable in moved:
            self._class_of[syllable] = one
        self._members.pop(other, None)
        strengths = self._strengths.setdefault(one, [])
        strengths += [*self._strengths.pop(other, []), 1 / (1 + math.exp(-score))]
