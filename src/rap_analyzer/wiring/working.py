"""Plans what is missing, and runs workers over the queue: in place, or for as long as it is wanted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rap_analyzer.adapters.postgres.kept_pages import KeptPages
from rap_analyzer.adapters.processes import available_cores
from rap_analyzer.adapters.queue import Chore, JobQueue, Lane
from rap_analyzer.pipeline.analyze import analyze_batch
from rap_analyzer.wiring import conninfo, embedded_server
from rap_analyzer.wiring.analyzers import CHAT, COMBINING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from rap_analyzer.domain.analysis import StandIns, Status
    from rap_analyzer.domain.budget import BudgetStanding
    from rap_analyzer.domain.job import Batch
    from rap_analyzer.domain.track_filter import Condition
    from rap_analyzer.pipeline.analyze import Step
    from rap_analyzer.ports import Progress
    from rap_analyzer.settings import Settings
    from rap_analyzer.wiring import Services

LOOK_S = 0.2
CHAT_BATCHES = 2
KEPT_DAYS = 30


@dataclass(slots=True)
class AnalysisReport:
    """What a run of analyses came to.

    Attributes:
        counts: tracks by status of their analysis, by analyzer, whichever process made it.
        stand_ins: how many of these a fallback made, and why.
        failures: why batches ended badly, with how many did.
        budget: how the budget of the run stands at its end; None where it had none.
    """

    counts: dict[str, dict[Status, int]] = field(default_factory=dict)
    stand_ins: list[StandIns] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    budget: BudgetStanding | None = None


async def open_budget(services: Services, steps: Sequence[Step], dollars: float | None) -> int | None:
    """A budget of so many US dollars for the batches of a run; None without a limit, or where no step costs money.

    Raises:
        ConfigError: nobody has said what a model costs.
    """
    names = [step.key.analyzer for step in steps if step.key.analyzer in CHAT]
    if dollars is None or not names:
        return None
    services.analyzers.check_prices(names)
    return await services.budgets.open(dollars)


async def plan_analyses(
    services: Services, steps: Sequence[Step], where: Sequence[Condition], budget: int | None = None
) -> int:
    """Queue what the steps' analyzers lack. Returns how many analyses wait now, those queued before among them.

    What chat models are asked for is bound to the budget of that number, whoever does it.
    """
    for step in steps:
        own = budget if step.key.analyzer in CHAT else None
        await services.jobs.plan(step.key, step.batch_size, where, step.priority, own)
    return sum((await services.jobs.load_open([step.key.analyzer for step in steps])).values())


async def run_analyses(
    services: Services,
    steps: Sequence[Step],
    where: Sequence[Condition],
    progress: Progress,
    dollars: float | None = None,
) -> AnalysisReport:
    """Plan, and work until all of it is done, together with whatever workers there are.

    Args:
        services: open ones.
        steps: analyzers that are run.
        where: conditions that the tracks meet.
        progress: is told how far it is.
        dollars: US dollars that chat models may cost, by all workers together; None for no limit.

    Raises:
        StoreError: the store stays away.
        ConfigError: there is a limit, and nobody has said what a model costs.
    """
    report, mark = AnalysisReport(), await services.analyses.last_analysis()
    budget = await open_budget(services, steps, dollars)
    for phase in _phases(steps):
        names = [step.key.analyzer for step in phase]
        progress.start(f"analysing: {', '.join(names)}", await plan_analyses(services, phase, where, budget))
        try:
            if waiting := await services.jobs.load_open(names):
                await _work_off(services, names, waiting, progress, report)
        finally:
            progress.finish()
    report.counts = await services.analyses.count_made_since(mark, [step.key.analyzer for step in steps])
    report.stand_ins = await services.analyses.count_stand_ins_since(mark, [step.key.analyzer for step in steps])
    report.budget = None if budget is None else await services.budgets.load(budget)
    return report


def _phases(steps: Sequence[Step]) -> list[list[Step]]:
    """What combines others comes after them."""
    simple, combining = [s for s in steps if not s.parts], [s for s in steps if s.parts]
    return [phase for phase in (simple, combining) if phase]


async def _work_off(
    services: Services, names: Sequence[str], waiting: dict[int, int], progress: Progress, report: AnalysisReport
) -> None:
    async with working(services, names) as worker:
        while waiting:
            for number, (status, reason) in (await services.jobs.load_ended(list(waiting))).items():
                progress.advance(waiting.pop(number))
                if status != "succeeded":
                    why = reason or f"the batch was {status}"
                    report.failures[why] = report.failures.get(why, 0) + 1
            await asyncio.wait([worker], timeout=LOOK_S)
            if worker.done():
                await worker


@asynccontextmanager
async def working(
    services: Services, queues: Sequence[str], processes: int | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """A worker over these queues inside the block; at its end, batches under way are finished or given back."""
    stop = asyncio.Event()
    queue = _queue(services)
    worker = asyncio.create_task(queue.work(_lanes(queues, processes or available_cores()), stop))
    try:
        yield worker
    finally:
        stop.set()
        await worker


def _lanes(queues: Sequence[str], processes: int) -> list[Lane]:
    """Chat models answer slowly: their batches have places of their own, so that they hold up nobody else's."""
    chat = tuple(name for name in queues if name in CHAT)
    others = tuple(name for name in queues if name not in CHAT)
    lanes = [Lane(others, processes + 1)] if others else []
    return [*lanes, Lane(chat, CHAT_BATCHES)] if chat else lanes


def _queue(services: Services) -> JobQueue:
    async def work(batch: Batch) -> None:
        step = await _step(services, batch)
        if batch.texts is None:
            await analyze_batch(services.analyses, step, batch)
            return
        texts = services.batches.texts_of(batch.texts)
        await analyze_batch(texts, step, batch)
        await texts.wake(COMBINING)

    pages = KeptPages(services.database, services.label)
    chores = (
        Chore("refresh_percentiles", "*/5 * * * *", services.analyses.refresh_percentiles),
        Chore("forget_old_pages", "7 4 * * *", pages.drop_old),
        Chore("forget_old_batch_requests", "27 4 * * *", services.batches.delete_old),
        Chore("forget_old_jobs", "17 4 * * *", lambda: services.jobs.delete_old(KEPT_DAYS)),
        Chore("forget_old_budgets", "37 4 * * *", lambda: services.budgets.delete_old(KEPT_DAYS)),
    )
    return JobQueue(_direct_conninfo(services.settings), services.database, services.jobs, work, chores)


async def _step(services: Services, batch: Batch) -> Step:
    """How a batch is done: by its analyzer, which keeps to the batch's budget."""
    [step], _ = await services.analyzers.steps([batch.key.analyzer])
    if batch.budget is None:
        return step
    from rap_analyzer.analyzers.llm import LlmAnalyzer

    if not isinstance(step.analyzer, LlmAnalyzer):
        return step
    return replace(step, analyzer=step.analyzer.within(services.budgets.ledger(batch.budget)))


def _direct_conninfo(settings: Settings) -> str:
    """Of the server itself: whoever listens for news needs a connection of his own, which PgBouncer may not give."""
    if settings.is_embedded:
        return embedded_server(settings).conninfo()
    return conninfo(settings, settings.postgres_direct_host)
