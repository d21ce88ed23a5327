"""Everything that a collection rests on is killed under it; what it leaves is what a calm run leaves.

Three `rap scrape` share one store. Meanwhile some are killed and replaced, Redis is killed, emptied and comes back,
PostgreSQL is killed and stopped, and the service refuses, parks us, and goes away. RAP_LONG=1 makes it last minutes.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import psycopg
import pytest
from psycopg.rows import dict_row

from rap_analyzer.adapters.http import RETRIES
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.cli.console import EXIT_CODES
from rap_analyzer.domain.errors import SourceError
from rap_analyzer.domain.pacing import FAILURES_TO_OPEN
from rap_analyzer.pipeline.scrape import CONCURRENT_SONGS
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    Environment = Callable[..., dict[str, str]]
    Rows = list[dict[str, Any]]

pytestmark = pytest.mark.slow

LONG = bool(os.environ.get("RAP_LONG"))
MADE_UP = 4000 if LONG else 300
"""Songs besides the demo's."""
RATE = "3000/minute" if LONG else "6000/minute"
ROUNDS = 2 if LONG else 1
AWAY_S = 60.0 if LONG else 6.0
"""How long the service is away."""
PROCESSES = 3
AT_WORK = 2 * CONCURRENT_SONGS
"""Songs that a process may have asked for and not saved yet."""
SEED = 20261122
PARKED_S = 4
ON_THE_WAY_S = 1.0
"""A request that was let pass a moment before all is shut may arrive so much later."""
SAMPLE_S = 0.05
STOPPED = EXIT_CODES[SourceError]
NAMES = [artist.name for artist in load_corpus().artists]
SONG = re.compile(r"/api/songs/\d+")
CONTENTS = {
    "tracks": """
        SELECT source_id, title, artist, lyrics_digest, year, language FROM tracks ORDER BY source_id""",
    "credits": """
        SELECT t.source_id, a.name, c.role, c.position FROM credits c JOIN tracks t ON t.id = c.track_id
        JOIN artists a ON a.id = c.artist_id ORDER BY 1, 3, 4, 2""",
    "visits": "SELECT source_id, title, outcome, reason FROM visits ORDER BY source_id",
    "former wordings": "SELECT lyrics_digest FROM lyrics_versions",
}


class Witness:
    """Stands before a simulated service and writes down when it was asked, by the clock on the wall."""

    def __init__(self, app: FaultInjector) -> None:
        self.app = app
        self.times: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        self.times.append(time.time())
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Sample:
    """Until when the service was to be left alone, as PostgreSQL said at that time."""

    at: float
    until: float


class Watch:
    """Looks again and again at how the service stands; blind while PostgreSQL is away."""

    LOOK = b"""
        SELECT extract(epoch FROM now())::float8 AS at, extract(epoch FROM greatest(
            parked_until, CASE WHEN failures >= %s THEN open_until END))::float8 AS until
        FROM source_states WHERE source = 'genius'"""

    def __init__(self, store: EmbeddedServer) -> None:
        self._store = store
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(SAMPLE_S):
            try:
                with psycopg.connect(self._store.conninfo(), autocommit=True) as connection:
                    self._look_on(connection)
            except psycopg.Error:
                continue

    def _look_on(self, connection: psycopg.Connection[Any]) -> None:
        while not self._is_over.wait(SAMPLE_S):
            row = connection.execute(self.LOOK, [FAILURES_TO_OPEN]).fetchone()
            self.samples += [Sample(*row)] if row else []

    def shut(self) -> list[tuple[float, float]]:
        """Times within which every look said that nothing may be sent; from when requests on the way have arrived."""
        spans: list[tuple[float, float]] = []
        began: float | None = None
        for sample, following in zip(self.samples, self.samples[1:], strict=False):
            is_shut = sample.until > following.at and following.at - sample.at < ON_THE_WAY_S
            if is_shut and began is None:
                began = sample.at + ON_THE_WAY_S
            if is_shut and began is not None and began < following.at:
                spans.append((max(began, sample.at), following.at))
            if not is_shut:
                began = None
        return spans


