"""Finds tracks by what they mean and by the words in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rap_analyzer.domain.errors import InputError, ModelError
from rap_analyzer.domain.query import parse_query
from rap_analyzer.domain.search import Answer, Filters, fuse_ranks
from rap_analyzer.pipeline.search_filters import checked_filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.domain.query import SearchQuery
    from rap_analyzer.domain.search import Hit, SimilarTrack
    from rap_analyzer.ports import Embedder, SearchStore

CANDIDATES = 60
"""How far down each ranking is looked before they are joined."""
WORDS_WEIGHT, QUOTED_WEIGHT = 0.5, 3.0
"""Shared words say less than meaning does, unless they were asked for in quotes."""
LEAST_SIMILARITY, LEAST_OF_UNKNOWN = 0.2, 0.45
"""Cosine of the query and a passage below which a hit is none, unless they share words: for a query with a word that is
known, and for one without. Measured: docs/explanation/search.md."""
NOTHING_CLOSE = "Nothing in the corpus is close to that."
MAX_QUERY_CHARACTERS = 1000
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Searcher:
    """Search by meaning and words, joined by reciprocal rank fusion."""

    store: SearchStore
    embedder: Embedder

    async def search(self, typed: str, filters: Filters | None = None, limit: int = 10) -> Answer:
        """Tracks that answer the query, best first, each with its best passage.

        Words after a minus are in none of them, and what is in quotes is in those that are found by words. Without the
        embedding model the words alone are searched. Where that, a filter that no track can meet, a query that only
        excludes or one that nothing is close to leaves the answer short, its notice says so.

        Raises:
            InputError: the query is empty or too long, the limit is out of range, or a filter is none.
        """
        _check(typed, limit)
        query = parse_query(typed)
        if query.excluded and not query.wanted:
            return Answer(typed, (), f"The query only excludes; say what to look for besides {typed.strip()!r}.")
        filters, notice = await checked_filters(self.store, replace(filters or Filters(), excluded=query.excluded))
        if notice:
            return Answer(typed, (), notice)
        hits, notice = await self._find(query, filters, limit)
        if not hits and not notice:
            notice = NOTHING_CLOSE
        return Answer(typed, tuple(hits[:limit]), notice)

    async def _find(self, query: SearchQuery, filters: Filters, limit: int) -> tuple[list[Hit], str]:
        rankings: dict[str, tuple[float, Sequence[int]]] = {}
        embedding, notice = await self._embed(query.wanted)
        depth = max(CANDIDATES, limit)
        if embedding is not None:
            nearest = await self.store.search_meaning(embedding, self.embedder.model, filters, depth)
            rankings["meaning"] = (1.0, nearest)
        matching = await self.store.search_words(query, filters, depth)
        rankings["words"] = (QUOTED_WEIGHT if query.phrases else WORDS_WEIGHT, matching)
        best = fuse_ranks(rankings)[: 2 * limit]
        hits = await self.store.load_hits([track for track, _, _ in best], query.wanted, embedding)
        found = [replace(hits[t], score=score, matched_by=by) for t, score, by in best if t in hits]
        return _each_song_once(await self._close(query, found)), notice

    async def _close(self, query: SearchQuery, hits: Sequence[Hit]) -> list[Hit]:
        """The hits that share words with the query, or are near to it in meaning.

        A query without a single known word means nothing to the model, which puts it near to something all the same.
        """
        words = any("words" in hit.matched_by for hit in hits) or await self._knows_a_word(query.wanted)
        least = LEAST_SIMILARITY if words else LEAST_OF_UNKNOWN
        return [hit for hit in hits if "words" in hit.matched_by or (hit.similarity or 0.0) >= least]

    async def _knows_a_word(self, text: str) -> bool:
        """Whether a word stands in some track, or else in the dictionary."""
        if await self.store.has_word(text):
            return True
        from rap_analyzer.domain.dictionaries import in_dictionary

        return any(len(word) > 1 and in_dictionary(word) for word in re.findall(r"[^\W\d_]+", text.lower()))

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


def _check(query: str, limit: int) -> None:
    if not query.replace("\x00", " ").strip():
        raise InputError("The query is empty; type what the song is about, such as: rap search 'missing my brother'.")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise InputError(f"The query has {len(query):,} characters; at most {MAX_QUERY_CHARACTERS:,} are read.")
    _check_limit(limit)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InputError(f"The limit is {limit}; it must be from 1 to {MAX_LIMIT}.")
