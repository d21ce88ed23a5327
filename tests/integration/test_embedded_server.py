"""The embedded server: shared, and able to survive the death of anybody."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.embedded_process import ServerProgram
from rap_analyzer.adapters.postgres.migration import migrate
from rap_analyzer.adapters.postgres.tracks import TrackStore
from rap_analyzer.domain.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.acquire()
print("held", flush=True)
time.sleep(30)
"""


@pytest.fixture
def folder(data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A data folder whose server is stopped at the end."""
    made = data_dir()
    yield made
    EmbeddedServer(made).stop()


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the server."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])


def test_the_last_process_to_leave_stops_it(folder: Path) -> None:
    """Not the first."""
    with holder(folder) as other:
        server = EmbeddedServer(folder)
        server.acquire()
        server.release()
        assert server.is_running()
        other.terminate()
    server.acquire()
    server.release()
    assert not server.is_running()


def test_a_killed_process_leaves_no_lease_behind(folder: Path) -> None:
    """After `kill -9` of one user, the next one takes over and stops it at its end."""
    with holder(folder) as other:
        other.kill()
    server = EmbeddedServer(folder)
    assert server.is_running()
    server.acquire()
    server.release()
    assert not server.is_running()


def test_a_killed_server_starts_again_with_every_row(folder: Path) -> None:
    """`kill -9` of the postmaster loses no acknowledged row and needs no manual step."""
    server = EmbeddedServer(folder)
    server.acquire()
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    os.kill(postmaster(folder), signal.SIGKILL)
    server.acquire()
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    server.release()


def test_a_killed_server_is_started_again_by_whoever_needs_it(folder: Path) -> None:
    """Also while the process that had started it lives on and does something else."""
    with holder(folder) as other:
        os.kill(postmaster(folder), signal.SIGKILL)
        server = EmbeddedServer(folder)
        server.acquire()
        assert server.is_running()
        server.release()
        other.kill()


def test_the_server_outlives_whoever_started_it_and_ctrl_c(folder: Path) -> None:
    """It has a session of its own: what a terminal sends to a group of processes does not reach it."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "held\n"
        server = EmbeddedServer(folder)
        server.acquire()
        os.killpg(starter.pid, signal.SIGINT)
    assert server.is_running()
    server.release()
    assert not server.is_running()


def test_variables_of_other_postgresqls_do_not_lead_astray(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGPORT and its kin are for libpq and for servers that are started by hand."""
    for name, value in {"PGPORT": "6543", "PGHOST": "nowhere", "PGUSER": "nobody", "PGDATABASE": "none"}.items():
        monkeypatch.setenv(name, value)
    server = EmbeddedServer(folder)
    with psycopg.connect(server.acquire()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("rap_user",)
    server.release()


async def test_work_goes_on_when_the_server_is_killed_under_it(folder: Path) -> None:
    """The open pool revives it; of many who wait for it, one."""
    server, revivals = EmbeddedServer(folder), asyncio.Semaphore(1)
    conninfo = await asyncio.to_thread(server.acquire)
    await migrate(conninfo)

    async def revive() -> None:
        assert not revivals.locked()
        async with revivals:
            await asyncio.to_thread(server.ensure_running)

    async with opened(Database(conninfo, revive=revive)) as database:
        store = TrackStore(database)
        assert await store.count_sources() == {}
        os.kill(postmaster(folder), signal.SIGKILL)
        assert await asyncio.gather(*(store.count_sources() for _ in range(20))) == [{}] * 20
    server.release()


def test_keep_leaves_it_up_until_stop(folder: Path) -> None:
    """As `rap db url` needs."""
    server = EmbeddedServer(folder)
    server.acquire()
    server.keep()
    server.release()
    assert server.is_running()
    assert server.stop()
    assert not server.is_running()
    assert not server.stop()


def test_a_kill_while_it_is_set_up_leaves_no_half_cluster(folder: Path) -> None:
    """The cluster is made beside its place and moved there whole."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.DEVNULL)
    while not list(folder.glob("postgres/cluster.new-*/base")):
        assert process.poll() is None, "it ended before it set up a cluster"
        time.sleep(0.002)
    process.kill()
    process.wait()
    server = EmbeddedServer(folder)
    server.acquire()
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.release()


def test_a_server_that_came_up_after_all_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it says that it failed, as when it was killed just then: nobody believes that without a look."""
    start, failures = ServerProgram.start, [1]

    def start_and_complain(program: ServerProgram, options: Mapping[str, str], patience_s: float) -> bool:
        is_up = start(program, options, patience_s)
        return not failures.pop() if failures else is_up

    monkeypatch.setattr(ServerProgram, "start", start_and_complain)
    server = EmbeddedServer(folder)
    server.acquire()
    assert server.is_running()
    assert not failures
    server.release()


def test_what_hinders_the_server_is_told(folder: Path) -> None:
    """A damaged cluster ends in a sentence that quotes the server's log."""
    server = EmbeddedServer(folder)
    server.acquire()
    server.release()
    (folder / "postgres" / "cluster" / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(StoreError, match=r"does not start; .*server\.log"):
        server.acquire()
