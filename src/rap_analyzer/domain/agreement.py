"""What several analyses of a song say of the same things, how far they agree, and what they say together.

Few things are judged by more than one analyzer; they are the dimensions below. On each, every voice that speaks of it
is put on one scale, and the weights of those that speak are made to add up to 1: a voice that is missing is left out,
never counted as zero. The scales are ours: no verdicts were at hand to fit them to, so agreement orders songs, and
its absolute figure means little.

- `sentiment`, from -1 (unpleasant) to 1. The emotion analyzer's own sentiment hardly moves over a whole song, since
  most bars count as neutral, and is a little above zero for a text that says nothing: it is taken from there, and
  stretched. A chat model names a mood, whose side is by MOOD_SIDES; moods that are neither are 0.
- `technique`, from 0 to 1. From the rhyme measures: where density, multisyllabic and internal share lie between the 5th
  and the 95th percentile of the demo corpus. From a chat model: its mark for technique, which is for rhyme, rhythm and
  delivery, so the measures cover the larger part of it and not all.
- `profanity`, from 0 (none) to 1 (throughout). Counted: share of profane words, up to PROFANE_THROUGHOUT. From a chat
  model: its level of explicitness, as far as profanity is what is explicit; it does not speak of profanity where a song
  is strong in other ways too.

Complexity, storytelling, wordplay and quality are judged by chat models alone, repetition, vocabulary and flow by the
counts alone: there is nothing to combine.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from rap_analyzer.domain.verdict import HIGHEST, LOWEST, ExplicitKind, Explicitness, Mood

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T", float, npt.NDArray[np.float32])

DIGITS = 3
UNCHECKED = 0.5
"""What confidence is reckoned with where no two voices speak of one thing: nobody confirms, nobody denies."""

SAYS_NOTHING = 0.03
"""Sentiment of a text without a known word: what the words head expects of any text."""
STIRRED = 0.1
"""From there to the 95th percentile of the demo corpus; what lies further counts as 1 or -1."""
PLEASANT_MOODS = frozenset((Mood.CELEBRATORY, Mood.CONFIDENT, Mood.HOPEFUL, Mood.HUMOROUS, Mood.JOYFUL, Mood.ROMANTIC))
UNPLEASANT_MOODS = frozenset((Mood.AGGRESSIVE, Mood.ANXIOUS, Mood.BITTER, Mood.MELANCHOLIC, Mood.MENACING))
MOOD_SIDES: Mapping[Mood, float] = {
    mood: float(mood in PLEASANT_MOODS) - float(mood in UNPLEASANT_MOODS) for mood in Mood
}
"""Pride, desire and amusement are joy to the emotion analyzer; a cold, defiant or nostalgic song may be either."""

RHYME_RANGES: Mapping[str, tuple[float, float]] = {
    "rhyme_density": (0.09, 0.21),
    "multisyllabic_share": (0.04, 0.64),
    "internal_share": (0.17, 0.52),
}
"""5th and 95th percentile of the 72 English songs of the demo corpus."""
PROFANE_THROUGHOUT = 0.03
"""Share of the words: a profane one in every fourth bar of eight words or so."""
PROFANE_KINDS = frozenset((ExplicitKind.PROFANITY, ExplicitKind.SLURS))
LEVELS: Mapping[Explicitness, float] = {Explicitness.CLEAN: 0.0, Explicitness.MILD: 0.5, Explicitness.STRONG: 1.0}


class Dimension(StrEnum):
    """What more than one analyzer judges."""

    SENTIMENT = "sentiment"
    TECHNIQUE = "technique"
    PROFANITY = "profanity"


RANGES: Mapping[Dimension, tuple[float, float]] = {
    Dimension.SENTIMENT: (-1.0, 1.0),
    Dimension.TECHNIQUE: (0.0, 1.0),
    Dimension.PROFANITY: (0.0, 1.0),
}


class Voice(NamedTuple):
    """One analysis, as far as it speaks of the dimensions.

    Attributes:
        name: the analyzer's.
        weight: how much it counts, at least 0.
        confidence: its own, in [0, 1]; 1 where it makes no claim.
        places: where it puts the song on each dimension that it speaks of.
    """

    name: str
    weight: float
    confidence: float
    places: Mapping[Dimension, float]


@dataclass(frozen=True, slots=True)
class Combined:
    """A dimension as several voices, or a single one, put it.

    Attributes:
        value: weighted mean of those that speak, in the dimension's range.
        by: what each says.
        weights: what each counts for; they add up to 1.
        agreement: in [0, 1]; None where a single voice speaks.
    """

    value: float
    by: Mapping[str, float]
    weights: Mapping[str, float]
    agreement: float | None

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, rounded."""
        return {
            "value": round(self.value, DIGITS),
            "by": {name: round(place, DIGITS) for name, place in self.by.items()},
            "weights": {name: round(weight, DIGITS) for name, weight in self.weights.items()},
            "agreement": None if self.agreement is None else round(self.agreement, DIGITS),
        }


