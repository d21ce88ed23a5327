"""The numbers by which the second and third hearing judge: what is known of a syllable, and of a pair of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain import rhyme_stream as roles
from rap_analyzer.domain.rhyme_company import Around, Band, chance_of, company
from rap_analyzer.domain.rhyme_ground import REACH
from rap_analyzer.domain.rhyme_net import Facts, Sheet
from rap_analyzer.domain.rhyme_pairs import (
    BARS,
    CEILING,
    CLUSTER_FEATURES,
    FLOOR,
    WINDOW,
    WORDS,
    Pairs,
    Weights,
    nucleus_rows,
)
from rap_analyzer.domain.rhyme_phrases import Phrasing, columns_of

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

FAR = 20
LOGS = np.log1p(np.arange(2 * FAR + 1, dtype=np.float32))
"""Logarithms of one more than what is counted."""
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
"""Steps along the diagonal: the pairs of the syllables that many places on, or back."""
AROUND = 24
"""Syllables each way in which the share of rhyming syllables is taken."""
SPARSE = 32
"""Codes a syllable from which it is faster to number those that occur than to count all."""
STAND = (3, 3, 5, 2, 2, 2)
"""How many of each a syllable's standing tells apart: left, size, to the end; function, last, middle word."""


def _flags(values: Ints, count: int) -> npt.NDArray[np.bool_]:
    """One row for each value: which of `count` it is."""
    return np.asarray(values[:, None] == np.arange(count))


def _grid(*sizes: int) -> tuple[Ints, ...]:
    """The parts of all codes that have so many values each; the last part runs fastest."""
    return tuple(np.indices(sizes).reshape(len(sizes), -1))


@cache
def _voices(nuclei: int) -> Sheet:
    """A syllable's nucleus, of as many as are known and any other; its stress; how many consonants follow."""
    nucleus, stress, follow = _grid(nuclei + 1, 3, 3)
    rows = np.concatenate([_flags(nucleus, nuclei), _flags(stress, 3), _flags(follow, 3)], axis=1)
    return Sheet(rows.astype(np.float32), (*range(nuclei + 3), *range(nuclei + 9, nuclei + 12)))


@cache
def _stands(nuclei: int) -> Sheet:
    """Where a syllable stands in its word and bar, and what word it is in."""
    left, size, to_end, *words = _grid(*STAND)
    rows = np.concatenate([_flags(left, 3), _flags(size, 3), _flags(to_end, 4), np.stack(words, axis=1)], axis=1)
    return Sheet(rows.astype(np.float32), (*range(nuclei + 3, nuclei + 9), *range(nuclei + 12, nuclei + 19)))


@cache
def _meetings() -> Sheet:
    """How a pair's consonants compare, and the row of `places`."""
    kind, _, same_onset, words, bars = _grid(len(CLUSTER_FEATURES) + 1, 2, 2, WORDS, BARS)
    rows = [
        _flags(kind, len(CLUSTER_FEATURES) + 1),
        same_onset[:, None],
        _flags(np.minimum(bars, 4), 5),
        _flags(words, 2),
    ]
    return Sheet(np.concatenate(rows, axis=1).astype(np.float32), (*range(3, 13), *range(15, 20), 21, 22))


def syllable_sheets(nuclei: int) -> tuple[Sheet, Sheet]:
    """What the codes of syllables stand for; so many nuclei are known."""
    return _voices(nuclei), _stands(nuclei)


def pair_sheets() -> tuple[Sheet]:
    """What the codes of pairs stand for."""
    return (_meetings(),)


@cache
def _word_codes() -> Ints:
    """For each role which of a function word, a last and a middle word it is."""
    role = np.arange(2 * roles.MIDDLE_WORD)
    function, last, middle = (role & bit > 0 for bit in (roles.FUNCTION, roles.LAST_WORD, roles.MIDDLE_WORD))
    return np.asarray(4 * function + 2 * last + middle, dtype=np.int64)


def syllable_facts(stream: Stream, band: Band, degree: Floats, phrases: Phrasing, weights: Weights) -> Facts:
    """What is known of each syllable before the second hearing."""
    ground, here = band.ground, np.arange(len(stream))
    to_end = np.minimum(stream.to_end, FAR)
    bars, end, sizes = ground.bars, ground.end, ground.stop - ground.start
    best = band.best
    columns = [
        np.minimum(stream.size - 1 - stream.left, 2),
        np.log1p(_times(ground.rank, stream.word_id, stream.left == 0)),
        np.minimum(stream.letters, 12),
        LOGS.take(to_end),
        np.log1p(np.maximum(bars - 1 - to_end, 0)),
        LOGS.take(np.minimum(bars, 2 * FAR)),
        _times(ground.rank, stream.nucleus) / sizes,
        np.log1p(degree),
        band.best_after,
        band.best_before,
        best.take(end),
        end == here,
        _shares(best > 0, ground.start, ground.stop),
        phrases.chance,
        LOGS.take(np.minimum(phrases.end - here, FAR)),
        best.take(phrases.end),
    ]
    codes = _voice(stream, weights), _stand(stream)
    return Facts(columns_of(columns, len(stream)), codes, syllable_sheets(len(weights.nuclei)))


