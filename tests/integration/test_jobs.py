"""The durable engine: what is planned, done, given back, tried again and told."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

from rap_analyzer.adapters import queue as queue_module
from rap_analyzer.adapters.postgres.analyses import AnalysisStore
from rap_analyzer.adapters.postgres.jobs import JobStore
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.adapters.queue import SILENCE_S, Chore, JobQueue, Lane
from rap_analyzer.domain.analysis import Analysis, AnalysisInput, Status
from rap_analyzer.domain.errors import AnalysisStopped, ConfigError, StoreError
from rap_analyzer.domain.job import AnalyzerKey, Batch
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.domain.track_filter import parse_filter
from rap_analyzer.pipeline.analyze import Step, analyze_batch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from rap_analyzer.adapters.postgres.database import Database

KEY = AnalyzerKey("counting", "1", "c")


class Counting:
    """An analyzer that counts words, and does as it is told otherwise."""

    def __init__(self, name: str = "counting", version: str = "1") -> None:
        self.name, self.version, self.config_hash = name, version, "c"
        self.seen: Counter[str] = Counter()
        self.errors: list[Exception] = []
        self.seconds = 0.0
        self.parts_seen: list[tuple[Analysis, ...]] = []

    async def analyze(self, inputs: Sequence[AnalysisInput]) -> Sequence[Analysis]:
        await asyncio.sleep(self.seconds)
        if self.errors:
            raise self.errors.pop(0)
        self.seen.update(given.lyrics for given in inputs)
        self.parts_seen += [given.parts for given in inputs]
        return [self.said(given) for given in inputs]

    def said(self, given: AnalysisInput) -> Analysis:
        words = {"words": len(given.lyrics.split())}
        return Analysis(self.name, self.version, self.config_hash, Status.DONE, words)


async def store(database: Database, count: int, artist: str = "Ann", first: int = 0) -> None:
    """So many tracks of an artist, of the years from 1980 on."""
    drafts = [
        TrackDraft(
            Song(f"{artist}{n}", f"Song {n}", "", (Credit(ArtistRef(artist), Role.PRIMARY),), year=1980 + n),
            Outcome.STORED,
            Provenance("t", f"{artist}{n}", "", datetime.now(UTC), "1", ""),
            f"words of {artist} {n}",
        )
        for n in range(first, first + count)
    ]
    await TrackStore(database).save_tracks(drafts)


@asynccontextmanager
async def at_work(database: Database, *analyzers: Counting, concurrency: int = 2) -> AsyncIterator[None]:
    """A worker for these analyzers inside the block."""
    steps = {analyzer.name: Step(analyzer, batch_size=10) for analyzer in analyzers}

    async def work(batch: Batch) -> None:
        await analyze_batch(AnalysisStore(database), steps[batch.key.analyzer], batch)

    stop = asyncio.Event()
    queue = JobQueue(database.conninfo, database, JobStore(database), work)
    worker = asyncio.create_task(queue.work([Lane(tuple(steps), concurrency)], stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def until(met: Callable[[], Awaitable[bool]], within: float = 20.0) -> None:
    """Returns when it is so; asks again and again, for the store does not call back."""
    async with asyncio.timeout(within):
        while True:
            if await met():
                return
            await asyncio.sleep(0.05)


async def ended(database: Database, *queues: str, within: float = 30.0) -> None:
    """Returns when no batch of these queues waits or is being done."""

    async def none_is_open() -> bool:
        return not await JobStore(database).load_open(queues or ("counting",))

    await until(none_is_open, within)


async def stands(database: Database, status: str, count: int) -> None:
    """Returns when so many batches have that status."""

    async def so_many() -> bool:
        return (await statuses(database)).get(status, 0) == count

    await until(so_many)


async def statuses(database: Database) -> dict[str, int]:
    """Number of batches by status."""
    jobs = await JobStore(database).list_jobs(["todo", "doing", "succeeded", "failed", "cancelled", "aborted"], 1000)
    return dict(Counter(job.status for job in jobs))


async def verdicts(database: Database) -> int:
    """Number of analyses."""
    return await AnalysisStore(database).last_analysis() and sum(
        count
        for by_status in (await AnalysisStore(database).count_made_since(0, ["counting", "other", "both"])).values()
        for count in by_status.values()
    )


# Planning


async def test_a_plan_has_every_track_that_lacks_a_verdict_in_one_batch(database: Database) -> None:
    """25 tracks make three batches of ten that do not overlap."""
    await store(database, 25)
    assert await JobStore(database).plan(KEY, 10) == (3, 25)
    open_jobs = await JobStore(database).load_open(["counting"])
    assert sorted(open_jobs.values()) == [5, 10, 10]


async def test_what_is_queued_is_not_planned_again(database: Database) -> None:
    """Two plans at once are one; later only what is new is added, also between the ids of what waits."""
    await store(database, 12)
    both = await asyncio.gather(*(JobStore(database).plan(KEY, 5) for _ in range(2)))
    assert sorted(both) == [(0, 0), (3, 12)]
    await store(database, 3, first=12)
    assert await JobStore(database).plan(KEY, 5) == (1, 3)
    assert await JobStore(database).plan(AnalyzerKey("counting", "2", "c"), 100) == (1, 15)


async def test_only_tracks_that_meet_the_conditions_are_planned(database: Database) -> None:
    """By artist and year; the batch remembers, so that a track between them stays out."""
    await store(database, 20)
    await store(database, 20, "Bo")
    where = parse_filter("artist=BO, year>=1990, year<1995")
    assert await JobStore(database).plan(KEY, 10, where) == (1, 5)
    counting = Counting()
    async with at_work(database, counting):
        await ended(database)
    assert sorted(counting.seen) == [f"words of Bo {n}" for n in range(10, 15)]


async def test_a_value_is_never_a_piece_of_sql(database: Database) -> None:
    """Quotation marks and semicolons find nothing and break nothing."""
    await store(database, 2)
    where = parse_filter("""artist="x'; DROP TABLE tracks; --", title={filter}""")
    assert await JobStore(database).plan(KEY, 10, where) == (0, 0)
    assert await TrackStore(database).count_sources() == {"t": 2}


# Working


async def test_every_track_gets_one_verdict(database: Database) -> None:
    """Two workers share 95 tracks; a second plan has nothing to do."""
    await store(database, 95)
    await JobStore(database).plan(KEY, 10)
    first, second = Counting(), Counting()
    async with at_work(database, first), at_work(database, second):
        await ended(database)
    assert set((first.seen + second.seen).values()) == {1}
    assert await verdicts(database) == 95
    assert await statuses(database) == {"succeeded": 10}
    assert await JobStore(database).plan(KEY, 10) == (0, 0)


async def test_a_passing_failure_is_tried_again(database: Database) -> None:
    """And leaves no reason behind once it went well."""
    await store(database, 5)
    await JobStore(database).plan(KEY, 10)
    counting = Counting()
    counting.errors = [StoreError("PostgreSQL was away")]
    async with at_work(database, counting):
        await ended(database)
    [job] = await JobStore(database).list_jobs(["succeeded"], 10)
    assert (job.attempts, job.reason) == (2, "")
    assert await verdicts(database) == 5


async def test_what_no_attempt_mends_fails_with_its_reason(database: Database) -> None:
    """The reason is kept, other batches go on, and `retry` queues it again."""
    await store(database, 15)
    await JobStore(database).plan(KEY, 10)
    counting = Counting()
    counting.errors = [ConfigError("NOVITA_API_KEY is not set")]
    async with at_work(database, counting, concurrency=1):
        await ended(database)
        [failed] = await JobStore(database).list_jobs(["failed"], 10)
        assert failed.reason == "NOVITA_API_KEY is not set"
        assert await JobStore(database).retry([failed.id + 1000]) == 0
        assert await JobStore(database).retry(None) == 1
        await ended(database)
    assert await verdicts(database) == 15


async def test_a_bug_is_told_and_does_not_stop_the_worker(database: Database) -> None:
    """One that every song meets, whole batches and single songs: it is tried again, and the next batch is done."""
    await store(database, 20)
    await JobStore(database).plan(KEY, 10)
    counting = Counting()
    counting.errors = [ValueError("what is this")] * 5  # ten songs, five, two, one, and the check
    async with at_work(database, counting, concurrency=1):
        await stands(database, "succeeded", 1)
        reasons = [job.reason for job in await JobStore(database).list_jobs(["todo", "doing"], 10)]
        assert reasons == ["Unexpected ValueError: what is this"]
        await ended(database)
    assert await verdicts(database) == 20


async def test_what_a_stopped_analyzer_had_finished_is_saved(database: Database) -> None:
    """A spent budget: the rest is due in another plan, and the reason says so."""
    await store(database, 3)
    await JobStore(database).plan(KEY, 10)
    counting = Counting()
    one = counting.said(AnalysisInput("one"))
    counting.errors = [AnalysisStopped("The budget of 5.00 dollars is used up.", [one, None, None])]
    async with at_work(database, counting):
        await ended(database)
    assert await verdicts(database) == 1
    [job] = await JobStore(database).list_jobs(["failed"], 10)
    assert job.reason.startswith("The budget of 5.00")
    assert await JobStore(database).plan(KEY, 10) == (1, 2)


async def test_who_combines_waits_for_all_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its batch is begun before the parts are there, is put off, and then has all of them."""
    monkeypatch.setattr(queue_module, "NOT_READY_S", 1)
    await store(database, 12)
    counting, both = Counting(), Counting("both")
    steps = {"counting": Step(counting), "both": Step(both, (KEY,), 10)}

    async def work(batch: Batch) -> None:
        await analyze_batch(AnalysisStore(database), steps[batch.key.analyzer], batch)

    jobs, stop = JobStore(database), asyncio.Event()
    await jobs.plan(steps["both"].key, 10)
    queue = JobQueue(database.conninfo, database, jobs, work)
    worker = asyncio.create_task(queue.work([Lane(("counting", "both"), 2)], stop))

    async def is_put_off() -> bool:
        return any("wait for" in job.reason for job in await jobs.list_jobs(["todo"], 10))

    await until(is_put_off)
    assert not both.seen
    await jobs.plan(KEY, 10)
    await ended(database, "counting", "both")
    stop.set()
    await worker
    assert set(both.seen.values()) == {1}
    assert {len(parts) for parts in both.parts_seen} == {1}
    assert all(parts[0].measures == {"words": 4} for parts in both.parts_seen)


