"""What of a text has emotions to be judged: the bars with words of its English sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.analyzers.languages import ENGLISH, english_only
from rap_analyzer.domain.analysis import AnalysisInput, Status
from rap_analyzer.domain.emotion import EmotionSection
from rap_analyzer.domain.lyrics import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.analyzers.languages import SectionLanguage
    from rap_analyzer.domain.lyrics import Bar, Lyrics, Section

LATIN = re.compile("[a-z]")


class Song(NamedTuple):
    """What is judged of a text.

    Attributes:
        sections: those with bars to judge.
        texts: what is said in each of their bars, in order.
        left_out: a sentence on the sections that are not in English; "" when all are.
    """

    sections: tuple[EmotionSection, ...]
    texts: list[str]
    left_out: str


class Refused(NamedTuple):
    """Why nothing of a text is judged."""

    status: Status
    reason: str


def read(given: AnalysisInput) -> Song | Refused:
    """The bars of a text that are judged, or why none is. Pure; never raises."""
    lyrics = parse(given.lyrics)
    if not any(any(map(str.isalpha, word.bare)) for word in lyrics.words):
        return Refused(Status.NO_WORDS, "The text has no words with letters, so there is nothing to judge.")
    if (language := _source_language(given)) != ENGLISH:
        return _unsupported(language)
    english, left_out = english_only(lyrics)
    if left_out and not any(english.words):
        return _unsupported(*dict.fromkeys(language for _, language in left_out))
    kept = [(section, [bar for bar in section.bars if _is_judged(bar)]) for section in english.sections]
    kept = [(section, bars) for section, bars in kept if bars]
    if not kept:
        return Refused(
            Status.UNSUPPORTED_LANGUAGE, "The lyrics are written in a script that English is not written in."
        )
    sections = tuple(_section(section, bars) for section, bars in kept)
    return Song(sections, [_said(bar) for _, bars in kept for bar in bars], _left_out(lyrics, left_out))


def _section(section: Section, bars: Sequence[Bar]) -> EmotionSection:
    return EmotionSection(section.header, str(section.kind), tuple(bar.index for bar in bars))


def _is_judged(bar: Bar) -> bool:
    return any(LATIN.search(word.bare) and not word.note for word in bar.words)


def _said(bar: Bar) -> str:
    """The bar without the notes in square brackets, which nobody says."""
    return " ".join(word.text for word in bar.sung) if "[" in bar.text else bar.text


def _left_out(lyrics: Lyrics, left_out: Sequence[SectionLanguage]) -> str:
    if not left_out:
        return ""
    named = (f"{lyrics.sections[k].header or 'section ' + str(k + 1)} ({language!r})" for k, language in left_out)
    return f"Judged without what is not in English: {', '.join(named)}."


def _unsupported(*languages: str) -> Refused:
    named = ", ".join(map(repr, languages))
    return Refused(Status.UNSUPPORTED_LANGUAGE, f"The lyrics are in {named}, and only English ('en') is judged.")


def _source_language(given: AnalysisInput) -> str:
    """The source's word for it, without a region ("en-US"); English where it says nothing, for the text to tell."""
    return given.language.strip().lower().replace("_", "-").split("-")[0] if given.language else ENGLISH
