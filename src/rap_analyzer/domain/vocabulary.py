"""How many different words: measures that a longer song does not win or lose by its length."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MTLD_THRESHOLD = 0.72
MATTR_WINDOW = 50
HDD_SAMPLE = 42


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
    return Vocabulary(len(words), len(set(words)), mtld(words), mattr(words), hdd(words))


def mtld(words: Sequence[str], threshold: float = MTLD_THRESHOLD) -> float:
    """Measure of textual lexical diversity: mean length of runs that keep a type–token ratio above 0.72.

    McCarthy & Jarvis 2010 (Behavior Research Methods 42): mean of the forward and the backward pass. In words, from 0
    (no words) up; a text that never falls to the threshold has the number of its words.
    """
    if not words:
        return 0.0
    return (_run_length(words, threshold) + _run_length(reversed(words), threshold)) / 2


def _run_length(words: Iterable[str], threshold: float) -> float:
    factors, run, count = 0.0, 0, 0
    seen: set[str] = set()
    for word in words:
        count += 1
        run += 1
        seen.add(word)
        if len(seen) / run <= threshold:
            factors += 1
            run = 0
            seen.clear()
    if run:
        factors += (1 - len(seen) / run) / (1 - threshold)
    return count / factors if factors else float(count)


def mattr(words: Sequence[str], window: int = MATTR_WINDOW) -> float:
    """Moving-average type–token ratio over windows of 50 words, in [0, 1].

    Covington & McFall 2010 (Journal of Quantitative Linguistics 17). A shorter text is one window.
    """
    if not words:
        return 0.0
    size = min(window, len(words))
    counts = Counter(words[:size])
    total = len(counts)
    for leaving, entering in zip(words, words[size:], strict=False):
        counts[entering] += 1
        counts[leaving] -= 1
        if not counts[leaving]:
            del counts[leaving]
        total += len(counts)
    return total / (size * (len(words) - size + 1))


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
    return expected / size


def _absent(total: int, count: int, sample: int) -> float:
    """Chance that none of a word's `count` occurrences is among `sample` of `total`."""
    if total - count < sample:
        return 0.0
    rest, log = total - count, math.lgamma
    ways = log(rest + 1) - log(rest - sample + 1) - log(total + 1) + log(total - sample + 1)
    return math.exp(ways)
