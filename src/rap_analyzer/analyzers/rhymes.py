"""The rhyme chains of a text as data: what `rap rhymes --jsonl` and the pages show."""

from __future__ import annotations

from typing import Any

from rap_analyzer.analyzers.algorithmic import CONFIG_HASH
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.rhyme import find_rhymes, to_json

ENGINE_VERSION = CONFIG_HASH
"""Changes whenever an answer may."""


def rhymes_json(text: str, song_id: object = "") -> dict[str, Any]:
    """The contract of `rap rhymes --jsonl` for one text: bars of words of syllables, chains, metrics.

    `song_id` comes back as it came. Pure; never raises. See `docs/reference/commands.md`.
    """
    return to_json(find_rhymes(parse(text)), song_id)
