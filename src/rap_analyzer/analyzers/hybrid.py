"""The analyzer that combines the others: with weights, with what is there, and with a confidence that says how far.

It reads no words and asks no model: everything is in the analyses that it is given. What its figures mean, and on which
scale each part is read, is in `domain/agreement.py`.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from rap_analyzer.domain import agreement
from rap_analyzer.domain.agreement import (
    Voice,
    combine,
    confidence_of,
    counted_places,
    coverage,
    felt_places,
    overall_agreement,
    told_places,
)
from rap_analyzer.domain.analysis import Analysis, Status
from rap_analyzer.domain.chat import is_simulated
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.verdict import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rap_analyzer.domain.agreement import Dimension
    from rap_analyzer.domain.analysis import AnalysisInput

NAME = "hybrid"
VERSION = "1"
COUNTED, CHAT, FELT = ("algorithmic_basic",), ("qwen", "ollama"), ("emotion",)
ROLES = (COUNTED, CHAT, FELT)
"""In the order of `combine_weights`; of the names of a role, the first that is there speaks: `qwen`, else `ollama`."""
NAMES = tuple(name for role in ROLES for name in role)
READERS: Mapping[str, Callable[[Mapping[str, Any]], Mapping[Dimension, float]]] = {
    **dict.fromkeys(COUNTED, counted_places),
    **dict.fromkeys(CHAT, told_places),
    **dict.fromkeys(FELT, felt_places),
}
JUDGED_BY_ONE = tuple(mark for mark in MARKS if mark not in agreement.RANGES)
"""Marks that only chat models give."""
DIGITS, SHARE_DIGITS = 3, 6


class _Part(NamedTuple):
    """A part that was asked for: its analysis, or why there is none to combine."""

    key: AnalyzerKey
    analysis: Analysis | None
    why: str


class HybridAnalyzer:
    """Combines what other analyzers say of a track.

    Args:
        parts: analyses that are combined, by what they are filed under.
        weights: of each part, by the analyzer's name; only their ratios count.

    Raises:
        ConfigError: there are no parts, one is not an analyzer that can be combined or stands twice, or a weight is
            missing, negative or no number, or none is above 0.
    """

    name: str = NAME
    version: str = VERSION

    def __init__(self, parts: Sequence[AnalyzerKey], weights: Mapping[str, float]) -> None:
        self.parts = tuple(sorted(parts, key=lambda key: NAMES.index(key.analyzer) if key.analyzer in NAMES else -1))
        self._weights = _checked(self.parts, weights)
        self.config_hash = _hash(self.parts, self._weights)

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        """One analysis for each input, in order, from its parts alone; the words are not looked at."""
        return [self._combined(given.parts) for given in inputs]

    def _combined(self, given: Sequence[Analysis]) -> Analysis:
        parts = self._sorted_out({_key_of(one): one for one in given})
        there = [part.analysis for part in parts if part.analysis]
        if not there:
            return self._without(parts, given)
        voices = [self._voice(one) for one in there]
        dimensions = combine(voices)
        agreed = overall_agreement(dimensions)
        covered = coverage(voices, self._whole())
        measures = {
            "parts": [self._told(part, voices) for part in parts],
            "dimensions": {str(name): one.as_json() for name, one in dimensions.items()},
            "agreement": _rounded(agreed),
            "coverage": _rounded(covered),
            "not_combined": _not_combined(there),
        }
        confidence = _rounded(confidence_of(covered, agreed))
        return self._filed(Status.DONE, measures, confidence, _reason(parts, agreed))

    def _sorted_out(self, given: Mapping[AnalyzerKey, Analysis]) -> list[_Part]:
        """Every part, with its analysis where it is to be combined."""
        sorted_out: list[_Part] = []
        for key in self.parts:
            speaking = next((p.key.analyzer for p in sorted_out if p.analysis and _same_role(p.key, key)), None)
            sorted_out.append(_part(key, given.get(key), speaking))
        return sorted_out

    def _voice(self, analysis: Analysis) -> Voice:
        own = 1.0 if analysis.confidence is None else analysis.confidence
        return Voice(
            analysis.analyzer, self._weights[analysis.analyzer], own, READERS[analysis.analyzer](analysis.measures)
        )

    def _whole(self) -> float:
        """The weights of all that might speak at once."""
        asked = {key.analyzer for key in self.parts}
        return sum(max((self._weights[name] for name in role if name in asked), default=0.0) for role in ROLES)

    def _told(self, part: _Part, voices: Sequence[Voice]) -> dict[str, Any]:
        """What is said of a part: its share of the weights of those that are there, or why it is not."""
        told: dict[str, Any] = {**part.key._asdict(), "there": part.analysis is not None}
        if part.analysis is None:
            return {**told, "why": part.why}
        total = sum(voice.weight for voice in voices)
        share = self._weights[part.key.analyzer] / total if total else 0.0
        return {**told, "weight": _rounded(share), "confidence": _rounded(part.analysis.confidence)}

    def _without(self, parts: Sequence[_Part], given: Sequence[Analysis]) -> Analysis:
        """Nothing to combine: what all parts say, if they all say that there is nothing to judge."""
        found = {_key_of(one): one.status for one in given}
        statuses = {found.get(key, Status.FAILED) for key in self.parts}
        told = " ".join(f"{part.key.analyzer}: {part.why}" for part in parts)
        if statuses == {Status.NO_WORDS}:
            return self._filed(Status.NO_WORDS, reason=told)
        if statuses <= {Status.NO_WORDS, Status.UNSUPPORTED_LANGUAGE}:
            return self._filed(Status.UNSUPPORTED_LANGUAGE, reason=told)
        return self._filed(Status.FAILED, reason=f"There is nothing to combine. {told}")

    def _filed(
        self,
        status: Status,
        measures: dict[str, Any] | None = None,
        confidence: float | None = None,
        reason: str = "",
    ) -> Analysis:
        return Analysis(NAME, VERSION, self.config_hash, status, measures or {}, confidence, reason=reason)


def _checked(parts: Sequence[AnalyzerKey], weights: Mapping[str, float]) -> dict[str, float]:
    """The parts' shares of all weights.

    Raises:
        ConfigError: see `HybridAnalyzer`.
    """
    names = [key.analyzer for key in parts]
    if not names or len(set(names)) < len(names) or not set(names) <= set(NAMES):
        raise ConfigError(
            f"hybrid combines some of {', '.join(NAMES)}, each once, and not {', '.join(names) or 'none'}."
        )
    if missing := [name for name in names if name not in weights]:
        raise ConfigError(f"hybrid has no weight for {', '.join(missing)}; set combine_weights.")
    own = {name: float(weights[name]) for name in names}
    total = sum(own.values())
    if not (math.isfinite(total) and total > 0 and min(own.values()) >= 0):
        raise ConfigError(f"hybrid's weights are {own}; combine_weights takes numbers from 0, and one above it.")
    return {name: round(weight / total, SHARE_DIGITS) for name, weight in own.items()}


def _hash(parts: Sequence[AnalyzerKey], weights: Mapping[str, float]) -> str:
    """Covers the parts, their shares of all weights, and the scales on which they are read."""
    scales = (
        agreement.SAYS_NOTHING,
        agreement.STIRRED,
        sorted(agreement.MOOD_SIDES.items()),
        sorted(agreement.RHYME_RANGES.items()),
        agreement.PROFANE_THROUGHOUT,
        agreement.UNCHECKED,
    )
    return hashlib.sha256(repr((sorted(map(tuple, parts)), sorted(weights.items()), scales)).encode()).hexdigest()[:12]


def _part(key: AnalyzerKey, analysis: Analysis | None, speaking: str | None) -> _Part:
    """A part, and whether it is combined; a stand-in is another analyzer's result under this one's name."""
    if analysis is None:
        return _Part(key, None, "It has not judged these words.")
    if analysis.status is not Status.DONE:
        return _Part(key, None, analysis.reason or f"Its status is {analysis.status}.")
    if analysis.fallback:
        return _Part(key, None, f"It gave no answer of its own; {analysis.fallback} stands in for it.")
    if is_simulated(str(analysis.measures.get("model", ""))):
        return _Part(key, None, "Its model is simulated, and judges nothing.")
    if speaking:
        return _Part(key, None, f"{speaking} speaks in its place.")
    return _Part(key, analysis, "")


def _same_role(one: AnalyzerKey, other: AnalyzerKey) -> bool:
    return any(one.analyzer in role and other.analyzer in role for role in ROLES)


def _key_of(analysis: Analysis) -> AnalyzerKey:
    return AnalyzerKey(analysis.analyzer, analysis.version, analysis.config_hash)


def _not_combined(there: Sequence[Analysis]) -> dict[str, str]:
    """What a single part judges by its nature, and which: hybrid has no figure of its own for it."""
    chat = next((one.analyzer for one in there if one.analyzer in CHAT), None)
    return dict.fromkeys(JUDGED_BY_ONE, f"Judged by {chat} alone; see its analysis.") if chat else {}


def _reason(parts: Sequence[_Part], agreed: float | None) -> str:
    """Sentences on what is missing and unchecked; "" when all is there and compared."""
    sentences = [f"Without {part.key.analyzer}: {part.why}" for part in parts if part.analysis is None]
    if agreed is None:
        sentences.append("No two of the parts speak of the same thing, so nothing could be compared.")
    return " ".join(sentences)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
