"""Questions to the corpus, and hits."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RANK_CONSTANT = 10
"""k of reciprocal rank fusion (Cormack, Clarke & Büttcher 2009, who use 60 for the deep rankings of TREC)."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is limited to; None means any.

    Attributes:
        artist: name of a primary or featured artist, whatever its case.
        year_from: first year of release.
        year_to: last year.
        language: ISO 639-1 code.
        excluded: words and phrases; a track that has one of them is left out.
    """

    artist: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    language: str | None = None
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A track that answers a query.

    Attributes:
        track_id: the track.
        title: its title.
        artist: its primary artists.
        year: of release, or None.
        source: where it came from (`demo` for the demo corpus).
        lyrics_digest: version of its words: the same words under another number are not shown twice.
        section: header of the passage's section.
        first_bar: index of the passage's first bar in the song.
        passage: the passage that answers best.
        marked: the passage with matching words between U+E000 and U+E001.
        similarity: cosine of passage and query, or None without embeddings.
        score: reciprocal rank fusion of meaning and words.
        matched_by: `meaning`, `words`, or both.
        song: number of the original of its song, of which one version is shown; its own where there are no others.
    """

    track_id: int
    title: str
    artist: str
    year: int | None
    source: str
    lyrics_digest: str
    section: str
    first_bar: int
    passage: str
    marked: str
    similarity: float | None = None
    score: float = 0.0
    matched_by: tuple[str, ...] = ()
    song: int | None = None


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


MARK_START, MARK_END = "\ue000", "\ue001"


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as `/search` and `rap search --json` give it."""
    return {
        "track_id": hit.track_id,
        "title": hit.title,
        "artist": hit.artist,
        "year": hit.year,
        "source": hit.source,
        "section": hit.section,
        "first_bar": hit.first_bar,
        "passage": hit.passage,
        "matching_words": matching_words(hit.marked),
        "similarity": None if hit.similarity is None else round(hit.similarity, 4),
        "score": round(hit.score, 6),
        "matched_by": list(hit.matched_by),
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as `/search` and `rap search --json` give it."""
    found: dict[str, Any] = {"query": answer.query, "hits": [hit_json(hit) for hit in answer.hits]}
    if answer.notice:
        found["notice"] = answer.notice
    if any(hit.source == "demo" for hit in answer.hits):
        found["source"] = "demo"
    return found


def similar_json(track_id: int, similar: Sequence[SimilarTrack]) -> dict[str, Any]:
    """Neighbours as `/tracks/{id}/similar` and `rap similar --json` give them."""
    rows = [{**asdict(s), "similarity": round(s.similarity, 4)} for s in similar]
    return {"track_id": track_id, "similar": rows}


def matching_words(marked: str) -> list[str]:
    """The words between the marks, each once, in order."""
    return list(dict.fromkeys(w.lower() for w in re.findall(f"{MARK_START}(.*?){MARK_END}", marked)))


def marked_as(text: str, marked: str) -> str:
    """The text with the marks of a plainer form of it, which is as long, letter for letter."""
    if len(marked.replace(MARK_START, "").replace(MARK_END, "")) != len(text):
        return text
    letters = iter(text)
    return "".join(c if c in (MARK_START, MARK_END) else next(letters) for c in marked)


def fuse_ranks(rankings: Mapping[str, tuple[float, Sequence[int]]]) -> list[tuple[int, float, tuple[str, ...]]]:
    """Joins rankings by reciprocal rank fusion: an item's score is the sum of weight / (k + its rank), ranks from 1.

    Args:
        rankings: name of a ranking to its weight and ids, best first.

    Returns:
        (id, score, names of the rankings it stands in), best first; equal scores in order of id.
    """
    scores: dict[int, float] = {}
    names: dict[int, list[str]] = {}
    for name, (weight, ids) in rankings.items():
        for rank, item in enumerate(ids, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (RANK_CONSTANT + rank)
            names.setdefault(item, []).append(name)
    return [(item, scores[item], tuple(names[item])) for item in sorted(scores, key=lambda i: (-scores[i], i))]
