"""How the bars of a song end, for search by sound: those of its English sections."""

from __future__ import annotations

from rap_analyzer.analyzers.algorithmic import CONFIG_HASH, VERSION
from rap_analyzer.analyzers.languages import english_only
from rap_analyzer.domain.lyrics import parse
from rap_analyzer.domain.near_bars import BarTail, tails_of

READING = "1"
"""Raised when keys or sounds are made in another way."""
READING_VERSION = f"{READING}-{VERSION}-{CONFIG_HASH}"
"""Changes whenever a word may sound otherwise."""


def read_endings(lyrics: str) -> list[BarTail]:
    """How the bars of a song end that can be heard; none of a song in another language.

    Pure; never raises.
    """
    english, _ = english_only(parse(lyrics))
    return tails_of(english)
