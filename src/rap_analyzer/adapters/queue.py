"""The queue of batches: procrastinate, in the PostgreSQL that holds the tracks.

A batch is queued in the transaction that finds its tracks, is done by whatever worker takes it, and may be done twice
without harm. Who dies at it leaves it `doing`; whoever lives gives it back, when the dead has shown no sign of life for
SILENCE_S.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.job_context import AbortReason
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from rap_analyzer.adapters.postgres.jobs import TASK
from rap_analyzer.domain.errors import AnalysisStopped, ConfigError, InputError, NotReady, RapError, StoreError
from rap_analyzer.domain.job import Batch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from procrastinate import JobContext
    from procrastinate.connector import BaseConnector
    from procrastinate.jobs import Job, Status

    from rap_analyzer.adapters.postgres.database import Database
    from rap_analyzer.adapters.postgres.jobs import JobStore

log = structlog.get_logger(__name__)

UPKEEP = "upkeep"
RETRIES = 3
READY_CHECKS = 360
NOT_READY_S = 10
HEARTBEAT_S = 4.0
SILENCE_S = 16.0
RESCUE_S = 4.0
POLLING_S = 2.0
GRACE_S = 8.0
"""Seconds in which a worker that is to stop finishes its batches; what it has not finished then it gives back."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Queues whose batches share some places.

    Attributes:
        queues: their names.
        concurrency: batches that are worked on at once.
    """

    queues: tuple[str, ...]
    concurrency: int


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that some worker does from time to time.

    Attributes:
        name: what it is called.
        cron: when, in cron's notation.
        work: does it.
    """

    name: str
    cron: str
    work: Callable[[], Awaitable[object]]


class JobQueue:
    """Runs workers over the queue.

    Args:
        conninfo: of the server itself, past a PgBouncer: workers listen for new batches.
        database: the store.
        jobs: what the store knows of jobs.
        work: does a batch.
        chores: what is done from time to time.
    """

    def __init__(
        self,
        conninfo: str,
        database: Database,
        jobs: JobStore,
        work: Callable[[Batch], Awaitable[object]],
        chores: Sequence[Chore] = (),
    ) -> None:
        self._conninfo = conninfo
        self._database = database
        self._jobs = jobs
        self._work = work
        self._chores = chores

    async def work(self, lanes: Sequence[Lane], stop: asyncio.Event) -> None:
        """Take batches until told to stop; then finish or give back what is under way, within GRACE_S.

        A server that goes away is waited for, as the store waits for it.

        Raises:
            StoreError: it stays away.
        """
        while not stop.is_set():
            try:
                await self._work_while_connected(lanes, stop)
            except* ConnectorException as lost:
                log.warning("the queue lost PostgreSQL", reason=_first_line(lost))
                await self._database.fetch("load_versions")  # waits until it is back

    async def _work_while_connected(self, lanes: Sequence[Lane], stop: asyncio.Event) -> None:
        async with self._opened(sum(lane.concurrency for lane in lanes) + 2 * len(lanes)) as app:
            rescuing = asyncio.create_task(self._rescue())
            workers = [asyncio.create_task(self._work_lane(app, lane)) for lane in (*lanes, Lane((UPKEEP,), 1))]
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait([*workers, rescuing, stopping], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (*workers, rescuing, stopping):
                    task.cancel()
                ended = await asyncio.gather(*workers, rescuing, return_exceptions=True)
        failures = [error for error in ended if isinstance(error, Exception)]
        if failures:
            raise ExceptionGroup("workers failed", failures)
        if not stop.is_set():
            raise ExceptionGroup("workers ended", [ConnectorException("a worker's connection was lost")])

    async def _work_lane(self, app: procrastinate.App, lane: Lane) -> None:
        await app.run_worker_async(
            queues=list(lane.queues),
            name=f"{'+'.join(lane.queues)} of {os.getpid()}",
            concurrency=lane.concurrency,
            fetch_job_polling_interval=POLLING_S,
            # Chores are done again another time: nobody waits for one.
            shutdown_graceful_timeout=0.0 if lane.queues == (UPKEEP,) else GRACE_S,
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=SILENCE_S,
            install_signal_handlers=False,
        )

    async def _rescue(self) -> None:
        while True:
            rescued = await self._jobs.rescue(SILENCE_S)
            if rescued:
                log.warning("batches of a worker that died are queued again", batches=rescued)
            await asyncio.sleep(RESCUE_S)

    @asynccontextmanager
    async def _opened(self, connections: int) -> AsyncIterator[procrastinate.App]:
        connector = procrastinate.PsycopgConnector(
            conninfo=self._conninfo, min_size=1, max_size=connections, kwargs={"application_name": "rap worker"}
        )
        app = procrastinate.App(connector=connector)
        app.job_manager = _Ends(connector, self._database)
        app.task(name=TASK, pass_context=True, retry=_Retries())(self._do)
        for chore in self._chores:
            _register(app, chore)
        async with app.open_async():
            yield app

    async def _do(self, context: JobContext, /, **args: Any) -> None:
        """One batch. Why it goes wrong is kept, for the queue itself keeps only that it did."""
        number = context.job.id
        assert number is not None  # noqa: S101 - a job that is being done has a number
        try:
            await self._work(Batch.from_json(args))
        except asyncio.CancelledError:
            if context.abort_reason() is AbortReason.USER_REQUEST:
                raise JobAborted from None
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, RapError) else f"Unexpected {type(error).__name__}: {error}"
            if not isinstance(error, RapError):
                log.exception("a batch met a bug", batch=number)
            await self._jobs.save_failure(number, reason)
            raise
        await self._jobs.delete_failure(number)


