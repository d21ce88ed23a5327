"""How fast the engine analyses a corpus, what it costs besides the analyzers, and whether a kill loses anything.

The tracks are generated from the demo's bars, of realistic lengths: they say nothing about any real corpus.

usage: engine.py speed   [--tracks N]   tracks/s of `algorithmic_basic` and `emotion`, and the share spent elsewhere
       engine.py workers [--tracks N]   one worker of one process against two
       engine.py chaos   [--tracks N] [--every S]   three workers, one of which is killed again and again
       engine.py queue   [--jobs N]     what a batch costs that has nothing to do
       engine.py scale   [--tracks N]   how long the engine's statements take in a large store of short texts
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from materials import data_folder, own_environment
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.queue import JobQueue, Lane
from rap_analyzer.domain.analysis import AnalysisInput
from rap_analyzer.domain.job import AnalyzerKey
from rap_analyzer.domain.track import ArtistRef, Credit, Outcome, Provenance, Role, Song, TrackDraft
from rap_analyzer.settings import load_settings
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.wiring import open_services
from rap_analyzer.wiring.working import run_analyses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rap_analyzer.domain.job import Batch
    from rap_analyzer.ports import Analyzer
    from rap_analyzer.wiring import Services

ANALYZERS = ("algorithmic_basic", "emotion")
SAVED_AT_ONCE = 500
WARMING = 3000
"""Texts after which nearly all words of the demo have been heard, in each process."""
BATCH, BATCHES_AT_ONCE = 100, 3
"""As the engine has them on two cores."""
LOOK_S = 0.2


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["speed", "workers", "chaos", "queue", "scale"])
    options.add_argument("--tracks", type=int, default=2000)
    options.add_argument("--jobs", type=int, default=2000, help="batches without work")
    options.add_argument("--every", type=float, default=5.0, help="seconds between two kills")
    chosen = options.parse_args()
    with data_folder() as folder:
        server = EmbeddedServer(folder)
        server.acquire()
        try:
            asyncio.run(MEASURES[chosen.what](folder, chosen))
        finally:
            server.release()


async def measure_speed(folder: Path, chosen: argparse.Namespace) -> None:
    """The queue's way, beside the analyzers alone over the same texts in as many warm processes."""
    async with open_services(load_settings(data_dir=folder)) as services:
        await fill(services, chosen.tracks)
        alone = await alone_seconds(services)
        steps, _ = await services.analyzers.steps(ANALYZERS)
        began = time.perf_counter()
        await run_analyses(services, steps, (), Silence())
        queued = time.perf_counter() - began
        made = await services.database.run(count_verdicts)
        await services.database.run(forget_comparison)
        began = time.perf_counter()
        await services.analyses.refresh_percentiles()
        compared = time.perf_counter() - began
    print(f"{made['rows']:,} verdicts on {made['distinct']:,} (track, analyzer, version)")
    print(f"the analyzers alone {chosen.tracks / alone:7.1f} tracks/s")
    print(f"planned, queued, analysed, stored {chosen.tracks / queued:7.1f} tracks/s")
    print(f"share of the time outside the analyzers: {1 - alone / queued:.1%} (wanted: under 15 %)")
    print(f"to compare all tracks afterwards takes {compared / queued:.1%} of that")


class Silence:
    """Progress that nobody looks at."""

    def start(self, what: str, total: int | None) -> None:
        """A step begins."""

    def expect(self, more: int) -> None:
        """The total has grown."""

    def advance(self, count: int = 1, now: str = "") -> None:
        """More are done."""

    def finish(self) -> None:
        """The step is over."""


async def alone_seconds(services: Services) -> float:
    """Seconds that the analyzers take in a warm pool that always has a batch waiting, by the clock on the wall."""
    texts = [AnalysisInput(row["lyrics"], row["language"]) for row in await rows_of(services)]
    made = [await services.analyzers.get(name) for name in ANALYZERS]
    for analyzer in made:
        await analyzer.analyze(texts[:WARMING])
    whole = 0.0
    for analyzer in made:
        batches = iter([texts[first : first + BATCH] for first in range(0, len(texts), BATCH)])
        began = time.perf_counter()
        await asyncio.gather(*(work_through(analyzer, batches) for _ in range(BATCHES_AT_ONCE)))
        seconds = time.perf_counter() - began
        print(f"{analyzer.name} alone {len(texts) / seconds:7.1f} tracks/s")
        whole += seconds
    return whole


async def work_through(analyzer: Analyzer, batches: Iterator[list[AnalysisInput]]) -> None:
    """Analyses batches for as long as there are any."""
    for batch in batches:
        await analyzer.analyze(batch)


async def measure_workers(folder: Path, chosen: argparse.Namespace) -> None:
    """The same work by one `rap worker --concurrency 1`, and by two."""
    async with open_services(load_settings(data_dir=folder)) as services:
        await fill(services, chosen.tracks)
        rates = []
        for count in (1, 2):
            await services.database.run(forget_analyses)
            run(folder, "analyze", "--detach", *analyzers())
            rates.append(chosen.tracks / await worked_off(services, folder, count))
            print(f"{count} worker{'s' * (count > 1)} of one process each: {rates[-1]:7.1f} tracks/s")
    print(f"two against one: {rates[1] / rates[0]:.2f} times as many (wanted: 1.8)")


