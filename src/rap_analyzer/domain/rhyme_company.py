"""What stands around a pair of syllables: its neighbours on the diagonal, its rivals, and those who answer both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_pairs import CEILING, FLOOR, WINDOW

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints

BLOCK = 32
"""Syllables whose shared company is computed at once."""
FRAME = WINDOW
"""Places before the first syllable and after the last one."""
REACH = 3
"""Syllables: how far along the diagonal anyone looks."""


@dataclass(frozen=True, slots=True)
class Band:
    """Log-odds of the pairs of a stream, in a frame of `FLOOR` so that no look-up falls out of it.

    Attributes:
        odds: shape (`WINDOW` + 2, syllables + 2 `FRAME`): row d, column i + `FRAME` is the pair (i, i + d); rows 0 and
            `WINDOW` + 1 hold no pair.
        after: shape (`WINDOW` + 1, syllables): row d, column i is the best of i with the d syllables after it.
        before: the same for those before it.
    """

    odds: Floats
    after: Floats
    before: Floats

    @property
    def best_after(self) -> Floats:
        """Each syllable's best with any after it."""
        best: Floats = self.after[WINDOW]
        return best

    @property
    def best_before(self) -> Floats:
        """Each syllable's best with any before it."""
        best: Floats = self.before[WINDOW]
        return best

    @property
    def best(self) -> Floats:
        """Each syllable's best with any other."""
        best: Floats = np.maximum(self.best_after, self.best_before)
        return best

    def at(self, one: Ints, other: Ints) -> Floats:
        """Log-odds of syllables by number, the earlier one first; `FLOOR` for one with itself and out of earshot."""
        apart = np.minimum(other - one, WINDOW + 1)
        return np.asarray(self.odds.ravel().take(apart * self.odds.shape[1] + one + FRAME))

    def beside(self, earlier: Ints, later: Ints, bounds: tuple[Ints, Ints]) -> Diagonal:
        """The pairs around given ones; `bounds` are where each syllable's section begins and ends."""
        row = self.odds.shape[1]
        behind, ahead = earlier - bounds[0][earlier], bounds[1][later] - 1 - later
        edge = np.flatnonzero((behind < REACH) | (ahead < REACH))
        cell = (later - earlier) * row + earlier + FRAME
        return Diagonal(self.odds.ravel(), row, cell, edge, behind[edge], ahead[edge])


@dataclass(frozen=True, slots=True)
class Diagonal:
    """Looks up what stands beside pairs.

    Attributes:
        odds: the band's, flat.
        row: length of a row of the band.
        cell: the pairs' places in it.
        edge: those of the pairs that stand near an edge of their section.
        behind: how many syllables of the section stand before the earlier one of each of these.
        ahead: how many stand after the later one.
    """

    odds: Floats
    row: int
    cell: Ints
    edge: Ints
    behind: Ints
    ahead: Ints

    def at(self, step: int, more: int = 0) -> Floats:
        """Log-odds of the pairs `step` syllables on, with `more` syllables between them than before.

        `FLOOR` beyond the section's edges.
        """
        found = self.odds.take(self.cell + (step + more * self.row))
        found[self.edge[(step + more > self.ahead) | (-step > self.behind)]] = FLOOR
        return found


def band_of(size: int, earlier: Ints, later: Ints, odds: Floats) -> Band:
    """The band of a stream of `size` syllables, from its pairs."""
    band = np.full((WINDOW + 2, size + 2 * FRAME), FLOOR, dtype=np.float32)
    band.ravel()[(later - earlier) * band.shape[1] + earlier + FRAME] = np.clip(odds, FLOOR, CEILING)
    after = np.full((WINDOW + 1, size), FLOOR, dtype=np.float32)
    before = after.copy()
    for apart in range(1, WINDOW + 1):
        row = band[apart]
        np.maximum(after[apart - 1], row[FRAME : FRAME + size], out=after[apart])
        np.maximum(before[apart - 1], row[FRAME - apart : FRAME - apart + size], out=before[apart])
    return Band(band, after, before)


def best_between(band: Band, earlier: Ints, later: Ints) -> tuple[Floats, Floats]:
    """The best log-odds that a pair's two syllables have with others between them: the earlier one's, the later's."""
    row = (later - earlier - 1) * band.after.shape[1]
    return band.after.ravel().take(row + earlier), band.before.ravel().take(row + later)


def company(size: int, earlier: Ints, later: Ints, chance: Floats) -> tuple[Floats, Floats]:
    """Who answers whom, summed as probabilities.

    Returns:
        For each pair the sum, over all third syllables, of the chance that it rhymes with one times with the other;
        and for each syllable the sum of its chances with all others.
    """
    degree = np.bincount(earlier, weights=chance, minlength=size) + np.bincount(later, chance, minlength=size)
    here, others = _around(size, earlier, later, chance)
    shared = here @ others
    cell = earlier * shared.shape[2] + later - earlier + earlier % BLOCK
    return shared.ravel().take(cell), degree.astype(np.float32)


def _around(size: int, earlier: Ints, later: Ints, chance: Floats) -> tuple[Floats, Floats]:
    """For every `BLOCK` syllables two tables of the chances of pairs.

    The first holds these syllables with all within earshot of them, shape (blocks, `BLOCK`, `BLOCK` + 2 `WINDOW`); the
    second all within earshot with these and those who follow, shape (blocks, `BLOCK` + 2 `WINDOW`, `BLOCK` + `WINDOW`).
    Both are views of rows that hold a syllable's chances with those around it and zeros enough for what is out of
    earshot: a view whose rows are one place shorter has one syllable's chances below another's.
    """
    wide, ahead = BLOCK + 2 * WINDOW, BLOCK + WINDOW
    blocks = -(-size // BLOCK)
    long = 2 * WINDOW + ahead
    rows = np.zeros((blocks * BLOCK + 2 * WINDOW + 1, long), dtype=np.float32)
    flat = rows.ravel()
    middle, apart = WINDOW * long + WINDOW, later - earlier
    flat[earlier * long + middle + apart] = flat[later * long + middle - apart] = chance
    item = rows.itemsize
    strides = (BLOCK * long * item, (long - 1) * item, item)
    view = np.lib.stride_tricks.as_strided
    here = view(flat[WINDOW * long :], (blocks, BLOCK, wide), strides, writeable=False)
    others = view(flat[2 * WINDOW :], (blocks, wide, ahead), strides, writeable=False)
    return here, others


def chance_of(odds: Floats) -> Floats:
    """Probability of log-odds."""
    return (1 / (1 + np.exp(-np.maximum(odds, -30)))).astype(np.float32)
