"""The analyzer that needs no model: counts, formulas, and the rhyme engine."""

from __future__ import annotations

import hashlib
import importlib.resources
from typing import TYPE_CHECKING

from rap_analyzer.analyzers.languages import ENGLISH, THRESHOLDS, SectionLanguage, english_only
from rap_analyzer.domain import rhyme_classes, rhyme_hearing, rhyme_pairs, rhyme_phrases
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.measures import MEASURES, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.ports import CpuPool

__all__ = ["MEASURES", "AlgorithmicAnalyzer", "score"]

NAME = "algorithmic_basic"
VERSION = "2"
LEARNED = ("rhyme_weights.npz", "letter_to_sound.npz")
"""Files of numbers in the domain that every figure depends on."""


def _config_hash() -> str:
    """Covers what the measures depend on besides this version: the learned numbers and the thresholds."""
    domain = importlib.resources.files("rap_analyzer.domain")
    hearing = (rhyme_pairs.WINDOW, rhyme_pairs.UNLIKELY, rhyme_hearing.DOUBTFUL, rhyme_phrases.ENDS)
    parameters = (hearing, rhyme_classes.JOINS, rhyme_classes.HOLDS, rhyme_classes.UNHEARD, THRESHOLDS)
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
        return await self._pool.map(score, inputs)


def score(given: AnalysisInput) -> Analysis:
    """The analysis of one text. Pure: the same words give the same figures."""
    lyrics = parse(given.lyrics)
    if not any(any(map(str.isalpha, word.bare)) for word in lyrics.words):
        return _without(Status.NO_WORDS, "The text has no words with letters, so there is nothing to measure.")
    if (language := _source_language(given)) != ENGLISH:
        return _unsupported(language)
    english, left_out = english_only(lyrics)
    if left_out and not any(english.words):
        return _unsupported(*dict.fromkeys(language for _, language in left_out))
    return _measured(english, left_out)


def _measured(lyrics: Lyrics, left_out: tuple[SectionLanguage, ...]) -> Analysis:
    measures = measure(lyrics)
    if not measures["syllables_per_bar"]:
        reason = "The lyrics are written in a script that the English pronunciation rules cannot read."
        return _without(Status.UNSUPPORTED_LANGUAGE, reason)
    return Analysis(NAME, VERSION, CONFIG_HASH, Status.DONE, measures, reason=_left_out(lyrics, left_out))


def _left_out(lyrics: Lyrics, left_out: tuple[SectionLanguage, ...]) -> str:
    """A sentence on the sections that are not in English; "" when all are."""
    if not left_out:
        return ""
    named = (f"{lyrics.sections[k].header or 'section ' + str(k + 1)} ({language!r})" for k, language in left_out)
    return f"Measured without what is not in English: {', '.join(named)}."


def _unsupported(*languages: str) -> Analysis:
    named = ", ".join(map(repr, languages))
    return _without(Status.UNSUPPORTED_LANGUAGE, f"The lyrics are in {named}, and only English ('en') is heard.")


def _without(status: Status, reason: str) -> Analysis:
    return Analysis(NAME, VERSION, CONFIG_HASH, status, reason=reason)


def _source_language(given: AnalysisInput) -> str:
    """The source's word for it, without a region ("en-US"); English where it says nothing, for the text to tell."""
    return given.language.strip().lower().replace("_", "-").split("-")[0] if given.language else ENGLISH
