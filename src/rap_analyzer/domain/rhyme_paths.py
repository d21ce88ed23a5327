"""Classes of syllables put in line: those that follow one another at several places are positions of one chain."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rap_analyzer.domain.rhyme_classes import RhymeClass

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Stream

LEAN_FORWARD = frozenset(("a", "an", "and", "her", "his", "i", "my", "our", "the", "their", "to", "your"))
"""Words that belong to what follows: "hold the" and "know the" share no ending."""


def class_paths(stream: Stream, classes: list[RhymeClass]) -> list[list[RhymeClass]]:
    """Paths of classes: each is a chain, each class a position of it. In order of their first class's first member."""
    return _paths(stream, _with_tails(stream, _with_one_ending(stream, classes)))


def _with_one_ending(stream: Stream, classes: list[RhymeClass]) -> list[RhymeClass]:
    """Joins classes of one vowel that follow the same class within words: "paper chaser" has one ending, twice."""
    class_of = {m: number for number, one in enumerate(classes) for m in one.members}
    words, vowels = stream.word.tolist(), stream.nucleus.tolist()
    counts: Counter[tuple[int, int, int]] = Counter()
    for syllable, number in class_of.items():
        following = class_of.get(syllable + 1)
        if following is not None and words[syllable] == words[syllable + 1]:
            counts[number, vowels[syllable + 1], following] += 1
    into: dict[int, int] = {}
    kept: dict[tuple[int, int], int] = {}
    for (before, vowel, following), count in counts.most_common():
        first = kept.setdefault((before, vowel), following)
        free = first not in into and following not in into and following not in into.values()
        if count > 1 and free and before not in (first, following) and first != following:
            into[following] = first
    return _joined(classes, into)


def _joined(classes: list[RhymeClass], into: dict[int, int]) -> list[RhymeClass]:
    """The classes, with those that go into another moved there."""
    members = {number: list(zip(one.members, one.chances, strict=True)) for number, one in enumerate(classes)}
    for source, target in into.items():
        members[target] += members.pop(source)
    joined = [RhymeClass([m for m, _ in of], [c for _, c in of]) for of in map(sorted, members.values())]
    return sorted(joined, key=lambda one: one.members[0])


def _with_tails(stream: Stream, classes: list[RhymeClass]) -> list[RhymeClass]:
    """Adds the repeated words right after rhyming syllables ("make it" / "take it"): they are part of the rhyme."""
    taken = {m for one in classes for m in one.members}
    tails = []
    for one in classes:
        after: dict[int, list[int]] = {}
        for member in one.members:
            following = member + 1
            if following < len(stream) and following not in taken and _may_be_tail(stream, member):
                after.setdefault(int(stream.word_id[following]), []).append(following)
        for same in after.values():
            if len(same) > 1 and len({stream.spellings[m - 1] for m in same}) > 1:
                usual = sum(one.chances) / len(one.chances)
                tails.append(RhymeClass(same, [usual] * len(same)))
                taken.update(same)
    return classes + tails


def _may_be_tail(stream: Stream, member: int) -> bool:
    """Whether the syllable after a member stands in the same bar and does not lean on what comes after it."""
    following = member + 1
    return bool(stream.bar[following] == stream.bar[member]) and stream.spellings[following] not in LEAN_FORWARD


def _paths(stream: Stream, classes: list[RhymeClass]) -> list[list[RhymeClass]]:
    class_of = {m: number for number, one in enumerate(classes) for m in one.members}
    steps = _links(class_of, stream, [len(c.members) for c in classes])
    starts = set(range(len(classes))) - set(steps.values())
    paths = []
    for start in sorted(starts, key=lambda n: classes[n].members[0]):
        path, at = [classes[start]], start
        while at in steps:
            at = steps[at]
            path.append(classes[at])
        paths.append(path)
    return paths


def _links(class_of: dict[int, int], stream: Stream, sizes: list[int]) -> dict[int, int]:
    """For a class the one that follows it: the commonest first, none twice, no rings."""
    counts: Counter[tuple[int, int]] = Counter()
    bars = stream.bar.tolist()
    for syllable, number in class_of.items():
        following = class_of.get(syllable + 1)
        if following is not None and following != number and bars[syllable] == bars[syllable + 1]:
            counts[number, following] += 1
    steps: dict[int, int] = {}
    reached: set[int] = set()
    for (one, other), count in counts.most_common():
        often = count > 1 and 2 * count >= min(sizes[one], sizes[other])
        if often and one not in steps and other not in reached and not _leads_to(steps, other, one):
            steps[one] = other
            reached.add(other)
    return steps


def _leads_to(steps: dict[int, int], start: int, goal: int) -> bool:
    at: int | None = start
    while at is not None and at != goal:
        at = steps.get(at)
    return at == goal