async def worked_off(services: Services, folder: Path, workers: int) -> float:
    """Seconds from the first batch that is done to the last: workers start at their own pace."""
    with started(folder, workers, "--concurrency", "1"):
        done = await succeeded(services, workers)
        began = time.perf_counter()
        await all_done(services)
        everything = (await statuses(services))["succeeded"]
        seconds = time.perf_counter() - began
    await services.jobs.delete_old(0)
    return seconds * everything / (everything - done)


async def succeeded(services: Services, least: int) -> int:
    """Number of batches that have ended well, when there are so many."""
    while True:
        count = (await statuses(services))["succeeded"]
        if count >= least:
            return count
        await asyncio.sleep(LOOK_S)


async def all_done(services: Services, *queues: str) -> None:
    """Returns when no batch of these queues is open."""
    while True:
        if not await services.jobs.load_open(queues or ANALYZERS):
            return
        await asyncio.sleep(LOOK_S)


async def measure_chaos(folder: Path, chosen: argparse.Namespace) -> None:
    """Three workers; every few seconds one dies by `kill -9` and another is started."""
    rng = random.Random(5)
    killed, longest, since = 0, 0.0, dict[tuple[int, int], float]()
    async with open_services(load_settings(data_dir=folder)) as services:
        await fill(services, chosen.tracks)
        run(folder, "analyze", "--detach", *analyzers())
        workers = [start(folder, "worker", "--concurrency", "1") for _ in range(3)]
        next_kill = time.monotonic() + chosen.every
        while await services.jobs.load_open(ANALYZERS):
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            held = [(job.id, job.attempts) for job in await services.jobs.list_jobs(["doing"], 100)]
            doing = {key: since.get(key, now) for key in held}
            since, longest = doing, max([longest, *(now - begun for begun in doing.values())])
            if now >= next_kill:
                victim = rng.randrange(len(workers))
                workers[victim].kill()
                workers[victim].wait()
                workers[victim] = start(folder, "worker", "--concurrency", "1")
                killed, next_kill = killed + 1, now + chosen.every
        stop(workers)
        found = await services.database.run(count_verdicts)
    wanted = chosen.tracks * len(ANALYZERS)
    print(f"{killed} workers killed; {found['rows']:,} verdicts for {wanted:,} (track, analyzer, version), ", end="")
    print(f"{found['distinct']:,} of them different; longest time in `doing`: {longest:.0f} s (wanted: under 60)")
    if found["rows"] != wanted or found["distinct"] != wanted:
        sys.exit("some are lost or made twice")


async def measure_queue(folder: Path, chosen: argparse.Namespace) -> None:
    """Batches of one track whose work is nothing: what is left is the queue."""
    async with open_services(load_settings(data_dir=folder)) as services:
        await fill(services, chosen.jobs)
        before = await services.database.run(queue_bytes)
        began = time.perf_counter()
        await services.jobs.plan(AnalyzerKey("nothing", "1", "c"), 1)
        planned = time.perf_counter() - began

        async def nothing(batch: Batch) -> None:
            del batch

        settings_stop = asyncio.Event()
        target = EmbeddedServer(folder).conninfo()
        queue = JobQueue(target, services.database, services.jobs, nothing)
        worker = asyncio.create_task(queue.work([Lane(("nothing",), 4)], settings_stop))
        began = time.perf_counter()
        await all_done(services, "nothing")
        seconds = time.perf_counter() - began
        settings_stop.set()
        await worker
        size = await services.database.run(queue_bytes) - before
    print(
        f"planning: {chosen.jobs / planned:,.0f} batches/s; doing: {chosen.jobs / seconds:,.0f} batches/s by one worker"
    )
    print(f"{size / chosen.jobs:,.0f} bytes a batch with its events and indexes; a batch has 100 tracks in real use")


