"""Readability formulas, with bars for sentences. Made for prose: they compare songs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Readability:
    """How easily a text reads.

    Attributes:
        flesch: reading ease (Flesch 1948): 206.835 − 1.015 words/bar − 84.6 syllables/word; higher is easier,
            usually 0 to 120, not bounded.
        grade: US school grade (Kincaid and others 1975): 0.39 words/bar + 11.8 syllables/word − 15.59; not bounded.
    """

    flesch: float
    grade: float


def readability_of(words: int, syllables: int, bars: int) -> Readability:
    """Both formulas from counts; both 0 without words or bars."""
    if not words or not bars:
        return Readability(0.0, 0.0)
    length, weight = words / bars, syllables / words
    return Readability(206.835 - 1.015 * length - 84.6 * weight, 0.39 * length + 11.8 * weight - 15.59)
