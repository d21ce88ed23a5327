"""What stands around a pair of syllables: its neighbours on the diagonal, its rivals, and those who answer both."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_ground import FRAME, REACH
from rap_analyzer.domain.rhyme_pairs import CEILING, FLOOR, WINDOW

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_ground import Ground
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints

NOWHERE = 0
"""A column in which no syllable stands."""
BLOCK = 16
"""Syllables whose shared company is computed at once."""
CROWD = 2
"""Pairs a syllable from which the company of all is computed faster than that of each pair."""


@dataclass(frozen=True, slots=True)
class Band:
    """Log-odds of the pairs of a stream, in tables with one row for each distance and one column for each of `Ground`.

    No look-up falls out of them: what is beyond a section's edge, within `REACH`, is `FLOOR`.

    Attributes:
        odds: shape (`WINDOW` + 2, columns): row d, column c is the pair of the syllable in c with the one in c + d;
            rows 0 and `WINDOW` + 1 hold no pair.
        best_near: shape (`WINDOW` + 1, 2, columns but for the frame's): row d holds the best of each column with the d
            columns after it, and with the d before it.
        ground: where the syllables stand.
    """

    odds: Floats
    best_near: Floats
    ground: Ground

    @property
    def best_after(self) -> Floats:
        """Each syllable's best with any after it."""
        best: Floats = self.best_near[WINDOW, 0].take(self.ground.column - FRAME)
        return best

    @property
    def best_before(self) -> Floats:
        """Each syllable's best with any before it."""
        best: Floats = self.best_near[WINDOW, 1].take(self.ground.column - FRAME)
        return best

    @property
    def best(self) -> Floats:
        """Each syllable's best with any other."""
        best: Floats = np.maximum(self.best_after, self.best_before)
        return best

    def at(self, one: Ints, other: Ints) -> Floats:
        """Log-odds of syllables by number, the earlier one first; `FLOOR` for one with itself and out of earshot."""
        return self.at_columns(self.ground.column.take(one), self.ground.column.take(other))

    def at_columns(self, one: Ints, other: Ints) -> Floats:
        """The same for syllables by their columns; one of them may be `NOWHERE`."""
        apart = np.minimum(other - one, WINDOW + 1)
        return np.asarray(self.odds.ravel().take(apart * self.ground.width + one))

    def around(self, earlier: Ints, later: Ints) -> Around:
        """The surroundings of given pairs."""
        return Around(self, self.ground.column.take(earlier), later - earlier)


class Around:
    """Looks up what stands around pairs, given by the columns of the earlier syllables and the distances."""

    def __init__(self, band: Band, column: Ints, apart: Ints) -> None:
        self.band, self.column, self.apart = band, column, apart
        self._width = band.ground.width
        self._odds, self._best = band.odds.ravel(), band.best_near.ravel()
        self._corner = (apart - 1) * self._width + column - REACH

    def at(self, step: int, more: int = 0) -> Floats:
        """Log-odds of the pairs `step` syllables on, with `more` syllables between them than before.

        `FLOOR` beyond the section's edges.
        """
        return self._odds[(1 + more) * self._width + REACH + step :].take(self._corner)

    def between(self) -> tuple[Floats, Floats]:
        """The best log-odds that the two syllables have with others between them: the earlier one's, the later's."""
        size = self._width - 2 * FRAME
        earlier = (self.apart - 1) * (2 * size) + self.column - FRAME
        return self._best.take(earlier), self._best[size:].take(earlier + self.apart)


def band_from(odds: Floats, ground: Ground) -> Band:
    """The band from the log-odds of all pairs: one row for each distance, the columns of the ground but its frame's."""
    band = np.full((WINDOW + 2, ground.width), FLOOR, dtype=np.float32)
    np.maximum(odds, band[0, ground.inside], out=band[1:-1, ground.inside])
    return _banded(band, ground)


def band_of(earlier: Ints, later: Ints, odds: Floats, ground: Ground) -> Band:
    """The band from some pairs: no others are worth more than `FLOOR`."""
    band = np.full((WINDOW + 2, ground.width), FLOOR, dtype=np.float32)
    cell = (later - earlier) * ground.width + ground.column.take(earlier)
    band.ravel()[cell] = np.minimum(np.maximum(odds, FLOOR), CEILING)
    return _banded(band, ground)


def _banded(band: Floats, ground: Ground) -> Band:
    size, item = ground.width - 2 * FRAME, band.itemsize
    best = np.empty((WINDOW + 1, 2, size), dtype=np.float32)
    best[0] = FLOOR
    best[1:, 0] = band[1:-1, ground.inside]
    strides = ((ground.width - 1) * item, item)
    best[1:, 1] = np.ndarray((WINDOW, size), band.dtype, band, (ground.width + FRAME - 1) * item, strides)
    for nearer, row in pairwise(best):
        np.maximum(nearer, row, out=row)
    return Band(band, best, ground)


def company(size: int, earlier: Ints, later: Ints, chance: Floats) -> tuple[Floats, Floats]:
    """Who answers whom, summed as probabilities.

    Returns:
        For each pair the sum, over all third syllables, of the chance that it rhymes with one times with the other;
        and for each syllable the sum of its chances with all others.
    """
    degree = np.bincount(earlier, weights=chance, minlength=size) + np.bincount(later, chance, minlength=size)
    rows = _rows(size, earlier, later, chance)
    shared = (_shared_by_all if len(earlier) > CROWD * size else _shared_by_each)(rows, earlier, later)
    return shared, degree.astype(np.float32)


def _rows(size: int, earlier: Ints, later: Ints, chance: Floats) -> Floats:
    """One row for each syllable, after `WINDOW` blank ones: its chances with those around it, and zeros enough."""
    rows = np.zeros((-(-size // BLOCK) * BLOCK + 2 * WINDOW + 1, 3 * WINDOW + BLOCK), dtype=np.float32)
    flat, long = rows.ravel(), rows.shape[1]
    middle, apart = WINDOW * long + WINDOW, later - earlier
    flat[earlier * long + middle + apart] = flat[later * long + middle - apart] = chance
    return rows


def _shared_by_all(rows: Floats, earlier: Ints, later: Ints) -> Floats:
    """Multiplies, for every `BLOCK` syllables, two tables of the chances of pairs.

    The first holds these syllables with all within earshot of them, shape (blocks, `BLOCK`, `BLOCK` + 2 `WINDOW`); the
    second all within earshot with these and those who follow, shape (blocks, `BLOCK` + 2 `WINDOW`, `BLOCK` + `WINDOW`).
    Both are views of the rows: a view whose rows are one place shorter has one syllable's chances below another's.
    """
    (count, long), item = rows.shape, rows.itemsize
    blocks = (count - 2 * WINDOW) // BLOCK
    wide, ahead = BLOCK + 2 * WINDOW, BLOCK + WINDOW
    strides = (BLOCK * long * item, (long - 1) * item, item)
    here = np.ndarray((blocks, BLOCK, wide), rows.dtype, rows, WINDOW * long * item, strides)
    others = np.ndarray((blocks, wide, ahead), rows.dtype, rows, 2 * WINDOW * item, strides)
    shared: Floats = here @ others
    return shared.ravel().take(earlier * ahead + later - earlier + earlier % BLOCK)


def _shared_by_each(rows: Floats, earlier: Ints, later: Ints) -> Floats:
    """Multiplies two syllables' chances with those within earshot of the later one, pair by pair."""
    long, near = rows.shape[1], 2 * WINDOW + 1
    around = np.ndarray((rows.size - near, near), rows.dtype, rows, 0, (rows.itemsize, rows.itemsize))
    of_earlier, of_later = (earlier + WINDOW) * long + later - earlier, (later + WINDOW) * long
    return np.asarray(np.einsum("ij,ij->i", around[of_earlier], around[of_later]))


def chance_of(odds: Floats) -> Floats:
    """Probability of log-odds."""
    return (1 / (1 + np.exp(-np.maximum(odds, -30)))).astype(np.float32)