@dataclass
class Crew:
    """Processes that collect: whoever dies or is stopped is replaced, until one has found nothing left to do."""

    start: Callable[[], subprocess.Popen[str]]
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    ends: list[tuple[int, str]] = field(default_factory=list)
    kills: int = 0

    def fill(self) -> None:
        """Replace those that have ended."""
        for process in [p for p in self.running if p.poll() is not None]:
            self._bury(process)
        while len(self.running) < PROCESSES:
            self.running.append(self.start())

    def kill(self, victim: subprocess.Popen[str]) -> None:
        """SIGKILL."""
        victim.kill()
        self._bury(victim)
        self.kills += 1

    def wait(self) -> None:
        """Until all have ended by themselves."""
        for process in list(self.running):
            self._bury(process)

    def _bury(self, process: subprocess.Popen[str]) -> None:
        self.running.remove(process)
        printed, complaint = process.communicate(timeout=300)
        self.ends.append((process.returncode, printed + complaint))


@dataclass
class World:
    """All that can be made to fail."""

    crew: Crew
    redis: RedisServer
    store: EmbeddedServer
    folder: Path
    witness: Witness
    server: SimulatorServer
    chance: random.Random

    def run_on(self, seconds: float) -> None:
        """Let them work for a while, and replace whoever ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.crew.fill()
            time.sleep(0.2)

    def kill_one(self) -> None:
        """`kill -9` of any of the processes."""
        self.crew.fill()
        self.crew.kill(self.chance.choice(self.crew.running))

    def lose_redis(self) -> None:
        """It is killed, and comes back empty."""
        self.redis.kill()
        self.run_on(1.5)
        self.redis.start()

    def empty_redis(self) -> None:
        """Every key is gone."""
        self.redis.run("FLUSHALL")

    def kill_postgresql(self) -> None:
        """As the kernel does when memory is short."""
        os.kill(int((self.folder / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def stop_postgresql(self) -> None:
        """In order, as for an upgrade; it is back after a moment."""
        self.store.stop()
        self.run_on(1.0)
        self.store.ensure_running()

    def be_parked(self) -> None:
        """The service asks everybody for a pause, once; then it answers as before."""
        app = self.witness.app
        calm, refused = app.faults, app.statuses["429"]
        app.faults = replace(calm, rate_limited=1.0, retry_after=PARKED_S)
        while app.statuses["429"] == refused:
            self.run_on(0.05)
        app.faults = calm

    def lose_service(self) -> None:
        """It is away; when it is back, its breaker is open, and whoever is started meanwhile must not ask."""
        self.server.stop()
        self.run_on(AWAY_S)
        assert self.is_open(), self.crew.ends
        self.server.start()
        self.run_on(70.0 if LONG else 4.0)
        if not LONG:
            self.end_pause()

    def is_open(self) -> bool:
        """Whether the breaker is."""
        with psycopg.connect(self.store.conninfo()) as connection:
            row = connection.execute("SELECT failures >= %s FROM source_states", [FAILURES_TO_OPEN]).fetchone()
            return bool(row and row[0])

    def end_pause(self) -> None:
        """The breaker's minute is over, at once."""
        with psycopg.connect(self.store.conninfo()) as connection:
            connection.execute("UPDATE source_states SET open_until = 'epoch', changes = changes + 1")


