"""Where the syllables of a stream stand, computed once for all hearings: sections, ends of bars, columns of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain import rhyme_stream as roles
from rap_analyzer.domain.rhyme_pairs import WINDOW

if TYPE_CHECKING:
    import numpy.typing as npt

    from rap_analyzer.domain.rhyme_stream import Ints, Stream

REACH = 3
"""Syllables: how far along the diagonal anyone looks. So many blank columns part two sections."""
FRAME = WINDOW
"""Blank columns before the first syllable and after the last one."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One entry for each syllable of a stream, but for `width` and `inside`.

    Attributes:
        rank: how many sections with syllables come before its own.
        start: where its section begins.
        stop: where its section ends, exclusive.
        end: number of the syllable that ends its bar; its own number in a bar without an end.
        bars: syllables of its bar.
        column: its column in tables that set sections apart, so that a step beyond an edge finds nothing.
        width: columns of such a table.
    """

    rank: Ints
    start: Ints
    stop: Ints
    end: Ints
    bars: Ints
    column: Ints
    width: int

    @property
    def inside(self) -> slice:
        """All columns but for the frame."""
        return slice(FRAME, self.width - FRAME)

    def spread(self, values: npt.NDArray[Any], blank: int = 0) -> npt.NDArray[Any]:
        """Values of the syllables in their columns."""
        wide = np.full(self.width, blank, dtype=values.dtype)
        wide[self.column] = values
        return wide


def ground_of(stream: Stream) -> Ground:
    """The ground of a stream of at least one syllable."""
    size = len(stream)
    edges = np.flatnonzero(stream.section[1:] != stream.section[:-1]) + 1
    starts, stops = np.concatenate(([0], edges)), np.concatenate((edges, [size]))
    rank = np.repeat(np.arange(len(starts)), stops - starts)
    bar = stream.bar - stream.bar[0]
    bars = np.bincount(bar).take(bar)
    column = np.arange(FRAME, FRAME + size) + REACH * rank
    width = size + REACH * len(edges) + 2 * FRAME
    return Ground(rank, starts.take(rank), stops.take(rank), _bar_ends(stream, bar), bars, column, width)


def _bar_ends(stream: Stream, bar: Ints) -> Ints:
    final = np.flatnonzero(stream.role & roles.BAR_FINAL)
    of_bar = np.full(int(bar[-1]) + 1, -1)
    of_bar[bar.take(final)] = final
    ends = of_bar.take(bar)
    return np.where(ends < 0, np.arange(len(stream)), ends)