class _Ends(JobManager):
    """Tells the queue how batches end, once more when the server went away meanwhile.

    The library's own one raises in a task that nobody awaits: a traceback on the terminal and no more. A batch whose
    end stays untold is given back when its worker has gone, and done again, which does no harm.
    """

    def __init__(self, connector: BaseConnector, database: Database) -> None:
        super().__init__(connector)
        self._database = database

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """A batch is done, or given up."""
        await self._tell(partial(super().finish_job, job, status, delete_job))

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        """A batch is to be done again, now or later."""
        await self._tell(partial(super().retry_job, job, *args, **kwargs))

    async def _tell(self, tell: Callable[[], Awaitable[None]]) -> None:
        try:
            try:
                await tell()
            except ConnectorException:
                await self._database.fetch("load_versions")  # waits until it is back
                await tell()
        except (ConnectorException, StoreError) as error:
            log.info("the queue was not told how a batch ended", reason=str(error))


class _Retries(BaseRetryStrategy):
    """Which failures another attempt may mend, and when it is made: after 2, 4 and 8 s."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):  # the worker stops, and gives its batch back
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, NotReady):
            return RetryDecision(retry_in={"seconds": NOT_READY_S}) if job.attempts < READY_CHECKS else None
        if isinstance(exception, AnalysisStopped):
            wait = exception.retry_after
            return None if wait is None else RetryDecision(retry_in={"seconds": max(1, round(wait))})
        if isinstance(exception, ConfigError | InputError) or job.attempts >= RETRIES:
            return None
        return RetryDecision(retry_in={"seconds": 2 ** (job.attempts + 1)})


def _register(app: procrastinate.App, chore: Chore) -> None:
    async def do(timestamp: int) -> None:
        del timestamp
        try:
            await chore.work()
        except StoreError as error:
            log.warning("a chore was not done", chore=chore.name, reason=str(error))

    task = app.task(name=chore.name, queue=UPKEEP, queueing_lock=chore.name)(do)
    app.periodic(cron=chore.cron)(task)


def _first_line(errors: BaseExceptionGroup[ConnectorException]) -> str:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return " ".join(str(error.__cause__ or error).split())
