"""A small feed-forward network that judges pairs of syllables, or words, by numbers that describe them.

What is known of each syllable goes through the first layer once, however many pairs it is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints

AT_ONCE = 2048
"""Pairs judged at once: so many stay in the processor's cache from layer to layer."""


@dataclass(frozen=True, slots=True)
class Net:
    """Two hidden layers of rectified units. Inputs come unscaled: their scale is in the weights.

    Attributes:
        earlier: shape (features of a syllable, units), for a pair's earlier syllable.
        later: the same for its later one.
        pair: shape (features of a pair, units).
        first_bias: shape (units,).
        second: shape (units, units of the second layer).
        second_bias: that layer's.
        out: shape (units of the second layer,).
        out_bias: one number.
    """

    earlier: Floats
    later: Floats
    pair: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    out: Floats
    out_bias: Floats

    def judge(self, syllables: Floats, pairs: Floats, earlier: Ints, later: Ints) -> Floats:
        """Log-odds of each pair, from features of all syllables and of the pairs: one column for each."""
        of_earlier, of_later = syllables.T @ self.earlier + self.first_bias, syllables.T @ self.later
        odds = np.empty(len(earlier), dtype=np.float32)
        for begin in range(0, len(earlier), AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            units = of_earlier.take(earlier[some], axis=0)
            units += of_later.take(later[some], axis=0)
            units += pairs[:, some].T @ self.pair
            odds[some] = self._rest(units)
        return odds

    def judge_alone(self, features: Floats) -> Floats:
        """Log-odds of things that are no pairs, from one column of features each."""
        return self._rest(features.T @ self.pair + self.first_bias)

    def _rest(self, units: Floats) -> Floats:
        np.maximum(units, 0, out=units)
        units = units @ self.second
        units += self.second_bias
        np.maximum(units, 0, out=units)
        odds: Floats = units @ self.out + self.out_bias
        return odds
