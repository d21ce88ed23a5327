"""How surely a recording is a track: normalised title, artist and length, as beets weighs them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anyascii import anyascii
from rapidfuzz import fuzz

from rap_analyzer.domain.enrichment import MatchMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.enrichment import Recording, RecordingQuery

TITLE_WEIGHT, ARTIST_WEIGHT, LENGTH_WEIGHT = 3.0, 2.0, 2.0
LENGTH_GRACE_S, LENGTH_MOST_S = 10.0, 30.0
ACCEPT_BELOW = 0.25
"""Distances under this are accepted; under 0.04 they are sure (beets' `strong_rec_thresh`)."""
BRACKET_WEIGHT = 0.3
BLOCKING = ("remix", "live", "instrumental", "acoustic", "sped up", "slowed", "karaoke", "cover", "demo", "a cappella")
"""A recording is not the track's unless both carry the same of these words."""

FEATURED = re.compile(r"[(\[]?\s*\b(?:feat|ft|featuring)\b\.?.*?(?:[)\]]|$)")
BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]|\s-\s.*$")


def normalize_name(name: str) -> str:
    """Lower-case ASCII words: no accents, no `feat.`, `&` as `and`, no punctuation."""
    text = FEATURED.sub(" ", anyascii(name).lower().replace("&", " and "))
    return " ".join(re.sub(r"[^a-z0-9()\[\] -]+", "", text).split())


def distance(query: RecordingQuery, recording: Recording) -> float:
    """How far the recording is from what is looked for: 0 (the same) to 1 (nothing alike).

    The weighted mean of title, artist and (where both are known) length distances. A blocking word on one side only
    makes it 1.
    """
    if blocking_words(query.title) != blocking_words(recording.title):
        return 1.0
    parts = [
        (TITLE_WEIGHT, _title_distance(query.title, recording.title)),
        (ARTIST_WEIGHT, min((_name_distance(query.artist, a) for a in _artist_forms(recording)), default=1.0)),
    ]
    if query.duration_ms and recording.duration_ms:
        over = abs(query.duration_ms - recording.duration_ms) / 1000 - LENGTH_GRACE_S
        parts.append((LENGTH_WEIGHT, min(1.0, max(0.0, over / (LENGTH_MOST_S - LENGTH_GRACE_S)))))
    return sum(weight * part for weight, part in parts) / sum(weight for weight, _ in parts)


def best_match(query: RecordingQuery, candidates: Sequence[Recording]) -> tuple[Recording | None, MatchMethod, float]:
    """The accepted candidate, how it was matched, and its distance; (None, NONE, least distance) when none is near.

    The same ISRC settles it; else the least distance under ACCEPT_BELOW does.
    """
    for candidate in candidates:
        if query.isrc and candidate.isrc == query.isrc:
            return candidate, MatchMethod.ISRC, 0.0
    ranked = sorted(((distance(query, c), n, c) for n, c in enumerate(candidates)), key=lambda r: r[:2])
    if not ranked:
        return None, MatchMethod.NONE, 1.0
    least, _, nearest = ranked[0]
    if least >= ACCEPT_BELOW:
        return None, MatchMethod.NONE, least
    return nearest, MatchMethod.SEARCH, least


def blocking_words(title: str) -> frozenset[str]:
    """Words that make a title another recording, where they stand in brackets, after a dash, or at its end."""
    text = anyascii(title).lower()
    aside = " ".join(BRACKETS.findall(text)) + " " + " ".join(text.split()[-1:])
    return frozenset(word for word in BLOCKING if re.search(rf"\b{word}\b", aside))


def _title_distance(one: str, other: str) -> float:
    a, b = normalize_name(one), normalize_name(other)
    bare = _name_distance(BRACKETS.sub("", a) or a, BRACKETS.sub("", b) or b)
    return (1 - BRACKET_WEIGHT) * bare + BRACKET_WEIGHT * _name_distance(a, b)


def _name_distance(one: str, other: str) -> float:
    a, b = normalize_name(one), normalize_name(other)
    return 1.0 - max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b)) / 100.0


def _artist_forms(recording: Recording) -> list[str]:
    return [*recording.artists, " & ".join(recording.artists)]
