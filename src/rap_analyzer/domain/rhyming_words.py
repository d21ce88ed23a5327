"""The best rhymes that the dictionary has: single words, and two words together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, combinations, product
from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.domain.bar_endings import Tail, heard
from rap_analyzer.domain.lyrics import bare_form
from rap_analyzer.domain.near_rhymes import LEAST_STRENGTH, Ear, Kind, Match, says_same
from rap_analyzer.domain.rhyme_stream import FUNCTION_WORDS
from rap_analyzer.domain.wordbook import (
    CLOSING,
    RARE_FROM,
    UNCOMMON,
    Entry,
    alike,
    familiar_words,
    is_verb,
    rank_of,
    words_ending,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from rap_analyzer.domain.bar_endings import Ending

NO_LETTER = re.compile("[^\\w']+")
AUDIBLE = 0.05
"""A difference in strength that can be heard; below, the commoner word comes first."""
OFF_BEAT, RARE = 0.1, 0.1
"""What a syllable that is stressed on one side only, and a rare word, take off the place of an answer: not off its
strength."""
COMPOUNDED = 4
"""Letters from which a word inside another is taken for a part of it."""
MOSAIC = "mosaic"
BEST = 12
"""Words for each side of a cut that are put together."""
USES = 3
"""Times that a word stands in the mosaics of a span, so that not all of them say "later"."""
LEANING = (
    FUNCTION_WORDS | frozenset(("nor", "per", "since", "than", "thee", "till", "until", "upon", "via", "while", "ye"))
) - CLOSING
"""Words that lean on what follows them, and end no phrase; and two that nobody says."""


class Answer(NamedTuple):
    """What rhymes.

    Attributes:
        text: a word, or two.
        span: syllables that rhyme, from the end.
        strength: in [0, 1]; see `near_rhymes.Match`.
        kind: perfect, slant, or mosaic for two words.
    """

    text: str
    span: int
    strength: float
    kind: str


class Found(NamedTuple):
    """A word that rhymes, and how."""

    entry: Entry
    match: Match


def rhyming_words(ending: Ending, limit: int) -> list[Answer]:
    """The best answers to an ending: the longest span first, in each single words, then two together.

    Perfect rhymes come before slant ones, stronger before weaker, common words before rare ones. A weak last syllable
    ("-er") is answered alone only when there is no perfect rhyme over more. The ending's own words, their plurals and
    possessives are left out, and so are words that broadcasters bleep.

    Args:
        ending: what to rhyme with.
        limit: most single words, and most mosaics, of each span.
    """
    tail = heard(ending.sound)
    parts_of_words = (part for word in ending.words for part in NO_LETTER.split(bare_form(word)))
    own = {form for part in parts_of_words if part for form in _forms(part)}
    entries = [entry for entry in words_ending(tail) if not _is_own(entry.text, own)]
    parts = {
        (a, b): [entry for entry in familiar_words(tail.syllables[a:b]) if not _is_own(entry.text, own)]
        for a, b in combinations(range(len(tail.syllables)), 2)
    }
    ear = Ear(tail, (s for entry in chain(entries, *parts.values()) for s in entry.syllables))
    words = _by_span(ear, entries)
    if not _is_strong(tail) and any(one.match.kind == Kind.PERFECT for found in words.values() for one in found):
        words.pop(1, None)
    return [
        answer
        for span in range(len(tail.syllables), 0, -1)
        for answer in (*_singles(words.get(span, ()), limit), *_mosaics(ear, parts, entries, span, limit))
    ]


def _is_own(text: str, own: Collection[str]) -> bool:
    """Whether a word is one of these, or a compound of one ("papermaker")."""
    word = text.lower()
    long = tuple(one for one in own if len(one) >= COMPOUNDED)
    return not _forms(word).isdisjoint(own) or word.startswith(long) or word.endswith(long)


def _forms(word: str) -> set[str]:
    """A word, its plural and its possessives."""
    return {word, f"{word}s", f"{word}es", f"{word}'s", f"{word}s'"} | (
        {f"{word[:-1]}ies"} if word[-1:] == "y" else set()
    )


def _is_strong(tail: Tail) -> bool:
    """Whether the last syllable can carry a rhyme alone: it is stressed, or a word of its own."""
    return tail.starts[-1] or tail.syllables[-1].stress > 0


def _by_span(ear: Ear, entries: Iterable[Entry]) -> dict[int, list[Found]]:
    """The entries that rhyme, by the longest span over which they do."""
    found: dict[int, list[Found]] = {}
    barred = FUNCTION_WORDS if not _is_strong(ear.tail) else frozenset[str]()
    for entry in entries:
        match = ear.match(Tail(entry.syllables, (True, *[False] * (len(entry.syllables) - 1))))
        # To "nation", "than" is no answer; and a word that nothing is made from is hardly one.
        if match and entry.text not in barred and rank_of(entry.text) < UNCOMMON:
            found.setdefault(match.span, []).append(Found(entry, match))
    return found


def _singles(found: Iterable[Found], limit: int) -> list[Answer]:
    """The best perfect rhymes, then the best slant ones; of a word and its plural only the better one."""
    answers: list[Answer] = []
    told: set[str] = set()
    counts: Counter[Kind] = Counter()
    for entry, match in sorted(found, key=lambda one: (one.match.kind != Kind.PERFECT, _order(one))):
        forms = _forms(entry.text)
        if counts[match.kind] < limit and told.isdisjoint(forms):
            counts[match.kind] += 1
            answers.append(Answer(entry.text, match.span, match.strength, match.kind))
        told |= forms
    return answers


def _order(found: Found) -> tuple[int, int, int, str]:
    """By strength, then the common before the rare, the short before the long."""
    entry, match = found
    rank = rank_of(entry.text)
    return _step(match, rank), rank, len(entry.text), entry.text


def _step(match: Match, rank: int) -> int:
    """How far below the best, in steps that can be heard, with what is off the beat and what is rare further below."""
    return round((1 - match.strength + OFF_BEAT * match.off_beat + RARE * (rank >= RARE_FROM)) / AUDIBLE)


Parts = Mapping[tuple[int, int], Sequence[Entry]]
"""Familiar words that sound like the tail's syllables from one number up to another, exclusive."""


