"""Titles of what a lyrics site lists beside songs: track lists, artwork, interviews, scripts, translations."""

from __future__ import annotations

import re

NOT_A_SONG_ASIDE = re.compile(
    r"[(\[](?:[^)\]]*\b(?:track ?list(?:ing)?|album art(?:work)?|cover art|liner notes)\b[^)\]]*"
    r"|(?:[^)\]]* )?interview|booklet|credits|script|set ?list|(?:\w+ )?translations?"
    r"|traducci[oó]n(?: al \w+)?|traduction(?: \w+)?|(?:\w+ )?übersetzung|(?:\w+ )?перевод)[)\]]",
    re.IGNORECASE,
)
NOT_A_SONG_END = re.compile(r"\b(?:track ?list(?:ing)?|album art(?:work)?|liner notes)\s*$", re.IGNORECASE)
TRANSLATORS = re.compile(r"^Genius (?:\w+ ){1,2}Translations\b", re.IGNORECASE)


def is_no_song(title: str) -> bool:
    """Whether a title names a track list, artwork, an interview, a script or a translation: whole words, set apart."""
    return bool(NOT_A_SONG_ASIDE.search(title) or NOT_A_SONG_END.search(title) or TRANSLATORS.search(title))
