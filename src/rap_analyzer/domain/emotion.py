"""What a text's emotions are: seven labels, their scores, what is derived from them, and the arc of a song.

The labels are Ekman's six and neutral (Ekman 1992), as GoEmotions (Demszky et al., 2020) groups its 27 into them: joy
holds pride, love, gratitude, desire and amusement too, surprise confusion and curiosity. A text may have several, so
scores need not add up to 1.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float32]

EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
"""In the order of every row of scores."""
NEUTRAL = EMOTIONS.index("neutral")
PLEASANT = (EMOTIONS.index("joy"),)
UNPLEASANT = tuple(map(EMOTIONS.index, ("anger", "disgust", "fear", "sadness")))
LONGEST_ARC = 2000
"""Points; a text of more bars has several bars to a point, so that its arc can be kept and drawn."""
CERTAIN = 1e-6
"""No score is taken for nearer to 0 or 1 than this."""
DIGITS = 3


class EmotionSection(NamedTuple):
    """A section of a song, as far as its bars were judged.

    Attributes:
        header: as transcribed, without brackets; None where there is none.
        kind: verse, hook …
        bars: places in the song, from 0, of its bars that were judged.
    """

    header: str | None
    kind: str
    bars: tuple[int, ...]


def scores_of(logits: npt.NDArray[Any]) -> Floats:
    """Log-odds as scores in (0, 1): a calibrated one is the probability that people give the text this label."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def log_odds(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Scores in [0, 1] as log-odds; 0 and 1 are taken for a little less."""
    kept = np.clip(np.asarray(scores, np.float64), CERTAIN, 1 - CERTAIN)
    return np.log(kept / (1 - kept))


def dominant_of(scores: Floats, thresholds: Floats) -> npt.NDArray[np.intp]:
    """Of each row, the label that is the furthest above its threshold, or the least below it, in log-odds.

    Rare labels have low thresholds; by the plain score they would never win against the common ones.
    """
    chosen: npt.NDArray[np.intp] = (log_odds(scores) - log_odds(thresholds)).argmax(-1)
    return chosen


def sentiment_of(scores: Floats) -> float:
    """(joy − anger, disgust, fear and sadness together) ÷ all but what is without a side, in [-1, 1].

    Derived from the emotions: nothing was ever trained on sentiment. Neutral counts in the denominator alone, surprise
    nowhere: it has no side.
    """
    pleasant = float(scores[list(PLEASANT)].sum())
    unpleasant = float(scores[list(UNPLEASANT)].sum())
    whole = pleasant + unpleasant + float(scores[NEUTRAL])
    return (pleasant - unpleasant) / whole if whole else 0.0


def summaries(scores: Floats, thresholds: Floats) -> list[dict[str, Any]]:
    """What is said of texts with these scores (a row each), JSON-ready: scores, dominant, leading, labels, sentiment.

    `leading` is the emotion that stands out most where neutral is left aside, however little it does; `labels` are
    those whose score reaches its threshold, maybe none.
    """
    dominant = dominant_of(scores, thresholds)
    leading = dominant_of(np.where(np.arange(len(EMOTIONS)) == NEUTRAL, np.float32(0), scores), thresholds)
    reached = scores >= thresholds
    return [
        {
            "scores": dict(zip(EMOTIONS, own, strict=True)),
            "dominant": EMOTIONS[dominant[k]],
            "leading": EMOTIONS[leading[k]],
            "labels": [name for name, there in zip(EMOTIONS, reached[k], strict=True) if there],
            "sentiment": {"value": round(sentiment_of(scores[k]), DIGITS), "derived": True},
        }
        for k, own in enumerate(_rounded(scores))
    ]


def song_measures(sections: Sequence[EmotionSection], scores: Floats, thresholds: Floats) -> dict[str, Any]:
    """The measures of a song from its bars' scores (a row each, in order), JSON-ready.

    The song and its sections have the mean of their bars; a bar that comes again counts again.
    """
    ends = list(itertools.accumulate((len(section.bars) for section in sections), initial=0))
    means = [scores[begin:end].mean(0) for begin, end in itertools.pairwise(ends)]
    whole, *parts = summaries(np.stack([scores.mean(0), *means]), thresholds)
    bars = list(itertools.chain.from_iterable(section.bars for section in sections))
    return {
        **whole,
        "bars": len(bars),
        "sections": [
            {"header": section.header, "kind": section.kind, "bars": [section.bars[0], section.bars[-1]], **part}
            for section, part in zip(sections, parts, strict=True)
        ],
        "arc": _arc(bars, scores, thresholds),
    }


def _arc(bars: Sequence[int], scores: Floats, thresholds: Floats) -> dict[str, Any]:
    """A point for each bar, or for as many bars as keep the arc short."""
    step = -(-len(bars) // LONGEST_ARC)
    starts = range(0, len(bars), step)
    counts = np.diff([*starts, len(bars)])
    points = np.asarray(np.add.reduceat(scores, starts, axis=0) / counts[:, None], np.float32)
    return {
        "order": list(EMOTIONS),
        "bars_per_point": step,
        "bar": [bars[k] for k in starts],
        "scores": _rounded(points),
        "dominant": [EMOTIONS[k] for k in dominant_of(points, thresholds)],
    }


def _rounded(scores: Floats) -> list[list[float]]:
    rounded: list[list[float]] = np.round(scores.astype(np.float64), DIGITS).tolist()
    return rounded
