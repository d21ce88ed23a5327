"""Fixtures for all tests: a real PostgreSQL, cloned from a migrated template for each test that asks for it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psycopg
import pytest
from hypothesis import settings

from rap_analyzer.adapters.postgres.database import Database, opened
from rap_analyzer.adapters.postgres.embedded import EmbeddedServer
from rap_analyzer.adapters.postgres.migration import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

settings.register_profile("any machine", deadline=None)  # no test depends on the machine's speed
settings.load_profile("any machine")

ROOT = Path(__file__).parent.parent
SETTINGS = (
    *("POSTGRES_", "REDIS_", "GENIUS_", "SPOTIFY_", "RECCOBEATS_", "ENRICHMENT_", "RAP_", "NOVITA_", "OLLAMA_"),
    *("MAX_CONNECTIONS", "ANALYSIS_", "MEMORY_"),
)


@pytest.fixture(autouse=True, scope="session")
def _heeding_interrupts() -> None:
    """Ctrl-C reaches the programs under test: a shell starts background jobs deaf to it, and their children inherit."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings, the .env file or the data of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def enterable(folder: Path) -> Path:
    """The folder, with its parents opened: root runs PostgreSQL as another user, who must get in."""
    for parent in (folder, *folder.parents[:3]):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes data folders for servers of a test's own."""
    return lambda: enterable(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One embedded PostgreSQL for the session (one for each xdist worker)."""
    running = EmbeddedServer(enterable(tmp_path_factory.mktemp("store")))
    running.acquire()
    asyncio.run(migrate(running.conninfo()))
    yield running
    running.release()


@pytest.fixture
async def database(server: EmbeddedServer, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database of the test's own, with every migration applied."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    async with await psycopg.AsyncConnection.connect(server.admin_conninfo(), autocommit=True) as admin:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE rap_lyrics OWNER rap_user'.encode())
        async with opened(Database(server.conninfo(name))) as own:
            yield own
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds a port of this machine that nobody listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


class Rap(Protocol):
    """Runs the real command line in a process of its own."""

    def __call__(
        self, *arguments: str | Path, data_dir: Path, given: bytes = b"", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """`rap ARGUMENTS` on that data folder with these settings and no others; `given` is its standard input."""


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment for a `rap` of a test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": paths, "RAP_DATA_DIR": str(data_dir), **settings}


def _run_rap(
    *arguments: str | Path, data_dir: Path, given: bytes = b"", **settings: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "rap_analyzer", *map(str, arguments)],
        input=given,
        capture_output=True,
        env=environment(data_dir, **settings),
        cwd=data_dir if data_dir.is_dir() else None,
        timeout=180,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def rap() -> Rap:
    """The command line."""
    return _run_rap


@pytest.fixture(scope="session")
def rap_environment() -> Callable[..., dict[str, str]]:
    """The environment of such a command, for tests that start it themselves: (data folder, **settings)."""
    return environment


@contextmanager
def _made_once(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that all xdist workers share, and whether it is already made; the others wait for the first."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared" / name
    folder.mkdir(parents=True, exist_ok=True)
    enterable(folder)
    with (folder / "made").open("a+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        mark.seek(0)
        yield folder, bool(mark.read())
        mark.write("made")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the embedding model; `make install` has fetched it, else it is fetched once."""
    with _made_once(tmp_path_factory, "models") as (folder, made):
        if not made and (ROOT / "data" / "models").is_dir():
            shutil.copytree(ROOT / "data" / "models", folder / "models", ignore=shutil.ignore_patterns("lock"))
        fetched = _run_rap("models", "fetch", data_dir=folder)
    if fetched.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(fetched.stderr)
    return folder


@pytest.fixture(scope="session")
def data_dir_with_models(data_dir: Callable[[], Path], models: Path) -> Callable[[], Path]:
    """Makes data folders that hold the embedding model."""

    def make() -> Path:
        folder = data_dir()
        shutil.copytree(models / "models", folder / "models", ignore=shutil.ignore_patterns("lock"))
        return folder

    return make


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Path]:
    """The data folder of a finished `rap demo --no-serve`, its server up; shared, so tests only read it."""
    with _made_once(tmp_path_factory, "demo") as (folder, made):
        if not made:
            shutil.copytree(models / "models", folder / "models", ignore=shutil.ignore_patterns("lock"))
            done = _run_rap("demo", "--no-serve", data_dir=folder)
            assert done.returncode == 0, done.stderr
    running = EmbeddedServer(folder)
    running.acquire()
    yield folder
    running.release()
