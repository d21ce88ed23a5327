"""Finds tracks by what they mean and by the words in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import InputError, ModelError
from rap_analyzer.domain.search import Answer, Filters, fuse_ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.search import Hit, SimilarTrack
    from rap_analyzer.ports import Embedder, SearchStore

CANDIDATES = 60
"""How far down each ranking is looked before they are joined."""
WORDS_WEIGHT, QUOTED_WEIGHT = 0.5, 3.0
"""Shared words say less than meaning does, unless they were asked for in quotes."""
MAX_QUERY_CHARACTERS = 1000
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Searcher:
    """Search by meaning and words, joined by reciprocal rank fusion."""

    store: SearchStore
    embedder: Embedder

    async def search(self, query: str, filters: Filters | None = None, limit: int = 10) -> Answer:
        """Tracks that answer the query, best first, each with its best passage.

        Without the embedding model the words alone are searched, and the answer's notice says so.

        Raises:
            InputError: the query is empty or too long, or the limit out of range.
        """
        query = query.replace("\x00", " ").strip()
        _check(query, limit)
        filters = _storable(filters or Filters())
        rankings: dict[str, tuple[float, Sequence[int]]] = {}
        embedding, notice = await self._embed(query)
        depth = max(CANDIDATES, limit)
        if embedding is not None:
            nearest = await self.store.search_meaning(embedding, self.embedder.model, filters, depth)
            rankings["meaning"] = (1.0, nearest)
        matching = await self.store.search_words(query, filters, depth)
        rankings["words"] = (QUOTED_WEIGHT if '"' in query else WORDS_WEIGHT, matching)
        best = fuse_ranks(rankings)[: 2 * limit]
        hits = await self.store.load_hits([track for track, _, _ in best], query, embedding)
        found = [replace(hits[t], score=score, matched_by=by) for t, score, by in best if t in hits]
        return Answer(query, tuple(_each_song_once(found)[:limit]), notice)

    async def similar(self, track_id: int, limit: int = 10) -> Sequence[SimilarTrack]:
        """The track's nearest neighbours by meaning; none while it is not embedded.

        Raises:
            InputError: the limit is out of range.
        """
        _check_limit(limit)
        return await self.store.load_similar(track_id, limit)

    async def _embed(self, query: str) -> tuple[list[float] | None, str]:
        try:
            vectors = await self.embedder.embed([query])
        except ModelError as error:
            return None, f"Searched by words only. {error}"
        embedding: list[float] = vectors[0].tolist()
        return embedding, ""


def _each_song_once(hits: Sequence[Hit]) -> list[Hit]:
    """Of the versions of a song the best hit stands for all; the same words are one even before they are linked."""
    wordings: dict[str, Hit] = {}
    for hit in hits:
        wordings.setdefault(hit.lyrics_digest, hit)
    songs: dict[int, Hit] = {}
    for hit in wordings.values():
        songs.setdefault(hit.song or hit.track_id, hit)
    return list(songs.values())


def _storable(filters: Filters) -> Filters:
    """Without NUL characters, which no stored text has and PostgreSQL refuses."""
    artist, language = (text and text.replace("\x00", " ") for text in (filters.artist, filters.language))
    return replace(filters, artist=artist, language=language)


def _check(query: str, limit: int) -> None:
    if not query:
        raise InputError("The query is empty; type what the song is about, such as: rap search 'missing my brother'.")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise InputError(f"The query has {len(query):,} characters; at most {MAX_QUERY_CHARACTERS:,} are read.")
    _check_limit(limit)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InputError(f"The limit is {limit}; it must be from 1 to {MAX_LIMIT}.")
