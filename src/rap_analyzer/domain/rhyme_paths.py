"""Classes of syllables put in line: those that follow one another at several places are positions of one chain."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from rap_analyzer.domain.rhyme_classes import RhymeClass
from rap_analyzer.domain.word_sounds import FORWARD_BIT

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from rap_analyzer.domain.rhyme_stream import Ints, Stream

K = TypeVar("K", bound="Hashable")


def class_paths(stream: Stream, classes: list[RhymeClass]) -> list[list[RhymeClass]]:
    """Paths of classes: each is a chain, each class a position of it. In order of their first class's first member."""
    return _paths(stream, _with_tails(stream, _with_one_ending(stream, classes)))


class _Members(NamedTuple):
    """The members of all classes, class by class.

    Attributes:
        syllable: their numbers in the stream.
        number: of its class, for each.
        after: number of the class that the next syllable is in, for each; -1 for none.
    """

    syllable: Ints
    number: Ints
    after: Ints


def _members(stream: Stream, classes: list[RhymeClass]) -> _Members:
    syllable = np.array(list(chain.from_iterable([one.members for one in classes])), dtype=np.int64)
    number = np.arange(len(classes)).repeat([len(one.members) for one in classes])
    class_of = np.full(len(stream) + 1, -1)
    class_of[syllable] = number
    return _Members(syllable, number, class_of[syllable + 1])


def _often(found: Iterable[K]) -> list[tuple[K, int]]:
    """What is found more than once, with how often; the commonest first, else what is found first."""
    return sorted([item for item in Counter(found).items() if item[1] > 1], key=lambda item: -item[1])


def _with_one_ending(stream: Stream, classes: list[RhymeClass]) -> list[RhymeClass]:
    """Joins classes of one vowel that follow the same class within words: "paper chaser" has one ending, twice."""
    syllable, number, after = _members(stream, classes)
    at = ((after >= 0) & (stream.left[syllable] > 0)).nonzero()[0]
    steps = zip(number[at].tolist(), stream.nucleus[syllable[at] + 1].tolist(), after[at].tolist(), strict=True)
    into: dict[int, int] = {}
    kept: dict[tuple[int, int], int] = {}
    for (before, vowel, following), _ in _often(steps):
        first = kept.setdefault((before, vowel), following)
        free = first not in into and following not in into and following not in into.values()
        if free and before not in (first, following) and first != following:
            into[following] = first
    return _joined(classes, into) if into else classes


def _joined(classes: list[RhymeClass], into: dict[int, int]) -> list[RhymeClass]:
    """The classes, with those that go into another moved there."""
    members = {number: list(zip(one.members, one.chances, strict=True)) for number, one in enumerate(classes)}
    for source, target in into.items():
        members[target] += members.pop(source)
    joined = [RhymeClass([m for m, _ in of], [c for _, c in of]) for of in map(sorted, members.values())]
    return sorted(joined, key=lambda one: one.members[0])


def _with_tails(stream: Stream, classes: list[RhymeClass]) -> list[RhymeClass]:
    """Adds the repeated words right after rhyming syllables ("make it" / "take it"): they are part of the rhyme."""
    after: dict[tuple[int, int], list[int]] = {}
    for following, number, word in _free_after(stream, _members(stream, classes)):
        after.setdefault((number, word), []).append(following)
    spellings, tails = stream.spelling.tolist(), []
    for (number, _), same in after.items():
        if len(same) > 1 and len({spellings[following - 1] for following in same}) > 1:
            chances = classes[number].chances
            tails.append(RhymeClass(same, [sum(chances) / len(chances)] * len(same)))
    return classes + tails


def _free_after(stream: Stream, members: _Members) -> Iterable[tuple[int, int, int]]:
    """Syllables of no class right after a member in its bar, with its class and the number of their word.

    Words that lean on what comes after them are left out: they are no part of what stands before.
    """
    syllable, number, after = members
    at = ((after < 0) & (syllable < len(stream) - 1)).nonzero()[0]
    at = at[stream.bar[syllable[at]] == stream.bar[syllable[at] + 1]]
    at = at[stream.traits[syllable[at] + 1] & FORWARD_BIT == 0]
    following = syllable[at] + 1
    return zip(following.tolist(), number[at].tolist(), stream.word_id[following].tolist(), strict=True)


def _paths(stream: Stream, classes: list[RhymeClass]) -> list[list[RhymeClass]]:
    steps = _links(stream, classes)
    starts = set(range(len(classes))) - set(steps.values())
    paths = []
    for start in sorted(starts, key=lambda n: classes[n].members[0]):
        path, at = [classes[start]], start
        while at in steps:
            at = steps[at]
            path.append(classes[at])
        paths.append(path)
    return paths


def _links(stream: Stream, classes: list[RhymeClass]) -> dict[int, int]:
    """For a class the one that follows it: the commonest first, none twice, no rings."""
    syllable, number, after = _members(stream, classes)
    at = ((after >= 0) & (after != number)).nonzero()[0]
    at = at[stream.bar[syllable[at]] == stream.bar[syllable[at] + 1]]
    steps: dict[int, int] = {}
    reached: set[int] = set()
    for (one, other), count in _often(zip(number[at].tolist(), after[at].tolist(), strict=True)):
        often = 2 * count >= min(len(classes[one].members), len(classes[other].members))
        if often and one not in steps and other not in reached and not _leads_to(steps, other, one):
            steps[one] = other
            reached.add(other)
    return steps


def _leads_to(steps: dict[int, int], start: int, goal: int) -> bool:
    at: int | None = start
    while at is not None and at != goal:
        at = steps.get(at)
    return at == goal