def counted_places(measures: Mapping[str, Any]) -> dict[Dimension, float]:
    """What the measures of `algorithmic_basic` say."""
    shares = (_between(measures[name], *ends) for name, ends in RHYME_RANGES.items())
    return {
        Dimension.TECHNIQUE: sum(shares) / len(RHYME_RANGES),
        Dimension.PROFANITY: _between(measures["profanity_share"], 0.0, PROFANE_THROUGHOUT),
    }


def felt_places(measures: Mapping[str, Any]) -> dict[Dimension, float]:
    """What the measures of `emotion` say."""
    side = (measures["sentiment"]["value"] - SAYS_NOTHING) / STIRRED
    return {Dimension.SENTIMENT: max(-1.0, min(1.0, side))}


def told_places(measures: Mapping[str, Any]) -> dict[Dimension, float]:
    """What the measures of a chat model say."""
    places = {
        Dimension.SENTIMENT: MOOD_SIDES[Mood(measures["mood"])],
        Dimension.TECHNIQUE: _between(measures["technique"], LOWEST, HIGHEST),
    }
    profanity = _told_profanity(measures["explicit"])
    return places if profanity is None else places | {Dimension.PROFANITY: profanity}


def weighted_mean(values: Sequence[T], weights: Sequence[float]) -> T:
    """Σ weight · value ÷ Σ weight: what is left out of both changes the others' share, and is not counted as zero.

    Raises:
        ValueError: there is no value, or no weight above 0.
    """
    total = sum(weights)
    if not total > 0:
        raise ValueError("A mean needs a value with a weight above 0.")
    first, *others = (value * (weight / total) for value, weight in zip(values, weights, strict=True))
    mean = first
    for value in others:
        mean = mean + value
    return mean


def combine(voices: Sequence[Voice]) -> dict[Dimension, Combined]:
    """Every dimension that somebody with a weight speaks of; the order of the voices changes nothing."""
    ordered = sorted(voices, key=_by_name)
    spoken = {one: [v for v in ordered if v.weight > 0 and one in v.places] for one in Dimension}
    return {one: _combined(one, speaking) for one, speaking in spoken.items() if speaking}


def overall_agreement(dimensions: Mapping[Dimension, Combined]) -> float | None:
    """Mean agreement over the dimensions that two or more voices speak of, in [0, 1]; None where there is none."""
    checked = [one.agreement for one in dimensions.values() if one.agreement is not None]
    return sum(checked) / len(checked) if checked else None


def coverage(voices: Sequence[Voice], total: float) -> float:
    """Σ weight · confidence of the voices that are there ÷ the weights of all that might be, in [0, 1]."""
    return (
        min(1.0, sum(voice.weight * voice.confidence for voice in sorted(voices, key=_by_name)) / total)
        if total > 0
        else 0.0
    )


def confidence_of(covered: float, agreement: float | None) -> float:
    """Coverage × (1 + agreement) ÷ 2, in [0, 1]: halved where all contradict; None counts as UNCHECKED."""
    return covered * (1 + (UNCHECKED if agreement is None else agreement)) / 2


def _by_name(voice: Voice) -> str:
    return voice.name


def _combined(dimension: Dimension, voices: Sequence[Voice]) -> Combined:
    places = [voice.places[dimension] for voice in voices]
    total = sum(voice.weight for voice in voices)
    weights = [voice.weight / total for voice in voices]
    return Combined(
        value=weighted_mean(places, weights),
        by={voice.name: place for voice, place in zip(voices, places, strict=True)},
        weights={voice.name: weight for voice, weight in zip(voices, weights, strict=True)},
        agreement=_agreement(dimension, places, weights),
    )


def _agreement(dimension: Dimension, places: Sequence[float], weights: Sequence[float]) -> float | None:
    """1 − the mean distance of two voices, as a share of the range; a pair counts as the product of its weights."""
    low, high = RANGES[dimension]
    pairs = list(itertools.combinations(zip(places, weights, strict=True), 2))
    if not pairs:
        return None
    apart = weighted_mean([abs(a - b) / (high - low) for (a, _), (b, _) in pairs], [v * w for (_, v), (_, w) in pairs])
    return 1 - apart


def _told_profanity(explicit: Mapping[str, Any]) -> float | None:
    """None where a song is strong, and maybe by something else."""
    level, kinds = Explicitness(explicit["level"]), frozenset(map(ExplicitKind, explicit["kinds"]))
    if not kinds & PROFANE_KINDS:
        return 0.0 if kinds or level is Explicitness.CLEAN else None
    return None if level is Explicitness.STRONG and kinds - PROFANE_KINDS else LEVELS[level]


def _between(value: float, low: float, high: float) -> float:
    """Where a figure lies between two ends, in [0, 1]."""
    return max(0.0, min(1.0, (float(value) - low) / (high - low)))
