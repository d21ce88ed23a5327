"""One-vs-rest logistic regression on sparse rows, by L-BFGS (Liu & Nocedal 1989), in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from rap_analyzer.domain.emotion_words import Counts

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STEPS = 150
REMEMBERED = 10
"""Steps from which the curvature is told."""
STILL = 1e-7
"""A step that lowers the loss by a smaller share than this is the last."""
SUFFICIENT = 1e-4
"""Armijo's share of the promised decrease that a step must bring."""
SHORTEST = 1e-8


class SparseRows(NamedTuple):
    """Weighed tokens of texts, by text and by token.

    Attributes:
        shape: texts, tokens.
        rows: text of each entry, ascending.
        columns: token of each entry.
        values: weight of each entry.
        by_column: the entries' order by token.
    """

    shape: tuple[int, int]
    rows: Ints
    columns: Ints
    values: Floats
    by_column: npt.NDArray[np.intp]

    def times(self, weights: Doubles) -> Doubles:
        """The product with (tokens × labels)."""
        return _summed(self.values[:, None] * weights.astype(np.float32)[self.columns], self.rows, self.shape[0])

    def transposed_times(self, residuals: Doubles) -> Doubles:
        """The transpose's product with (texts × labels)."""
        order = self.by_column
        parts = self.values[order, None] * residuals.astype(np.float32)[self.rows[order]]
        return _summed(parts, self.columns[order], self.shape[1])


class Linear(NamedTuple):
    """A fitted model: weights (tokens × labels) and a bias for each label."""

    weights: Doubles
    bias: Doubles


def sparse_rows(counts: Counts, values: Floats, shape: tuple[int, int]) -> SparseRows:
    """The matrix of these entries, (texts × tokens)."""
    return SparseRows(shape, counts.rows, counts.columns, values, np.argsort(counts.columns, kind="stable"))


def fit_logistic(rows: SparseRows, marks: Floats, strength: float) -> Linear:
    """Weights for each label by itself, with an L2 penalty on all but the bias.

    Args:
        rows: the texts.
        marks: 1 where a text has the label, else 0; (texts × labels). Classes are not balanced.
        strength: what a text's loss counts beside half the squared weights; more lets them grow.
    """
    labels = marks.shape[1]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        weights, bias = _apart(flat, labels)
        logits = rows.times(weights) + bias
        residuals = strength * (1 / (1 + np.exp(-np.clip(logits, -30, 30))) - marks)
        wrong = strength * float((np.logaddexp(0, logits) - marks * logits).sum())
        slope = np.concatenate([rows.transposed_times(residuals) + weights, residuals.sum(0)[None]])
        return wrong + float((weights * weights).sum()) / 2, slope.ravel()

    return Linear(*_apart(minimized(loss, np.zeros((rows.shape[1] + 1) * labels)), labels))


def minimized(loss: Callable[[Doubles], tuple[float, Doubles]], start: Doubles) -> Doubles:
    """Where a smooth convex loss is (nearly) least; `loss` gives its value and its gradient."""
    here, (value, slope) = start, loss(start)
    steps: list[tuple[Doubles, Doubles]] = []
    for _ in range(STEPS):
        there, lower, next_slope = _stepped(loss, here, value, slope, _downhill(slope, steps))
        step, change = there - here, next_slope - slope
        if step @ change > 0:
            steps = [*steps[1 - REMEMBERED :], (step, change)]
        gained, here, value, slope = value - lower, there, lower, next_slope
        if gained <= STILL * abs(value):
            break
    return here


def _stepped(
    loss: Callable[[Doubles], tuple[float, Doubles]], here: Doubles, value: float, slope: Doubles, ahead: Doubles
) -> tuple[Doubles, float, Doubles]:
    """The first of ever shorter steps that lowers the loss by enough; the shortest lowers it, or stays."""
    length, promised = 1.0, float(slope @ ahead)
    while True:
        there = here + length * ahead
        lower, next_slope = loss(there)
        if lower <= value + SUFFICIENT * length * promised:
            return there, lower, next_slope
        if length < SHORTEST:
            return here, value, slope
        length /= 2


def _downhill(slope: Doubles, steps: list[tuple[Doubles, Doubles]]) -> Doubles:
    """The two-loop recursion: the gradient, turned by what the last steps tell of the curvature."""
    if not steps:
        return -slope / max(1.0, float(np.linalg.norm(slope)))
    ahead, shares = slope.copy(), []
    for step, change in reversed(steps):
        share = (step @ ahead) / (step @ change)
        ahead -= share * change
        shares.append(share)
    step, change = steps[-1]
    ahead *= (step @ change) / (change @ change)
    for (step, change), share in zip(steps, reversed(shares), strict=True):
        ahead += step * (share - (change @ ahead) / (step @ change))
    return -ahead


def _apart(flat: Doubles, labels: int) -> tuple[Doubles, Doubles]:
    whole = flat.reshape(-1, labels)
    return whole[:-1], whole[-1]


def _summed(parts: Floats, keys: Ints, size: int) -> Doubles:
    """Sums of the parts by their key; keys ascend."""
    total = np.zeros((size, parts.shape[1]))
    if len(keys):
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        total[keys[starts]] = np.add.reduceat(parts, starts, axis=0)
    return total
