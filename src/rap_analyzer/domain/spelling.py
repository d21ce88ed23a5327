"""Where a word's spelling breaks into its syllables: an estimate, for colouring only."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

VOWELS = re.compile(r"[aeiouyàâäáãåæèéêëìíîïòóôöõøœùúûüýÿ0-9аеёиоуыэюя]+", re.IGNORECASE)
SILENT_E = re.compile(r"[^aeiouylr\W]e(?:s|d|'s)?$", re.IGNORECASE)
MIN_PARTS = 2


@lru_cache(maxsize=65536)
def split_spelling(text: str, syllables: int) -> tuple[str, ...]:
    """The text in `syllables` pieces that join to it again; the later pieces may be empty for odd spellings.

    Breaks stand before the consonant that leads to the next vowel group ("pa-per"), between two of them ("num-ber").
    Where spelling and sound disagree on the count, the pieces are of even length.
    """
    if syllables < MIN_PARTS:
        return (text,)
    groups = [m.span() for m in VOWELS.finditer(text)]
    if len(groups) == syllables + 1 and SILENT_E.search(text.rstrip(".,!?;:)\"'")):
        groups.pop()
    breaks = _between(groups) if len(groups) == syllables else _even(text, syllables)
    bounds = [0, *breaks, len(text)]
    return tuple(text[a:b] for a, b in pairwise(bounds))


def _between(groups: list[tuple[int, int]]) -> list[int]:
    breaks = []
    for (_, end), (start, _) in pairwise(groups):
        consonants = start - end
        breaks.append(end + consonants // 2 if consonants > 1 else end)
    return breaks


def _even(text: str, parts: int) -> list[int]:
    return [round(len(text) * n / parts) for n in range(1, parts)]
