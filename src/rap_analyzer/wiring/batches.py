"""Takes requests to analyse many texts or tracks, says how they stand, and works on them where nobody else does."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
import structlog

from rap_analyzer.adapters.processes import ProcessPool
from rap_analyzer.domain.batch_request import MOST_TEXTS, BatchRequest, BatchState, complete, progress_of
from rap_analyzer.domain.errors import ConfigError, InputError, QueueFull, StoreError
from rap_analyzer.domain.job import Batch
from rap_analyzer.wiring.analyzers import COMBINING, Analyzers
from rap_analyzer.wiring.offline import OFFLINE
from rap_analyzer.wiring.working import working

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from rap_analyzer.domain.batch_request import BatchProgress
    from rap_analyzer.domain.text_record import TextRecord
    from rap_analyzer.domain.track_filter import Condition
    from rap_analyzer.pipeline.analyze import Step
    from rap_analyzer.wiring import Services

log = structlog.get_logger(__name__)

TEXTS_A_JOB = 50
"""Few, so that progress is seen, and several workers share a request."""
AHEAD = 20
"""Priority of texts before the corpus: somebody waits for them."""
PROCESSES = 1
LOOK_S = 0.5
LONGEST_WAIT_S = 60.0


async def take_texts(
    services: Services, texts: Sequence[TextRecord], names: Sequence[str] | None, body: Any, key: str | None
) -> BatchRequest:
    """Keep texts and queue what the analyzers have to say of them.

    Args:
        services: open ones.
        texts: in the order of the answer; those with a fault are answered by it.
        names: analyzers; those that need no store if None. With `hybrid` come those that it combines.
        body: what was sent, to tell whether the same is sent again.
        key: the sender's idempotency key, or None.

    Returns:
        The request; the former one where the key is known.

    Raises:
        InputError: an analyzer does not exist or cannot be had; or the key came with another body.
        QueueFull: too many texts wait.
    """
    steps = await _steps(services, names)
    faulty = sum(bool(text.fault) for text in texts)
    request = BatchRequest(
        uuid4(), tuple(step.key for step in steps), True, len(texts), _digest(body), faulty, idempotency_key=key
    )
    jobs = [(job, step.priority + AHEAD) for step in steps for job in _jobs(request, step, texts)]
    saved = await services.batches.save_texts(request, texts, jobs, services.settings.batch_queue_limit)
    if saved is None:
        raise await _full(services)
    return _same(saved, request)


async def take_tracks(
    services: Services, where: Sequence[Condition], names: Sequence[str] | None, body: Any, key: str | None
) -> BatchRequest:
    """Queue what the analyzers have not said yet of the tracks that meet conditions.

    Args, returns and raises as `take_texts`.
    """
    if key and (known := await services.batches.load_by_key(key)):
        return _same(known, replace(known, body_digest=_digest(body)))
    steps = await _steps(services, names)
    entries, last = await services.batches.count_tracks(where)
    # Planned first: if we die in between, the analyses are made all the same, and nobody was promised a number.
    for step in steps:
        await services.jobs.plan(step.key, step.batch_size, where, step.priority)
    keys = tuple(step.key for step in steps)
    request = BatchRequest(
        uuid4(), keys, False, entries, _digest(body), conditions=tuple(where), last_track=last, idempotency_key=key
    )
    return _same(await services.batches.save_tracks(request), request)


async def progress(services: Services, request: BatchRequest) -> BatchProgress:
    """How a request stands."""
    # Jobs first: one that ends in between is counted as open, and its analyses are there.
    jobs = await services.batches.load_jobs(request)
    return progress_of(request, jobs, await services.batches.count_analyses(request))


async def results(services: Services, request: BatchRequest) -> AsyncIterator[bytes]:
    """A JSON line for each text or track, in order: its analyses, or what is wrong with it."""
    jobs = await services.batches.load_jobs(request)
    async for entry in services.batches.entries(request):
        line: dict[str, Any] = {"id": orjson.Fragment(entry.name), **entry.about}
        if entry.fault:
            line["error"] = entry.fault
        else:
            line["analyses"] = [analysis.to_json() for analysis in complete(request, entry, jobs)]
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


async def cancel(services: Services, request: BatchRequest) -> BatchRequest:
    """Give a request up; what it has brought stays. One that is done stays so."""
    if (await progress(services, request)).state is BatchState.DONE:
        return request
    await services.jobs.cancel(await services.batches.cancel(request))
    return replace(request, is_cancelled=True)


class BatchWorker:
    """Works in this process while there are requests to work on, with one process for the processor's work.

    So a service alone does what it is asked; beside `rap worker` it takes its small share.

    Args:
        services: open ones.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def nudge(self) -> None:
        """Look whether there is something to do; nothing if that is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Finish what is under way, or give it back for others and for later."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        try:
            while (queues := await self._services.batches.load_queues()) and not self._closing.is_set():
                async with _with_own_processes(self._services) as own, working(own, queues, PROCESSES) as work:
                    await self._wait(queues, work)
        except StoreError as error:
            # What is queued stays so; the next look at a request begins anew.
            log.warning("batches are not worked on here", reason=str(error))
        except Exception as error:  # the service goes on whatever it is, and shuts down in order
            log.exception("batches are not worked on here", error=repr(error))

    async def _wait(self, queues: Sequence[str], work: asyncio.Task[None]) -> None:
        """Until other queues are to be worked on, or none."""
        closing = asyncio.create_task(self._closing.wait())
        try:
            while not (work.done() or closing.done()):
                await asyncio.wait([work, closing], timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                wanted = await self._services.batches.load_queues()
                if not wanted or not set(wanted) <= set(queues):
                    return
        finally:
            closing.cancel()


@asynccontextmanager
async def _with_own_processes(services: Services) -> AsyncIterator[Services]:
    """The same services with processes of their own, so that pages do not wait behind batches."""
    async with AsyncExitStack() as stack:
        pool = ProcessPool(PROCESSES)
        stack.callback(pool.close, wait=True)
        analyzers = Analyzers(services.settings, pool, services.cache, services.states, stack)
        yield replace(services, pool=pool, analyzers=analyzers)


async def _steps(services: Services, names: Sequence[str] | None) -> list[Step]:
    wanted = list(names or OFFLINE)
    try:
        if COMBINING in wanted:
            wanted = [*(key.analyzer for key in await services.analyzers.parts()), *wanted]
        order = list(dict.fromkeys(wanted))
        steps, _ = await services.analyzers.steps(order)
    except ConfigError as error:
        raise InputError(f"analyzers: {error}") from error
    return sorted(steps, key=lambda step: order.index(step.key.analyzer))


async def _full(services: Services) -> QueueFull:
    """Says when there may be room: the queues are emptied as fast as in the last minutes."""
    speed = sum(count.tracks_a_second for count in await services.jobs.count())
    wait = min(MOST_TEXTS / speed, LONGEST_WAIT_S) if speed else LONGEST_WAIT_S
    return QueueFull(
        f"The queue is full: {services.settings.batch_queue_limit:,} analyses of texts may wait (BATCH_QUEUE_LIMIT). "
        f"Ask again in {math.ceil(wait)} s, or start `rap worker` on the same store.",
        wait,
    )


def _jobs(request: BatchRequest, step: Step, texts: Sequence[TextRecord]) -> list[Batch]:
    """A step's jobs over the texts that have no fault."""
    places = [place for place, text in enumerate(texts) if not text.fault]
    size = min(step.batch_size, TEXTS_A_JOB)
    chunks = [places[begin : begin + size] for begin in range(0, len(places), size)]
    return [Batch(step.key, own[0], own[-1], len(own), texts=request.id) for own in chunks]


def _same(stored: BatchRequest, asked: BatchRequest) -> BatchRequest:
    if stored.body_digest != asked.body_digest:
        raise InputError("Idempotency-Key: it came before with another body; take a new one for a new request.")
    return stored


def _digest(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