async def measure_scale(folder: Path, chosen: argparse.Namespace) -> None:
    """Tracks are made by PostgreSQL itself, with a line of words each; a tenth of them lacks its verdict."""
    async with open_services(load_settings(data_dir=folder)) as services:
        for statement in (MAKE_TRACKS, MAKE_ANALYSES):
            await services.database.run(partial(_execute, statement, chosen.tracks))
        for table in ("tracks", "analyses"):
            await services.database.run(partial(_execute, f"ANALYZE {table}", None))
        key = AnalyzerKey("made_up", "1", "c")
        began = time.perf_counter()
        due = await services.analyses.count_unanalyzed(key)
        print(f"counting what lacks a verdict ({due:,} of {chosen.tracks:,}): {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        batches, _ = await services.jobs.plan(key, 100)
        print(f"planning {batches:,} batches: {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        await services.jobs.plan(key, 100)
        print(f"planning again, all of them queued: {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        for _ in range(100):
            await services.database.run(take_one)
        print(f"taking a batch: {(time.perf_counter() - began) * 10:.1f} ms; ", end="")
        began = time.perf_counter()
        await services.jobs.count()
        print(f"counting the queue: {(time.perf_counter() - began) * 1000:.0f} ms")


MAKE_TRACKS = """
    INSERT INTO tracks (source, source_id, title, artist, url, lyrics, lyrics_digest)
    SELECT 'benchmark', n, 'Song ' || n, 'Artist ' || n %% 5000, '', 'words of song ' || n, md5(n::text)
    FROM generate_series(1, %s) n"""
MAKE_ANALYSES = """
    INSERT INTO analyses (track_id, lyrics_digest, analyzer, version, config_hash, status)
    SELECT id, lyrics_digest, 'made_up', '1', 'c', 'done' FROM tracks WHERE id %% 10 > 0 AND id <= %s"""


async def _execute(statement: str, count: int | None, connection: Any) -> None:
    await connection.execute("SET LOCAL statement_timeout = 0")
    await connection.execute(statement, None if count is None else [count])


async def take_one(connection: Any) -> None:
    """What a worker's question for a batch costs."""
    await connection.execute("SELECT procrastinate_fetch_job_v2(ARRAY['made_up']::varchar[], NULL)")


async def fill(services: Services, count: int) -> None:
    """Store so many generated tracks."""
    corpus = load_corpus().scaled(count + 200)
    ids = dict.fromkeys(i for artist in corpus.artists for i in corpus.song_ids_of(artist.slug))
    credit = (Credit(ArtistRef("Bench"), Role.PRIMARY),)
    drafts: list[TrackDraft] = []
    for number in ids:
        song = corpus.song(number)
        if song is not None and song.kind == "song" and song.language == "en" and len(drafts) < count:
            known = Song(str(song.id), song.title, "", credit, language="en", year=1990 + song.id % 30)
            where = Provenance("benchmark", str(song.id), "", datetime.now(UTC), "1", "")
            drafts.append(TrackDraft(known, Outcome.STORED, where, f"{song.lyrics}\n[Outro]\nnumber {song.id}"))
    assert len(drafts) == count, len(drafts)
    for first in range(0, count, SAVED_AT_ONCE):
        await services.tracks.save_tracks(drafts[first : first + SAVED_AT_ONCE])


async def rows_of(services: Services) -> list[dict[str, Any]]:
    """Lyrics and language of all tracks."""

    async def work(connection: Any) -> list[dict[str, Any]]:
        return await (await connection.execute("SELECT lyrics, language FROM tracks ORDER BY id")).fetchall()  # type: ignore[no-any-return]

    return await services.database.run(work)


async def forget_analyses(connection: Any) -> None:
    """Makes every track due again."""
    await connection.execute("TRUNCATE analyses")


async def forget_comparison(connection: Any) -> None:
    """Makes the comparison of all tracks due, also where a worker has just made it."""
    await connection.execute("UPDATE quantile_refreshes SET tracks = 0, newest_analysis = 0")


async def count_verdicts(connection: Any) -> dict[str, int]:
    """How many rows there are, and of how many different things."""
    cursor = await connection.execute(
        "SELECT count(*) AS rows, count(DISTINCT (track_id, analyzer, version)) AS distinct FROM analyses"
    )
    return await cursor.fetchone()  # type: ignore[no-any-return]


async def queue_bytes(connection: Any) -> int:
    """What the queue's tables and indexes take on disk."""
    cursor = await connection.execute(
        "SELECT pg_total_relation_size('procrastinate_jobs') + pg_total_relation_size('procrastinate_events') AS bytes"
    )
    return (await cursor.fetchone())["bytes"]  # type: ignore[no-any-return]


async def statuses(services: Services) -> Counter[str]:
    """Number of batches by status."""
    counts = await services.jobs.count()
    return Counter({name: sum(getattr(c, name) for c in counts) for name in ("todo", "doing", "succeeded", "failed")})


def analyzers() -> list[str]:
    """The options that name them."""
    return [word for name in ANALYZERS for word in ("--analyzer", name)]


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """A `rap` of its own on this store."""
    command = [sys.executable, "-m", "rap_analyzer", *words]
    return subprocess.Popen(
        command, env=own_environment(folder), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def run(folder: Path, *words: str) -> None:
    """The same, to its end."""
    process = start(folder, *words)
    told = process.communicate()[1]
    if process.returncode:
        sys.exit(f"rap {' '.join(words)} failed: {told.decode()}")


@contextlib.contextmanager
def started(folder: Path, workers: int, *options: str) -> Iterator[None]:
    """So many workers inside the block, whose analyzers are named."""
    processes = [start(folder, "worker", "--queues", ",".join(ANALYZERS), *options) for _ in range(workers)]
    try:
        yield
    finally:
        stop(processes)


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ends them in order."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.communicate()


MEASURES = {
    "speed": measure_speed,
    "workers": measure_workers,
    "chaos": measure_chaos,
    "queue": measure_queue,
    "scale": measure_scale,
}

if __name__ == "__main__":
    main()
