"""A budget of a run: bound to its batches, kept by all workers together, and safe when one of them dies."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pytest

from memory_state import MemoryState
from rap_analyzer.adapters import queue as queue_module
from rap_analyzer.adapters.cache import MemoryCache
from rap_analyzer.adapters.chat import connect_novita
from rap_analyzer.adapters.postgres import budgets as budgets_module
from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.budgets import BudgetStore
from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.jobs import JobStore
from rap_analyzer.adapters.postgres.text_batches import BatchRequestStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.queue import JobQueue, Lane
from rap_analyzer.analyzers import llm_limit
from rap_analyzer.analyzers.algorithmic import AlgorithmicAnalyzer
from rap_analyzer.analyzers.llm import LlmAnalyzer
from rap_analyzer.analyzers.llm_budget import Budget, Prices
from rap_analyzer.domain.batch_request import BatchRequest
from rap_analyzer.domain.job import AnalyzerKey, Batch
from rap_analyzer.domain.text_record import TextRecord
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.domain.track_filter import parse_filter
from rap_analyzer.pipeline.analyze import Step, analyze_batch
from rap_analyzer.simulators.chat import DEMO_KEY, chat_app
from rap_analyzer.simulators.chat_faults import ReplyFaults
from rap_analyzer.simulators.faults import Faults
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

KEY = AnalyzerKey("qwen", "1", "c")
PRICES = Prices(prompt=2.0, completion=3.0)
LIMIT = 0.3
BATCH = 8
VERSE = "I left my only jacket on the handle of the door\nA radio was playing what the preacher said before"


class SameProcess:
    """A pool that works where it stands."""

    async def map(self, function: Callable[[T], R], items: Sequence[T]) -> Sequence[R]:
        return [function(item) for item in items]


@pytest.fixture(autouse=True)
def _looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_limit, "LOOK_S", 0.05)


async def store(database: Database, count: int, first: int = 0) -> None:
    """So many tracks whose words differ."""
    drafts = [
        TrackDraft(
            Song(f"a{n}", f"Song {n}", "", (Credit(ArtistRef("Ann Tenna"), Role.PRIMARY),)),
            Outcome.STORED,
            Provenance("t", f"a{n}", "", datetime.now(UTC), "1", ""),
            f"{VERSE}\nand number {n} is painted on the wall",
        )
        for n in range(first, first + count)
    ]
    await TrackStore(database).save_tracks(drafts)


async def queued(database: Database) -> list[Batch]:
    """The queued batches, in the order in which they were queued."""

    async def read(connection: Any) -> list[dict[str, Any]]:
        rows = await connection.execute("SELECT args FROM procrastinate_jobs ORDER BY id")
        return list(await rows.fetchall())

    return [Batch.from_json(row["args"]) for row in await database.run(read)]


# Planning


async def test_batches_carry_the_budget_of_their_run(database: Database) -> None:
    """Those that already wait for the same analysis get it too; those that have one keep it."""
    jobs, budgets = JobStore(database), BudgetStore(database)
    first, second = await budgets.open(5.0), await budgets.open(7.0)
    await store(database, 4)
    await jobs.plan(KEY, 2)
    await jobs.plan(AnalyzerKey("qwen", "2", "c"), 4)
    assert [batch.budget for batch in await queued(database)] == [None, None, None]
    await store(database, 2, first=4)
    assert await jobs.plan(KEY, 2, budget=first) == (1, 2)
    await store(database, 2, first=6)
    assert await jobs.plan(KEY, 2, parse_filter("id>0"), budget=second) == (1, 2)
    told = [(batch.key.version, batch.budget) for batch in await queued(database)]
    assert told == [("1", first), ("1", first), ("2", None), ("1", first), ("1", second)]


async def test_what_is_being_done_and_texts_that_were_sent_are_no_part_of_a_run(database: Database) -> None:
    """A budget is given only to what waits, and POST /batch has none."""
    jobs, requests = JobStore(database), BatchRequestStore(database)
    await store(database, 4)
    await jobs.plan(KEY, 2)
    await database.run(_begin_one)
    request = BatchRequest(uuid4(), (KEY,), True, 1, "digest")
    await requests.save_texts(request, [TextRecord("1", VERSE)], [(Batch(KEY, 0, 0, 1, texts=request.id), 0)], 1)
    budget = await BudgetStore(database).open(5.0)
    await jobs.plan(KEY, 2, budget=budget)
    assert [batch.budget for batch in await queued(database)] == [None, budget, None]


async def _begin_one(connection: Any) -> None:
    cursor = await connection.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
    worker = (await cursor.fetchone())["worker_id"]
    await connection.execute("SELECT procrastinate_fetch_job_v2(NULL, %s)", [worker])


def test_what_a_former_version_queued_is_still_read() -> None:
    """Without a budget, and without texts."""
    old = {"analyzer": "qwen", "version": "1", "config_hash": "c", "first": 3, "last": 9, "tracks": 5, "where": []}
    assert Batch.from_json(old) == Batch(KEY, 3, 9, 5)
    assert Batch(KEY, 3, 9, 5).to_json() == old
    bound = replace(Batch(KEY, 3, 9, 5), budget=4)
    assert Batch.from_json(bound.to_json()) == bound


async def test_only_budgets_with_open_or_failed_batches_are_shown(database: Database) -> None:
    """What ended well, or never had batches, needs no look."""
    jobs, budgets = JobStore(database), BudgetStore(database)
    await store(database, 2)
    await budgets.open(1.0)
    number = await budgets.open(2.0)
    await jobs.plan(KEY, 2, budget=number)
    assert [one.number for one in await budgets.load_wanted()] == [number]
    await budgets.delete_old(0)
    assert (await budgets.load(number)).limit == 2.0
    await jobs.cancel(None)
    assert await budgets.load_wanted() == []


# Working


@asynccontextmanager
async def at_work(database: Database, url: str) -> AsyncIterator[None]:
    """A worker as another process would be: connections, cache and chat model of its own."""
    async with (
        opened(Database(database.conninfo, max_connections=6)) as own,
        connect_novita(
            api_key=DEMO_KEY,
            model="simulated-4b",
            rate="6000000/minute",
            state=MemoryState(),
            api_url=f"{url}/v1",
            base_delay=0.01,
        ) as chat,
    ):
        analyzer = LlmAnalyzer("qwen", chat, AlgorithmicAnalyzer(SameProcess()), MemoryCache(), budget=Budget(PRICES))

        async def work(batch: Batch) -> None:
            bound = analyzer.within(BudgetStore(own).ledger(batch.budget)) if batch.budget is not None else analyzer
            await analyze_batch(AnalysisStore(own), Step(bound, batch_size=BATCH), batch)

        stop = asyncio.Event()
        queue = JobQueue(own.conninfo, own, JobStore(own), work)
        worker = asyncio.create_task(queue.work([Lane(("qwen",), 2)], stop))
        try:
            yield
        finally:
            stop.set()
            await worker


async def key_of(url: str) -> AnalyzerKey:
    """What the analyses are filed under."""
    async with connect_novita(
        api_key=DEMO_KEY, model="simulated-4b", rate="6000000/minute", state=MemoryState(), api_url=f"{url}/v1"
    ) as chat:
        analyzer = LlmAnalyzer("qwen", chat, AlgorithmicAnalyzer(SameProcess()), MemoryCache())
    return AnalyzerKey(analyzer.name, analyzer.version, analyzer.config_hash)


async def ended(database: Database) -> None:
    """Returns when no batch waits or is being done."""
    async with asyncio.timeout(120):
        while await JobStore(database).load_open(["qwen"]):  # noqa: ASYNC110 - the store does not call back
            await asyncio.sleep(0.05)


async def made(database: Database, key: AnalyzerKey) -> int:
    """Verdicts of the analyzer."""
    return sum((await AnalysisStore(database).count_made_since(0, [key.analyzer])).get("qwen", {}).values())


async def test_three_workers_at_once_never_pass_the_budget_and_a_larger_one_goes_on(database: Database) -> None:
    """By the tokens that the service billed, faults and repairs among them; what was left is done with more money."""
    app = chat_app(
        faults=Faults(cut=0.04, malformed_json=0.04, rate_limited_silently=0.02),
        replies=ReplyFaults(cut=0.1, not_json=0.1),
    )
    jobs, budgets = JobStore(database), BudgetStore(database)
    await store(database, 160)
    with SimulatorServer(app) as server:
        key, number = await key_of(server.url), await budgets.open(LIMIT)
        await jobs.plan(key, BATCH, budget=number)
        async with at_work(database, server.url), at_work(database, server.url), at_work(database, server.url):
            await ended(database)
            billed = app.stats()["tokens"]
            spent = PRICES.of(billed["prompt"], billed["completion"])
            now, first = await budgets.load(number), await made(database, key)
            assert 0 < now.spent < spent <= now.spent + now.uncertain <= LIMIT
            assert now.set_aside == 0
            assert 0 < first < 160
            reasons = [job.reason for job in await jobs.list_jobs(["failed"], 100)]
            assert all(f"pass budget {number}: $" in reason for reason in reasons)
            assert all("stay due: rap analyze with a larger --budget goes on." in reason for reason in reasons)
            await jobs.plan(key, BATCH, budget=await budgets.open(10 * LIMIT))
            await ended(database)
    assert await made(database, key) == 160
    assert await jobs.plan(key, BATCH) == (0, 0)


async def test_a_worker_that_dies_leaves_the_budget_safe(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its requests may have been billed: the others work with what is left, and nobody waits for it for ever."""
    monkeypatch.setattr(budgets_module, "SILENCE_S", 0.5)
    app = chat_app(replies=ReplyFaults(invented=0.0))
    jobs, budgets = JobStore(database), BudgetStore(database)
    await store(database, 100)
    number = await budgets.open(LIMIT)
    for _ in range(3):
        assert await budgets.ledger(number).reserve(uuid4(), 0.06) is None
    with SimulatorServer(app) as server:
        key = await key_of(server.url)
        await jobs.plan(key, BATCH, budget=number)
        async with at_work(database, server.url), at_work(database, server.url):
            await ended(database)
    billed = app.stats()["tokens"]
    now = await budgets.load(number)
    assert 0 < PRICES.of(billed["prompt"], billed["completion"]) == pytest.approx(now.spent)
    assert now.set_aside == pytest.approx(0.18)
    assert now.spent + now.set_aside <= LIMIT
    assert 0 < await made(database, key) < 100


