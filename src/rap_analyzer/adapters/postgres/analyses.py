"""Analyses and enrichments in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.enrichment import UnenrichedTrack, audio_embedding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.enrichment import Enrichment


REFRESH_KEY = 0x7261705F7063  # "rap_pc"
SMALL_CORPUS = 10_000
"""Tracks below which the quantiles are made anew after every change: it takes a second or two."""
FRACTIONS = [max(0.0, percent / 100 - 1e-9) for percent in range(101)]
"""A hair less than a percentage: 0.07 × 100 tracks is more than 7 in floating point, and would take the eighth."""


class AnalysisStore:
    """What analyzers and metadata services say of the tracks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_unanalyzed(self, analyzer: str, version: str, config_hash: str) -> int:
        """Tracks that lack this analysis of their present words."""
        key = {"analyzer": analyzer, "version": version, "config_hash": config_hash}
        return await _count(self._database, "count_unanalyzed", key)

    async def load_unanalyzed(
        self, analyzer: str, version: str, config_hash: str, limit: int, after: int
    ) -> list[tuple[int, str, AnalysisInput]]:
        """Up to `limit` of them with an id above `after`, by id, as (track id, lyrics digest, input)."""
        rows = await self._database.fetch(
            "load_unanalyzed",
            {"analyzer": analyzer, "version": version, "config_hash": config_hash, "limit": limit, "after": after},
        )
        return [(r["id"], r["lyrics_digest"], AnalysisInput(r["lyrics"], r["language"])) for r in rows]

    async def save_analyses(self, analyses: Sequence[tuple[int, str, Analysis]]) -> None:
        """Save a batch of (track id, lyrics digest, analysis) in one transaction; what is there already stays."""
        rows = [_analysis_row(*analysis) for analysis in analyses]

        async def work(connection: Connection) -> None:
            async with connection.cursor() as cursor:
                await cursor.executemany(query("save_analysis"), rows)

        await self._database.run(work)

    async def load_analyses(self, track_id: int) -> list[Analysis]:
        """What each analyzer says of a track's present words."""
        rows = await self._database.fetch("load_analyses", {"track_id": track_id})
        return [Analysis(**{**row, "status": Status(row["status"])}) for row in rows]

    async def refresh_percentiles(self) -> bool:
        """Make the quantiles anew if they are stale; processes that ask at once wait, and find it done.

        Returns:
            Whether they were stale.

        Raises:
            StoreError: the server refuses or stays away.
        """
        freshness = await self._database.fetch_one("load_freshness", {"small": SMALL_CORPUS})
        if not freshness or not freshness["stale"]:
            return False
        return await self._database.run(_refresh)


async def _refresh(connection: Connection) -> bool:
    await connection.execute(query("allow_long_refresh"))
    await connection.execute(query("lock_refresh"), {"key": REFRESH_KEY})
    # Read before the figures are: what comes in meanwhile makes the quantiles stale again, and is not forgotten.
    cursor = await connection.execute(query("load_freshness"), {"small": SMALL_CORPUS})
    freshness = await cursor.fetchone()
    if not freshness or not freshness["stale"]:
        return False
    await connection.execute(query("delete_quantiles"))
    await connection.execute(query("save_quantiles"), {"fractions": FRACTIONS})
    await connection.execute(query("save_freshness"), freshness)
    return True


class EnrichmentStore:
    """What metadata services say of the tracks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_unenriched(self, source: str) -> int:
        """Tracks that this service has not been asked about."""
        return await _count(self._database, "count_unenriched", {"source": source})

    async def load_unenriched(self, source: str, limit: int, after: int) -> list[UnenrichedTrack]:
        """Up to `limit` of them with an id above `after`, by id."""
        rows = await self._database.fetch("load_unenriched", {"source": source, "limit": limit, "after": after})
        return [UnenrichedTrack(**row) for row in rows]

    async def save_enrichments(self, enrichments: Sequence[Enrichment]) -> None:
        """Save a batch in one transaction; a later answer of the same service replaces an earlier one."""
        rows = [_enrichment_row(e) for e in enrichments]
        audio = [(e.track_id, audio_embedding(e.audio_features)) for e in enrichments]
        vectors = [{"track_id": i, "audio_embedding": str(v)} for i, v in audio if v is not None]

        async def work(connection: Connection) -> None:
            async with connection.cursor() as cursor:
                await cursor.executemany(query("save_enrichment"), rows)
                await cursor.executemany(query("save_audio_embedding"), vectors)

        await self._database.run(work)

    async def load_enrichments(self, track_id: int) -> list[dict[str, Any]]:
        """What each service says of a track."""
        return await self._database.fetch("load_enrichments", {"track_id": track_id})


def _analysis_row(track_id: int, digest: str, analysis: Analysis) -> dict[str, Any]:
    return {
        "track_id": track_id,
        "lyrics_digest": digest,
        "analyzer": analysis.analyzer,
        "version": analysis.version,
        "config_hash": analysis.config_hash,
        "status": str(analysis.status),
        "measures": Jsonb(analysis.measures),
        "confidence": analysis.confidence,
        "fallback": analysis.fallback,
        "reason": analysis.reason,
    }


def _enrichment_row(enrichment: Enrichment) -> dict[str, Any]:
    recording = enrichment.recording
    return {
        "track_id": enrichment.track_id,
        "source": enrichment.source,
        "method": str(enrichment.method),
        "distance": enrichment.distance,
        "recording_id": recording.id if recording else None,
        "data": Jsonb(recording.data if recording else {}),
        "audio_features": Jsonb(enrichment.audio_features),
        "withheld": list(recording.withheld) if recording else [],
    }


async def _count(database: Database, name: str, parameters: dict[str, Any]) -> int:
    row = await database.fetch_one(name, parameters)
    return int(row["count"]) if row else 0
