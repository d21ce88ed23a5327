"""The numbers by which the second and third hearing judge: what is known of a syllable, and of a pair of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain import rhyme_stream as roles
from rap_analyzer.domain.rhyme_company import Band, best_between, chance_of, company
from rap_analyzer.domain.rhyme_pairs import CEILING, CLUSTER_FEATURES, FLOOR, Pairs, Weights, nucleus_rows
from rap_analyzer.domain.rhyme_phrases import Phrasing, bar_ends, columns_of

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

FAR = 20
LOGS = np.log1p(np.arange(FAR + 1, dtype=np.float32))
"""Logarithms of one more than what is counted up to `FAR`."""
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
"""Steps along the diagonal: the pairs of the syllables that many places on, or back."""
AROUND = 24
"""Syllables each way in which the share of rhyming syllables is taken."""


def _flags(values: npt.NDArray[Any], count: int) -> list[npt.NDArray[np.bool_]]:
    return [values == k for k in range(count)]


def syllable_features(stream: Stream, band: Band, degree: Floats, phrases: Phrasing, weights: Weights) -> Floats:
    """What is known of each syllable before the second hearing: shape (features, syllables)."""
    size = len(stream)
    to_end = np.minimum(stream.to_end, FAR)
    bars = np.bincount(stream.bar)[stream.bar] if size else stream.bar
    start, stop = stream.bounds
    occurrences = _times(stream.section, stream.word_id, stream.left == 0)
    vowels = _times(stream.section, stream.nucleus) / (stop - start)
    follow = np.array([min(len(c), 2) for c in stream.clusters] or [0])[stream.follow]
    end = bar_ends(stream)
    best = band.best
    columns = [
        *_flags(nucleus_rows(stream, weights), len(weights.nuclei)),
        *_flags(stream.stress, 3),
        *_flags(np.minimum(stream.left, 2), 3),
        *_flags(np.minimum(stream.size, 3), 4)[1:],
        *_flags(follow, 3),
        *_flags(to_end, 4),
        (stream.role & roles.FUNCTION) > 0,
        (stream.role & roles.LAST_WORD) > 0,
        (stream.role & roles.MIDDLE_WORD) > 0,
        np.minimum(stream.size - 1 - stream.left, 2),
        np.log1p(occurrences),
        np.minimum(stream.letters, 12),
        np.log1p(to_end),
        np.log1p(np.maximum(bars - 1 - to_end, 0)),
        np.log1p(np.minimum(bars, 2 * FAR)),
        vowels,
        np.log1p(degree),
        band.best_after,
        band.best_before,
        best[end],
        end == np.arange(size),
        _shares(best > 0, start, stop),
        phrases.chance,
        np.log1p(np.minimum(phrases.end - np.arange(size), FAR)),
        best[phrases.end],
    ]
    return columns_of(columns, size)


def pair_features(
    stream: Stream, pairs: Pairs, band: Band, shared: Floats, degree: Floats, phrases: Phrasing
) -> Floats:
    """What is known of each pair before the second hearing: shape (features, pairs)."""
    i, j = pairs.earlier, pairs.later
    apart = (j - i).astype(np.float32)
    bars = np.minimum(stream.bar.take(j) - stream.bar.take(i), 4)
    words = stream.word.take(j) - stream.word.take(i)
    to_end = np.minimum(stream.to_end, FAR)
    end = bar_ends(stream)
    diagonal = band.beside(i, j, stream.bounds)
    beside = {step: diagonal.at(step) for step in NEIGHBOURS}
    columns = [
        pairs.score,
        pairs.vowels,
        pairs.sound,
        *_flags(pairs.kind, len(CLUSTER_FEATURES) + 1),
        stream.onset.take(i) == stream.onset.take(j),
        apart / roles.LONG_BAR,
        np.log(apart),
        *_flags(bars, 5),
        LOGS.take(np.minimum(words, FAR)),
        words == 0,
        words == 1,
        np.minimum(np.abs(to_end.take(i) - to_end.take(j)), 6),
        band.at(end.take(i), end.take(j)),
        *beside.values(),
        np.maximum(beside[1], 0),
        np.maximum(beside[-1], 0),
        *(_same_word(stream, i, j, step) for step in (-2, -1, 1, 2)),
        *_gaps(pairs, band, pairs.score),
        np.log1p(shared),
        np.minimum(shared / np.maximum(0.1, np.minimum(degree[i], degree[j])), 3),
        _tails(stream, pairs, band),
        _letters_shared(stream, i, j),
        *_phrase_columns(stream, i, j, band, phrases),
    ]
    return columns_of(columns, len(pairs))


def _same_word(stream: Stream, i: Ints, j: Ints, step: int) -> npt.NDArray[np.bool_]:
    """Whether the syllables `step` on from each pair are of one word; False beyond the section's edges."""
    start, stop = stream.bounds
    inside = (i + step >= start[i]) & (j + step < stop[j])
    words = stream.word_id
    return np.asarray(inside & (words.take(i + step, mode="clip") == words.take(j + step, mode="clip")))


