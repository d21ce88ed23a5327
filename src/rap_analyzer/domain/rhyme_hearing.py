"""How surely two syllables of a stream rhyme: three hearings, each of fewer pairs and with more of what surrounds them.

The first adds up log-odds from sound and place; the second and third are small networks that also see a pair's
neighbours, its rivals, who answers both, and where phrases end. They imitate boosted trees that were fitted to
hand-annotated rap; `benchmarks/train_rhyme.py` makes the numbers in `rhyme_weights.npz`.
"""

from __future__ import annotations

import importlib.resources
import io
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rap_analyzer.domain.rhyme_company import Band, band_of, chance_of, company
from rap_analyzer.domain.rhyme_features import (
    late_pair_features,
    late_syllable_features,
    pair_features,
    syllable_features,
)
from rap_analyzer.domain.rhyme_net import Net
from rap_analyzer.domain.rhyme_pairs import Pairs, Weights, first_hearing, likely
from rap_analyzer.domain.rhyme_phrases import Phrasing, phrasing

if TYPE_CHECKING:
    from rap_analyzer.domain.rhyme_pairs import Floats
    from rap_analyzer.domain.rhyme_stream import Ints, Stream

DOUBTFUL = -4.0
"""Log-odds of the second hearing below which a pair is not heard a third time."""


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned: the first hearing's log-odds, where phrases end, and the networks of the later hearings."""

    first: Weights
    phrases: Net
    second: Net
    third: Net


@dataclass(frozen=True, slots=True)
class Heard:
    """Pairs and what the second hearing knows of them; the features are kept for the third.

    Attributes:
        pairs: the likely ones.
        syllables: features of all syllables.
        features: features of the pairs.
        phrases: where phrases end.
    """

    pairs: Pairs
    syllables: Floats
    features: Floats
    phrases: Phrasing


@dataclass(frozen=True, slots=True)
class Odds:
    """Log-odds that syllables rhyme, for the pairs that may; in order of the earlier one, then of the later one."""

    earlier: Ints
    later: Ints
    value: Floats


@cache
def packaged_model() -> Model:
    """The model that comes with the program."""
    data = (importlib.resources.files("rap_analyzer.domain") / "rhyme_weights.npz").read_bytes()
    with np.load(io.BytesIO(data)) as arrays:
        return model_of({name: arrays[name] for name in arrays.files})


def model_of(arrays: dict[str, Any]) -> Model:
    """A model from arrays named "part.field"."""
    parts: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        part, field = name.split(".")
        parts.setdefault(part, {})[field] = array.astype(np.float32) if array.dtype.kind == "f" else array
    first = parts.pop("first")
    first["nuclei"] = tuple(first["nuclei"].tolist())
    first["bias"] = float(first["bias"])
    return Model(Weights(**first), **{name: Net(**part) for name, part in parts.items()})


def arrays_of(model: Model) -> dict[str, Any]:
    """The arrays of a model, ready for a file."""
    return {
        f"{part.name}.{field.name}": np.asarray(getattr(getattr(model, part.name), field.name))
        for part in fields(model)
        for field in fields(getattr(model, part.name))
    }


def rhyme_odds(stream: Stream, model: Model) -> Odds:
    """Log-odds for the pairs that may rhyme; pairs of one word with itself are repetition and are not among them."""
    band, pairs = first_band(stream, model.first)
    heard = second_features(stream, pairs, band, phrasing(stream, band, model.phrases), model.first)
    odds = model.second.judge(heard.syllables, heard.features, heard.pairs.earlier, heard.pairs.later)
    kept, syllables, features = third_features(stream, heard, odds)
    final = model.third.judge(syllables, features, kept.earlier, kept.later)
    return Odds(kept.earlier, kept.later, final)


def first_band(stream: Stream, weights: Weights) -> tuple[Band, Pairs]:
    """The first hearing: the band of all pairs that sound alike, and the pairs worth a second one."""
    pairs = first_hearing(stream, weights)
    keep = likely(stream, pairs)
    return band_of(len(stream), pairs.earlier, pairs.later, pairs.score), pairs.where(keep)


def second_features(stream: Stream, pairs: Pairs, band: Band, phrases: Phrasing, weights: Weights) -> Heard:
    """What the second hearing judges by."""
    shared, degree = company(len(stream), pairs.earlier, pairs.later, chance_of(pairs.score))
    syllables = syllable_features(stream, band, degree, phrases, weights)
    features = pair_features(stream, pairs, band, shared, degree, phrases)
    return Heard(pairs, syllables, features, phrases)


def third_features(stream: Stream, heard: Heard, odds: Floats) -> tuple[Pairs, Floats, Floats]:
    """What the third hearing judges by: the pairs that are left, features of all syllables, and of those pairs."""
    keep = np.flatnonzero(odds > DOUBTFUL)
    pairs, odds = heard.pairs.where(keep), odds[keep]
    band = band_of(len(stream), pairs.earlier, pairs.later, odds)
    late, degree = late_pair_features(stream, pairs, odds, band, heard.phrases)
    late_syllables = late_syllable_features(stream, band, degree, heard.phrases)
    syllables = np.concatenate([heard.syllables, late_syllables])
    return pairs, syllables, np.concatenate([heard.features.take(keep, axis=1), late])
