"""Tracks that a step failed on, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.domain.failure import FailedTrack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.failure import StepFailure
    from rap_analyzer.domain.job import AnalyzerKey


class FailureStore:
    """Tracks that were set apart, with the reasons."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_failures(self, step: str, version: str, failures: Sequence[StepFailure]) -> None:
        """Set tracks apart from what this version of a step still has to do; those that are reworded are left out."""
        if not failures:
            return
        rows = [
            {"track_id": f.track_id, "step": step, "version": version, "lyrics_digest": f.lyrics_digest,
             "reason": f.reason}
            for f in failures
        ]  # fmt: skip

        async def work(connection: Connection) -> None:
            async with connection.cursor() as cursor:
                await cursor.executemany(query("save_step_failure"), rows)

        await self._database.run(work)

    async def load_failed(
        self, steps: Mapping[str, str], analyzers: Sequence[AnalyzerKey], limit: int
    ) -> list[FailedTrack]:
        """Up to `limit` tracks that were set apart with their present words, by id.

        Args:
            steps: names of steps to their present versions.
            analyzers: analyses of which the failed ones are wanted.
            limit: most rows.
        """
        names, versions, hashes = zip(*analyzers, strict=True) if analyzers else ((), (), ())
        values = {"steps": [*steps], "step_versions": [*steps.values()], "limit": limit}
        values |= {"analyzers": [*names], "versions": [*versions], "hashes": [*hashes]}
        return [FailedTrack(**row) for row in await self._database.fetch("load_failed_tracks", values)]
