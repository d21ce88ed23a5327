"""Passages, embeddings and search in PostgreSQL with pgvector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rap_analyzer.adapters.postgres.database import Database, copy_rows, query
from rap_analyzer.domain.errors import NotFound
from rap_analyzer.domain.passage import Passage, UnembeddedTrack
from rap_analyzer.domain.search import Hit, SimilarTrack, marked_as
from rap_analyzer.domain.themes import EmbeddedPassage, EmbeddedTrack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.passage import TrackEmbedding
    from rap_analyzer.domain.query import SearchQuery
    from rap_analyzer.domain.search import Filters

PASSAGE_TYPES = ("int8", "text", "int2", "text", "text", "int4", "int4", "text", "halfvec", "text")
PASSAGES_PER_TRACK = 8
"""A track has about this many passages, so this many times the limit are looked at for `limit` tracks."""


class PassageStore:
    """Passages and track embeddings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_unembedded(self, model: str) -> int:
        """Tracks whose present words have no embedding by this model."""
        row = await self._database.fetch_one("count_unembedded", {"model": model})
        return int(row["count"]) if row else 0

    async def load_unembedded(self, model: str, limit: int, after: int) -> list[UnembeddedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""
        rows = await self._database.fetch("load_unembedded", {"model": model, "limit": limit, "after": after})
        return [UnembeddedTrack(**row) for row in rows]

    async def save_embeddings(self, embeddings: Sequence[TrackEmbedding], model: str) -> None:
        """Replace the passages and the embedding of each track, in one transaction."""

        async def work(connection: Connection) -> None:
            ids = [e.track_id for e in embeddings]
            cursor = await connection.execute(query("lock_tracks"), {"track_ids": ids})
            present = {row["id"]: row["lyrics_digest"] for row in await cursor.fetchall()}
            fresh = [e for e in embeddings if present.get(e.track_id) == e.lyrics_digest]
            await connection.execute(query("delete_passages"), {"track_ids": [e.track_id for e in fresh]})
            await copy_rows(connection, "copy_passages", PASSAGE_TYPES, [r for e in fresh for r in _rows(e, model)])
            async with connection.cursor() as writer:
                await writer.executemany(query("save_track_embedding"), [_mean(e, model) for e in fresh])

        await self._database.run(work)

    async def load_embeddings(self, track_id: int) -> EmbeddedTrack:
        """The passages of a track's present words, with their vectors, in order; none until they are embedded.

        Raises:
            NotFound: no track has that number.
        """
        rows = await self._database.fetch("load_embeddings", {"track_id": track_id})
        if not rows:
            raise NotFound(f"No track has the number {track_id}; `rap search` shows the numbers of tracks.")
        return EmbeddedTrack(
            rows[0]["language"],
            rows[0]["model"],
            tuple(_embedded_passage(row) for row in rows if row["vector"] is not None),
        )


class SearchStore:
    """Nearest passages, matching words, and both joined to hits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search_meaning(self, embedding: Sequence[float], model: str, filters: Filters, limit: int) -> list[int]:
        """Track ids by their best passage's cosine similarity to the query, best first."""
        passages = limit * PASSAGES_PER_TRACK
        parameters = _filters(filters) | {
            "embedding": _half(embedding), "model": model, "limit": limit, "passages": passages
        }  # fmt: skip

        async def work(connection: Connection) -> list[int]:
            # Filters apply after the index scan: without this a narrow one would leave too few.
            await connection.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
            await connection.execute(f"SET LOCAL hnsw.ef_search = {min(1000, max(100, passages))}")
            cursor = await connection.execute(query("search_meaning"), parameters)
            return [row["track_id"] for row in await cursor.fetchall()]

        return await self._database.run(work)

    async def search_words(self, query: SearchQuery, filters: Filters, limit: int) -> list[int]:
        """Track ids by full-text rank, best first."""
        parameters = _filters(filters) | {"words": query.words, "phrases": list(query.phrases), "limit": limit}
        return [row["track_id"] for row in await self._database.fetch("search_words", parameters)]

    async def has_word(self, words: str) -> bool:
        """Whether any track has any of the words."""
        row = await self._database.fetch_one("load_has_word", {"query": words})
        return bool(row and row["has_word"])

    async def is_artist(self, name: str) -> bool:
        """Whether an artist of some track is called so, whatever the case."""
        row = await self._database.fetch_one("load_is_artist", {"name": name})
        return bool(row and row["is_artist"])

    async def load_artist_names(self) -> list[str]:
        """Names of all artists of tracks, in alphabetical order."""
        return [row["name"] for row in await self._database.fetch("load_artist_names")]

    async def load_languages(self) -> list[str]:
        """ISO 639-1 codes of the tracks' languages, the commonest first."""
        return [row["language"] for row in await self._database.fetch("load_languages")]

    async def load_hits(
        self, track_ids: Sequence[int], query: str, embedding: Sequence[float] | None
    ) -> dict[int, Hit]:
        """Each track's best passage for the query, with the matching words marked."""
        vector = None if embedding is None else _half(embedding)
        parameters = {"track_ids": list(track_ids), "query": query, "embedding": vector}
        rows = await self._database.fetch("load_hits", parameters)
        rows += await self._database.fetch("load_hits_without_passages", parameters)
        return {row["track_id"]: _hit(row) for row in rows}

    async def load_similar(self, track_id: int, limit: int) -> list[SimilarTrack]:
        """Nearest tracks by lyrics embedding, best first; other numbers of the same words are left out."""
        rows = await self._database.fetch("load_similar", {"track_id": track_id, "limit": limit})
        return [SimilarTrack(**row) for row in rows]


def _half(vector: Sequence[float]) -> Any:
    from pgvector import HalfVector

    return HalfVector(list(vector))


def _rows(embedding: TrackEmbedding, model: str) -> list[tuple[Any, ...]]:
    return [
        (
            embedding.track_id, embedding.lyrics_digest, n, p.kind, p.label, p.first_bar, p.last_bar, p.text,
            _half(vector), model,
        )
        for n, (p, vector) in enumerate(zip(embedding.passages, embedding.vectors, strict=True))
    ]  # fmt: skip


def _embedded_passage(row: dict[str, Any]) -> EmbeddedPassage:
    passage = Passage(row["kind"], row["label"], row["first_bar"], row["last_bar"], row["text"])
    return EmbeddedPassage(passage, row["vector"])


def _mean(embedding: TrackEmbedding, model: str) -> dict[str, Any]:
    return {
        "track_id": embedding.track_id,
        "lyrics_digest": embedding.lyrics_digest,
        "mean": _half(embedding.mean) if len(embedding.mean) else None,
        "model": model,
    }


def _filters(filters: Filters) -> dict[str, Any]:
    return {
        "artist": filters.artist,
        "year_from": filters.year_from,
        "year_to": filters.year_to,
        "language": filters.language,
        "excluded": list(filters.excluded),
    }


def _hit(row: dict[str, Any]) -> Hit:
    return Hit(
        track_id=row["track_id"],
        title=row["title"],
        artist=row["artist"],
        year=row["year"],
        source=row["source"],
        lyrics_digest=row["lyrics_digest"],
        section=row["label"],
        first_bar=row["first_bar"],
        passage=row["text"],
        marked=marked_as(row["text"], row["marked"]),
        similarity=row["similarity"],
        song=row["song"],
    )
