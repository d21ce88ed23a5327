"""The analyzer that needs no model: counts, formulas, and the rhyme engine."""

from __future__ import annotations

import hashlib
import importlib.resources
from typing import TYPE_CHECKING, Any, NamedTuple

from rap_analyzer.analyzers.languages import ENGLISH, THRESHOLDS, SectionLanguage, english_only
from rap_analyzer.analyzers.uncollected import uncollected
from rap_analyzer.domain import rhyme_classes, rhyme_hearing, rhyme_pairs, rhyme_phrases
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.measures import MEASURES, measure_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Lyrics
    from rap_analyzer.ports import CpuPool

__all__ = ["MEASURES", "AlgorithmicAnalyzer", "score", "score_all"]

NAME = "algorithmic_basic"
VERSION = "2"
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


class _English(NamedTuple):
    """What is measured of a text: the song without its sections in other languages, and those."""

    lyrics: Lyrics
    left_out: tuple[SectionLanguage, ...]


def score(given: AnalysisInput) -> Analysis:
    """The analysis of one text. Pure: the same words give the same figures."""
    return score_all([given])[0]


def score_all(given: Sequence[AnalysisInput]) -> list[Analysis]:
    """The same for several texts, in order; faster than one by one, and none changes another's analysis."""
    with uncollected():
        read = list(map(_read, given))
        measured = iter(measure_all([one.lyrics for one in read if isinstance(one, _English)]))
        return [_measured(one, next(measured)) if isinstance(one, _English) else one for one in read]


def _read(given: AnalysisInput) -> _English | Analysis:
    """What can be measured of a text, or the analysis that says why nothing can."""
    lyrics = parse(given.lyrics)
    if not any(any(map(str.isalpha, word.bare)) for word in lyrics.words):
        return _without(Status.NO_WORDS, "The text has no words with letters, so there is nothing to measure.")
    if (language := _source_language(given)) != ENGLISH:
        return _unsupported(language)
    english, left_out = english_only(lyrics)
    if left_out and not any(english.words):
        return _unsupported(*dict.fromkeys(language for _, language in left_out))
    return _English(english, left_out)


def _measured(english: _English, measures: dict[str, Any]) -> Analysis:
    if not measures["syllables_per_bar"]:
        reason = "The lyrics are written in a script that the English pronunciation rules cannot read."
        return _without(Status.UNSUPPORTED_LANGUAGE, reason)
    return Analysis(NAME, VERSION, CONFIG_HASH, Status.DONE, measures, reason=_left_out(*english))


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
