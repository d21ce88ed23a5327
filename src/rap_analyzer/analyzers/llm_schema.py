"""The answer that a chat model is to give, as a pydantic model: its JSON schema goes out, its check comes in."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rap_analyzer.analyzers.languages import detected
from rap_analyzer.domain.errors import BadModelOutput
from rap_analyzer.domain.verdict import (
    MARKS,
    MOST_QUOTES,
    MOST_THEMES,
    ExplicitKind,
    Explicitness,
    Mood,
    Opinion,
    Theme,
)

LONGEST_QUOTE, LONGEST_SUMMARY, SHORTEST_SUMMARY = 160, 900, 20
QUOTES_OF_A_THEME = 3
SURELY_FOREIGN = 0.9
"""Confidence of the language detector from which a summary is taken not to be in English."""
THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
UNOPENED_THINKING = re.compile(r"\A(?:(?!<think).)*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
SHOWN_ERRORS = 5
MOST_OBJECTS = 200
"""Braces of a reply that are looked at."""
DECODER = json.JSONDecoder()

Mark = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
"""An enum, not a range: constrained decoders of every make know enums."""
Quote = Annotated[str, Field(max_length=LONGEST_QUOTE)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ThemeAnswer(_Strict):
    """A theme, and bars that show it."""

    theme: Theme
    evidence: Annotated[tuple[Quote, ...], Field(max_length=QUOTES_OF_A_THEME)]


class WordplayAnswer(_Strict):
    """How good the wordplay is, and bars that show it."""

    mark: Mark
    evidence: Annotated[tuple[Quote, ...], Field(max_length=MOST_QUOTES)]


class ExplicitAnswer(_Strict):
    """How explicit the words are, and in what way."""

    level: Explicitness
    kinds: Annotated[tuple[ExplicitKind, ...], Field(max_length=len(ExplicitKind))]


class Answer(_Strict):
    """The whole answer. The summary stands before the marks: what is written first is thought of first."""

    summary: Annotated[str, Field(min_length=SHORTEST_SUMMARY, max_length=LONGEST_SUMMARY)]
    mood: Mood
    themes: Annotated[tuple[ThemeAnswer, ...], Field(max_length=MOST_THEMES)]
    technique: Mark
    complexity: Mark
    storytelling: Mark
    wordplay: WordplayAnswer
    quality: Mark
    explicit: ExplicitAnswer
    confidence: Mark


SCHEMA: dict[str, Any] = Answer.model_json_schema()


def read_answer(text: str) -> Opinion:
    """The opinion in a model's reply, whatever thinking, code fence or remarks stand around it.

    Raises:
        BadModelOutput: there is none; the message says what is wrong in words that a model can mend it by.
    """
    try:
        answer = Answer.model_validate_json(_json_of(text))
    except ValidationError as error:
        raise BadModelOutput(_told(error)) from error
    language, confidence = detected(answer.summary)
    if language != "en" and confidence >= SURELY_FOREIGN:
        raise BadModelOutput(f"summary: it is in another language ({language!r}); write it in English.")
    return _opinion(answer)


def _json_of(text: str) -> str:
    """The last whole object in a reply, for thoughts may hold others; else the reply, so that the check says so."""
    told = UNOPENED_THINKING.sub("", THINKING.sub("", text)).strip()
    fenced = FENCED.search(told)
    told = fenced[1] if fenced else told
    found, place = "", told.find("{")
    for _ in range(MOST_OBJECTS):
        if place < 0:
            break
        try:
            _, end = DECODER.raw_decode(told, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            found = told[place:end]
        place = told.find("{", end)
    first, last = told.find("{"), told.rfind("}")
    return found or (told[first : last + 1] if 0 <= first < last else told)


def _told(error: ValidationError) -> str:
    """Each fault with its place; never the value, which may be anybody's words."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    named = [f"{'.'.join(map(str, fault['loc'])) or 'answer'}: {fault['msg']}" for fault in faults[:SHOWN_ERRORS]]
    return "; ".join(named)


def _opinion(answer: Answer) -> Opinion:
    plain: dict[str, int] = {name: getattr(answer, name) for name in MARKS if name != "wordplay"}
    return Opinion(
        mood=answer.mood,
        themes=tuple((found.theme, found.evidence) for found in answer.themes),
        marks={name: plain.get(name, answer.wordplay.mark) for name in MARKS},
        wordplay=answer.wordplay.evidence,
        explicitness=answer.explicit.level,
        explicit_kinds=tuple(dict.fromkeys(answer.explicit.kinds)),
        summary=" ".join(answer.summary.split()),
        confidence=answer.confidence,
    )
