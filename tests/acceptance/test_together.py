"""Several `rap scrape` on one store: they share the songs, and killing some of them loses and doubles nothing."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.pipeline.scrape import CONCURRENT_SONGS
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.faults import FaultInjector, Faults
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Environment = Callable[..., dict[str, str]]

pytestmark = pytest.mark.slow

LONG = bool(os.environ.get("RAP_LONG"))
MADE_UP = 2000 if LONG else 300
"""Songs besides the demo's."""
KILLS = 12 if LONG else 4
AT_WORK = 2 * CONCURRENT_SONGS
"""Songs that a process may have asked for and not saved yet."""
SEED = 20261122
NAMES = [artist.name for artist in load_corpus().artists]
SONG = re.compile(r"/api/songs/\d+")
ACCOUNT = re.compile(r"^([\d,]+) found = ([\d,]+) stored \+ ([\d,]+) unchanged", re.MULTILINE)


@pytest.fixture
def genius() -> Iterator[tuple[FaultInjector, SimulatorServer]]:
    """A Genius with many songs and some latency, and its server."""
    app = genius_app(load_corpus(), scale=MADE_UP, faults=Faults(latency=0.02))
    with SimulatorServer(app) as server:
        yield app, server


@pytest.fixture
def folder(data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server is up during the test."""
    made = data_dir()
    server = EmbeddedServer(made)
    server.acquire()
    yield made
    server.release()


@pytest.fixture
def start(
    genius: tuple[FaultInjector, SimulatorServer], folder: Path, rap_environment: Environment
) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts one more `rap scrape` of all artists; those that still run at the end are killed."""
    url = genius[1].url
    settings = {
        "GENIUS_ACCESS_TOKEN": DEMO_TOKEN,
        "GENIUS_API_URL": f"{url}/api",
        "GENIUS_WEB_URL": f"{url}/web",
        "GENIUS_RATE": "6000000/minute",
    }
    running: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "rap_analyzer", "scrape", *NAMES],
            env=rap_environment(folder, **settings),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def outcomes(folder: Path) -> Counter[str]:
    """How many songs have which outcome; a track that is not whole fails."""
    with psycopg.connect(EmbeddedServer(folder).conninfo()) as connection:
        rows = connection.execute("SELECT outcome, count(*) FROM visits GROUP BY outcome").fetchall()
        counted: Counter[str] = Counter(dict(rows))
        [tracks] = connection.execute("SELECT count(*) FROM tracks WHERE lyrics <> ''").fetchone() or [0]
    assert counted["stored"] == tracks
    return counted


def expected() -> Counter[str]:
    """What the corpus holds."""
    kinds = Counter("stored" if song.kind == "song" else song.kind for song in load_corpus().written.values())
    kinds["stored"] += MADE_UP
    return kinds


def visits(app: FaultInjector) -> Counter[str]:
    """How often each song was asked for."""
    return Counter({path: count for path, count in app.visits.items() if SONG.fullmatch(path)})


def test_four_processes_visit_each_song_once(
    genius: tuple[FaultInjector, SimulatorServer], folder: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """Each account adds up; together they store every song, each asked for once."""
    processes = [start() for _ in range(4)]
    ends = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, ends
    accounts = [ACCOUNT.search(printed) for printed, _ in ends]
    assert all(account and account[1] == f"{expected().total():,}" for account in accounts), ends
    assert sum(int(account[2].replace(",", "")) for account in accounts if account) == expected()["stored"]
    assert set(visits(genius[0]).values()) == {1}
    assert outcomes(folder) == expected()


def test_killing_some_loses_nothing(
    genius: tuple[FaultInjector, SimulatorServer], folder: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """SIGKILL of one of three, again and again, each replaced by another: the store is what a calm run leaves.

    A song can be asked for again only when the process that was at it was killed.
    """
    chance = random.Random(SEED)
    running = [start() for _ in range(3)]
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.8, 2.0))
        victim = running.pop(chance.randrange(len(running)))
        with suppress(ProcessLookupError):
            victim.send_signal(signal.SIGKILL)
        running.append(start())
    for process in running:
        _, complaint = process.communicate(timeout=180)
        assert process.returncode == 0, complaint
    assert outcomes(folder) == expected()
    again = {path: count for path, count in visits(genius[0]).items() if count > 1}
    assert sum(again.values()) - len(again) <= AT_WORK * KILLS, again
