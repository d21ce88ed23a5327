"""Where phrases end within a bar: one person's bar is another's two lines, and rhymes stand at ends of phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain import rhyme_stream as roles
from rap_analyzer.domain.rhyme_company import NOWHERE, chance_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_company import Band
    from rap_analyzer.domain.rhyme_ground import Ground
    from rap_analyzer.domain.rhyme_net import Net
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

ENDS = 0.3
"""Probability from which a phrase is taken to end."""
BARS_AROUND = 3
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


def phrasing(stream: Stream, band: Band, net: Net) -> Phrasing:
    """Hears where phrases end; `band` is of the first hearing."""
    chance = np.zeros(len(stream), dtype=np.float32)
    words = inner_words(stream)
    if len(words):
        chance[words] = chance_of(net.judge_alone(phrase_features(stream, band, words)))
    chance[(stream.role & roles.BAR_FINAL) > 0] = 1
    return phrasing_of(stream, chance, band.ground)


def phrasing_of(stream: Stream, chance: Floats, ground: Ground) -> Phrasing:
    """From the probability, at the last syllable of each word, that a phrase ends there."""
    last = len(stream) - 1
    before = np.zeros_like(chance)
    np.cumsum(chance[:-1], out=before[1:])
    ending = chance > ENDS
    end = np.concatenate((np.flatnonzero(ending), [last])).take(np.cumsum(ending) - ending)
    of_word = np.minimum(np.arange(len(stream)) + stream.left, last)
    return Phrasing(chance.take(of_word), before, np.minimum(end, ground.stop - 1))


def inner_words(stream: Stream) -> Ints:
    """Last syllables of the words after which a phrase may end: those before a bar's last word."""
    inner = (stream.left == 0) & (stream.to_end > 0) & (stream.to_end < roles.BEYOND)
    return np.flatnonzero(inner[:-1])


def phrase_features(stream: Stream, band: Band, words: Ints) -> Floats:
    """`PHRASE_FEATURES` of the words whose last syllables are given."""
    ground, after = band.ground, words + 1
    bars, usual = ground.bars.take(words), _usual_bar(stream, ground).take(ground.rank.take(words))
    to_end = stream.to_end.take(words)
    reached = bars - to_end
    function = (stream.role & roles.FUNCTION) > 0
    traits = stream.traits
    leaning = traits & roles.LEANING_BIT > 0
    own, others = _with_ends(stream, band, words)
    columns = [
        np.log1p(to_end), np.log1p(reached), np.log(bars), reached / bars, np.abs(reached - bars / 2),
        np.minimum(bars / usual, 4), np.log(usual), own, others,
        band.best.take(words), function.take(words), leaning.take(words),
        stream.stress.take(words), stream.size.take(words), np.minimum(stream.letters.take(words), 12),
        function.take(after), leaning.take(after), (traits & roles.PRONOUN_BIT > 0).take(after),
        (traits & roles.JOINER_BIT > 0).take(after), stream.word_id.take(words) == stream.word_id.take(after),
    ]  # fmt: skip
    return columns_of(columns, len(words))


def _usual_bar(stream: Stream, ground: Ground) -> npt.NDArray[np.float64]:
    """Median syllables a bar, for each section."""
    first = np.flatnonzero(np.concatenate(([True], stream.bar[1:] != stream.bar[:-1])))
    section, sizes = ground.rank.take(first), ground.bars.take(first)
    sizes = sizes.take(np.lexsort((sizes, section)))
    count = np.bincount(section)
    begin = np.cumsum(count) - count
    middle: npt.NDArray[np.float64] = (sizes.take(begin + (count - 1) // 2) + sizes.take(begin + count // 2)) / 2
    return middle


def columns_of(rows: list[npt.NDArray[Any]], size: int) -> Floats:
    """Features of `size` things, one column each: shape (features, things)."""
    return np.concatenate(rows, dtype=np.float32, casting="unsafe").reshape(len(rows), size)


def _with_ends(stream: Stream, band: Band, words: Ints) -> tuple[Floats, Floats]:
    """How well words rhyme with the end of their own bar, and best with those of the bars around."""
    column, bar = band.ground.column, stream.bar - stream.bar[0] + BARS_AROUND
    last = np.full(int(bar[-1]) + BARS_AROUND + 1, NOWHERE)
    final = np.flatnonzero(stream.role & roles.BAR_FINAL)
    last[bar.take(final)] = column.take(final)
    here = column.take(words)
    end = last.take(bar.take(words) + np.arange(-BARS_AROUND, BARS_AROUND + 1)[:, None])
    odds = band.at_columns(np.minimum(here, end), np.maximum(here, end))
    return odds[BARS_AROUND], np.maximum(odds[:BARS_AROUND].max(axis=0), odds[BARS_AROUND + 1 :].max(axis=0))
