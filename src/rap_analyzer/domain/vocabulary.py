"""How many different words: measures that a longer song does not win or lose by its length."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain import rhyme_kernel
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.performers import all_guests

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
    numbers = _numbered(words)
    former = _former_places(numbers)
    return Vocabulary(
        tokens=len(words),
        types=int((former < 0).sum()),
        mtld=_mtld(former),
        mattr=_mattr(former, MATTR_WINDOW),
        hdd=_hdd(numbers, HDD_SAMPLE),
    )


def mtld(words: Sequence[str]) -> float:
    """Measure of textual lexical diversity: mean length of runs that keep a type–token ratio above 0.72.

    McCarthy & Jarvis 2010 (Behavior Research Methods 42): mean of the forward and the backward pass. In words, from 0
    (no words) up; a text that never falls to the threshold has the number of its words.
    """
    return _mtld(_former_places(_numbered(words)))


def _mtld(former: Ints) -> float:
    size = len(former)
    if not size:
        return 0.0
    repeated = (former >= 0).nonzero()[0]
    later, earlier = size - 1 - former[repeated], size - 1 - repeated
    order = later.argsort()
    backward = _run_length(later[order], earlier[order], size)
    return (_run_length(repeated, former[repeated], size) + backward) / 2


def _run_length(repeated: Ints, former: Ints, size: int) -> float:
    """Words ÷ runs, the last of which may be a part of one.

    Args:
        repeated: places, ascending, of words that have been said before.
        former: where each of them was said last.
        size: all words.
    """
    ended, begin, repeats = rhyme_kernel.runs(repeated, former, MTLD_THRESHOLD) or _runs(repeated, former)
    factors = float(ended)
    if words := size - begin:
        factors += 100 * repeats / (100 * words - MTLD_THRESHOLD * words)
    return size / factors if factors else float(size)


def _runs(repeated: Ints, former: Ints) -> tuple[int, int, int]:
    """Runs that end, where the last one begins, and the repeats in it."""
    ended, begin, repeats = 0, 0, 0
    for at, before in zip(repeated.tolist(), former.tolist(), strict=True):
        # A word is new to a run that began after its last place.
        if before >= begin:
            repeats += 1
            # In whole numbers, so that a ratio of just .72 is told from more.
            if (100 - MTLD_THRESHOLD) * (at + 1 - begin) <= 100 * repeats:
                ended += 1
                begin, repeats = at + 1, 0
    return ended, begin, repeats


def mattr(words: Sequence[str], window: int = MATTR_WINDOW) -> float:
    """Moving-average type–token ratio over windows of 50 words, in [0, 1].

    Covington & McFall 2010 (Journal of Quantitative Linguistics 17). A shorter text is one window.
    """
    return _mattr(_former_places(_numbered(words)), window)


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


def _numbered(words: Sequence[str]) -> Ints:
    """A number for each word, the same for the same, from 0 without gaps."""
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return np.array(list(map(numbers.__getitem__, words)), dtype=np.int64)


def _former_places(numbers: Ints) -> Ints:
    """Where each word stood last before, -1 at its first occurrence."""
    order = numbers.argsort(kind="stable")
    ordered = numbers[order]
    again = (ordered[1:] == ordered[:-1]).nonzero()[0] + 1
    former = np.full(len(numbers), -1)
    former[order[again]] = order[again - 1]
    return former


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
        if not all_guests(section.performers, guests):
            yield from (word.bare.replace("'", "") for bar in section.bars for word in bar.sung)


def hdd(words: Sequence[str], sample: int = HDD_SAMPLE) -> float:
    """HD-D: expected type–token ratio of 42 words drawn from the text without replacement, in [0, 1].

    McCarthy & Jarvis 2007 (Language Testing 24): for each type the hypergeometric chance to be in the sample, divided
    by the sample's size. A shorter text is its own sample.
    """
    return _hdd(_numbered(words), sample)


def _hdd(numbers: Ints, sample: int) -> float:
    if not (total := len(numbers)):
        return 0.0
    size = min(sample, total)
    # In order of appearance, so that the sum is the same whatever the numbers.
    frequencies = Counter(np.bincount(numbers).tolist())
    expected = sum(types * (1 - _absent(total, count, size)) for count, types in frequencies.items())
    return min(1.0, expected / size)


def _absent(total: int, count: int, sample: int) -> float:
    """Chance that none of a word's `count` occurrences is among `sample` of `total`."""
    if total - count < sample:
        return 0.0
    rest, log = total - count, math.lgamma
    ways = log(rest + 1) - log(rest - sample + 1) - log(total + 1) + log(total - sample + 1)
    return min(1.0, math.exp(ways))
