"""How many different words: measures that a longer song does not win or lose by its length."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.performers import is_guest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

MTLD_THRESHOLD = 72
"""Percent of types among tokens at which a run ends."""
MATTR_WINDOW = 50
HDD_SAMPLE = 42
FIRST_WORDS = 35_000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A song's words.

    Attributes:
        tokens: words said.
        types: different words (bare forms).
        mtld: see `mtld`.
        mattr: see `mattr`.
        hdd: see `hdd`.
    """

    tokens: int
    types: int
    mtld: float
    mattr: float
    hdd: float


def vocabulary_of(words: Sequence[str]) -> Vocabulary:
    """Measures of a song's bare words."""
    former = _former_places(words)
    return Vocabulary(
        tokens=len(words),
        types=int((former < 0).sum()),
        mtld=_mtld(former),
        mattr=_mattr(former, MATTR_WINDOW),
        hdd=hdd(words),
    )


def mtld(words: Sequence[str]) -> float:
    """Measure of textual lexical diversity: mean length of runs that keep a type–token ratio above 0.72.

    McCarthy & Jarvis 2010 (Behavior Research Methods 42): mean of the forward and the backward pass. In words, from 0
    (no words) up; a text that never falls to the threshold has the number of its words.
    """
    return _mtld(_former_places(words))


def _mtld(former: Ints) -> float:
    size = len(former)
    if not size:
        return 0.0
    later = np.full(size, size)
    repeated = np.flatnonzero(former >= 0)
    later[former[repeated]] = repeated
    backward = (size - 1 - later)[::-1]
    return (_run_length(former.tolist()) + _run_length(backward.tolist())) / 2


def _run_length(former: list[int]) -> float:
    """Words ÷ runs, the last of which may be a part of one. A word is new to a run that began after its last place."""
    factors, begin = 0.0, 0
    above = 0  # 100 × types − 72 × words of the run: in whole numbers, so that a ratio of just .72 is told from more
    for at, before in enumerate(former, 1):
        above += 100 - MTLD_THRESHOLD if before < begin else -MTLD_THRESHOLD
        if above <= 0:
            factors += 1
            begin, above = at, 0
    if words := len(former) - begin:
        types = above + MTLD_THRESHOLD * words
        factors += (100 * words - types) / (100 * words - MTLD_THRESHOLD * words)
    return len(former) / factors if factors else float(len(former))


def mattr(words: Sequence[str], window: int = MATTR_WINDOW) -> float:
    """Moving-average type–token ratio over windows of 50 words, in [0, 1].

    Covington & McFall 2010 (Journal of Quantitative Linguistics 17). A shorter text is one window.
    """
    return _mattr(_former_places(words), window)


def _mattr(former: Ints, window: int) -> float:
    if not len(former):
        return 0.0
    size = min(window, len(former))
    places = np.arange(len(former))
    # A word adds a type to the windows that it is in and its former occurrence is not.
    first = np.maximum(former, np.maximum(places - size, -1)) + 1
    last = np.minimum(places, len(former) - size)
    types = np.maximum(last - first + 1, 0).sum()
    return float(types) / (size * (len(former) - size + 1))


def _former_places(words: Sequence[str]) -> Ints:
    """Where each word stood last before, -1 at its first occurrence."""
    seen: dict[str, int] = {}
    former = []
    for at, word in enumerate(words):
        former.append(seen.get(word, -1))
        seen[word] = at
    return np.array(former, dtype=np.int64)


def first_words(songs: Iterable[tuple[str, Collection[str]]], limit: int = FIRST_WORDS) -> tuple[int, int | None]:
    """Words counted, up to `limit`, and how many of them are different: None when the songs have fewer.

    After Matt Daniels in The Pudding ("The largest vocabulary in hip hop", 2014): the first 35,000 words of an artist,
    not stemmed, apostrophes stripped. Sections whose headers name none but guests are left out.

    Args:
        songs: the artist's lyrics in order of release, each with the names of the song's guests.
        limit: words that are counted.
    """
    different: set[str] = set()
    count = 0
    for text, guests in songs:
        for word in _own_words(text, guests):
            different.add(word)
            count += 1
            if count == limit:
                return count, len(different)
    return count, None


def _own_words(text: str, guests: Collection[str]) -> Iterator[str]:
    for section in parse(text).sections:
        if not section.performers or not all(is_guest(name, guests) for name in section.performers):
            yield from (word.bare.replace("'", "") for bar in section.bars for word in bar.sung)


def hdd(words: Sequence[str], sample: int = HDD_SAMPLE) -> float:
    """HD-D: expected type–token ratio of 42 words drawn from the text without replacement, in [0, 1].

    McCarthy & Jarvis 2007 (Language Testing 24): for each type the hypergeometric chance to be in the sample, divided
    by the sample's size. A shorter text is its own sample.
    """
    if not words:
        return 0.0
    size = min(sample, len(words))
    frequencies = Counter(Counter(words).values())
    expected = sum(types * (1 - _absent(len(words), count, size)) for count, types in frequencies.items())
    return min(1.0, expected / size)


def _absent(total: int, count: int, sample: int) -> float:
    """Chance that none of a word's `count` occurrences is among `sample` of `total`."""
    if total - count < sample:
        return 0.0
    rest, log = total - count, math.lgamma
    ways = log(rest + 1) - log(rest - sample + 1) - log(total + 1) + log(total - sample + 1)
    return min(1.0, math.exp(ways))
