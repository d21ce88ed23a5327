"""The first hearing: every pair of syllables within earshot and section is judged by sound, role and place alone.

It is cheap and keeps most true rhymes among a few pairs; `rhyme_hearing` judges those by all that surrounds them.
Tables have one row for each distance and one column for each place of the `Ground`, so that a pair's later syllable
stands as many columns on as the row says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain.rhyme_company import Band, band_from
from rap_analyzer.domain.rhyme_ground import FRAME
from rap_analyzer.domain.rhyme_pairs import (
    ALIGNED_TAIL,
    BARS,
    CEILING,
    UNLIKELY,
    WINDOW,
    WORDS,
    Pairs,
    cluster_kinds,
    distance_odds,
    nucleus_rows,
    place_odds,
    role_odds,
    vowel_odds,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_ground import Ground
    from rap_analyzer.domain.rhyme_pairs import Floats, Weights
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

    Bytes = npt.NDArray[np.uint8]

OUTSIDE = BARS * WORDS * 4
"""Added to the row of `places` for what is no pair: the later syllable is of another section, or there is none."""
NO_PAIR = -1000.0
"""Log-odds that nothing makes up for."""
STEPS = np.arange(1, WINDOW + 1, dtype=np.uint8)[:, None]


@dataclass(frozen=True, slots=True)
class _Sounds:
    """What every two vowels and every two clusters of a stream give, and which each syllable has.

    Attributes:
        row: each syllable's row of `vowels`.
        vowels: log-odds.
        follow: each syllable's row of `kinds` and `clusters`.
        kinds: index into `CLUSTER_FEATURES`, as in `Pairs`.
        clusters: log-odds.
    """

    row: Ints
    vowels: Floats
    follow: Ints
    kinds: Ints
    clusters: Floats


def first_hearing(stream: Stream, weights: Weights, ground: Ground) -> tuple[Band, Pairs]:
    """The band of all pairs, and those worth a second hearing: likely enough, and not one word said twice."""
    sounds, places = _sounds(stream, weights), _places(stream, ground)
    tables = [
        (sounds.vowels, ground.spread(sounds.row)),
        (sounds.clusters, ground.spread(sounds.follow)),
        _roles(stream, weights, ground),
    ]
    score = np.concatenate([place_odds(weights), np.full(OUTSIDE, NO_PAIR, dtype=np.float32)]).take(places)
    score += distance_odds(weights)[:, None] + np.float32(weights.bias)
    for table, codes in tables:
        score += table.ravel().take(_after(codes) + codes[ground.inside] * len(table))
    np.minimum(score, np.full(score.shape[1], CEILING, dtype=np.float32), out=score)
    band = band_from(score, ground)
    earlier, later, cell = _numbered(score > UNLIKELY, ground)
    other = np.flatnonzero(stream.word_id.take(earlier) != stream.word_id.take(later))
    return band, _pairs(sounds, (earlier.take(other), later.take(other), cell.take(other)), score, places)


def every_pair(stream: Stream, weights: Weights, ground: Ground) -> Pairs:
    """All pairs within earshot and section; their score is still 0."""
    places = _places(stream, ground)
    score = np.zeros(places.shape, dtype=np.float32)
    return _pairs(_sounds(stream, weights), _numbered(places < OUTSIDE, ground), score, places)


def _sounds(stream: Stream, weights: Weights) -> _Sounds:
    kinds = cluster_kinds(stream.clusters)
    clusters = np.concatenate((weights.cluster, [np.float32(0)])).take(kinds)
    return _Sounds(nucleus_rows(stream, weights), vowel_odds(weights), stream.follow, kinds, clusters)


def _after(wide: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What stands one to `WINDOW` columns on, for all columns but the frame's: one row for each distance."""
    item = wide.itemsize
    return np.ndarray((WINDOW, len(wide) - 2 * FRAME), wide.dtype, wide, (FRAME + 1) * item, (item, item))


