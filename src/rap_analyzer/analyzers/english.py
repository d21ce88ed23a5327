"""What of a text an analyzer of English reads, or why it reads nothing: one rule for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.analyzers.languages import ENGLISH, english_only
from rap_analyzer.domain.analysis import AnalysisInput, Status
from rap_analyzer.domain.lyrics import parse

if TYPE_CHECKING:
    from rap_analyzer.analyzers.languages import SectionLanguage
    from rap_analyzer.domain.lyrics import Lyrics


class Wording(NamedTuple):
    """How an analyzer speaks of what it does: to `measure`, `measured` without; and what it does with English."""

    infinitive: str
    participle: str
    understood: str


class English(NamedTuple):
    """What is read of a text.

    Attributes:
        lyrics: the song without the bars of its sections in other languages.
        left_out: a sentence on those; "" when there are none.
    """

    lyrics: Lyrics
    left_out: str


class Refused(NamedTuple):
    """Why nothing of a text is read."""

    status: Status
    reason: str


def read_english(given: AnalysisInput, wording: Wording) -> English | Refused:
    """The English of a text, or why none is read. Pure; never raises."""
    lyrics = parse(given.lyrics)
    if not any(any(map(str.isalpha, word.bare)) for word in lyrics.words):
        reason = f"The text has no words with letters, so there is nothing to {wording.infinitive}."
        return Refused(Status.NO_WORDS, reason)
    if (language := _source_language(given)) != ENGLISH:
        return _unsupported(wording, language)
    english, left_out = english_only(lyrics)
    if left_out and not any(english.words):
        return _unsupported(wording, *dict.fromkeys(language for _, language in left_out))
    return English(english, _sentence(english, left_out, wording))


def _sentence(lyrics: Lyrics, left_out: tuple[SectionLanguage, ...], wording: Wording) -> str:
    if not left_out:
        return ""
    named = (f"{lyrics.sections[k].header or 'section ' + str(k + 1)} ({language!r})" for k, language in left_out)
    return f"{wording.participle.capitalize()} without what is not in English: {', '.join(named)}."


def _unsupported(wording: Wording, *languages: str) -> Refused:
    named = ", ".join(map(repr, languages))
    reason = f"The lyrics are in {named}, and only English ('en') is {wording.understood}."
    return Refused(Status.UNSUPPORTED_LANGUAGE, reason)


def _source_language(given: AnalysisInput) -> str:
    """The source's word for it, without a region ("en-US"); English where it says nothing, for the text to tell."""
    return given.language.strip().lower().replace("_", "-").split("-")[0] if given.language else ENGLISH
