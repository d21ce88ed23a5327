"""The rhyme chains of a text as data: what `rap rhymes --jsonl` and the pages show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rap_analyzer.analyzers.algorithmic import CONFIG_HASH, VERSION
from rap_analyzer.analyzers.languages import english_only
from rap_analyzer.analyzers.uncollected import uncollected
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme import find_all, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE_VERSION = f"{VERSION}-{CONFIG_HASH}"
"""Changes whenever an answer may."""


def rhymes_json(text: str, song_id: object = "") -> dict[str, Any]:
    """The contract of `rap rhymes --jsonl` for one text: bars of words of syllables, chains, metrics.

    Words of a section that is not in English stand in their place without syllables, and `unsupported_language` names
    such sections by their number, from 0, and language; it is absent when there are none. `song_id` comes back as it
    came. Pure; never raises. See `docs/reference/commands.md`.
    """
    return all_rhymes_json([(song_id, text)])[0]


def all_rhymes_json(songs: Sequence[tuple[object, str]]) -> list[dict[str, Any]]:
    """The same for several texts with their ids, in order; faster than one by one when they are short."""
    with uncollected():
        return _answers(songs)


def _answers(songs: Sequence[tuple[object, str]]) -> list[dict[str, Any]]:
    parsed = [parse(text) for _, text in songs]
    heard = [english_only(lyrics) for lyrics in parsed]
    found = find_all([english for english, _ in heard])
    answers = []
    for (song_id, _), lyrics, (_, left_out), analysis in zip(songs, parsed, heard, found, strict=True):
        answer = to_json(replace(analysis, lyrics=lyrics), song_id)
        if left_out:
            answer["unsupported_language"] = [{"section": k, "language": language} for k, language in left_out]
        answers.append(answer)
    return answers
