"""A PostgreSQL of one's own is restarted, killed and away for a while: nothing is lost, and nothing done twice."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from generated_songs import write_songs
from own_server import OwnServer
from rap_analyzer.simulators.corpus import load_corpus
from rap_analyzer.simulators.genius import DEMO_TOKEN, genius_app
from rap_analyzer.simulators.server import SimulatorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Environment = Callable[..., dict[str, str]]

pytestmark = pytest.mark.slow

SONGS = 400
OFFLINE = ("algorithmic_basic", "emotion")
PATIENCE_S = 120.0
AWAY_S = 4.0
ARTIST = "Deacon Halfday"


@pytest.fixture
def server(data_dir: Callable[[], Path], free_port: Callable[[], int]) -> Iterator[OwnServer]:
    """An empty one."""
    made = OwnServer(data_dir(), free_port())
    made.make()
    yield made
    made.stop()


@pytest.fixture
def start(server: OwnServer, rap_environment: Environment, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts a command on that server; those that still run at the end are killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "rap_analyzer", *arguments],
            env=rap_environment(tmp_path, **server.settings, **settings), cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def rows(server: OwnServer, statement: str) -> list[Any]:
    """What the store answers."""
    with server.connect() as connection:
        return connection.execute(statement.encode()).fetchall()


def until(met: Callable[[], bool]) -> None:
    """Returns when it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def trouble(server: OwnServer, has_gone_on: Callable[[], bool]) -> None:
    """Sent away in order; killed, and recovering by itself; stopped in the middle, and back after a while."""
    until(has_gone_on)
    server.stop("fast")
    server.start()
    until(has_gone_on)
    server.kill()
    until(has_gone_on)
    server.stop("immediate")
    time.sleep(AWAY_S)
    server.start()


def growing(server: OwnServer, table: str) -> Callable[[], bool]:
    """Whether the server answers, and the table has grown since this was last true."""
    seen = 0

    def has_grown() -> bool:
        nonlocal seen
        try:
            [(count,)] = rows(server, f"SELECT count(*) FROM {table}")
        except psycopg.OperationalError:  # it recovers, or is only about to learn that it must
            return False
        is_more, seen = bool(count > seen), max(seen, count)
        return is_more

    return has_grown


def test_workers_go_on_when_their_postgresql_is_back(
    server: OwnServer, start: Callable[..., Any], tmp_path: Path
) -> None:
    """`rap analyze` and `rap worker` beside it: each verdict is there once, and both end well."""
    write_songs(tmp_path / "songs.csv", SONGS)
    assert start("import", "songs.csv").wait(PATIENCE_S) == 0
    [(songs,)] = rows(server, "SELECT count(*) FROM tracks")
    options = [word for name in OFFLINE for word in ("--analyzer", name)]
    worker = start("worker", "--concurrency", "1", "--queues", ",".join(OFFLINE))
    analyze = start("analyze", *options, ANALYSIS_BATCH_SIZE="10")
    trouble(server, growing(server, "analyses"))
    printed, told = analyze.communicate(timeout=PATIENCE_S)
    assert analyze.returncode == 0, told
    assert "Traceback" not in told
    assert all(f"{name}: {songs} done" in printed for name in OFFLINE), printed
    made = rows(server, "SELECT count(*), count(DISTINCT (track_id, analyzer, version)) FROM analyses")
    assert made == [(2 * songs, 2 * songs)]
    until(lambda: rows(server, "SELECT DISTINCT status::text FROM procrastinate_jobs") == [("succeeded",)])
    assert worker.poll() is None
    worker.terminate()
    _, told = worker.communicate(timeout=PATIENCE_S)
    assert worker.returncode == 0, told
    assert "Traceback" not in told


def test_a_collection_goes_on_when_its_postgresql_is_back(server: OwnServer, start: Callable[..., Any]) -> None:
    """The account adds up, and each song of the artist is there once and whole."""
    with SimulatorServer(genius_app(load_corpus(), scale=6_000)) as genius:
        settings = {"GENIUS_ACCESS_TOKEN": DEMO_TOKEN, "GENIUS_API_URL": f"{genius.url}/api"}
        settings |= {"GENIUS_WEB_URL": f"{genius.url}/web", "GENIUS_RATE": "6000/minute"}
        scrape = start("scrape", ARTIST, **settings)
        until(lambda: rows(server, "SELECT to_regclass('visits') IS NOT NULL") == [(True,)])
        trouble(server, growing(server, "visits"))
        printed, told = scrape.communicate(timeout=PATIENCE_S)
    assert scrape.returncode == 0, told
    assert "Traceback" not in told
    [(listed, visited)] = rows(
        server, "SELECT count(*), count(v.outcome) FROM frontier_songs LEFT JOIN visits v USING (source, source_id)"
    )
    assert listed == visited > SONGS
    found = int(printed.split(" found")[0].replace(",", ""))
    assert found == listed
    assert rows(server, "SELECT count(*) FROM tracks WHERE lyrics = ''") == [(0,)]