def _roles(stream: Stream, weights: Weights, ground: Ground) -> tuple[Floats, Ints]:
    """Log-odds of every two of the roles that occur, and which of them each syllable has: few fit into the cache."""
    found = np.flatnonzero(np.bincount(stream.role))
    number = np.zeros(int(found[-1]) + 1, dtype=np.int64)
    number[found] = np.arange(len(found))
    return role_odds(weights).take(found, axis=0).take(found, axis=1), ground.spread(number.take(stream.role))


def _places(stream: Stream, ground: Ground) -> Bytes:
    """The row of `places` for every syllable with those after it. Differences of bytes are right though bytes wrap."""
    to_end = np.minimum(stream.to_end, ALIGNED_TAIL).astype(np.uint8)
    own_end = to_end + (to_end == ALIGNED_TAIL)
    room = np.minimum(ground.stop - 1 - np.arange(len(stream)), WINDOW).astype(np.uint8)
    row = _steps(_running(stream.bar), BARS, ground)
    row += _steps(stream.word.astype(np.uint8), WORDS, ground) * np.uint8(BARS)
    row += _same(stream.onset.astype(np.uint16), stream.onset.astype(np.uint16), ground) * np.uint8(BARS * WORDS)
    row += _same(own_end, to_end, ground) * np.uint8(BARS * WORDS * 2)
    row += (ground.spread(room)[ground.inside] < STEPS).view(np.uint8) * np.uint8(OUTSIDE)
    return row


def _steps(numbers: Bytes, told: int, ground: Ground) -> Bytes:
    """How many numbers on every syllable's successors are, as far as that is told."""
    wide = ground.spread(numbers)
    here = wide[ground.inside]
    steps: Bytes = _after(wide) - here
    # numpy is quick with the smaller of two arrays, not of an array and a number
    return np.minimum(steps, np.full(len(here), told - 1, dtype=np.uint8), out=steps)


def _same(codes: npt.NDArray[Any], later_codes: npt.NDArray[Any], ground: Ground) -> Bytes:
    """Which of every syllable's successors have its code."""
    same = _after(ground.spread(later_codes)) == ground.spread(codes)[ground.inside]
    return np.asarray(same.view(np.uint8))


def _running(bar: Ints) -> Bytes:
    """Bars numbered so that no step is longer than `places` tells apart: over earshot differences fit into a byte."""
    steps = np.minimum(bar[1:] - bar[:-1], BARS - 1)
    return np.concatenate(([0], np.cumsum(steps))).astype(np.uint8)


def _numbered(chosen: npt.NDArray[np.bool_], ground: Ground) -> tuple[Ints, Ints, Ints]:
    """The pairs that a table chooses: numbers of the earlier and the later syllables, and the cells of the table."""
    rows, columns = chosen.shape
    number = np.flatnonzero(np.ascontiguousarray(chosen.T))
    column = number // rows
    row = number - column * rows
    earlier = ground.spread(np.arange(len(ground.column)))[ground.inside].take(column)
    return earlier, earlier + row + 1, row * columns + column


def _pairs(sounds: _Sounds, numbered: tuple[Ints, Ints, Ints], score: Floats, places: Bytes) -> Pairs:
    earlier, later, cell = numbered
    vowels = sounds.vowels.ravel().take(_cell(sounds.vowels, sounds.row, earlier, later))
    follow = _cell(sounds.kinds, sounds.follow, earlier, later)
    kind, sound = sounds.kinds.ravel().take(follow), vowels + sounds.clusters.ravel().take(follow)
    place = places.ravel().take(cell).astype(np.int64)
    return Pairs(earlier, later, vowels, kind, place, sound, score.ravel().take(cell))


def _cell(table: npt.NDArray[Any], code: Ints, earlier: Ints, later: Ints) -> Ints:
    """Where a square table, flat, holds pairs of syllables with these codes."""
    return (code * len(table)).take(earlier) + code.take(later)
