"""Which sections of a song are in English: only those are measured, and the others are named."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import filterfalse
from typing import TYPE_CHECKING, Any, NamedTuple

from rap_analyzer.domain.dictionaries import in_dictionary
from rap_analyzer.domain.lyrics import Lyrics
from rap_analyzer.domain.rhyme_stream import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rap_analyzer.domain.lyrics import Section

ENGLISH = "en"
UNKNOWN = "und"
"""ISO 639's word for a language that cannot be named; also what an unsure detector answers."""
CREOLES = frozenset(("pcm", "jam"))
"""Nigerian Pidgin, and what the detector takes AAVE and patois for: the engine hears them with English."""

SHARED = """
    a an no me yo on as at in do so is was will he am da de en or be us ya to it em than her his
"""
ENGLISH_WORDS = FUNCTION_WORDS - frozenset(SHARED.split())
"""Function words that no other language spells alike."""
PLAINLY_ENGLISH = 0.15
"""Share of them that no other language's lyrics come near; half-Spanish verses have as much."""
ENGLISH_VOCABULARY, FOREIGN_VOCABULARY = 0.65, 0.5
"""Shares of a section's different words that the dictionary has: slang and patois lie above, other languages below."""
ENOUGH_WORDS, ENOUGH_TYPES = 12, 8
"""Words, and different ones, from which a language can be told: a hook of "la la la" is in none."""
SURE = 0.7
"""Confidence of the detector from which its name for a language is believed."""
THRESHOLDS = (PLAINLY_ENGLISH, ENGLISH_VOCABULARY, FOREIGN_VOCABULARY, ENOUGH_WORDS, ENOUGH_TYPES, SURE)
LONGEST_SAMPLE = 5000
"""Characters that the detector reads."""
OTHER_SCRIPT = re.compile(r"[\u0370-\u1dff\u2c00-\ua71f\uac00-\ufaff\U00010000-\U0003ffff]")


class SectionLanguage(NamedTuple):
    """A section that is not in English: its place in the song, from 0, and its language (ISO 639, or "und")."""

    section: int
    language: str


def detected(text: str) -> tuple[str, float]:
    """The language of a text (ISO 639) and the detector's confidence in it, in [0, 1]."""
    language, confidence = _identifier().classify(text)
    return str(language), float(confidence)


def english_only(
    lyrics: Lyrics, detect: Callable[[str], tuple[str, float]] = detected
) -> tuple[Lyrics, tuple[SectionLanguage, ...]]:
    """The song with the bars of its English sections alone, and the sections that were left out.

    A section that is left out stays, without bars, and the bars of the others keep their index. Sections that are too
    short or too mixed to tell go with most words of the others; when none can be told, with the song as a whole, and
    else count as English. Creoles of English and verses that mix it with another language are English.
    """
    spoken = [_words(section) for section in lyrics.sections]
    judged = [_judged(words, detect) for words in spoken]
    if all(language == ENGLISH for language, words in zip(judged, spoken, strict=True) if words):
        return lyrics, ()
    usual = _usual(judged, spoken, detect)
    languages = [language or usual for language in judged]
    left_out = tuple(
        SectionLanguage(k, language)
        for k, (language, words) in enumerate(zip(languages, spoken, strict=True))
        if words and language != ENGLISH
    )
    foreign = {section for section, _ in left_out}
    kept = (replace(s, bars=()) if k in foreign else s for k, s in enumerate(lyrics.sections))
    return (Lyrics(tuple(kept)) if left_out else lyrics), left_out


def _words(section: Section) -> list[str]:
    """What is said in a section, less numbers."""
    return list(filterfalse(str.isdigit, [word.bare for bar in section.bars for word in bar.sung]))


def _judged(words: Sequence[str], detect: Callable[[str], tuple[str, float]]) -> str:
    """The language of these words; "" when they do not tell."""
    if sum(map(ENGLISH_WORDS.__contains__, words)) > PLAINLY_ENGLISH * len(words):
        return ENGLISH
    text = " ".join(words)[:LONGEST_SAMPLE]
    if len(OTHER_SCRIPT.findall(text)) * 2 > len(text) - text.count(" "):
        return detect(text)[0]
    types = set(words)
    if len(words) < ENOUGH_WORDS or len(types) < ENOUGH_TYPES:
        return ""
    known = sum(map(in_dictionary, types)) / len(types)
    return ENGLISH if known >= ENGLISH_VOCABULARY else _named(detect(text), known)


def _named(answer: tuple[str, float], known: float) -> str:
    """What the detector's answer means for a section with such a share of English words."""
    language, confidence = answer
    foreign = language != ENGLISH and language not in CREOLES
    if known >= FOREIGN_VOCABULARY:
        return language if foreign and confidence >= SURE else ""
    return language if foreign and confidence >= SURE else UNKNOWN


def _usual(judged: Sequence[str], spoken: Sequence[Sequence[str]], detect: Callable[[str], tuple[str, float]]) -> str:
    """The language of most words among those that could be told, else of all words together, else English."""
    counts: dict[str, int] = {}
    for language, words in zip(judged, spoken, strict=True):
        if language:
            counts[language] = counts.get(language, 0) + len(words)
    if counts:
        return max(counts, key=counts.__getitem__)
    return _judged([word for words in spoken for word in words], detect) or ENGLISH


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
