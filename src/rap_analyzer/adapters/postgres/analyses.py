"""Analyses in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, copy_rows, query
from rap_analyzer.adapters.postgres.filters import filtered
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, StandIns, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.job import AnalyzerKey
    from rap_analyzer.domain.track_filter import Condition


REFRESH_KEY = 0x7261705F7063  # "rap_pc"
SMALL_CORPUS = 10_000
"""Tracks below which the quantiles are made anew after every change: it takes a second or two."""
FRACTIONS = [max(0.0, percent / 100 - 1e-9) for percent in range(101)]
"""A hair less than a percentage: 0.07 × 100 tracks is more than 7 in floating point, and would take the eighth."""


LAST_ID = 2**63 - 1
STAGED_TYPES = ("int8", "text", "text", "text", "text", "text", "jsonb", "float4", "text", "text")


class AnalysisStore:
    """What analyzers say of the tracks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_unanalyzed(self, key: AnalyzerKey) -> int:
        """Tracks that lack this analysis of their present words."""
        return await _count(self._database, "count_unanalyzed", key._asdict())

    async def load_unanalyzed(
        self,
        key: AnalyzerKey,
        limit: int,
        after: int,
        last: int = LAST_ID,
        where: Sequence[Condition] = (),
        parts: Sequence[AnalyzerKey] = (),
    ) -> list[tuple[int, str, AnalysisInput]]:
        """Up to `limit` of them with an id above `after`, as far as `last`: (track id, lyrics digest, input), by id.

        Args:
            key: the analysis that they lack.
            limit: most tracks.
            after: an id below that of the first.
            last: the highest id.
            where: conditions that they meet besides.
            parts: analyses that the input is to have; tracks that lack one of them are not ready, and left out.
        """
        statement, values = filtered("load_unanalyzed", where)
        names, versions, hashes = zip(*parts, strict=True) if parts else ((), (), ())
        values |= {**key._asdict(), "limit": limit, "after": after, "last": last}
        values |= {"part_names": [*names], "part_versions": [*versions], "part_hashes": [*hashes]}

        async def work(connection: Connection) -> list[dict[str, Any]]:
            return await (await connection.execute(statement, values)).fetchall()

        return [(row["id"], row["lyrics_digest"], _input(row)) for row in await self._database.run(work)]

    async def save_analyses(self, analyses: Sequence[tuple[int, str, Analysis]]) -> None:
        """Save a batch of (track id, lyrics digest, analysis) in one transaction; what is there already stays."""
        rows = [_analysis_row(*analysis) for analysis in analyses]

        async def work(connection: Connection) -> None:
            await connection.execute(query("create_staged_analyses"))
            await copy_rows(connection, "copy_analyses", STAGED_TYPES, rows)
            await connection.execute(query("save_staged_analyses"))

        await self._database.run(work)

    async def last_analysis(self) -> int:
        """A mark: what is saved from now on has a higher number."""
        row = await self._database.fetch_one("last_analysis")
        return int(row["id"]) if row else 0

    async def count_made_since(self, mark: int, analyzers: Sequence[str]) -> dict[str, dict[Status, int]]:
        """What these analyzers have said of tracks since then, by analyzer and status, whichever process it was in."""
        counts: dict[str, dict[Status, int]] = {}
        for row in await self._database.fetch("count_made_since", {"after": mark, "analyzers": list(analyzers)}):
            counts.setdefault(row["analyzer"], {})[Status(row["status"])] = row["count"]
        return counts

    async def count_stand_ins_since(self, mark: int, analyzers: Sequence[str]) -> list[StandIns]:
        """How many of what `count_made_since` counts was said by another analyzer in its place."""
        rows = await self._database.fetch("count_stand_ins_since", {"after": mark, "analyzers": list(analyzers)})
        return [StandIns(**{**row, "status": Status(row["status"])}) for row in rows]

    async def load_versions_of(self, analyzer: str) -> dict[str, int]:
        """Versions of an analyzer that have judged anything, with the number of tracks."""
        rows = await self._database.fetch("load_versions_of", {"analyzer": analyzer})
        return {row["version"]: row["tracks"] for row in rows}

    async def load_both(self, analyzer: str, old: str, new: str, after: int, limit: int) -> list[dict[str, Any]]:
        """Tracks that two versions have judged by the same words, by id above `after`: both statuses and measures."""
        parameters = {"analyzer": analyzer, "old": old, "new": new, "after": after, "limit": limit}
        return await self._database.fetch("compare_versions", parameters)

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


def _input(row: dict[str, Any]) -> AnalysisInput:
    parts = tuple(Analysis(**{**part, "status": Status(part["status"])}) for part in row["parts"] or ())
    return AnalysisInput(row["lyrics"], row["language"], parts)


def _analysis_row(track_id: int, digest: str, analysis: Analysis) -> tuple[Any, ...]:
    filed = (analysis.analyzer, analysis.version, analysis.config_hash, str(analysis.status))
    said = (Jsonb(analysis.measures, orjson.dumps), analysis.confidence, analysis.fallback, analysis.reason)
    return (track_id, digest, *filed, *said)


async def _count(database: Database, name: str, parameters: dict[str, Any]) -> int:
    row = await database.fetch_one(name, parameters)
    return int(row["count"]) if row else 0
