"""Batches on their way: planned, waiting, being done, ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, query
from rap_analyzer.adapters.postgres.filters import filtered
from rap_analyzer.domain.job import JobRow, QueueCount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.job import AnalyzerKey
    from rap_analyzer.domain.track_filter import Condition

PLANNING_KEY = 0x7261705F706C  # "rap_pl"
TASK = "analyze_batch"
"""What the queue calls the work on a batch."""


class JobStore:
    """The queue's rows, as commands and workers read and change them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(
        self,
        key: AnalyzerKey,
        batch_size: int,
        where: Sequence[Condition] = (),
        priority: int = 0,
        budget: int | None = None,
    ) -> tuple[int, int]:
        """Queue what lacks this analysis and is not queued yet, in the transaction that finds it.

        Args:
            key: the analysis; its analyzer's name is the queue.
            batch_size: tracks of a batch.
            where: conditions that the tracks meet besides.
            priority: the highest are begun first.
            budget: number of the one that the batches may spend, and those that wait for this analysis without one.

        Returns:
            Batches, and tracks in them.
        """
        statement, values = filtered("plan_batches", where)
        values |= {**key._asdict(), "size": batch_size, "priority": priority, "task": TASK, "budget": budget}
        values["conditions"] = Jsonb([asdict(condition) for condition in where])

        async def work(connection: Connection) -> tuple[int, int]:
            await connection.execute(query("lock_planning"), {"key": PLANNING_KEY})
            if budget is not None:
                await connection.execute(query("give_budget"), values)
            row = await (await connection.execute(statement, values)).fetchone()
            return (int(row["jobs"]), int(row["tracks"])) if row else (0, 0)

        return await self._database.run(work)

    async def load_open(self, queues: Sequence[str]) -> dict[int, int]:
        """Batches that wait or are being done in these queues: tracks of each, by number."""
        rows = await self._database.fetch("load_open_jobs", {"task": TASK, "queues": list(queues)})
        return {row["id"]: row["tracks"] for row in rows}

    async def load_ended(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Which of these have ended: status and, where it went wrong, reason, by number."""
        rows = await self._database.fetch("load_ended_jobs", {"ids": list(ids)})
        return {row["id"]: (row["status"], row["reason"]) for row in rows}

    async def list_jobs(self, statuses: Sequence[str], limit: int) -> list[JobRow]:
        """Jobs with one of these statuses, the newest first."""
        rows = await self._database.fetch("load_jobs", {"task": TASK, "statuses": list(statuses), "limit": limit})
        return [JobRow(**row) for row in rows]

    async def count(self) -> list[QueueCount]:
        """How each queue stands."""
        return [QueueCount(**row) for row in await self._database.fetch("count_jobs", {"task": TASK})]

    async def has_workers(self, silence_s: float) -> bool:
        """Whether any worker has shown a sign of life within so many seconds."""
        row = await self._database.fetch_one("has_workers", {"silence": silence_s})
        return bool(row and row["alive"])

    async def cancel(self, ids: Sequence[int] | None) -> int:
        """Take these out, or all that are open; what is being done is asked to stop. Returns how many."""
        rows = await self._database.fetch("cancel_jobs", _chosen(ids))
        return sum(row["id"] is not None for row in rows)

    async def retry(self, ids: Sequence[int] | None) -> int:
        """Queue these again, or all that have failed. Returns how many."""
        return len(await self._database.fetch("retry_jobs", _chosen(ids)))

    async def rescue(self, silence_s: float) -> int:
        """Queue again what is held by workers that have been silent for so long. Returns how many batches."""
        return len(await self._database.fetch("rescue_jobs", {"silence": silence_s}))

    async def delete_old(self, days: int) -> None:
        """Forget jobs that ended so many days ago."""
        await self._database.fetch("delete_old_jobs", {"days": days})

    async def save_failure(self, job_id: int, reason: str) -> None:
        """Keep why a job went wrong."""
        await self._do("save_job_failure", {"job_id": job_id, "reason": reason})

    async def delete_failure(self, job_id: int) -> None:
        """A job that went well in the end has no failure."""
        await self._do("delete_job_failure", {"job_id": job_id})

    async def _do(self, name: str, values: dict[str, Any]) -> None:
        await self._database.fetch(name, values)


def _chosen(ids: Sequence[int] | None) -> dict[str, Any]:
    return {"task": TASK, "ids": None if ids is None else list(ids)}