async def test_a_worker_that_stops_settles_what_it_gives_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent may be billed, once for each request; nothing stays set aside, and the batches wait for others."""
    monkeypatch.setattr(queue_module, "GRACE_S", 0.2)
    app, asked = chat_app(), [0]

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            asked[0] += 1
            await asyncio.sleep(60)
        await app(scope, receive, send)

    jobs, budgets = JobStore(database), BudgetStore(database)
    await store(database, 2 * BATCH)
    number = await budgets.open(10.0)
    with SimulatorServer(silent) as server:
        await jobs.plan(await key_of(server.url), BATCH, budget=number)
        async with at_work(database, server.url), asyncio.timeout(30):
            while asked[0] < 2 * BATCH:  # noqa: ASYNC110 - the service runs in a thread of its own
                await asyncio.sleep(0.05)
    now = await budgets.load(number)
    assert now.set_aside == 0
    assert 0 < now.uncertain < 10.0 / 4
    assert [job.status for job in await jobs.list_jobs(["todo", "doing"], 10)] == ["todo", "todo"]


async def test_without_a_budget_no_ledger_is_asked(database: Database) -> None:
    """And nothing stops."""
    await store(database, 12)
    with SimulatorServer(chat_app()) as server:
        key = await key_of(server.url)
        await JobStore(database).plan(key, BATCH)
        async with at_work(database, server.url):
            await ended(database)
    assert await made(database, key) == 12

    async def count(connection: Any) -> int:
        row = await (await connection.execute("SELECT count(*) AS n FROM budget_reservations")).fetchone()
        return int(row["n"])

    assert await database.run(count) == 0
