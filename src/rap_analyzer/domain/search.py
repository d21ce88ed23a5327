"""Questions to the corpus, and hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RANK_CONSTANT = 60
"""k of reciprocal rank fusion (Cormack, Clarke & Büttcher 2009)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is limited to; None means any."""

    artist: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A track that answers a query.

    Attributes:
        track_id: the track.
        title: its title.
        artist: its primary artists.
        year: of release, or None.
        source: where it came from (`demo` for the demo corpus).
        section: header of the passage's section.
        first_bar: index of the passage's first bar in the song.
        passage: the passage that answers best.
        marked: the passage with matching words between U+E000 and U+E001.
        similarity: cosine of passage and query, or None without embeddings.
        score: reciprocal rank fusion of meaning and words.
        matched_by: `meaning`, `words`, or both.
    """

    track_id: int
    title: str
    artist: str
    year: int | None
    source: str
    section: str
    first_bar: int
    passage: str
    marked: str
    similarity: float | None = None
    score: float = 0.0
    matched_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimilarTrack:
    """A neighbour of a track; `similarity` is the cosine of their lyrics embeddings."""

    track_id: int
    title: str
    artist: str
    year: int | None
    source: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits for a query, and a sentence when part of the search could not be done."""

    query: str
    hits: tuple[Hit, ...]
    notice: str = ""


def fuse_ranks(rankings: Mapping[str, Sequence[int]]) -> list[tuple[int, float, tuple[str, ...]]]:
    """Joins rankings by reciprocal rank fusion.

    Args:
        rankings: name of a ranking to ids, best first.

    Returns:
        (id, score, names of the rankings it stands in), best first; equal scores in order of id.
    """
    scores: dict[int, float] = {}
    names: dict[int, list[str]] = {}
    for name, ids in rankings.items():
        for rank, item in enumerate(ids, start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (RANK_CONSTANT + rank)
            names.setdefault(item, []).append(name)
    return [(item, scores[item], tuple(names[item])) for item in sorted(scores, key=lambda i: (-scores[i], i))]