def _mosaics(ear: Ear, parts: Parts, entries: Sequence[Entry], span: int, limit: int) -> list[Answer]:
    """Two words that cover the span together, the strongest and commonest; no word more than `USES` times."""
    size = len(ear.tail.syllables)
    pairs = [
        pair
        for cut in range(size - span + 1, size)
        for pair in _pairs(ear, parts[size - span, cut], _closing(ear, entries, cut), size - span)
    ]
    used: Counter[str] = Counter()
    chosen: list[Answer] = []
    for _, first, second, strength in sorted(pairs):
        forms = _forms(first) | _forms(second)
        if len(chosen) < limit and max(map(used.__getitem__, forms)) < USES:
            used.update(forms)
            chosen.append(Answer(f"{first} {second}", span, strength, MOSAIC))
    return chosen


def _closing(ear: Ear, entries: Iterable[Entry], cut: int) -> list[Entry]:
    """Words that answer the tail from a cut on with all their syllables."""
    size = len(ear.tail.syllables) - cut
    whole = (entry for entry in entries if len(entry.syllables) == size)
    return [entry for entry in whole if all(map(alike, entry.syllables, ear.tail.syllables[cut:]))]


Pair = tuple[tuple[int, int], str, str, float]
"""Its place in the order, the two words, and how strongly they rhyme."""


def _pairs(ear: Ear, firsts: Iterable[Entry], seconds: Iterable[Entry], start: int) -> Iterator[Pair]:
    """The best words for either side of a cut, put together where they make a phrase."""
    openers = _best(ear, (entry for entry in firsts if entry.text not in FUNCTION_WORDS), start)
    if not openers:
        return
    cut = start + len(openers[0].syllables)
    closers = _best(ear, (entry for entry in seconds if entry.text not in LEANING), cut)
    for first, second in product(openers, closers):
        if first.text != second.text and (second.text not in CLOSING or is_verb(first.text)):
            match = ear.compare(first.syllables + second.syllables, start)
            rank = max(rank_of(first.text), rank_of(second.text))
            yield (_step(match, rank), rank), first.text, second.text, match.strength


def _best(ear: Ear, entries: Iterable[Entry], start: int) -> list[Entry]:
    """The `BEST` of the words that answer the tail from its syllable `start` on, and do not say the same."""
    found = [Found(entry, ear.compare(entry.syllables, start)) for entry in entries if _is_new(ear, entry, start)]
    fit = [one for one in found if one.match.strength >= LEAST_STRENGTH]
    return [one.entry for one in sorted(fit, key=_order)[:BEST]]


def _is_new(ear: Ear, entry: Entry, start: int) -> bool:
    size = len(entry.syllables)
    return not says_same(ear.tail.syllables[start : start + size], entry.syllables, size)
