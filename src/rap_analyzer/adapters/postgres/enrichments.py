"""What metadata services say of the tracks, in PostgreSQL: each field with its service and date."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import query
from rap_analyzer.domain.enrichment import (
    ASKED_AGAIN_AFTER,
    AUDIO_FEATURES,
    GOOD_FOR,
    OF_LATE,
    Coverage,
    FieldCoverage,
    MatchMethod,
    SourceCoverage,
    UnenrichedTrack,
    audio_embedding,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.adapters.postgres.database import Connection, Database
    from rap_analyzer.domain.enrichment import Enrichment

CONSTANTS: Mapping[str, Any] = {
    "good_for": GOOD_FOR,
    "asked_again_after": ASKED_AGAIN_AFTER,
    "of_late": OF_LATE,
    "nine": list(AUDIO_FEATURES),
}


class EnrichmentStore:
    """`ports.EnrichmentStore`.

    Args:
        database: where it is kept.
        order: names of the services, the one whose word counts most first.
    """

    def __init__(self, database: Database, order: Sequence[str] = ()) -> None:
        self._database = database
        self._order = list(order)

    async def count_unenriched(self, source: str, *, refresh: bool = False) -> int:
        """Tracks that this service is to be asked about."""
        return await self._count("count_unenriched", source, refresh=refresh)

    async def load_unenriched(
        self, source: str, limit: int, after: int, *, refresh: bool = False
    ) -> list[UnenrichedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""
        return await self._load("load_unenriched", source, limit, after, refresh=refresh)

    async def count_featureless(self, source: str, ids_of: str, *, refresh: bool = False) -> int:
        """Tracks whose audio features this service is to be asked for."""
        return await self._count("count_featureless", source, refresh=refresh, ids_of=ids_of)

    async def load_featureless(
        self, source: str, ids_of: str, limit: int, after: int, *, refresh: bool = False
    ) -> list[UnenrichedTrack]:
        """Up to `limit` of them with an id above `after`, by id, tied to a recording of the service `ids_of`."""
        return await self._load("load_featureless", source, limit, after, refresh=refresh, ids_of=ids_of)

    async def save_enrichments(self, enrichments: Sequence[Enrichment]) -> None:
        """Save a batch, and the audio embeddings that follow from it, in one transaction.

        A later answer of the same service about the same recording replaces the fields that it has; the others stay,
        with their date.
        """
        rows = [_row(e) for e in enrichments]
        ids = sorted({e.track_id for e in enrichments})

        async def work(connection: Connection) -> None:
            async with connection.cursor() as cursor:
                await cursor.executemany(query("save_enrichment"), rows)
            await self._embed(connection, ids)

        await self._database.run(work)

    async def refresh_audio_embeddings(self) -> int:
        """Make the audio embeddings anew that another order of the services makes another's. Returns how many."""

        async def work(connection: Connection) -> int:
            return await self._embed(connection, None)

        return await self._database.run(work)

    async def save_asking(self, source: str, failure: str) -> None:
        """How a run fared with a service: why it could not be asked, or nothing."""

        async def work(connection: Connection) -> None:
            await connection.execute(query("save_asking"), {"source": source, "failure": failure})

        await self._database.run(work)

    async def count_kept(self, source: str) -> tuple[int, int]:
        """Matched tracks whose answer by this service is within the week, and those whose answer is older."""
        row = await self._database.fetch_one("count_kept", {**CONSTANTS, "source": source})
        return (row["stale"], row["out_of_date"]) if row else (0, 0)

    async def load_enrichments(self, track_id: int) -> list[dict[str, Any]]:
        """What each service says of a track, in their order, with its `freshness` (a `domain.enrichment.Freshness`)."""
        parameters = {**CONSTANTS, "track_id": track_id, "sources": self._order}
        return await self._database.fetch("load_enrichments", parameters)

    async def load_coverage(self) -> Coverage:
        """How much is known of the stored tracks, by field and by service."""
        rows = await self._database.fetch("load_coverage", CONSTANTS)
        figures: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            figures[row["about"]].append(row)
        asked = dict.fromkeys([*self._order, *(row["source"] for row in figures["method"] + figures["failure"])])
        return Coverage(
            tracks=figures["tracks"][0]["tracks"],
            embedded=figures["embedded"][0]["tracks"],
            fields=tuple(
                FieldCoverage(
                    row["name"],
                    row["tracks"],
                    {r["source"]: r["tracks"] for r in figures["field_source"] if r["name"] == row["name"]},
                    row["oldest"],
                    row["newest"],
                )
                for row in figures["field"]
            ),
            sources=tuple(_source_coverage(name, figures) for name in asked),
        )

    async def _embed(self, connection: Connection, ids: Sequence[int] | None) -> int:
        parameters = {**CONSTANTS, "sources": self._order, "ids": ids}
        cursor = await connection.execute(query("load_audio_choices"), parameters)
        changed = [_embedding_row(**row) for row in await cursor.fetchall()]
        async with connection.cursor() as writing:
            await writing.executemany(query("save_audio_embedding"), changed)
        return len(changed)

    async def _load(self, name: str, source: str, limit: int, after: int, **more: Any) -> list[UnenrichedTrack]:
        parameters = {**self._asking(source), **more, "limit": limit, "after": after}
        return [UnenrichedTrack(**row) for row in await self._database.fetch(name, parameters)]

    async def _count(self, name: str, source: str, **more: Any) -> int:
        row = await self._database.fetch_one(name, {**self._asking(source), **more})
        return int(row["count"]) if row else 0

    def _asking(self, source: str) -> dict[str, Any]:
        before = self._order[: self._order.index(source)] if source in self._order else []
        return {**CONSTANTS, "source": source, "before": before}


def _source_coverage(name: str, figures: Mapping[str, list[dict[str, Any]]]) -> SourceCoverage:
    def counts(about: str) -> dict[str, int]:
        return {row["name"]: row["tracks"] for row in figures[about] if row["source"] == name}

    methods = counts("method")
    failure = next((row["name"] for row in figures["failure"] if row["source"] == name), "")
    ordered = {str(method): methods[method] for method in MatchMethod if method in methods}
    return SourceCoverage(name, ordered, counts("withheld"), counts("freshness"), failure)


def _row(enrichment: Enrichment) -> dict[str, Any]:
    recording = enrichment.recording
    return {
        "track_id": enrichment.track_id,
        "source": enrichment.source,
        "method": str(enrichment.method),
        "distance": enrichment.distance,
        "recording_id": recording.id if recording else enrichment.asked_id,
        "data": Jsonb(recording.fields if recording else {}),
        "audio_features": Jsonb(enrichment.audio_features),
        "withheld": list(recording.withheld) if recording else [],
    }


def _embedding_row(id: int, source: str | None, audio_features: dict[str, float] | None) -> dict[str, Any]:  # noqa: A002
    vector = audio_embedding(audio_features or {})
    return {"track_id": id, "source": source, "audio_embedding": None if vector is None else str(vector)}