def _times(section: Ints, codes: Ints, counted: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.float64]:
    """How often each code comes in its section, among those that are counted."""
    _, which = np.unique(section * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
    times: npt.NDArray[np.float64] = np.bincount(which, weights=counted).astype(np.float64)
    return np.asarray(times[which])


def _shares(flags: npt.NDArray[np.bool_], start: Ints, stop: Ints) -> npt.NDArray[np.float64]:
    """Share of flags that are up between places, for each two."""
    total = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray((total[stop] - total[start]) / (stop - start))


def _gaps(pairs: Pairs, band: Band, score: Floats) -> list[Floats]:
    """How much better each of the two does with others: after it, before it, and between the two."""
    i, j = pairs.earlier, pairs.later
    between = best_between(band, i, j)
    after, before = band.best_after, band.best_before
    rivals = (after.take(i), after.take(j), before.take(i), before.take(j), *between)
    return [np.minimum(np.maximum(rival - score, -1), CEILING) for rival in rivals]


def _tails(stream: Stream, pairs: Pairs, band: Band) -> Floats:
    """Worst log-odds among the syllables that end both words after the pair; `FLOOR` where one word goes on longer."""
    left = stream.left[pairs.earlier]
    alike = left == stream.left[pairs.later]
    worst = np.where(alike, np.float32(CEILING), np.float32(FLOOR))
    for step in (1, 2):
        on = np.flatnonzero(alike & (left >= step))
        odds = band.beside(pairs.earlier[on], pairs.later[on], stream.bounds).at(step)
        worst[on] = np.minimum(worst[on], odds)
    return worst


def _letters_shared(stream: Stream, i: Ints, j: Ints) -> Ints:
    """How many letters, up to four, two words share at their ends; 0 but for last syllables: verse rhymes by eye."""
    count, last = len(i), stream.left == 0
    both = np.flatnonzero(last.take(i) & last.take(j))
    ending, i, j = stream.ending.T, i.take(both), j.take(both)
    shared = np.zeros(count, dtype=np.int64)
    shared[both] = sum(letters.take(i) == letters.take(j) for letters in ending)
    return shared


def _phrase_columns(stream: Stream, i: Ints, j: Ints, band: Band, phrases: Phrasing) -> list[Floats]:
    to_end = np.minimum(phrases.end - np.arange(len(stream)), FAR)
    apart = phrases.before.take(j) - phrases.before.take(i)
    return [
        np.minimum(apart, 8),
        np.minimum(np.abs(to_end.take(i) - to_end.take(j)), 6).astype(np.float32),
        band.at(phrases.end.take(i), phrases.end.take(j)),
    ]


def late_syllable_features(stream: Stream, band: Band, degree: Floats, phrases: Phrasing) -> Floats:
    """What the second hearing adds to what is known of each syllable; `band` is of the second hearing."""
    size = len(stream)
    best = band.best
    here = np.arange(size)
    start, stop = stream.bounds
    of_word = np.full(int(stream.word[-1]) + 1 if size else 0, FLOOR, dtype=np.float32)
    np.maximum.at(of_word, stream.word, best)
    columns = [
        band.best_after,
        band.best_before,
        np.log1p(degree),
        of_word[stream.word],
        _shares(best > 0, np.maximum(here - AROUND, start), np.minimum(here + AROUND + 1, stop)),
        _shares(best > 0, start, stop),
        best[phrases.end],
        *(column[phrases.end] for column in _end_odds(stream, band, phrases)),
    ]
    return columns_of(columns, size)


def _end_odds(stream: Stream, band: Band, phrases: Phrasing) -> list[Floats]:
    """For each end of a phrase its log-odds with the one before, the one after, and those two before and two after."""
    ends = np.unique(phrases.end)
    columns = []
    for step in (1, 2):
        odds = band.at(ends[:-step], ends[step:])
        for here in (ends[step:], ends[:-step]):
            column = np.full(len(stream), FLOOR, dtype=np.float32)
            column[here] = odds
            columns.append(column)
    return columns


def late_pair_features(
    stream: Stream, pairs: Pairs, odds: Floats, band: Band, phrases: Phrasing
) -> tuple[Floats, Floats]:
    """What the second hearing adds to what is known of each pair, and each syllable's sum of chances.

    `odds` are the pairs' log-odds in the second hearing and `band` is made of them.
    """
    i, j = pairs.earlier, pairs.later
    shared, degree = company(len(stream), i, j, chance_of(odds))
    beside = band.beside(i, j, stream.bounds)
    words = _best_of_words(stream, pairs, odds)
    columns = [
        odds,
        *(beside.at(step) for step in NEIGHBOURS),
        np.maximum(beside.at(1, 1), beside.at(2, -1)),
        np.maximum(beside.at(-1, -1), beside.at(-2, 1)),
        *_gaps(pairs, band, odds),
        np.log1p(shared),
        np.minimum(shared / np.maximum(0.1, np.minimum(degree[i], degree[j])), 3),
        np.clip(words - odds, 0, CEILING),
        band.at(phrases.end[i], phrases.end[j]),
    ]
    return columns_of(columns, len(pairs)), degree


def _best_of_words(stream: Stream, pairs: Pairs, odds: Floats) -> Floats:
    """The best log-odds between any syllables of the two words of each pair."""
    words = stream.word[pairs.earlier] * (int(stream.word[-1]) + 1 if len(stream) else 1) + stream.word[pairs.later]
    _, which = np.unique(words, return_inverse=True)
    best = np.full(int(which.max(initial=-1)) + 1, FLOOR, dtype=np.float32)
    np.maximum.at(best, which, odds)
    return best[which]
