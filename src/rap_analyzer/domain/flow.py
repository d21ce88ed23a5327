"""Flow as far as text shows it: syllables a bar and how stress moves. Tempo and cadence are not in the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rap_analyzer.domain.rhyme_stream import STRESSED

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

ENDING = 4
"""Syllables of a bar's end whose stresses make its pattern; whole bars are seldom alike."""
SIGNS = "x/"
"""Unstressed, stressed: the signs of English metrics."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How a song's bars are filled. Content words' stressed syllables are stressed; function words carry no stress.

    Attributes:
        series: syllables of each bar that has any, in order.
        syllables_per_bar: their mean, ≥ 0.
        syllables_per_bar_spread: their standard deviation (of the population), ≥ 0; 0 for a drum machine.
        stress_variation: mean share of places at which the stress pattern of a bar differs from that of the bar before,
            compared from the bars' ends, missing places counted as different, in [0, 1].
        stress_pattern: the commonest pattern of a bar's last four syllables, trailing ad-libs left out, as `x` and `/`;
            empty when no bar has four.
        stress_pattern_share: bars that end in it ÷ bars of four syllables and more, in [0, 1].
    """

    series: tuple[int, ...]
    syllables_per_bar: float
    syllables_per_bar_spread: float
    stress_variation: float
    stress_pattern: str
    stress_pattern_share: float


def flow_of(stream: Stream) -> Flow:
    """Flow of a song; all zero and empty when it has no syllables."""
    if not len(stream):
        return Flow((), 0.0, 0.0, 0.0, "", 0.0)
    starts = np.concatenate([[0], (stream.bar[1:] != stream.bar[:-1]).nonzero()[0] + 1])
    series = np.append(starts[1:], len(stream)) - starts
    stressed = (stream.role & STRESSED > 0).astype(np.int64)
    pattern, share = _commonest_ending(stream, stressed)
    variation = _variation(stressed, starts, series)
    return Flow(tuple(series.tolist()), float(series.mean()), float(series.std()), variation, pattern, share)


def _variation(stressed: Ints, starts: Ints, lengths: Ints) -> float:
    """Mean share of places, counted from the end, where a bar is stressed and the one before is not, or the reverse."""
    if len(starts) == 1:
        return 0.0
    bar = np.arange(len(starts)).repeat(lengths)
    ends = starts + lengths
    to_end = ends[bar] - np.arange(len(stressed))
    answered = (bar > 0) & (to_end <= lengths[bar - 1])
    places = answered.nonzero()[0]
    before = ends[bar[places] - 1] - to_end[places]
    equal = np.bincount(bar[places], weights=stressed[places] == stressed[before], minlength=len(starts))[1:]
    return float((1 - equal / np.maximum(lengths[1:], lengths[:-1])).mean())


def _commonest_ending(stream: Stream, stressed: Ints) -> tuple[str, float]:
    """The commonest stresses of four syllables that end a bar, and the share of the bars that end so."""
    last = (stream.to_end == 0).nonzero()[0]
    last = last[last >= ENDING - 1]
    last = last[stream.bar[last] == stream.bar[last - ENDING + 1]]
    if not len(last):
        return "", 0.0
    codes = sum(stressed[last - back] << back for back in range(ENDING))
    counts = np.bincount(np.asarray(codes))
    commonest = int(counts.argmax())
    return "".join(SIGNS[commonest >> back & 1] for back in reversed(range(ENDING))), float(counts.max() / len(last))
