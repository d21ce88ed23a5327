"""Where phrases end within a bar: one person's bar is another's two lines, and rhymes stand at ends of phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain import rhyme_stream as roles
from rap_analyzer.domain.rhyme_company import chance_of
from rap_analyzer.domain.rhyme_pairs import FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_company import Band
    from rap_analyzer.domain.rhyme_net import Net
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

ENDS = 0.3
"""Probability from which a phrase is taken to end."""
BARS_AROUND = 3
LEANING = """
    a an the to of and or but in on at for with from by as my your his its our their i'm i i'll i've that this so if
    than then when what who how where because 'cause til like
"""
LEANS = frozenset(LEANING.split())
"""Words that lean on what follows: phrases seldom end in them and often begin with them."""
PRONOUNS = frozenset(("i", "i'm", "you", "he", "she", "we", "they"))
JOINERS = frozenset(("and", "but", "so", "or"))

PHRASE_FEATURES = (
    "log to end", "log from start", "log bar", "share of bar", "off the middle", "bar to usual bar", "log usual bar",
    "rhymes with own bar's end", "rhymes with other ends", "best rhyme", "function word", "leans", "stress",
    "syllables", "letters", "next is function word", "next leans", "next is pronoun", "next joins", "next is the same",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Where a stream's phrases end, one entry for each syllable.

    Attributes:
        chance: probability that its word ends a phrase; 1 in a bar's last word.
        before: phrases that have probably ended before it, as a running sum.
        end: number of the syllable that ends its phrase.
    """

    chance: Floats
    before: Floats
    end: Ints


def bar_ends(stream: Stream) -> Ints:
    """For each syllable the number of the one that ends its bar; its own number in a bar without an end."""
    final = np.flatnonzero(stream.role & roles.BAR_FINAL)
    of_bar = np.full(int(stream.bar.max(initial=-1)) + 1, -1)
    of_bar[stream.bar[final]] = final
    ends = of_bar[stream.bar]
    return np.where(ends < 0, np.arange(len(stream)), ends)


def phrasing(stream: Stream, band: Band, net: Net) -> Phrasing:
    """Hears where phrases end; `band` is of the first hearing."""
    size = len(stream)
    chance = np.zeros(size, dtype=np.float32)
    words = inner_words(stream)
    if len(words):
        chance[words] = chance_of(net.judge_alone(phrase_features(stream, band, words)))
    chance[(stream.role & roles.BAR_FINAL) > 0] = 1
    return phrasing_of(stream, chance)


def phrasing_of(stream: Stream, chance: Floats) -> Phrasing:
    """From the probability, at the last syllable of each word, that a phrase ends there."""
    size = len(stream)
    before = np.concatenate([[0], np.cumsum(chance)[:-1]]) if size else np.zeros(0)
    ends = np.append(np.flatnonzero(chance > ENDS), size - 1)
    end = np.minimum(ends[np.searchsorted(ends, np.arange(size))], stream.bounds[1] - 1)
    of_word = np.minimum(np.arange(size) + stream.left, max(0, size - 1))
    return Phrasing(chance[of_word], before.astype(np.float32), end)


def inner_words(stream: Stream) -> Ints:
    """Last syllables of the words after which a phrase may end: those before a bar's last word."""
    inner = (stream.left == 0) & (stream.to_end > 0) & (stream.to_end < roles.BEYOND)
    return np.flatnonzero(inner[:-1])


def phrase_features(stream: Stream, band: Band, words: Ints) -> Floats:
    """`PHRASE_FEATURES` of the words whose last syllables are given."""
    bars = np.bincount(stream.bar)[stream.bar[words]]
    usual = _usual_bar(stream)[stream.section[words]]
    to_end = stream.to_end[words]
    reached = bars - to_end
    spellings = stream.spellings
    leaning = _among(spellings, LEANS)
    function = (stream.role & roles.FUNCTION) > 0
    after = words + 1
    own, others = _with_ends(stream, band, words)
    columns = [
        np.log1p(to_end), np.log1p(reached), np.log(bars), reached / bars, np.abs(reached - bars / 2),
        np.minimum(bars / usual, 4), np.log(usual), own, others,
        band.best[words], function[words], leaning[words],
        stream.stress[words], stream.size[words], np.minimum(stream.letters[words], 12),
        function[after], leaning[after], _among(spellings, PRONOUNS)[after], _among(spellings, JOINERS)[after],
        stream.word_id[words] == stream.word_id[after],
    ]  # fmt: skip
    return columns_of(columns, len(words))


def _usual_bar(stream: Stream) -> npt.NDArray[np.float64]:
    """Median syllables a bar, for each section."""
    bars = np.unique(stream.bar, return_index=True, return_counts=True)
    sections = stream.section[bars[1]]
    usual = np.ones(int(stream.section[-1]) + 1)
    for number in np.unique(sections).tolist():
        usual[number] = np.median(bars[2][sections == number])
    return usual


def columns_of(rows: list[npt.NDArray[Any]], size: int) -> Floats:
    """Features of `size` things, one column each: shape (features, things)."""
    table = np.empty((len(rows), size), dtype=np.float32)
    for into, row in zip(table, rows, strict=True):
        into[...] = row
    return table


def _among(spellings: Sequence[str], words: frozenset[str]) -> npt.NDArray[np.bool_]:
    return np.fromiter(map(words.__contains__, spellings), dtype=bool, count=len(spellings))


def _with_ends(stream: Stream, band: Band, words: Ints) -> tuple[Floats, Floats]:
    """How well words rhyme with the end of their own bar, and best with those of the bars around."""
    last = np.full(int(stream.bar[-1]) + 2 * BARS_AROUND + 2, -1)
    final = np.flatnonzero(stream.role & roles.BAR_FINAL)
    last[stream.bar[final] + BARS_AROUND] = final
    own = np.full(len(words), FLOOR, dtype=np.float32)
    others = own.copy()
    for step in range(-BARS_AROUND, BARS_AROUND + 1):
        end = last[stream.bar[words] + BARS_AROUND + step]
        odds = np.where(end >= 0, band.at(np.minimum(words, end), np.maximum(words, end)), np.float32(FLOOR))
        if step:
            np.maximum(others, odds, out=others)
        else:
            own = odds
    return own, others