def _voice(stream: Stream, weights: Weights) -> Ints:
    follow = np.minimum([*map(len, stream.clusters)], 2).take(stream.follow)
    return (nucleus_rows(stream, weights) * 3 + stream.stress) * 3 + follow


def _stand(stream: Stream) -> Ints:
    code = np.minimum(stream.left, 2) * 3 + np.minimum(stream.size, 3) - 1
    return (code * 5 + np.minimum(stream.to_end, 4)) * 8 + _word_codes().take(stream.role)


def pair_facts(stream: Stream, pairs: Pairs, band: Band, shared: Floats, degree: Floats, phrases: Phrasing) -> Facts:
    """What is known of each pair before the second hearing."""
    i, j = pairs.earlier, pairs.later
    apart = (j - i).astype(np.float32)
    words = stream.word.take(j) - stream.word.take(i)
    to_end = np.minimum(stream.to_end, FAR)
    end = band.ground.end
    around = band.around(i, j)
    beside = {step: around.at(step) for step in NEIGHBOURS}
    columns = [
        pairs.score,
        pairs.vowels,
        pairs.sound,
        apart / roles.LONG_BAR,
        np.log(apart),
        LOGS.take(np.minimum(words, FAR)),
        np.minimum(np.abs(to_end.take(i) - to_end.take(j)), 6),
        band.at(end.take(i), end.take(j)),
        *beside.values(),
        np.maximum(beside[1], 0),
        np.maximum(beside[-1], 0),
        *_same_words(stream, around),
        *_gaps(pairs, around, pairs.score),
        np.log(shared + 1),
        _share_of(shared, degree, pairs),
        _tails(stream, pairs, beside),
        _letters_shared(stream, i, j),
        *_phrase_columns(i, j, band, phrases),
    ]
    sheets = pair_sheets()
    code = pairs.kind * (len(sheets[0].rows) // (len(CLUSTER_FEATURES) + 1)) + pairs.place
    return Facts(columns_of(columns, len(pairs)), (code,), sheets)


def _same_words(stream: Stream, around: Around) -> list[npt.NDArray[np.bool_]]:
    """Whether the syllables some steps on from each pair are of one word; False beyond the section's edges."""
    ground = around.band.ground
    words = -1 - np.arange(ground.width)
    words[ground.column] = stream.word_id
    i, j = around.column - REACH, around.column + around.apart - REACH
    return [words[REACH + step :].take(i) == words[REACH + step :].take(j) for step in (-2, -1, 1, 2)]


def _times(section: Ints, codes: Ints, counted: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[Any]:
    """How often each code comes in its section, among those that are counted."""
    span = int(codes.max()) + 1
    keys = section * span + codes
    if span * (int(section[-1]) + 1) > SPARSE * len(codes):
        keys = np.unique(keys, return_inverse=True)[1]
    return np.bincount(keys, counted).take(keys)


def _shares(flags: npt.NDArray[np.bool_], start: Ints, stop: Ints) -> npt.NDArray[np.float64]:
    """Share of flags that are up between places, for each two."""
    total = np.concatenate(([0], np.cumsum(flags)))
    return np.asarray((total.take(stop) - total.take(start)) / (stop - start))


def _gaps(pairs: Pairs, around: Around, score: Floats) -> list[Floats]:
    """How much better each of the two does with others: after it, before it, and between the two."""
    i, j = pairs.earlier, pairs.later
    after, before = around.band.best_after, around.band.best_before
    rivals = (after.take(i), after.take(j), before.take(i), before.take(j), *around.between())
    least, most = np.full(len(score), -1, dtype=np.float32), np.full(len(score), CEILING, dtype=np.float32)
    return [np.minimum(np.maximum(rival - score, least), most) for rival in rivals]


def _share_of(shared: Floats, degree: Floats, pairs: Pairs) -> Floats:
    """How much of the company of the lonelier one of each two is shared."""
    least = np.minimum(degree.take(pairs.earlier), degree.take(pairs.later))
    return np.asarray(np.minimum(shared / np.maximum(np.float32(0.1), least), 3))


def _tails(stream: Stream, pairs: Pairs, beside: dict[int, Floats]) -> Floats:
    """Worst log-odds among the syllables that end both words after the pair; `FLOOR` where one word goes on longer."""
    i, left = pairs.earlier, stream.left
    worst = np.where(left.take(i) == left.take(pairs.later), np.float32(CEILING), np.float32(FLOOR))
    for step in (1, 2):
        passed_over = np.where(left < step, np.float32(CEILING), np.float32(FLOOR))
        np.minimum(worst, np.maximum(beside[step], passed_over.take(i)), out=worst)
    return worst


def _letters_shared(stream: Stream, i: Ints, j: Ints) -> npt.NDArray[np.int8]:
    """How many letters, up to four, two words share at their ends; 0 but for last syllables: verse rhymes by eye."""
    shared = np.zeros(len(i), dtype=np.int8)
    for ending in stream.ending.T:
        shared += ending.take(i) == ending.take(j)
    last = stream.left == 0
    shared *= last.take(i) & last.take(j)
    return shared


def _phrase_columns(i: Ints, j: Ints, band: Band, phrases: Phrasing) -> list[Any]:
    to_end = np.minimum(phrases.end - np.arange(len(phrases.end)), FAR)
    return [
        np.minimum(phrases.before.take(j) - phrases.before.take(i), 8),
        np.minimum(np.abs(to_end.take(i) - to_end.take(j)), 6),
        band.at(phrases.end.take(i), phrases.end.take(j)),
    ]


def late_syllable_features(stream: Stream, band: Band, degree: Floats, phrases: Phrasing) -> Floats:
    """What the second hearing adds to what is known of each syllable; `band` is of the second hearing."""
    best, ground = band.best, band.ground
    here = np.arange(len(stream))
    begin = np.flatnonzero(np.concatenate(([True], stream.word[1:] != stream.word[:-1])))
    start, stop = np.maximum(here - AROUND, ground.start), np.minimum(here + AROUND + 1, ground.stop)
    columns = [
        band.best_after,
        band.best_before,
        np.log1p(degree),
        np.maximum.reduceat(best, begin).take(stream.word - stream.word[0]),
        _shares(best > 0, start, stop),
        _shares(best > 0, ground.start, ground.stop),
        best.take(phrases.end),
        *_end_odds(band, phrases),
    ]
    return columns_of(columns, len(stream))


def _end_odds(band: Band, phrases: Phrasing) -> list[Floats]:
    """For each syllable the log-odds of its phrase's end with the one before and after, and two before and after."""
    new = phrases.end[1:] != phrases.end[:-1]
    phrase = np.concatenate(([0], np.cumsum(new))) + 2
    ends = phrases.end[np.concatenate(([True], new))]
    odds = np.full((2, len(ends) + 4), FLOOR, dtype=np.float32)
    for step in (1, 2):
        odds[step - 1, 2 : 2 + len(ends) - step] = band.at(ends[:-step], ends[step:])
    return [odds[0].take(phrase - 1), odds[0].take(phrase), odds[1].take(phrase - 2), odds[1].take(phrase)]


def late_pair_features(
    stream: Stream, pairs: Pairs, odds: Floats, band: Band, phrases: Phrasing
) -> tuple[Floats, Floats]:
    """What the second hearing adds to what is known of each pair, and each syllable's sum of chances.

    `odds` are the pairs' log-odds in the second hearing and `band` is made of them.
    """
    i, j = pairs.earlier, pairs.later
    shared, degree = company(len(stream), i, j, chance_of(odds))
    around = band.around(i, j)
    words = _best_of_words(stream, pairs, odds)
    columns = [
        odds,
        *(around.at(step) for step in NEIGHBOURS),
        np.maximum(around.at(1, 1), around.at(2, -1)),
        np.maximum(around.at(-1, -1), around.at(-2, 1)),
        *_gaps(pairs, around, odds),
        np.log(shared + 1),
        _share_of(shared, degree, pairs),
        np.minimum(np.maximum(words - odds, 0), CEILING),
        band.at(phrases.end.take(i), phrases.end.take(j)),
    ]
    return columns_of(columns, len(pairs)), degree


def _best_of_words(stream: Stream, pairs: Pairs, odds: Floats) -> Floats:
    """The best log-odds between any syllables of the two words of each pair."""
    word = stream.word - stream.word[0]
    # words are at most as far from each other as their syllables, so that no two pairs of words have one number
    both = word.take(pairs.earlier) * WINDOW + word.take(pairs.later)
    best = np.full((int(word[-1]) + 1) * (WINDOW + 1), FLOOR, dtype=np.float32)
    np.maximum.at(best, both, odds)
    return np.asarray(best.take(both))
