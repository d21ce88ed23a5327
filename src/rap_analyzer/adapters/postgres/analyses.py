"""Analyses in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection


REFRESH_KEY = 0x7261705F7063  # "rap_pc"
SMALL_CORPUS = 10_000
"""Tracks below which the quantiles are made anew after every change: it takes a second or two."""
FRACTIONS = [max(0.0, percent / 100 - 1e-9) for percent in range(101)]
"""A hair less than a percentage: 0.07 × 100 tracks is more than 7 in floating point, and would take the eighth."""


class AnalysisStore:
    """What analyzers say of the tracks."""

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


async def _count(database: Database, name: str, parameters: dict[str, Any]) -> int:
    row = await database.fetch_one(name, parameters)
    return int(row["count"]) if row else 0