@pytest.fixture
def new_redis(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    program = shutil.which("redis-server")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("redis-server is not installed")
    server = RedisServer(program, free_port(), tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def store(data_dir: Callable[[], Path]) -> Iterator[tuple[Path, EmbeddedServer]]:
    """A data folder, and its PostgreSQL."""
    folder = data_dir()
    server = EmbeddedServer(folder)
    server.acquire()
    yield folder, server
    server.release()


@pytest.fixture
def calm(
    rap: Callable[..., subprocess.CompletedProcess[str]], data_dir: Callable[[], Path]
) -> Iterator[dict[str, Rows]]:
    """What one run leaves that nobody disturbs."""
    folder = data_dir()
    server = EmbeddedServer(folder)
    server.acquire()
    with SimulatorServer(genius_app(load_corpus(), scale=MADE_UP)) as genius:
        done = rap("scrape", *NAMES, data_dir=folder, **settings(genius.url, "6000000/minute"))
    assert done.returncode == 0, done.stderr
    yield contents(server)
    server.release()


@pytest.fixture
def world(
    store: tuple[Path, EmbeddedServer],
    new_redis: RedisServer,
    rap_environment: Environment,
    free_port: Callable[[], int],
) -> Iterator[World]:
    """Everything up, and nobody at work yet."""
    folder, postgresql = store
    witness = Witness(genius_app(load_corpus(), scale=MADE_UP, faults=Faults(latency=0.02)))
    server = SimulatorServer(witness, free_port())
    environment = rap_environment(
        folder, **settings(server.url, RATE), REDIS_HOST="127.0.0.1", REDIS_PORT=str(new_redis.port)
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "rap_analyzer", "scrape", *NAMES],
            env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    crew = Crew(start)
    with server:
        yield World(crew, new_redis, postgresql, folder, witness, server, random.Random(SEED))
        for process in crew.running:
            process.kill()
            process.communicate()


def settings(url: str, rate: str) -> dict[str, str]:
    """A `rap` that asks the simulated service."""
    return {
        "GENIUS_ACCESS_TOKEN": DEMO_TOKEN, "GENIUS_API_URL": f"{url}/api", "GENIUS_WEB_URL": f"{url}/web",
        "GENIUS_RATE": rate,
    }  # fmt: skip


def contents(server: EmbeddedServer) -> dict[str, Rows]:
    """What the store holds, without what differs from run to run."""
    with psycopg.connect(server.conninfo(), row_factory=dict_row) as connection:
        return {name: connection.execute(sql.encode()).fetchall() for name, sql in CONTENTS.items()}


def visits(app: FaultInjector) -> Counter[str]:
    """How often each song was asked for."""
    return Counter({path: count for path, count in app.visits.items() if SONG.fullmatch(path)})


def asked_while_shut(times: Sequence[float], spans: Sequence[tuple[float, float]]) -> list[float]:
    """Requests that came when none was to be sent."""
    return [at for at in times if any(begin < at < end for begin, end in spans)]


def test_chaos_leaves_what_a_calm_run_leaves(world: World, calm: dict[str, Rows]) -> None:
    """Row by row; nothing was asked while it must not be, and only what a dead or stopped process was at again."""
    disturbances = [
        world.kill_one, world.lose_redis, world.kill_postgresql, world.kill_one, world.be_parked, world.empty_redis,
        world.stop_postgresql, world.kill_one, world.lose_service,
    ]  # fmt: skip
    with Watch(world.store) as watch:
        for _ in range(ROUNDS):
            for disturb in disturbances:
                world.run_on(world.chance.uniform(1.0, 2.0))
                disturb()
        world.crew.wait()
        while world.crew.ends[-1][0] or "failed" in world.crew.ends[-1][1] or "blocked" in world.crew.ends[-1][1]:
            assert len(world.crew.ends) < 200, world.crew.ends[-5:]
            world.crew.running.append(world.crew.start())
            world.crew.wait()
    codes = Counter(code for code, _ in world.crew.ends)
    assert set(codes) <= {0, STOPPED, -signal.SIGKILL}, [end for end in world.crew.ends if end[0] > STOPPED]
    found = contents(world.store)
    for table, rows in calm.items():
        assert found[table] == rows, table
    assert asked_while_shut(world.witness.times, watch.shut()) == []
    assert sum(end - begin for begin, end in watch.shut()) > PARKED_S - 2 * ON_THE_WAY_S
    asked = visits(world.witness.app)
    assert max(asked.values()) <= RETRIES + 1 + world.crew.kills + ROUNDS
    again = sum(asked.values()) - len(asked)
    assert again <= AT_WORK * (world.crew.kills + ROUNDS * PROCESSES), asked.most_common(20)
