"""How well several labels at once are told: F1, thresholds, intervals, baselines."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

GRID = np.arange(0.05, 0.8, 0.01)
"""Thresholds that are tried."""
SMOOTHED = 3
"""Neighbouring thresholds whose F1 are averaged, so that no lucky comment decides."""
DRAWS = 2000
"""Of a bootstrap."""
INTERVAL = (2.5, 97.5)
"""Percentiles: a 95 % interval."""
AT_ONCE = 200


class Figure(NamedTuple):
    """A figure with the 95 % interval of a bootstrap that draws texts."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        """Rounded, for a manifest."""
        return {"value": round(self.value, 4), "interval_95": [round(self.low, 4), round(self.high, 4)]}


def f1_of_each(told: Truths, marks: Floats) -> Doubles:
    """F1 of each label, in [0, 1]; 0 for one that is neither told nor marked."""
    hits = (told & (marks > 0)).sum(0)
    return np.asarray(2 * hits / np.maximum(told.sum(0) + marks.sum(0), 1), np.float64)


def macro_f1(told: Truths, marks: Floats) -> Figure:
    """Mean of the labels' F1, with its interval; the draws are the same each time."""
    low, high = np.percentile(_drawn(told, marks), INTERVAL)
    return Figure(float(f1_of_each(told, marks).mean()), float(low), float(high))


def macro_f1_gain(told: Truths, other: Truths, marks: Floats) -> Figure:
    """By how much `told` has the better macro-F1 than `other`; each draw has the same texts for both."""
    low, high = np.percentile(_drawn(told, marks) - _drawn(other, marks), INTERVAL)
    gain = f1_of_each(told, marks).mean() - f1_of_each(other, marks).mean()
    return Figure(float(gain), float(low), float(high))


def _drawn(told: Truths, marks: Floats) -> Doubles:
    """Macro-F1 on each draw of as many texts as there are, with replacement."""
    hits = (told & (marks > 0)).astype(np.float64)
    both = told + marks.astype(np.float64)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(0, DRAWS, AT_ONCE):
        often = rng.multinomial(len(marks), np.full(len(marks), 1 / len(marks)), AT_ONCE).astype(np.float64)
        drawn.append((2 * (often @ hits) / np.maximum(often @ both, 1)).mean(1))
    return np.concatenate(drawn)


def best_thresholds(scores: Floats, marks: Floats) -> Floats:
    """For each label, where on the grid its F1 is best; never to be found on the texts that the F1 is reported of."""
    chosen = []
    for label in range(marks.shape[1]):
        own = marks[:, label : label + 1]
        f1 = [float(f1_of_each(scores[:, label : label + 1] >= at, own)[0]) for at in GRID]
        smooth = np.convolve(f1, np.full(SMOOTHED, 1 / SMOOTHED), "valid")
        chosen.append(GRID[int(smooth.argmax()) + SMOOTHED // 2])
    return np.array(chosen, np.float32)


def every_label(marks: Floats) -> Truths:
    """The baseline that gives every label to every text; no constant has a better macro-F1."""
    return np.ones(marks.shape, np.bool_)


def confusion(meant: npt.NDArray[np.intp], told: npt.NDArray[np.intp], labels: int) -> npt.NDArray[np.int64]:
    """Counts: a row for each label meant, a column for each told."""
    counts = np.zeros((labels, labels), np.int64)
    np.add.at(counts, (meant, told), 1)
    return counts
