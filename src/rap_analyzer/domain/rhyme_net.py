"""A small feed-forward network that judges pairs of syllables, or words, by what is known of them.

What is known of each syllable goes through the first layer once, however many pairs it is in. Most inputs are flags;
those come as codes, for which the first layer's answer is looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints

AT_ONCE = 2048
"""Pairs judged at once: so many stay in the processor's cache from layer to layer."""

NOTHING = np.zeros(8 * AT_ONCE, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What codes stand for.

    Attributes:
        rows: shape (codes, features): the values that some features have for each code.
        features: which of all features these are.
    """

    rows: Floats
    features: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of things, be they syllables or pairs.

    Attributes:
        numbers: shape (numbers, things): the features that no sheet tells, in their order.
        codes: for each sheet every thing's row.
        sheets: what the codes stand for.
    """

    numbers: Floats
    codes: tuple[Ints, ...]
    sheets: tuple[Sheet, ...]

    def and_later(self, numbers: Floats) -> Facts:
        """With more features after the others."""
        return Facts(np.concatenate([self.numbers, numbers]), self.codes, self.sheets)

    def where(self, chosen: Ints) -> Facts:
        """What is known of some of the things."""
        codes = tuple(code.take(chosen) for code in self.codes)
        return Facts(self.numbers.take(chosen, axis=1), codes, self.sheets)

    def features(self) -> Floats:
        """All features spelt out: shape (features, things)."""
        count = len(self.numbers) + sum(len(sheet.features) for sheet in self.sheets)
        table = np.empty((count, self.numbers.shape[1]), dtype=np.float32)
        table[_numbers_among(count, self.sheets)] = self.numbers
        for code, sheet in zip(self.codes, self.sheets, strict=True):
            table[list(sheet.features)] = sheet.rows.take(code, axis=0).T
        return table


@dataclass(frozen=True, slots=True, eq=False)
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

    def judge(self, syllables: Facts, pairs: Facts, earlier: Ints, later: Ints) -> Floats:
        """Log-odds of each pair, from what is known of all syllables and of the pairs."""
        both = _syllable_layer(self, syllables.sheets).of(syllables).reshape(-1, len(self.first_bias))
        layer = _pair_layer(self, pairs.sheets)
        odds = np.empty(len(earlier), dtype=np.float32)
        for begin in range(0, len(earlier), AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            units = layer.of(pairs, some)
            units += both.take(2 * earlier[some], axis=0)
            units += both.take(2 * later[some] + 1, axis=0)
            odds[some] = self._rest(units)
        return odds

    def judge_alone(self, features: Floats) -> Floats:
        """Log-odds of things that are no pairs, from one column of features each."""
        return self._rest(features.T @ self.pair + self.first_bias)

    def _rest(self, units: Floats) -> Floats:
        hidden: Floats = self.second.T @ _rectified(units).T
        hidden += self.second_bias[:, None]
        odds: Floats = self.out @ _rectified(hidden) + self.out_bias
        return odds


def _rectified(units: Floats) -> Floats:
    """The units in place, none below 0. Numpy is quick with the greater of two arrays, not of an array and a number."""
    flat = units.reshape(-1)
    for begin in range(0, len(flat), len(NOTHING)):
        some = flat[begin : begin + len(NOTHING)]
        np.maximum(some, NOTHING[: len(some)], out=some)
    return units


@dataclass(frozen=True, slots=True)
class _Layer:
    """A part of a network's first layer: weights of numbers, and tables of what the codes of each sheet come to."""

    weights: Floats
    tables: tuple[Floats, ...]

    def of(self, facts: Facts, some: slice = slice(None)) -> Floats:
        """Units of things: shape (things, units)."""
        units: Floats = facts.numbers[:, some].T @ self.weights
        for table, code in zip(self.tables, facts.codes, strict=True):
            units += table.take(code[some], axis=0)
        return units


def syllable_tables(net: Net, sheets: tuple[Sheet, ...]) -> tuple[Floats, tuple[Floats, ...]]:
    """What syllables bring to the first layer: the weights of their numbers, and what the codes of each sheet come to.

    Both as a pair's earlier syllable and as its later one: twice as many units.
    """
    layer = _syllable_layer(net, sheets)
    return layer.weights, layer.tables


def pair_tables(net: Net, sheets: tuple[Sheet, ...]) -> tuple[Floats, tuple[Floats, ...]]:
    """The same for pairs. The bias is in the first table: every pair has one row of it."""
    layer = _pair_layer(net, sheets)
    return layer.weights, layer.tables


@lru_cache(maxsize=8)
def _syllable_layer(net: Net, sheets: tuple[Sheet, ...]) -> _Layer:
    return _layer(np.concatenate([net.earlier, net.later], axis=1), sheets)


@lru_cache(maxsize=8)
def _pair_layer(net: Net, sheets: tuple[Sheet, ...]) -> _Layer:
    layer = _layer(net.pair, sheets)
    return _Layer(layer.weights, (layer.tables[0] + net.first_bias, *layer.tables[1:]))


def _layer(weights: Floats, sheets: tuple[Sheet, ...]) -> _Layer:
    tables = tuple(sheet.rows @ weights[list(sheet.features)] for sheet in sheets)
    return _Layer(weights[_numbers_among(len(weights), sheets)], tables)


def _numbers_among(count: int, sheets: tuple[Sheet, ...]) -> list[int]:
    """Which of so many features no sheet tells."""
    told = {feature for sheet in sheets for feature in sheet.features}
    return [feature for feature in range(count) if feature not in told]
