"""What of a text has emotions to be judged: the bars with words of its English sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rap_analyzer.analyzers.english import Refused, Wording, read_english
from rap_analyzer.domain.analysis import AnalysisInput, Status
from rap_analyzer.domain.emotion import EmotionSection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.lyrics import Bar, Section

WORDING = Wording("judge", "judged", "judged")
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


def read(given: AnalysisInput) -> Song | Refused:
    """The bars of a text that are judged, or why none is. Pure; never raises."""
    english = read_english(given, WORDING)
    if isinstance(english, Refused):
        return english
    kept = [(section, [bar for bar in section.bars if _is_judged(bar)]) for section in english.lyrics.sections]
    kept = [(section, bars) for section, bars in kept if bars]
    if not kept:
        reason = "The lyrics are written in a script that English is not written in."
        return Refused(Status.UNSUPPORTED_LANGUAGE, reason)
    sections = tuple(_section(section, bars) for section, bars in kept)
    return Song(sections, [_said(bar) for _, bars in kept for bar in bars], english.left_out)


def _section(section: Section, bars: Sequence[Bar]) -> EmotionSection:
    return EmotionSection(section.header, str(section.kind), tuple(bar.index for bar in bars))


def _is_judged(bar: Bar) -> bool:
    return any(LATIN.search(word.bare) and not word.note for word in bar.words)


def _said(bar: Bar) -> str:
    """The bar without the notes in square brackets, which nobody says."""
    return " ".join(word.text for word in bar.sung) if "[" in bar.text else bar.text
