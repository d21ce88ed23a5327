"""The analyzer that needs no model: counts, formulas, and the rhyme engine."""

from __future__ import annotations

import hashlib
import importlib.resources
from typing import TYPE_CHECKING, Any

from rap_analyzer.analyzers.english import English, Wording, read_english
from rap_analyzer.analyzers.languages import THRESHOLDS
from rap_analyzer.analyzers.uncollected import uncollected
from rap_analyzer.domain import rhyme_classes, rhyme_hearing, rhyme_pairs, rhyme_phrases
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.measures import MEASURES, measure_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.ports import CpuPool

__all__ = ["MEASURES", "AlgorithmicAnalyzer", "score", "score_all"]

NAME = "algorithmic_basic"
VERSION = "4"
WORDING = Wording("measure", "measured", "heard")
AT_ONCE = 4
"""Texts that are heard together. More fill the processor's cache, fewer leave numpy with too short columns."""
LEARNED = ("rhyme_weights.npz", "letter_to_sound.npz")
"""Files of numbers in the domain that every figure depends on."""


def _config_hash() -> str:
    """Covers what the measures depend on besides this version: the learned numbers and the thresholds."""
    domain = importlib.resources.files("rap_analyzer.domain")
    hearing = (rhyme_pairs.WINDOW, rhyme_pairs.UNLIKELY, rhyme_hearing.DOUBTFUL, rhyme_phrases.ENDS)
    joining = (rhyme_classes.JOINS, rhyme_classes.HOLDS, rhyme_classes.UNHEARD, rhyme_classes.BY_EYE)
    keeping_apart = (rhyme_classes.NEWCOMER, rhyme_classes.STRICT, rhyme_classes.APART)
    parameters = (hearing, joining, keeping_apart, THRESHOLDS)
    numbers = b"".join((domain / name).read_bytes() for name in LEARNED)
    return hashlib.sha256(numbers + repr(parameters).encode()).hexdigest()[:12]


CONFIG_HASH = _config_hash()


class AlgorithmicAnalyzer:
    """Measures rhyme, flow, words, repetition, structure and figures of lyrics in English.

    Args:
        pool: processes that do the work.
    """

    name: str = NAME
    version: str = VERSION
    config_hash: str = CONFIG_HASH

    def __init__(self, pool: CpuPool) -> None:
        self._pool = pool

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        """One analysis for each input, in order; a text that cannot be measured gets a status and a reason."""
        batches = [inputs[begin : begin + AT_ONCE] for begin in range(0, len(inputs), AT_ONCE)]
        return [analysis for batch in await self._pool.map(score_all, batches) for analysis in batch]


def score(given: AnalysisInput) -> Analysis:
    """The analysis of one text. Pure: the same words give the same figures."""
    return score_all([given])[0]


def score_all(given: Sequence[AnalysisInput]) -> list[Analysis]:
    """The same for several texts, in order; faster than one by one, and none changes another's analysis."""
    with uncollected():
        read = [read_english(one, WORDING) for one in given]
        measured = iter(measure_all([one.lyrics for one in read if isinstance(one, English)]))
        return [_measured(one, next(measured)) if isinstance(one, English) else _without(*one) for one in read]


def _measured(english: English, measures: dict[str, Any]) -> Analysis:
    if not measures["syllables_per_bar"]:
        reason = "The lyrics are written in a script that the English pronunciation rules cannot read."
        return _without(Status.UNSUPPORTED_LANGUAGE, reason)
    return Analysis(NAME, VERSION, CONFIG_HASH, Status.DONE, measures, reason=english.left_out)


def _without(status: Status, reason: str) -> Analysis:
    return Analysis(NAME, VERSION, CONFIG_HASH, status, reason=reason)
