"""A text that somebody sends to be judged, with an id of theirs: as a JSON line, or in a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rap_analyzer.domain.transcription import MAX_CHARACTERS


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A text, or what is wrong with what came in its place.

    Attributes:
        id: as it came; None where there is none.
        lyrics: the words; empty where something is wrong.
        language: what the sender says of their language, or None.
        fault: what is wrong; empty when nothing is.
    """

    id: Any
    lyrics: str = ""
    language: str | None = None
    fault: str = ""


def read_record(raw: object, field: str = "lyrics", most: int = MAX_CHARACTERS) -> TextRecord:
    """What a parsed JSON value is as a record; never raises.

    Args:
        raw: the value; an object with `id`, the words and maybe `language` is needed.
        field: what the words are called.
        most: characters that they may have.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get(field), str):
        found = raw.get("id") if isinstance(raw, dict) else None
        return TextRecord(found, fault=f'an object with "id" and "{field}" is needed')
    lyrics, language = raw[field], raw.get("language")
    if fault := too_long(lyrics, most):
        return TextRecord(raw.get("id"), fault=fault)
    if language is not None and not isinstance(language, str):
        return TextRecord(raw.get("id"), fault='"language" must be a code such as "en", or left out')
    return TextRecord(raw.get("id"), lyrics, language)


def too_long(text: str, most: int = MAX_CHARACTERS) -> str:
    """What is wrong with a text that is longer than is read; empty for others."""
    if len(text) <= most:
        return ""
    why = "more than any song" if most == MAX_CHARACTERS else "more than is read at a time"
    return f"the text has {len(text):,} characters, {why} ({most:,})"