# Stopping


async def test_a_worker_that_is_to_stop_gives_back_what_it_cannot_finish(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within its time of grace; the batch waits for another, unharmed."""
    monkeypatch.setattr(queue_module, "GRACE_S", 0.3)
    await store(database, 5)
    await JobStore(database).plan(KEY, 10)
    slow = Counting()
    slow.seconds = 60.0
    began = asyncio.get_running_loop().time()
    async with at_work(database, slow):
        await stands(database, "doing", 1)
    assert asyncio.get_running_loop().time() - began < 10
    assert await statuses(database) == {"todo": 1}
    async with at_work(database, Counting()):
        await ended(database)
    assert await verdicts(database) == 5


async def test_a_worker_with_nothing_to_do_stops_without_grace(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grace is for batches: neither an idle worker nor one that is at a chore takes any."""
    monkeypatch.setattr(queue_module, "GRACE_S", 600.0)
    begun = asyncio.Event()

    async def tidy() -> None:
        begun.set()
        await asyncio.sleep(600)

    async def work(batch: Batch) -> None:
        raise AssertionError(batch)

    stop = asyncio.Event()
    queue = JobQueue(database.conninfo, database, JobStore(database), work, [Chore("tidy", "* * * * * */1", tidy)])
    worker = asyncio.create_task(queue.work([Lane(("counting",), 1)], stop))
    async with asyncio.timeout(60):
        await begun.wait()
        stop.set()
        await worker
        async with at_work(database, Counting()):
            pass


async def test_a_living_worker_is_known(database: Database) -> None:
    """While none lives nothing is said of when the queue will be empty."""
    jobs = JobStore(database)

    async def nobody_lives() -> bool:
        return not await jobs.has_workers(SILENCE_S)

    assert await nobody_lives()
    async with at_work(database, Counting()):
        await until(lambda: jobs.has_workers(SILENCE_S))
    # One that is stopped while it signs on may stay signed on, and is silent from then on.
    await until(nobody_lives, within=2 * SILENCE_S)


async def test_a_cancelled_batch_stops(database: Database) -> None:
    """What waits is taken out at once, what is being done is stopped."""
    await store(database, 30)
    await JobStore(database).plan(KEY, 10)
    slow = Counting()
    slow.seconds = 60.0
    async with at_work(database, slow, concurrency=1):
        await stands(database, "doing", 1)
        assert await JobStore(database).cancel(None) == 3
        await ended(database)
    assert await statuses(database) == {"cancelled": 2, "aborted": 1}
    assert await verdicts(database) == 0


async def test_the_batch_of_a_dead_worker_is_rescued(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose heart has not beaten for a while has lost it to whoever lives."""
    monkeypatch.setattr(queue_module, "SILENCE_S", 1.0)
    monkeypatch.setattr(queue_module, "RESCUE_S", 0.2)
    monkeypatch.setattr(queue_module, "HEARTBEAT_S", 0.2)
    await store(database, 5)
    await JobStore(database).plan(KEY, 10)
    await database.run(_die_at_work)
    assert await statuses(database) == {"doing": 1}
    async with at_work(database, Counting()):
        await ended(database)
    assert await verdicts(database) == 5


async def _die_at_work(connection: Any) -> None:
    """What a killed worker leaves: a batch that it took, and a heart that beat a minute ago."""
    cursor = await connection.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
    worker = (await cursor.fetchone())["worker_id"]
    await connection.execute("SELECT procrastinate_fetch_job_v2(NULL, %s)", [worker])
    await connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")


async def test_a_worker_outlives_the_loss_of_its_connections(database: Database) -> None:
    """Every connection is cut while batches are done: each track has one verdict in the end."""
    await store(database, 60)
    await JobStore(database).plan(KEY, 10)
    counting = Counting()
    counting.seconds = 0.2
    async with at_work(database, counting, concurrency=1):
        for _ in range(3):
            await asyncio.sleep(0.5)
            await database.run(_cut_others)
        await ended(database, within=60)
    assert await verdicts(database) == 60


@pytest.mark.parametrize("how", ["finish_job", "retry_job"])
async def test_the_end_of_a_batch_is_told_once_more(
    database: Database, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The server is away as the queue is told that a batch is done, or is to be tried again: nothing is done twice."""
    told, failures = getattr(JobManager, how), [ConnectorException("the server went away")]

    async def tell(manager: JobManager, *args: Any, **options: Any) -> None:
        if failures:
            raise failures.pop()
        await told(manager, *args, **options)

    monkeypatch.setattr(JobManager, how, tell)
    await store(database, 10)
    await JobStore(database).plan(KEY, 10)
    counting = Counting()
    counting.errors = [StoreError("for a moment")] if how == "retry_job" else []
    async with at_work(database, counting):
        await ended(database, within=SILENCE_S - 1)  # before anybody would rescue it
    assert not failures
    assert set(counting.seen.values()) == {1}
    assert await statuses(database) == {"succeeded": 1}


async def _cut_others(connection: Any) -> None:
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )


async def test_chores_are_done(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """By cron's clock; one that fails for the store's sake is told and does no harm."""
    done: list[str] = []

    async def tidy() -> None:
        done.append("tidy")
        raise StoreError("away")

    async def work(batch: Batch) -> None:
        raise AssertionError(batch)

    stop = asyncio.Event()
    queue = JobQueue(database.conninfo, database, JobStore(database), work, [Chore("tidy", "* * * * * */1", tidy)])
    worker = asyncio.create_task(queue.work([Lane(("counting",), 1)], stop))

    async def is_done_twice() -> bool:
        return len(done) > 1

    await until(is_done_twice)
    stop.set()
    await worker


async def test_counts_tell_rate_and_rest(database: Database) -> None:
    """What `rap jobs` shows."""
    await store(database, 20)
    await JobStore(database).plan(KEY, 10)
    async with at_work(database, Counting()):
        await ended(database)
    await store(database, 10, first=20)
    await JobStore(database).plan(KEY, 10)
    [count] = await JobStore(database).count()
    assert (count.queue, count.todo, count.succeeded, count.tracks_left) == ("counting", 1, 2, 10)
    assert count.tracks_a_second > 0
    assert count.seconds_left is not None
    await JobStore(database).delete_old(0)
    [count] = await JobStore(database).count()
    assert (count.todo, count.succeeded) == (1, 0)
