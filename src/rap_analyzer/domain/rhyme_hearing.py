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
    pair_facts,
    syllable_facts,
)
from rap_analyzer.domain.rhyme_first import first_hearing
from rap_analyzer.domain.rhyme_ground import Ground, ground_of
from rap_analyzer.domain.rhyme_net import Facts, Net
from rap_analyzer.domain.rhyme_pairs import Pairs, Weights
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
    """Pairs and what a hearing knows of them; the next one adds to it.

    Attributes:
        pairs: those that are left.
        syllables: what is known of all syllables.
        facts: what is known of the pairs.
        phrases: where phrases end.
        ground: where the syllables stand.
    """

    pairs: Pairs
    syllables: Facts
    facts: Facts
    phrases: Phrasing
    ground: Ground

    def judged(self, net: Net) -> Floats:
        """The pairs' log-odds."""
        return net.judge(self.syllables, self.facts, self.pairs.earlier, self.pairs.later)


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
    """Log-odds for the pairs that may rhyme; pairs of one word with itself are repetition and are not among them.

    The stream has at least one syllable.
    """
    band, pairs = first_hearing(stream, model.first, ground_of(stream))
    heard = second_hearing(stream, pairs, band, phrasing(stream, band, model.phrases), model.first)
    late = third_hearing(stream, heard, heard.judged(model.second))
    return Odds(late.pairs.earlier, late.pairs.later, late.judged(model.third))


def second_hearing(stream: Stream, pairs: Pairs, band: Band, phrases: Phrasing, weights: Weights) -> Heard:
    """What the second hearing judges by; `band` is of the first."""
    shared, degree = company(len(stream), pairs.earlier, pairs.later, chance_of(pairs.score))
    syllables = syllable_facts(stream, band, degree, phrases, weights)
    return Heard(pairs, syllables, pair_facts(stream, pairs, band, shared, degree, phrases), phrases, band.ground)


def third_hearing(stream: Stream, heard: Heard, odds: Floats) -> Heard:
    """What the third hearing judges by: the pairs that are left by their log-odds in the second."""
    keep = np.flatnonzero(odds > DOUBTFUL)
    pairs, odds, phrases = heard.pairs.where(keep), odds.take(keep), heard.phrases
    band = band_of(pairs.earlier, pairs.later, odds, heard.ground)
    late, degree = late_pair_features(stream, pairs, odds, band, phrases)
    syllables = heard.syllables.and_later(late_syllable_features(stream, band, degree, phrases))
    return Heard(pairs, syllables, heard.facts.where(keep).and_later(late), phrases, heard.ground)
