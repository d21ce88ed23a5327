"""Flow as far as text shows it: syllables a bar and how stress moves. Tempo and cadence are not in the words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_stream import Stream


@dataclass(frozen=True, slots=True)
class Flow:
    """How a song's bars are filled.

    Attributes:
        series: syllables of each bar that has any, in order.
        syllables_per_bar: their mean, ≥ 0.
        syllables_per_bar_spread: their standard deviation (of the population), ≥ 0; 0 for a drum machine.
        stress_variation: mean share of places at which the stress pattern of a bar differs from that of the bar before,
            compared from the bars' ends, in [0, 1].
    """

    series: tuple[int, ...]
    syllables_per_bar: float
    syllables_per_bar_spread: float
    stress_variation: float


def flow_of(stream: Stream) -> Flow:
    """Flow of a song; all zero when it has no syllables."""
    bars = _stress_by_bar(stream)
    if not bars:
        return Flow((), 0.0, 0.0, 0.0)
    series = tuple(len(bar) for bar in bars)
    changes = [_difference(one, other) for one, other in pairwise(bars)]
    variation = sum(changes) / len(changes) if changes else 0.0
    return Flow(series, float(np.mean(series)), float(np.std(series)), variation)


def _stress_by_bar(stream: Stream) -> list[list[bool]]:
    bars: dict[int, list[bool]] = {}
    for place, syllable in zip(stream.places, stream.heard, strict=True):
        bars.setdefault(place.bar, []).append(syllable.stress > 0)
    return list(bars.values())


def _difference(one: list[bool], other: list[bool]) -> float:
    """Share of places, counted from the end, where one bar is stressed and the other not; missing places differ."""
    equal = sum(a == b for a, b in zip(reversed(one), reversed(other), strict=False))
    return 1 - equal / max(len(one), len(other))
