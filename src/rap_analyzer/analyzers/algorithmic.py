"""The analyzer that needs no model: counts, formulas, and the rhyme engine."""

from __future__ import annotations

import hashlib
import importlib.resources
from typing import TYPE_CHECKING

from rap_analyzer.domain import rhyme_classes, rhyme_pairs
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.measures import MEASURES, measure
from rap_analyzer.domain.rhyme_stream import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.ports import CpuPool

__all__ = ["MEASURES", "AlgorithmicAnalyzer", "score"]

NAME = "algorithmic_basic"
VERSION = "1"
ENGLISH = "en"
LETTER_WORDS = 20
"""Words with letters from which a text's language can be told."""
PLAINLY_ENGLISH = 0.25
"""Share of English function words that no other language's lyrics reach: such a text needs no detector."""
LONGEST_SAMPLE = 5000
"""Characters that the detector reads."""


def _config_hash() -> str:
    """Covers what the measures depend on besides this version: the engine's weights and thresholds."""
    weights = (importlib.resources.files("rap_analyzer.domain") / "rhyme_weights.json").read_bytes()
    parameters = (rhyme_pairs.WINDOW, rhyme_classes.JOINS, rhyme_classes.HOLDS, LETTER_WORDS, PLAINLY_ENGLISH)
    return hashlib.sha256(weights + repr(parameters).encode()).hexdigest()[:12]


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
        return await self._pool.map(score, inputs)


def score(given: AnalysisInput) -> Analysis:
    """The analysis of one text. Pure: the same words give the same figures."""
    lyrics = parse(given.lyrics)
    words = [word.bare for word in lyrics.words if any(map(str.isalpha, word.bare))]
    if not words:
        return _without(Status.NO_WORDS, "The text has no words with letters, so there is nothing to measure.")
    language = _language(given, words)
    if language != ENGLISH:
        return _without(
            Status.UNSUPPORTED_LANGUAGE, f"The lyrics are in {language!r}, and only English ('en') is heard."
        )
    return _measured(lyrics)


def _measured(lyrics: Lyrics) -> Analysis:
    measures = measure(lyrics)
    if not measures["syllables_per_bar"]:
        reason = "The lyrics are written in a script that the English pronunciation rules cannot read."
        return _without(Status.UNSUPPORTED_LANGUAGE, reason)
    return Analysis(NAME, VERSION, CONFIG_HASH, Status.DONE, measures)


def _without(status: Status, reason: str) -> Analysis:
    return Analysis(NAME, VERSION, CONFIG_HASH, status, reason=reason)


def _language(given: AnalysisInput, words: Sequence[str]) -> str:
    """The source's word for it, without a region ("en-US"), else what the text says; English for a few words."""
    if given.language:
        return given.language.strip().lower().replace("_", "-").split("-")[0]
    if len(words) < LETTER_WORDS or sum(word in FUNCTION_WORDS for word in words) >= PLAINLY_ENGLISH * len(words):
        return ENGLISH
    return _detected(" ".join(words)[:LONGEST_SAMPLE])


def _detected(text: str) -> str:
    import py3langid

    return str(py3langid.classify(text)[0])
