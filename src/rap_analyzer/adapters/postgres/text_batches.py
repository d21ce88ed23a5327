"""What POST /batch was asked for, in PostgreSQL: the request, its texts, and what is said of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from psycopg.types.json import Jsonb

from rap_analyzer.adapters.postgres.database import Database, copy_rows, query
from rap_analyzer.adapters.postgres.filters import filtered
from rap_analyzer.adapters.postgres.jobs import TASK
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.batch_request import KEPT_DAYS, BatchEntry, BatchJob, BatchRequest
from rap_analyzer.domain.job import AnalyzerKey, Batch
from rap_analyzer.domain.track_filter import Condition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from uuid import UUID

    from rap_analyzer.adapters.postgres.database import Connection
    from rap_analyzer.domain.text_record import TextRecord

TEXT_TYPES = ("uuid", "int4", "text", "text", "text", "text")
TAKING_KEY = 0x7261705F7478  # "rap_tx"
PAGE = 100
"""Entries that are read at a time while a result is streamed."""


class BatchRequestStore:
    """Requests to analyse many texts or tracks, kept for KEPT_DAYS."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_texts(
        self, request: BatchRequest, texts: Sequence[TextRecord], jobs: Sequence[tuple[Batch, int]], most_waiting: int
    ) -> BatchRequest | None:
        """Keep a request with its texts, and queue its jobs (with priorities), in one transaction.

        Returns:
            The request; the one that is there already where its idempotency key is known; None where more than
            `most_waiting` analyses of texts would wait then, and nothing was kept.
        """
        rows = [
            (request.id, place, orjson.dumps(text.id).decode(), text.lyrics, text.language, text.fault)
            for place, text in enumerate(texts)
        ]
        queued = [{"analyzer": job.key.analyzer, "priority": priority, "args": job.to_json()} for job, priority in jobs]

        async def work(connection: Connection) -> bool:
            if not await _is_new(connection, request):
                return True
            if await _waiting(connection) + sum(job.tracks for job, _ in jobs) > most_waiting:
                await connection.execute(query("drop_batch_request"), {"id": request.id})
                return False
            await copy_rows(connection, "copy_batch_texts", TEXT_TYPES, rows)
            if queued:
                values = {"id": request.id, "task": TASK, "jobs": Jsonb(queued)}
                await connection.execute(query("queue_batch_texts"), values)
            return True

        return await self._saved(request) if await self._database.run(work) else None

    async def save_tracks(self, request: BatchRequest) -> BatchRequest:
        """Keep a request about tracks, waiting for the jobs that are open over them now.

        Returns:
            As `save_texts`.
        """
        statement, values = filtered("await_batch_jobs", request.conditions)
        values |= {"id": request.id, "task": TASK, **_asked(request)}

        async def work(connection: Connection) -> None:
            if await _is_new(connection, request):
                await connection.execute(statement, values)

        await self._database.run(work)
        return await self._saved(request)

    async def count_tracks(self, conditions: Sequence[Condition]) -> tuple[int, int]:
        """How many tracks meet the conditions, and the highest of their numbers."""
        [row] = await self._filtered("count_batch_tracks", conditions, {})
        return row["entries"], row["last_track"]

    async def load(self, number: UUID) -> BatchRequest | None:
        """The request of that number; None when there is none, or it is too old."""
        row = await self._database.fetch_one("load_batch_request", {"id": number, "days": KEPT_DAYS})
        return _request(row) if row else None

    async def load_by_key(self, key: str) -> BatchRequest | None:
        """The request of that idempotency key."""
        row = await self._database.fetch_one("load_batch_request_by_key", {"key": key})
        return _request(row) if row else None

    async def load_jobs(self, request: BatchRequest) -> list[BatchJob]:
        """How the jobs stand that it waits for."""
        return [BatchJob(**row) for row in await self._database.fetch("load_batch_jobs", {"id": request.id})]

    async def count_analyses(self, request: BatchRequest) -> dict[str, dict[str, int]]:
        """Its analyses that there are, by analyzer and status."""
        name = "count_batch_texts_analyses" if request.of_texts else "count_batch_tracks_analyses"
        values = {"id": request.id, "last_track": request.last_track, **_asked(request)}
        counts: dict[str, dict[str, int]] = {}
        for row in await self._filtered(name, request.conditions, values):
            counts.setdefault(row["analyzer"], {})[row["status"]] = row["count"]
        return counts

    async def entries(self, request: BatchRequest) -> AsyncIterator[BatchEntry]:
        """Its texts or tracks with what is said of them, in order, a page in memory at a time."""
        name = "load_batch_texts" if request.of_texts else "load_batch_tracks"
        names = [key.analyzer for key in request.keys]
        values = {"id": request.id, "last_track": request.last_track, "names": names, "limit": PAGE, "after": -1}
        while rows := await self._filtered(name, request.conditions, values):
            for row in rows:
                yield _entry(row)
            values["after"] = rows[-1]["position"]

    async def load_queues(self) -> list[str]:
        """Queues in which requests that are still wanted have jobs."""
        return [row["analyzer"] for row in await self._database.fetch("load_batch_queues")]

    async def cancel(self, request: BatchRequest) -> list[int]:
        """Give a request up. Returns its open jobs that nobody else waits for."""
        return [row["id"] for row in await self._database.fetch("cancel_batch_request", {"id": request.id})]

    async def delete_old(self) -> None:
        """Delete requests older than KEPT_DAYS with their texts and analyses."""
        await self._database.fetch("delete_old_batch_requests", {"days": KEPT_DAYS})

    def texts_of(self, number: UUID) -> RequestedTexts:
        """The texts of a request, as an analyzer works them off."""
        return RequestedTexts(self._database, number)

    async def _saved(self, request: BatchRequest) -> BatchRequest:
        if request.idempotency_key and (found := await self.load_by_key(request.idempotency_key)):
            return found
        return await self.load(request.id) or request

    async def _filtered(
        self, name: str, conditions: Sequence[Condition], values: dict[str, Any]
    ) -> list[dict[str, Any]]:
        statement, named = filtered(name, conditions)

        async def work(connection: Connection) -> list[dict[str, Any]]:
            return await (await connection.execute(statement, named | values)).fetchall()

        return await self._database.run(work)


class RequestedTexts:
    """The texts of one request: a `ports.VerdictStore` whose tracks they are, by their places."""

    def __init__(self, database: Database, number: UUID) -> None:
        self._database = database
        self._number = number

    async def load_unanalyzed(
        self,
        key: AnalyzerKey,
        limit: int,
        after: int,
        last: int,
        where: Sequence[Condition] = (),
        parts: Sequence[AnalyzerKey] = (),
    ) -> list[tuple[int, str, AnalysisInput]]:
        """Up to `limit` texts that lack this analysis, from above `after` as far as `last`: (place, "", input).

        Parts are told apart by their analyzers alone: within a request an analyzer has one say.
        """
        del where
        names = [part.analyzer for part in parts]
        values = {**key._asdict(), "id": self._number, "limit": limit, "after": after, "last": last, "parts": names}
        rows = await self._database.fetch("load_unanalyzed_texts", values)
        return [(row["position"], "", _input(row)) for row in rows]

    async def save_analyses(self, analyses: Sequence[tuple[int, str, Analysis]]) -> None:
        """Save a batch of (place, "", analysis); of an analyzer the later one stays."""
        rows = [{"position": place, **asdict(analysis)} for place, _, analysis in analyses]

        await self._database.fetch("save_batch_analyses", {"id": self._number, "rows": Jsonb(rows)})

    async def wake(self, analyzer: str) -> None:
        """Let the analyzer's jobs over these texts begin at once, if they have waited for others."""
        await self._database.fetch("wake_batch_jobs", {"id": self._number, "analyzer": analyzer})


async def _waiting(connection: Connection) -> int:
    """Analyses of texts that wait or are being made; whoever else asks waits until this transaction has ended."""
    await connection.execute(query("lock_taking"), {"key": TAKING_KEY})
    row = await (await connection.execute(query("count_waiting_texts"), {"task": TASK})).fetchone()
    return int(row["waiting"]) if row else 0


async def _is_new(connection: Connection, request: BatchRequest) -> bool:
    await connection.execute(query("delete_old_batch_requests"), {"days": KEPT_DAYS})
    values = {
        "id": request.id,
        "of_texts": request.of_texts,
        "entries": request.entries,
        "faulty": request.faulty,
        "last_track": request.last_track,
        "key": request.idempotency_key,
        "digest": request.body_digest,
        **_asked(request),
    }
    return await (await connection.execute(query("save_batch_request"), values)).fetchone() is not None


def _asked(request: BatchRequest) -> dict[str, Any]:
    return {
        "analyzers": Jsonb([key._asdict() for key in request.keys]),
        "conditions": Jsonb([asdict(condition) for condition in request.conditions]),
    }


def _request(row: dict[str, Any]) -> BatchRequest:
    return BatchRequest(
        id=row["id"],
        keys=tuple(AnalyzerKey(**key) for key in row["analyzers"]),
        of_texts=row["of_texts"],
        entries=row["entries"],
        faulty=row["faulty"],
        conditions=tuple(Condition(**condition) for condition in row["conditions"]),
        last_track=row["last_track"],
        body_digest=row["body_digest"],
        idempotency_key=row["idempotency_key"],
        created_at=row["created_at"],
        is_cancelled=row["cancelled_at"] is not None,
    )


def _entry(row: dict[str, Any]) -> BatchEntry:
    place, analyses = row["position"], [_analysis(said) for said in row["analyses"]]
    if "title" in row:
        return BatchEntry(place, str(place), "", analyses, {"title": row["title"], "artist": row["artist"]})
    return BatchEntry(place, row["name"], row["fault"], analyses)


def _input(row: dict[str, Any]) -> AnalysisInput:
    return AnalysisInput(row["lyrics"], row["language"], tuple(map(_analysis, row["parts"] or ())))


def _analysis(said: dict[str, Any]) -> Analysis:
    return Analysis(**{**said, "status": Status(said["status"])})
